"""Projects that people show, and who worked on them."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.profiles import Profile


class ProjectState(Enum):
    """Who sees a project."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class Project(Model):
    """A project of a portfolio. Empty text means "not given"; a published one has every text, unless it was imported so."""

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
    place = fields.IntField(default=0, description="Order on the profile, lowest first; in a tie the newest first.")
    created_at = fields.DatetimeField()
    published_at = fields.DatetimeField(null=True)
    edited_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1, description="Grows with every edit.")
    source = fields.CharField(max_length=64, null=True, description="Where it was imported from.")
    key = fields.CharField(max_length=128, null=True, description="The source's own id of it.")

    class Meta:
        table = "project"
        unique_together = (("source", "key"),)
        indexes = (Index(fields=("owner_id", "state", "place", "id")),)  # a person's portfolio


class ProjectCollaborator(Model):
    """
    Somebody who worked on a project. Whoever takes the tag off keeps the row, so that it is not put on again. Untagged in the
    moment of the tag: they had blocked the owner, who alone sees it.
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
    told_at = fields.DatetimeField(null=True, description="When the person heard of it, which is once.")

    class Meta:
        table = "project_collaborator"
        unique_together = (("project_id", "profile_id"),)
        indexes = (Index(fields=("profile_id", "untagged_at", "project_id")),)


class ProjectImage(Model):
    """A picture of a project, in the store of pictures."""

    id = fields.BigIntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name=False, on_delete=fields.CASCADE
    )
    project_id: int
    image = fields.CharField(max_length=120, unique=True, description="Key of the stored picture.")
    caption = fields.CharField(max_length=200, default="")
    place = fields.IntField(default=0)

    class Meta:
        table = "project_image"
        indexes = (Index(fields=("project_id", "place", "id")),)
