"""Sign-ins that last: what a browser's cookie stands for."""

from tortoise import fields
from tortoise.models import Model

from models.accounts import Account


class Session(Model):
    """Someone signed in. Of the cookie's value only the SHA-256 is stored. Ending it deletes the row."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    account_id: int
    digest = fields.CharField(max_length=64, unique=True, description="SHA-256 of the cookie's value, in hex.")
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField(description="Last request, at most a minute old.")
    ends_at = fields.DatetimeField(description="The absolute end, however busy it is.")
    elevated_until = fields.DatetimeField(null=True, description="Until when sensitive operations are open.")
    device = fields.CharField(max_length=200, default="", description="The browser as it names itself.")
    address = fields.CharField(max_length=45, default="", description="IP address it began from.")

    class Meta:
        table = "session"
