"""Companies and their mail domains."""

from tortoise import fields
from tortoise.models import Model


class Company(Model):
    """An organisation. An account belongs to one company or to none."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200, db_index=True)
    created_at = fields.DatetimeField()
    password_days = fields.IntField(
        null=True, default=90, db_default=90, description="Days until a member's password expires; null: never."
    )
    sso = fields.BooleanField(
        default=False, db_default=False, description="True if members sign in at the company's identity provider."
    )

    class Meta:
        table = "company"


class CompanyDomain(Model):
    """A mail domain of a company: new accounts with such an address join it. Lower case, IDNA."""

    id = fields.BigIntField(primary_key=True)
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name=False, on_delete=fields.RESTRICT, db_index=True
    )
    company_id: int
    domain = fields.CharField(max_length=253, unique=True)

    class Meta:
        table = "company_domain"
