"""
Proof that the secret key is the one that this database was made with.

The database stores a canary: a known text, sealed. The first start writes it; each later start and each command opens it.
Rule: docs/decisions/0008-secrets-at-rest.md#decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from tortoise.models import Model

from models.outbox import OutboxMessage
from models.referrals import ShirtClaim
from models.second_factors import SecondFactor
from models.secret_canary import SecretCanary
from services.core import clock, crypto, runtime
from settings import BadSetting

log = structlog.get_logger()

CANARY_ID: Final = 1
CANARY_TEXT: Final = "This database has this key."
SEALED_COLUMNS: Final[dict[type[Model], tuple[str, ...]]] = {
    SecondFactor: (crypto.TOTP_SECRET, crypto.PHONE_NUMBER),
    OutboxMessage: (crypto.OUTBOX_MESSAGE,),
    ShirtClaim: (crypto.SHIRT_ADDRESS,),
}
"""Models with a column `sealed`, and the purposes that its values are sealed for."""
MAX_VALUES_PER_TABLE: Final = 200
WRONG: Final = (
    "The secret key (SECRET_KEY, or var/secret-key if that is not set) is not the one that this database was made with."
)
REMEDY: Final = (
    "Set SECRET_KEY to the key that this database was made with (or restore var/secret-key from a backup). If that key is "
    "lost, `python -m cli accept-secret-key` goes on with the present one: second factors, phone numbers, postal addresses, "
    "codes and unsent messages are lost, and badge credentials get another key unless CREDENTIAL_KEY is set."
)


class WrongSecretKey(BadSetting):
    """The secret key is missing, or is not the one that this database was made with. The message never contains a key."""


@dataclass(frozen=True)
class SealedValue:
    """A stored value, and the purposes that it may be sealed for."""

    sealed: str
    purposes: tuple[str, ...]


async def verify() -> None:
    """
    Check the secret key of the current runtime against its database: one statement, after the first call on a database.

    The first call writes the canary. If the database has sealed values already, because it is older than the canary, the
    key must open more than half of the newest of them. Of several processes with different keys the first one wins.
    Raises BadSetting if the key is required and not set, WrongSecretKey if it is not the key of this database.
    """
    crypto.check(runtime.current().settings)
    canary = await SecretCanary.get_or_none(id=CANARY_ID)
    if canary is None:
        _require(await _read_sealed_values())
        sealed = crypto.seal(crypto.CANARY, CANARY_TEXT)
        row = SecretCanary(id=CANARY_ID, sealed=sealed, created_at=clock.now())
        await SecretCanary.bulk_create([row], ignore_conflicts=True)
        canary = await SecretCanary.get(id=CANARY_ID)
    _require([SealedValue(canary.sealed, (crypto.CANARY,))])


async def accept() -> None:
    """Seal the canary with the present key, whatever key the database had. What was sealed before stays as it is."""
    sealed = crypto.seal(crypto.CANARY, CANARY_TEXT)
    await SecretCanary.update_or_create({"sealed": sealed, "created_at": clock.now()}, id=CANARY_ID)


async def _read_sealed_values() -> list[SealedValue]:
    """The newest values of each table, by primary key."""
    found: list[SealedValue] = []
    for model, purposes in SEALED_COLUMNS.items():
        rows: Any = (
            model.all().order_by(f"-{model._meta.pk_attr}").limit(MAX_VALUES_PER_TABLE).values_list("sealed", flat=True)
        )
        found += [SealedValue(each, purposes) for each in await rows]
    return found


def _require(values: Sequence[SealedValue]) -> None:
    """
    Raise unless the key opens more than half of the values, or there are none. More than half, because a database may have
    some that were sealed with another key, before the key was checked.
    """
    if not values:
        return
    if not crypto.has_key():  # before the key file is created
        raise WrongSecretKey(f"SECRET_KEY is not set, and var/secret-key does not exist. {REMEDY}")
    readable = sum(any(crypto.opens(purpose, each.sealed) for purpose in each.purposes) for each in values)
    if readable * 2 <= len(values):
        raise WrongSecretKey(f"{WRONG} {REMEDY}")
    if readable < len(values):
        log.warning("secret_key.values_unreadable", unreadable=len(values) - readable, checked=len(values))
