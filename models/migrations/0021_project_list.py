"""Search words of the projects that there are: `rebuild search` adds them."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0020_session_renewals")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ProjectSkill",
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
                ("skill", fields.CharField(max_length=48)),
            ],
            options={
                "table": "project_skill",
                "app": "models",
                "unique_together": (("project_id", "skill"),),
                "indexes": [Index(fields=["skill", "project_id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProjectWord",
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
                ("word", fields.BinaryField()),
                ("place", fields.IntField()),
            ],
            options={
                "table": "project_word",
                "app": "models",
                "indexes": [
                    Index(fields=["word", "place", "project_id"]),
                    Index(fields=["project_id", "word", "place"]),
                ],
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Project",
            name="listed",
            field=fields.BooleanField(default=False),
        ),
        ops.AddIndex(
            model_name="Project",
            index=Index(fields=["listed", "published_at", "id"]),
        ),
        ops.RunSQL(
            "UPDATE project SET listed = true"
            " WHERE state = 'PUBLISHED' AND owner_id IN (SELECT id FROM profile WHERE listed)",
            reverse_sql="UPDATE project SET listed = false",
        ),
    ]
