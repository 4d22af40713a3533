"""People as the community sees them."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.companies import Company


class Visibility(Enum):
    """Who sees a profile."""

    PUBLIC = "PUBLIC"
    PRIVATE = "PRIVATE"


class Profile(Model):
    """
    A person. Has one or more accounts, or none while nobody claimed it. Empty text means "not given".

    `active`: unclaimed, or one of its accounts is active. `listed`: active and public, so that others see it.
    Both are kept by services/profiles/profiles.py alone, in the transaction of whatever changes one of their causes.
    """

    id = fields.BigIntField(primary_key=True)
    handle = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=120)
    avatar = fields.CharField(max_length=120, null=True, description="Key of the stored picture.")
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
    github_connected_at = fields.DatetimeField(null=True, description="When GitHub itself vouched for the account.")
    meetup = fields.CharField(max_length=200, default="")
    twitter = fields.CharField(max_length=200, default="")
    linkedin = fields.CharField(max_length=200, default="")
    skype = fields.CharField(max_length=200, default="")
    recovery_email = fields.CharField(max_length=254, null=True, description="As given; mail goes here.")
    recovery_email_key = fields.CharField(
        max_length=254, null=True, db_index=True, description="What it is compared by, as for an account's address."
    )
    recovery_email_verified_at = fields.DatetimeField(null=True)
    language = fields.CharField(
        max_length=8, null=True, description="ISO 639-1, as chosen; null: none was, and requests say which."
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
        description="The shown one: the oldest active account's, or an unclaimed person's imported one.",
    )
    company_id: int | None
    joined_on = fields.DateField(description="UTC day of sign-up; earlier events do not count.")
    created_at = fields.DatetimeField()
    edited_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1, description="Grows with every edit.")

    class Meta:
        table = "profile"
        indexes = (
            Index(fields=("listed", "joined_on", "id")),  # the newest people
            Index(fields=("listed", "country", "id")),  # people of a country
            Index(fields=("avatar",)),  # whose picture that is
            Index(fields=("company_id", "id")),  # colleagues, in the order they came
        )


class ProfileHandle(Model):
    """
    A handle that belongs to somebody since they changed theirs: the earlier ones and the one in force. Nobody else gets
    it, and it leads to the profile. Who never changed their handle has no row here.
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
    """A skill a person names. Codes are those of catalogue/skills.toml."""

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
    """An industry a person has experience in. Codes are those of catalogue/industries.toml."""

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
    A word by which a person is found, once a person: of the name, the handle, the job title. Folded by
    services/media/search_tokenizer.py, kept by services/progress/search_words.py. Only listed people have any, so that what is counted here is
    what others may find.

    Bytes, because both databases compare those alike, whatever language they were set up for: a prefix is a range.
    """

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    word = fields.BinaryField()
    place = fields.IntField(description="Where it stands: 0 in the name or handle, 1 in the job title alone.")

    class Meta:
        table = "profile_word"
        indexes = (
            Index(fields=("word", "place", "profile_id")),  # people with a word
            Index(fields=("profile_id", "word", "place")),  # whether somebody has a word
        )
