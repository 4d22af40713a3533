"""What imports remember: who came from where, and how far they got."""

from tortoise import fields
from tortoise.models import Model

from models.profiles import Profile


class ImportedPerson(Model):
    """The profile that a person of another system became. Found again by the pair (source, key)."""

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
    """How many rows of one file are taken in: written with each batch, so that an import goes on where it stopped."""

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=64)
    file = fields.CharField(max_length=64)
    rows = fields.BigIntField()
    fingerprint = fields.CharField(max_length=64, description="Tells whether the file is still the same one.")

    class Meta:
        table = "import_progress"
        unique_together = (("source", "file"),)
