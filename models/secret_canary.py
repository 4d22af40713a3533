"""The sealed canary, by which each start proves that it has the secret key of this database."""

from tortoise import fields
from tortoise.models import Model


class SecretCanary(Model):
    """The one row: a known text, encrypted. services/core/secret_key.py writes and opens it."""

    id = fields.IntField(primary_key=True, generated=False, description="Always 1, so that there is one row.")
    sealed = fields.CharField(max_length=200, description="The known text, encrypted.")
    created_at = fields.DatetimeField()

    class Meta:
        table = "secret_canary"
