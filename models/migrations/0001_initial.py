from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from catalogue.points import Category
from models.accounts import AccountKind, AccountStatus
from models.points import EntryKind, Outcome
from models.profiles import Visibility


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Company",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(db_index=True, max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "company", "app": "models"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CompanyDomain",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("domain", fields.CharField(unique=True, max_length=253)),
            ],
            options={"table": "company_domain", "app": "models"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImportProgress",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("source", fields.CharField(max_length=64)),
                ("file", fields.CharField(max_length=64)),
                ("rows", fields.BigIntField()),
                ("fingerprint", fields.CharField(max_length=64)),
            ],
            options={"table": "import_progress", "app": "models", "unique_together": (("source", "file"),)},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Profile",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("handle", fields.CharField(unique=True, max_length=64)),
                ("name", fields.CharField(max_length=120)),
                ("avatar", fields.CharField(null=True, max_length=120)),
                ("job_title", fields.CharField(default="", max_length=120)),
                ("department", fields.CharField(default="", max_length=120)),
                ("country", fields.CharField(null=True, max_length=2)),
                ("location", fields.CharField(default="", max_length=200)),
                ("about", fields.TextField(default="", unique=False)),
                ("website", fields.CharField(default="", max_length=500)),
                ("looking_for_job", fields.BooleanField(default=False)),
                ("looking_for_project", fields.BooleanField(default=False)),
                ("looking_for_confirmed", fields.BooleanField(default=False)),
                ("github", fields.CharField(default="", max_length=200)),
                ("github_connected_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("meetup", fields.CharField(default="", max_length=200)),
                ("twitter", fields.CharField(default="", max_length=200)),
                ("linkedin", fields.CharField(default="", max_length=200)),
                ("skype", fields.CharField(default="", max_length=200)),
                ("recovery_email", fields.CharField(null=True, max_length=254)),
                ("recovery_email_verified_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("language", fields.CharField(default="en", max_length=8)),
                ("visibility", fields.CharEnumField(default=Visibility.PRIVATE, enum_type=Visibility, max_length=7)),
                ("active", fields.BooleanField(default=True)),
                ("listed", fields.BooleanField(default=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("joined_on", fields.DateField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("edited_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.IntField(default=1)),
            ],
            options={"table": "profile", "app": "models"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Account",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("kind", fields.CharEnumField(enum_type=AccountKind, max_length=8)),
                ("status", fields.CharEnumField(default=AccountStatus.ACTIVE, enum_type=AccountStatus, max_length=12)),
                ("email", fields.CharField(max_length=254)),
                ("email_key", fields.CharField(unique=True, max_length=254)),
                ("name", fields.CharField(max_length=120)),
                (
                    "profile",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="profile_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("company_admin", fields.BooleanField(default=False)),
                ("verified_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "account",
                "app": "models",
                "constraints": [
                    CheckConstraint(check="(kind = 'SERVICE') = (profile_id IS NULL)", name="account_profile"),
                    CheckConstraint(check="NOT company_admin OR company_id IS NOT NULL", name="account_company_admin"),
                ],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AccessToken",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=120)),
                ("scopes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("secret_hash", fields.CharField(unique=True, max_length=64)),
                ("hint", fields.CharField(max_length=4)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "access_token", "app": "models"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImportedPerson",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("source", fields.CharField(max_length=64)),
                ("key", fields.CharField(max_length=128)),
                (
                    "profile",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="profile_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={"table": "imported_person", "app": "models", "unique_together": (("source", "key"),)},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OnceAward",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "profile",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="profile_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("activity", fields.CharField(max_length=48)),
            ],
            options={"table": "once_award", "app": "models", "unique_together": (("profile_id", "activity"),)},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PointEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "profile",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="profile_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharEnumField(enum_type=EntryKind, max_length=18)),
                ("category", fields.CharEnumField(enum_type=Category, max_length=9)),
                ("activity", fields.CharField(null=True, max_length=48)),
                ("asked", fields.IntField()),
                ("awarded", fields.IntField()),
                ("capped", fields.IntField(default=0)),
                ("outcome", fields.CharEnumField(enum_type=Outcome, max_length=14)),
                ("occurred_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("day", fields.DateField()),
                ("source", fields.CharField(max_length=64)),
                ("external_id", fields.CharField(max_length=200)),
                (
                    "counterpart",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="counterpart_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "reverses",
                    fields.OneToOneField(
                        "models.PointEntry",
                        source_field="reverses_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reason", fields.CharField(null=True, max_length=500)),
                ("shown", fields.BooleanField(default=True)),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "point_entry",
                "app": "models",
                "unique_together": (("source", "external_id"),),
                "constraints": [
                    CheckConstraint(check="kind <> 'ACTIVITY' OR activity IS NOT NULL", name="point_entry_activity"),
                    CheckConstraint(
                        check="(kind = 'REVERSAL') = (reverses_id IS NOT NULL)", name="point_entry_reverses"
                    ),
                ],
                "indexes": [
                    Index(fields=["profile_id", "activity", "day"]),
                    Index(fields=["profile_id", "occurred_at", "id"]),
                ],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProfileIndustry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
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
                ("industry", fields.CharField(max_length=48)),
            ],
            options={
                "table": "profile_industry",
                "app": "models",
                "unique_together": (("profile_id", "industry"),),
                "indexes": [Index(fields=["industry", "profile_id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProfileSkill",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
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
                ("skill", fields.CharField(max_length=48)),
            ],
            options={
                "table": "profile_skill",
                "app": "models",
                "unique_together": (("profile_id", "skill"),),
                "indexes": [Index(fields=["skill", "profile_id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Score",
            fields=[
                (
                    "profile",
                    fields.OneToOneField(
                        "models.Profile",
                        source_field="profile_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("listed", fields.BooleanField(default=False)),
                ("overall", fields.IntField(default=0)),
                ("overall_reached", fields.BigIntField(default=0)),
                ("forum", fields.IntField(default=0)),
                ("forum_reached", fields.BigIntField(default=0)),
                ("app_store", fields.IntField(default=0)),
                ("app_store_reached", fields.BigIntField(default=0)),
                ("platform", fields.IntField(default=0)),
                ("platform_reached", fields.BigIntField(default=0)),
                ("community", fields.IntField(default=0)),
                ("community_reached", fields.BigIntField(default=0)),
                ("learning", fields.IntField(default=0)),
                ("learning_reached", fields.BigIntField(default=0)),
            ],
            options={
                "table": "score",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="overall = forum + app_store + platform + community + learning", name="score_adds_up"
                    )
                ],
                "indexes": [
                    Index(fields=["listed", "overall", "overall_reached", "profile_id"]),
                    Index(fields=["listed", "forum", "forum_reached", "profile_id"]),
                    Index(fields=["listed", "app_store", "app_store_reached", "profile_id"]),
                    Index(fields=["listed", "platform", "platform_reached", "profile_id"]),
                    Index(fields=["listed", "community", "community_reached", "profile_id"]),
                    Index(fields=["listed", "learning", "learning_reached", "profile_id"]),
                ],
            },
            bases=["Model"],
        ),
    ]
