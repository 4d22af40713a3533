from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.invites import InviteKind, InviteState
from models.portfolio import ProjectState


class Migration(migrations.Migration):
    dependencies = [("models", "0004_connections")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Invite",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "sender",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="sender_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("email", fields.CharField(max_length=254)),
                ("email_key", fields.CharField(db_index=True, max_length=254)),
                ("kind", fields.CharEnumField(enum_type=InviteKind, max_length=8)),
                ("state", fields.CharEnumField(default=InviteState.PENDING, enum_type=InviteState, max_length=9)),
                ("note", fields.CharField(default="", max_length=1000)),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("sent_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("sends", fields.IntField(default=1)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("accepted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "accepted_by",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="accepted_by_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "invite",
                "app": "models",
                "unique_together": (("sender_id", "email_key"),),
                "indexes": [Index(fields=["sender_id", "created_at", "id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="InviteOptOut",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "invite_opt_out", "app": "models"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Project",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("title", fields.CharField(max_length=120)),
                ("description", fields.TextField(default="", unique=False)),
                ("customer", fields.CharField(default="", max_length=200)),
                ("business_need", fields.TextField(default="", unique=False)),
                ("solution", fields.TextField(default="", unique=False)),
                ("results", fields.TextField(default="", unique=False)),
                ("started_on", fields.DateField(null=True)),
                ("ended_on", fields.DateField(null=True)),
                ("state", fields.CharEnumField(default=ProjectState.DRAFT, enum_type=ProjectState, max_length=9)),
                ("place", fields.IntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("published_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("edited_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.IntField(default=1)),
                ("source", fields.CharField(null=True, max_length=64)),
                ("key", fields.CharField(null=True, max_length=128)),
            ],
            options={
                "table": "project",
                "app": "models",
                "unique_together": (("source", "key"),),
                "indexes": [Index(fields=["owner_id", "state", "place", "id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProjectCollaborator",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "project",
                    fields.ForeignKeyField(
                        "models.Project",
                        source_field="project_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "profile",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="profile_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("tagged_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("untagged_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("told_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "project_collaborator",
                "app": "models",
                "unique_together": (("project_id", "profile_id"),),
                "indexes": [Index(fields=["profile_id", "untagged_at", "project_id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProjectImage",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "project",
                    fields.ForeignKeyField(
                        "models.Project",
                        source_field="project_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("image", fields.CharField(unique=True, max_length=120)),
                ("caption", fields.CharField(default="", max_length=200)),
                ("place", fields.IntField(default=0)),
            ],
            options={
                "table": "project_image",
                "app": "models",
                "indexes": [Index(fields=["project_id", "place", "id"])],
            },
            bases=["Model"],
        ),
    ]
