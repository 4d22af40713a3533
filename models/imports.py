"""State of imports: imported people, and progress."""

from tortoise import fields
from tortoise.models import Model

from models.profiles import Profile


class ImportedPerson(Model):
    """Profile of a person imported from another system, found by (source, key)."""

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=64)
    key = fields.CharField(max_length=128)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    profile_id: int

    class Meta:
        table = "imported_person"
        unique_together = (("source", "key"),)


class ImportProgress(Model):
    """Number of imported rows of one file: written with each batch, so that an interrupted import can resume."""

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=64)
    file = fields.CharField(max_length=64)
    rows = fields.BigIntField()
    fingerprint = fields.CharField(max_length=64, description="Detects that the file has changed.")

    class Meta:
        table = "import_progress"
        unique_together = (("source", "file"),)
