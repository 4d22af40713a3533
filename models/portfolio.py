"""Projects, their collaborators and images."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.profiles import Profile


class ProjectState(Enum):
    """A DRAFT is visible to its owner only."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class Project(Model):
    """A project of a portfolio. An empty text means "not provided"; published projects have every text, except imported ones."""

    id = fields.BigIntField(primary_key=True)
    owner: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    owner_id: int
    title = fields.CharField(max_length=120)
    description = fields.TextField(default="")
    customer = fields.CharField(max_length=200, default="")
    business_need = fields.TextField(default="")
    solution = fields.TextField(default="")
    results = fields.TextField(default="")
    started_on = fields.DateField(null=True)
    ended_on = fields.DateField(null=True)
    state = fields.CharEnumField(
        ProjectState, max_length=9, default=ProjectState.DRAFT, description="DRAFT or PUBLISHED."
    )
    place = fields.IntField(default=0, description="Order on the profile, lowest first; equal places newest first.")
    created_at = fields.DatetimeField()
    published_at = fields.DatetimeField(null=True)
    edited_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1, description="Incremented by every edit.")
    listed = fields.BooleanField(
        default=False, description="It is published and its owner is listed. Written by services/portfolio/listing.py."
    )
    source = fields.CharField(max_length=64, null=True, description="System it was imported from.")
    key = fields.CharField(max_length=128, null=True, description="Id in that system.")

    class Meta:
        table = "project"
        unique_together = (("source", "key"),)
        indexes = (
            Index(fields=("owner_id", "state", "place", "id")),  # a person's portfolio
            Index(fields=("listed", "published_at", "id")),  # the newest projects
        )


class ProjectSkill(Model):
    """A skill that a project required. Codes are in catalogue/skills.toml."""

    id = fields.BigIntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name=False, on_delete=fields.CASCADE
    )
    project_id: int
    skill = fields.CharField(max_length=48)

    class Meta:
        table = "project_skill"
        unique_together = (("project_id", "skill"),)
        indexes = (("skill", "project_id"),)


class ProjectWord(Model):
    """
    A search word of a published project: from its title or description, each word once. Stored as bytes, like the words of
    people (models/profiles.py). Written by services/portfolio/listing.py.
    """

    id = fields.BigIntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name=False, on_delete=fields.CASCADE
    )
    project_id: int
    word = fields.BinaryField()
    place = fields.IntField(description="0: in the title; 1: only in the description.")

    class Meta:
        table = "project_word"
        indexes = (
            Index(fields=("word", "place", "project_id")),  # projects with a word
            Index(fields=("project_id", "word", "place")),  # whether a project has a word
        )


class ProjectCollaborator(Model):
    """
    A person tagged as collaborator. Removing the tag keeps the row, so that the person cannot be tagged again.
    `untagged_at` = `tagged_at`: the person had blocked the owner, and only the owner sees the tag.
    """

    id = fields.BigIntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name=False, on_delete=fields.CASCADE
    )
    project_id: int
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    tagged_at = fields.DatetimeField()
    untagged_at = fields.DatetimeField(null=True)
    told_at = fields.DatetimeField(null=True, description="When the person was notified, which happens once.")

    class Meta:
        table = "project_collaborator"
        unique_together = (("project_id", "profile_id"),)
        indexes = (Index(fields=("profile_id", "untagged_at", "project_id")),)


class ProjectImage(Model):
    """An image of a project; the file is in the image store."""

    id = fields.BigIntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name=False, on_delete=fields.CASCADE
    )
    project_id: int
    image = fields.CharField(max_length=120, unique=True, description="Key in the image store.")
    caption = fields.CharField(max_length=200, default="")
    place = fields.IntField(default=0)

    class Meta:
        table = "project_image"
        indexes = (Index(fields=("project_id", "place", "id")),)
