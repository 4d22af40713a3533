"""Companies and the mail domains they own."""

from tortoise import fields
from tortoise.models import Model


class Company(Model):
    """An organisation. Every account belongs to exactly one or to none."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200, db_index=True)
    created_at = fields.DatetimeField()
    password_days = fields.IntField(
        null=True, default=90, db_default=90, description="Days until a member's password expires; null: never."
    )
    sso = fields.BooleanField(default=False, db_default=False, description="Members sign in at their own provider.")

    class Meta:
        table = "company"


class CompanyDomain(Model):
    """A mail domain of a company: who signs up with an address there joins it. Lower case, IDNA."""

    id = fields.BigIntField(primary_key=True)
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name=False, on_delete=fields.RESTRICT, db_index=True
    )
    company_id: int
    domain = fields.CharField(max_length=253, unique=True)

    class Meta:
        table = "company_domain"
