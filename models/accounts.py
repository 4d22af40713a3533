"""Accounts: of people, and of other systems."""

from enum import Enum

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.companies import Company
from models.profiles import Profile


class AccountKind(Enum):
    """Who uses an account."""

    PERSON = "PERSON"
    SERVICE = "SERVICE"


class AccountStatus(Enum):
    """ACTIVE accounts may sign in and use tokens; DEACTIVATED ones may not."""

    ACTIVE = "ACTIVE"
    DEACTIVATED = "DEACTIVATED"


class Account(Model):
    """
    A login with one email address, which never changes. A person's account belongs to a profile. A service account
    has no profile and no sign-in, only tokens.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharEnumField(AccountKind, max_length=8, description="PERSON or SERVICE.")
    status = fields.CharEnumField(
        AccountStatus, max_length=12, default=AccountStatus.ACTIVE, description="ACTIVE or DEACTIVATED."
    )
    email = fields.CharField(max_length=254, description="As entered; mail is sent here.")
    email_key = fields.CharField(
        max_length=254, unique=True, description="Normalised form, for comparing: services/core/email_addresses.py."
    )
    name = fields.CharField(max_length=120, description="Label chosen by the owner; a person's name is on the profile.")
    profile: fields.ForeignKeyNullableRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, null=True, on_delete=fields.RESTRICT, db_index=True
    )
    profile_id: int | None
    company: fields.ForeignKeyNullableRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name=False, null=True, on_delete=fields.RESTRICT, db_index=True
    )
    company_id: int | None
    company_admin = fields.BooleanField(default=False)
    verified_at = fields.DatetimeField(null=True, description="When the owner confirmed the address.")
    created_at = fields.DatetimeField()
    marketing = fields.BooleanField(default=False, db_default=False, description="True if news may be mailed.")
    last_sign_in_at = fields.DatetimeField(null=True, description="The last completed sign-in; null if there was none.")

    @property
    def own_profile_id(self) -> int:
        """Id of the person's profile. Raises ValueError for a service account: it has none."""
        if self.profile_id is None:
            raise ValueError(f"Account {self.id} has no profile.")
        return self.profile_id

    class Meta:
        table = "account"
        constraints = (
            CheckConstraint(check="(kind = 'SERVICE') = (profile_id IS NULL)", name="account_profile"),
            CheckConstraint(check="NOT company_admin OR company_id IS NOT NULL", name="account_company_admin"),
        )
