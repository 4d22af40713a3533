"""Profiles: people as the community sees them."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.companies import Company


class Visibility(Enum):
    """A PRIVATE profile is visible to its owner only."""

    PUBLIC = "PUBLIC"
    PRIVATE = "PRIVATE"


class Profile(Model):
    """
    A person. Has one or more accounts; an unclaimed profile has none. An empty text means "not provided".

    `active`: unclaimed, or one of its accounts is active. `listed`: active and public, so visible to everyone. Only
    services/profiles/profiles.py writes both, in the transaction of any change that affects them.
    """

    id = fields.BigIntField(primary_key=True)
    handle = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=120)
    avatar = fields.CharField(max_length=120, null=True, description="Key in the image store.")
    job_title = fields.CharField(max_length=120, default="")
    department = fields.CharField(max_length=120, default="")
    country = fields.CharField(max_length=2, null=True, description="ISO 3166-1 alpha-2.")
    location = fields.CharField(max_length=200, default="")
    about = fields.TextField(default="")
    website = fields.CharField(max_length=500, default="")
    looking_for_job = fields.BooleanField(default=False)
    looking_for_project = fields.BooleanField(default=False)
    looking_for_confirmed = fields.BooleanField(default=False)
    github = fields.CharField(max_length=200, default="")
    github_connected_at = fields.DatetimeField(null=True, description="When GitHub confirmed the account.")
    meetup = fields.CharField(max_length=200, default="")
    twitter = fields.CharField(max_length=200, default="")
    linkedin = fields.CharField(max_length=200, default="")
    skype = fields.CharField(max_length=200, default="")
    recovery_email = fields.CharField(max_length=254, null=True, description="As entered; mail is sent here.")
    recovery_email_key = fields.CharField(
        max_length=254,
        null=True,
        db_index=True,
        description="Normalised form, for comparing, as for an account's address.",
    )
    recovery_email_verified_at = fields.DatetimeField(null=True)
    language = fields.CharField(
        max_length=8, null=True, description="ISO 639-1, as chosen; null: the language of each request applies."
    )
    visibility = fields.CharEnumField(
        Visibility, max_length=7, default=Visibility.PRIVATE, description="PUBLIC or PRIVATE."
    )
    active = fields.BooleanField(default=True)
    listed = fields.BooleanField(default=False)
    company: fields.ForeignKeyNullableRelation[Company] = fields.ForeignKeyField(
        "models.Company",
        related_name=False,
        null=True,
        on_delete=fields.RESTRICT,
        db_index=True,
        description="Displayed company: that of the oldest active account, or the imported one of an unclaimed profile.",
    )
    company_id: int | None
    joined_on = fields.DateField(description="UTC day of sign-up; earlier events give no points.")
    created_at = fields.DatetimeField()
    edited_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1, description="Incremented by every edit.")

    class Meta:
        table = "profile"
        indexes = (
            Index(fields=("listed", "joined_on", "id")),  # the newest people
            Index(fields=("listed", "country", "id")),  # people of a country
            Index(fields=("avatar",)),  # the owner of a picture
            Index(fields=("company_id", "id")),  # people of a company
        )


class ProfileHandle(Model):
    """
    All handles, earlier and current, of a profile that has changed its handle. They stay reserved and redirect to the
    profile. A profile that never changed its handle has no row here.
    """

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    profile_id: int
    handle = fields.CharField(max_length=64, unique=True)
    noted_at = fields.DatetimeField()

    class Meta:
        table = "profile_handle"


class ProfileSkill(Model):
    """A skill of a person. Codes are in catalogue/skills.toml."""

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    skill = fields.CharField(max_length=48)

    class Meta:
        table = "profile_skill"
        unique_together = (("profile_id", "skill"),)
        indexes = (("skill", "profile_id"),)


class ProfileIndustry(Model):
    """An industry that a person has experience in. Codes are in catalogue/industries.toml."""

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    industry = fields.CharField(max_length=48)

    class Meta:
        table = "profile_industry"
        unique_together = (("profile_id", "industry"),)
        indexes = (("industry", "profile_id"),)


class ProfileWord(Model):
    """
    A search word of a listed person: from the name, the handle or the job title, each word once. Normalised by
    services/media/search_tokenizer.py, written by services/progress/search_words.py. Only listed people have rows, so
    that counts here never include hidden people.

    Stored as bytes, because both databases compare bytes alike, whatever their collation: a prefix is a range.
    """

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    word = fields.BinaryField()
    place = fields.IntField(description="0: in the name or handle; 1: only in the job title.")

    class Meta:
        table = "profile_word"
        indexes = (
            Index(fields=("word", "place", "profile_id")),  # people with a word
            Index(fields=("profile_id", "word", "place")),  # whether a person has a word
        )
