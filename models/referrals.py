"""Referral links, referrals, and the T-shirt for five of them."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.accounts import Account
from models.profiles import Profile


class ReferralVia(Enum):
    """How a new account found the sign-up."""

    LINK = "LINK"
    MAIL = "MAIL"


class ShirtSize(Enum):
    """Sizes of the T-shirt."""

    XS = "XS"
    S = "S"
    M = "M"
    L = "L"
    XL = "XL"
    XXL = "XXL"
    XXXL = "XXXL"


class ShirtState(Enum):
    """State of a T-shirt claim."""

    CLAIMED = "CLAIMED"
    SHIPPED = "SHIPPED"


class ReferralCode(Model):
    """
    Code in a personal referral link. A profile has one active code; rotating retires it. Codes of profiles that were merged into
    it are active too, and are displayed only if it has none of its own.
    """

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    code = fields.CharField(max_length=32, unique=True)
    created_at = fields.DatetimeField()
    retired_at = fields.DatetimeField(null=True)
    merged = fields.BooleanField(
        default=False, db_default=False, description="The code of a profile that was merged into this one."
    )

    class Meta:
        table = "referral_code"
        indexes = (Index(fields=("profile_id", "retired_at")),)


class Referral(Model):
    """
    A verified account that a person referred. Each account counts for one referrer, the first. The row outlives the
    account: the referrer keeps the credit for it.
    """

    id = fields.BigIntField(primary_key=True)
    referrer: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    referrer_id: int
    account: fields.OneToOneNullableRelation[Account] = fields.OneToOneField(
        "models.Account", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    account_id: int | None
    via = fields.CharEnumField(ReferralVia, max_length=4, description="By link or by mail.")
    at = fields.DatetimeField()

    class Meta:
        table = "referral"
        indexes = (Index(fields=("referrer_id", "at", "id")),)


class ShirtClaim(Model):
    """The one T-shirt of a profile with five referrals. Name and address are encrypted."""

    id = fields.BigIntField(primary_key=True)
    profile: fields.OneToOneRelation[Profile] = fields.OneToOneField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    size = fields.CharEnumField(ShirtSize, max_length=4, description="XS to XXXL.")
    sealed = fields.TextField(description="Recipient, street, town, postal code, country, encrypted.")
    state = fields.CharEnumField(
        ShirtState, max_length=8, default=ShirtState.CLAIMED, description="State of the claim."
    )
    claimed_at = fields.DatetimeField()
    shipped_at = fields.DatetimeField(null=True)

    class Meta:
        table = "shirt_claim"
        indexes = (Index(fields=("state", "id")),)
