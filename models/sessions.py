"""Sessions: the server side of a browser's cookie."""

from tortoise import fields
from tortoise.models import Model

from models.accounts import Account


class Session(Model):
    """A signed-in browser. Of the cookie's value only the SHA-256 is stored. Ending the session deletes the row."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    account_id: int
    digest = fields.CharField(max_length=64, unique=True, description="SHA-256 of the cookie's value, in hex.")
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField(description="Time of the last request, up to a minute late.")
    ends_at = fields.DatetimeField(description="Absolute end, even if in use.")
    renewals = fields.IntField(
        default=0,
        db_default=0,
        description="How often the secret was replaced for another reason than an elevation: sockets of before are closed.",
    )
    elevated_until = fields.DatetimeField(null=True, description="Until when sensitive operations are allowed.")
    device = fields.CharField(max_length=200, default="", description="User agent, as sent.")
    address = fields.CharField(max_length=45, default="", description="IP address of the sign-in.")

    class Meta:
        table = "session"
