"""
What a mailed password reset does to tokens and API keys: those that were made within the last 7 days are revoked.

Whoever lost the account to somebody gets it back by a reset. A token or key that the intruder made meanwhile would go on
working. Its owner was told of it by mail when it was made, so an older one has been seen. Rule: docs/decisions, "Elevation".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from models.tokens import AccessToken, ApiKey
from services.core import audit, clock
from services.core.audit import Actor

RECENT: Final = timedelta(days=7)
MAX_NAMES_IN_MAIL: Final = 10


@dataclass(frozen=True)
class Credentials:
    """Tokens and API keys of an account, by name, the oldest first."""

    tokens: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def line(self) -> str:
        """All names in one line for a mail, a dash for none; after ten of them how many more there are."""
        names = [*self.tokens, *self.keys]
        more = len(names) - MAX_NAMES_IN_MAIL
        return ", ".join(names[:MAX_NAMES_IN_MAIL]) + (f" … (+{more})" if more > 0 else "") or "–"


@dataclass(frozen=True)
class Revocation:
    """What was revoked and what stays."""

    revoked: Credentials
    kept: Credentials


async def revoke_recent(account_id: int, *, actor: Actor) -> Revocation:
    """Delete the account's tokens and keys of the last 7 days; in the caller's transaction, which locks the account."""
    since = clock.now() - RECENT
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
        kept=Credentials(
            tuple(each.name for each in tokens if each.created_at <= since),
            tuple(each.name for each in keys if each.created_at <= since),
        ),
    )
