"""Completed challenges, and claims of their credits."""

from tortoise import fields
from tortoise.models import Model

from models.accounts import Account
from models.profiles import Profile


class ChallengeCompletion(Model):
    """A profile completed all steps in time. Written together with the event of the last step; never deleted afterwards."""

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    challenge = fields.CharField(max_length=64, description="Code in catalogue/challenges.toml.")
    completed_at = fields.DatetimeField()

    class Meta:
        table = "challenge_completion"
        unique_together = (("profile_id", "challenge"),)


class ChallengeClaim(Model):
    """Credits claimed for a completed challenge: once per profile, by one of its accounts."""

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    challenge = fields.CharField(max_length=64)
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, null=True, on_delete=fields.SET_NULL, db_index=True
    )
    account_id: int | None
    credits = fields.IntField(description="Credits that the challenge gave at that time.")
    claimed_at = fields.DatetimeField()

    class Meta:
        table = "challenge_claim"
        unique_together = (("profile_id", "challenge"),)  # two concurrent claims pay once
