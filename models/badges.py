"""Badges awarded to profiles."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from catalogue.badges import Rarity
from models.profiles import Profile


class AwardOrigin(Enum):
    """What awarded a badge."""

    RULE = "RULE"
    OPERATOR = "OPERATOR"
    IMPORT = "IMPORT"


class ImportedBadge(Model):
    """A badge created by an import. It has one level and no criterion: only imports and operators award it."""

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=64)
    key = fields.CharField(max_length=128, description="Id in the source system.")
    code = fields.CharField(
        max_length=64, unique=True, description="Code used in awards; never the code of a catalogue badge."
    )
    name = fields.CharField(max_length=120)
    description = fields.CharField(max_length=500, default="")
    rarity = fields.CharEnumField(Rarity, max_length=6, description="Colour.")

    class Meta:
        table = "imported_badge"
        unique_together = (("source", "key"),)


class BadgeRarity(Model):
    """Colour of a badge by the share of people who have it. Without a row the definition's colour applies."""

    id = fields.BigIntField(primary_key=True)
    badge = fields.CharField(max_length=64, unique=True)
    rarity = fields.CharEnumField(Rarity, max_length=6, description="Current colour.")
    since = fields.DatetimeField(description="When it got this colour (UTC).")

    class Meta:
        table = "badge_rarity"


class BadgeAward(Model):
    """
    One level of a badge, awarded to a profile at most once, by a rule, an operator or an import. A revoked row stays, so
    that no rule awards it again; granting it by hand restores it.

    `superseded`: True if the award is revoked, or a higher level exists that is not revoked. Lists thus read one row per badge.
    """

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    badge = fields.CharField(max_length=64, description="Code in catalogue/badges.toml, or of an imported badge.")
    level = fields.IntField(description="1 is the lowest.")
    origin = fields.CharEnumField(AwardOrigin, max_length=8, description="What awarded it.")
    awarded_at = fields.DatetimeField(
        description="When the rule was met according to the ledger, or when it was granted by hand (UTC)."
    )
    reason = fields.CharField(max_length=500, default="", description="Reason, if an operator granted it.")
    reason_shown = fields.BooleanField(
        default=False, description="True if everyone who sees the badge may read the reason."
    )
    superseded = fields.BooleanField(default=False)
    unmet = fields.BooleanField(
        default=False,
        description="True if a rule awarded it, but according to the current ledger the rule was never met.",
    )
    revoked_at = fields.DatetimeField(null=True)
    revoked_reason = fields.CharField(max_length=500, default="")
    credential = fields.CharField(max_length=32, unique=True, description="Random id in the address of its credential.")

    class Meta:
        table = "badge_award"
        unique_together = (("profile_id", "badge", "level"),)  # two processes at once award it once
        indexes = (
            Index(fields=("profile_id", "superseded", "awarded_at")),  # a person's earned badges
            Index(fields=("badge", "superseded", "awarded_at", "profile_id", "level")),  # who has a badge, newest first
        )
        constraints = (CheckConstraint(check="level >= 1", name="badge_award_level"),)


class RevokedCredential(Model):
    """
    A badge credential that is no longer valid. Has no foreign key to the award: the row must outlive award, profile and
    account, because issued copies of the credential cannot be recalled.
    """

    id = fields.BigIntField(primary_key=True)
    place = fields.BigIntField(
        unique=True, description="Position in the status lists: the id that its award has or had."
    )
    credential = fields.CharField(max_length=32, unique=True, description="Random id of the award.")
    revoked_at = fields.DatetimeField()

    class Meta:
        table = "revoked_credential"


class FeaturedBadge(Model):
    """A badge that a person features on the profile: up to four places, each badge once."""

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    badge = fields.CharField(max_length=64)
    place = fields.IntField(description="1 to 4.")

    class Meta:
        table = "featured_badge"
        unique_together = (("profile_id", "place"), ("profile_id", "badge"))
        constraints = (CheckConstraint(check="place BETWEEN 1 AND 4", name="featured_badge_place"),)
