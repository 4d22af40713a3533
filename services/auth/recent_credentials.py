"""
A password reset by mail revokes the tokens and API keys of the last 7 days.

A reset recovers an account from an intruder, whose new tokens and keys would go on working. The owner was notified by mail
of older ones when they were created. Rule: docs/decisions, "Elevation".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from models.tokens import AccessToken, ApiKey
from models.transactions import require_transaction
from services.core import audit, clock
from services.core.audit import Actor

REVOCATION_PERIOD: Final = timedelta(days=7)
MAX_NAMES_IN_MAIL: Final = 10


@dataclass(frozen=True)
class Credentials:
    """Names of an account's tokens and API keys, oldest first."""

    tokens: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def names_for_mail(self) -> str:
        """At most ten names in one line, and the number of further ones; a dash if there are none."""
        names = [*self.tokens, *self.keys]
        more = len(names) - MAX_NAMES_IN_MAIL
        return ", ".join(names[:MAX_NAMES_IN_MAIL]) + (f" … (+{more})" if more > 0 else "") or "–"


@dataclass(frozen=True)
class Revocation:
    """Revoked and remaining credentials."""

    revoked: Credentials
    remaining: Credentials


async def revoke_recent(account_id: int, *, actor: Actor) -> Revocation:
    """Delete the account's tokens and keys of the last 7 days. Requires a transaction, which locks the account."""
    require_transaction()
    since = clock.now() - REVOCATION_PERIOD
    tokens: Sequence[AccessToken] = await AccessToken.filter(account_id=account_id).order_by("id")
    keys: Sequence[ApiKey] = await ApiKey.filter(account_id=account_id).order_by("id")
    new_tokens = [each for each in tokens if each.created_at > since]
    new_keys = [each for each in keys if each.created_at > since]
    await AccessToken.filter(id__in=[each.id for each in new_tokens]).delete()
    await ApiKey.filter(id__in=[each.id for each in new_keys]).delete()
    for token in new_tokens:
        await audit.record("token.deleted", actor=actor, account_id=account_id, token_id=token.id, name=token.name)
    for key in new_keys:
        await audit.record("api-key.deleted", actor=actor, account_id=account_id, key_id=key.id, name=key.name)
    return Revocation(
        revoked=Credentials(tuple(each.name for each in new_tokens), tuple(each.name for each in new_keys)),
        remaining=Credentials(
            tuple(each.name for each in tokens if each.created_at <= since),
            tuple(each.name for each in keys if each.created_at <= since),
        ),
    )
