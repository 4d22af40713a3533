"""Badges that people were given."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from catalogue.badges import Rarity
from models.profiles import Profile


class AwardOrigin(Enum):
    """Who gave a badge."""

    RULE = "RULE"
    OPERATOR = "OPERATOR"
    IMPORT = "IMPORT"


class ImportedBadge(Model):
    """A badge that came with an import. It has one level and no criterion: it is granted by hand only."""

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=64)
    key = fields.CharField(max_length=128, description="The source's own id of it.")
    code = fields.CharField(
        max_length=64, unique=True, description="What awards name it by; no catalogue badge has it."
    )
    name = fields.CharField(max_length=120)
    description = fields.CharField(max_length=500, default="")
    rarity = fields.CharEnumField(Rarity, max_length=6, description="Its colour.")

    class Meta:
        table = "imported_badge"
        unique_together = (("source", "key"),)


class BadgeRarity(Model):
    """The colour of a badge by the share of people who hold it. No row: the one of its definition."""

    id = fields.BigIntField(primary_key=True)
    badge = fields.CharField(max_length=64, unique=True)
    rarity = fields.CharEnumField(Rarity, max_length=6, description="Its colour now.")
    since = fields.DatetimeField(description="When it got that colour (UTC).")

    class Meta:
        table = "badge_rarity"


class BadgeAward(Model):
    """
    One level of a badge, reached by a profile: given once, whoever gives it. A revoked row stays, so that no rule gives
    it again; granting it by hand makes it count again.

    `superseded`: it is revoked, or a higher level that is not is there; so that lists read one row a badge.
    """

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    badge = fields.CharField(max_length=64, description="Code in catalogue/badges.toml, or of an imported badge.")
    level = fields.IntField(description="1 is the lowest.")
    origin = fields.CharEnumField(AwardOrigin, max_length=8, description="Who gave it.")
    awarded_at = fields.DatetimeField(
        description="When the rule was met, by the ledger as it is now; or when it was given by hand (UTC)."
    )
    reason = fields.CharField(max_length=500, default="", description="Why, when an operator gave it.")
    reason_shown = fields.BooleanField(
        default=False, description="Whether those who see the badge may read the reason."
    )
    superseded = fields.BooleanField(default=False)
    unmet = fields.BooleanField(
        default=False, description="A rule gave it, and by the ledger as it is now the rule was never met."
    )
    revoked_at = fields.DatetimeField(null=True)
    revoked_reason = fields.CharField(max_length=500, default="")
    credential = fields.CharField(max_length=32, unique=True, description="Random; the address of its credential.")

    class Meta:
        table = "badge_award"
        unique_together = (("profile_id", "badge", "level"),)  # two workers give it once
        indexes = (
            Index(fields=("profile_id", "superseded", "awarded_at")),  # a person's earned badges
            Index(fields=("badge", "superseded", "profile_id")),  # who holds a badge
        )
        constraints = (CheckConstraint(check="level >= 1", name="badge_award_level"),)


class RevokedCredential(Model):
    """
    A credential that does not count any more. Its row is no award's: it stays when the award, the profile or the account goes,
    because what was handed out cannot be called back.
    """

    id = fields.BigIntField(primary_key=True)
    place = fields.BigIntField(
        unique=True, description="Its place in the status lists: the id that its award has or had."
    )
    credential = fields.CharField(max_length=32, unique=True, description="The award's random id.")
    revoked_at = fields.DatetimeField()

    class Meta:
        table = "revoked_credential"


class FeaturedBadge(Model):
    """A badge that a person shows first: up to four places, each badge once."""

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
