"""The history of personal data: which field was changed, when, by whom, and from where."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.accounts import Account
from models.audit import Origin
from models.profiles import Profile


class ChangedField(Enum):
    """Personal data whose changes are recorded."""

    ABOUT = "ABOUT"
    ACCOUNT = "ACCOUNT"
    AVATAR = "AVATAR"
    COUNTRY = "COUNTRY"
    DEPARTMENT = "DEPARTMENT"
    GITHUB = "GITHUB"
    HANDLE = "HANDLE"
    INDUSTRIES = "INDUSTRIES"
    JOB_TITLE = "JOB_TITLE"
    LANGUAGE = "LANGUAGE"
    LINKEDIN = "LINKEDIN"
    LOCATION = "LOCATION"
    LOOKING_FOR = "LOOKING_FOR"
    MARKETING = "MARKETING"
    MEETUP = "MEETUP"
    NAME = "NAME"
    RECOVERY_EMAIL = "RECOVERY_EMAIL"
    SKILLS = "SKILLS"
    SKYPE = "SKYPE"
    TWITTER = "TWITTER"
    VISIBILITY = "VISIBILITY"
    WEBSITE = "WEBSITE"


class ProfileChange(Model):
    """
    One change of one field. Rows are never edited, and stay as long as the profile. services/profiles/profile_changes.py writes
    them, in the transaction of the change.
    """

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account",
        related_name=False,
        null=True,
        on_delete=fields.CASCADE,
        db_index=True,
        description="Account that the field belongs to; null for a field of the profile.",
    )
    account_id: int | None
    actor: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account",
        related_name=False,
        null=True,
        on_delete=fields.SET_NULL,
        db_index=True,
        description="Account that made the change; null for an operator, the system, and an account that was deleted.",
    )
    actor_id: int | None
    at = fields.DatetimeField()
    origin = fields.CharEnumField(Origin, max_length=12, description="Credential of the actor.")
    address = fields.CharField(max_length=45, default="", description="IP address of the actor; empty if unknown.")
    field = fields.CharEnumField(ChangedField, max_length=16, description="What was changed.")
    old = fields.TextField(
        null=True, description="Value before; null if there was none. Lists are codes, joined by commas."
    )
    new = fields.TextField(null=True, description="Value after; null if there is none.")

    class Meta:
        table = "profile_change"
        indexes = (Index(fields=("profile_id", "id")),)  # a person's history, newest first
