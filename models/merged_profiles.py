"""Profiles that were merged into another one: their ids lead to the profile that has everything now."""

from tortoise import fields
from tortoise.models import Model

from models.profiles import Profile


class MergedProfile(Model):
    """
    An id of a profile that no longer exists, and the profile that it was merged into. If that profile is merged in turn, the
    row is changed to the new one: one look-up always suffices. services/core/merged_profiles.py reads it.
    """

    id = fields.BigIntField(primary_key=True)
    former_id = fields.BigIntField(unique=True, description="Id of the profile that no longer exists.")
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    profile_id: int
    merged_at = fields.DatetimeField()

    class Meta:
        table = "merged_profile"
