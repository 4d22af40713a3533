"""
What a client may send twice: mutations that spend, send or create take an `idempotencyKey`.

    made = await once(account_id, key, "orderItem", {"item": item}, lambda: _place(account_id, item))
    order = await ShopOrder.get(id=made.answer["order"])

The key's row is written first, in the transaction of what the call does. Whoever sends the same key meanwhile waits at
its unique index; afterwards they are told the first answer, or, when the first was refused and so changed nothing, are
the first themselves. Rule: docs/rules/api.md#idempotency-keys.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import orjson
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.idempotency import IdempotentCall
from services.core import clock
from services.errors import ErrorCode, refused

KEY_RETENTION: Final = timedelta(hours=24)
MAX_KEY: Final = 128
DELETE_BATCH: Final = 1_000
_WORD = re.compile(r"[A-Z][A-Z0-9_]{0,63}")

Plain = int | str | None
"""Numbers of rows and words of enums (`SENT`): nothing that could be a secret or somebody's data."""
Answer = Mapping[str, Plain | Sequence[Plain]]


@dataclass(frozen=True)
class Once:
    """What was done. `repeated`: by an earlier call under this key, and this is what it answered."""

    answer: dict[str, Any]
    repeated: bool


class NotForKeeping(ValueError):
    """A caller's bug: this could hold a secret or somebody's data."""


async def once(
    account_id: int,
    key: str | None,
    operation: str,
    given: Mapping[str, Any],
    do: Callable[[], Awaitable[Answer]],
    *,
    spend_first: Callable[[], Awaitable[None]] | None = None,
) -> Once:
    """
    Call `do` in a transaction, unless it was called under this account's key in the last 24 hours: then answer what it
    answered. Without a key it is always called.

    `given` is the input as it came in, without the key: what makes two calls the same. `do` answers ids, no secrets and
    nobody's data; what else the payload shows is read again by them, as it is now. What `do` raises undoes everything,
    the key's row included. Take no lock before calling this: twins wait here.

    `spend_first` takes from limits. It is called first and outside of the transaction, because counting may take a while and locks
    must not wait for it; not for a repeated call, which costs nothing. What it raises comes through.

    Raises Refused: BAD_INPUT (a key not of 1 to 128 printable characters), IDEMPOTENCY_MISMATCH (the key was used with
    another operation or input), NOT_FOUND (no such account).
    """
    if key is not None and (not 0 < len(key) <= MAX_KEY or not key.isprintable()):
        text = Text("An idempotency key has 1 to {max_key} printable characters.", max_key=MAX_KEY)
        raise refused(ErrorCode.BAD_INPUT, text, path=("idempotencyKey",))
    if spend_first is not None and not await _was_called(account_id, key):
        await spend_first()
    if key is None:
        async with in_transaction():
            return Once(dict(await do()), repeated=False)
    async with in_transaction():
        call = await _begun(account_id, key, operation, _fingerprint(given))
        if call.answer:
            return Once(call.answer["answer"], repeated=True)
        answer = _kept(await do())
        call.answer = {"answer": answer}  # told apart from the {} of a call under way, even when it is empty
        await call.save(update_fields=["answer"])
        return Once(answer, repeated=False)


async def forget_old(now: datetime) -> int:
    """Delete the keys of more than 24 hours ago; returns how many. A thousand at a time: writers need not wait."""
    gone = 0
    old = IdempotentCall.filter(at__lte=now - KEY_RETENTION)  # index (at)
    while ids := await old.order_by("at").limit(DELETE_BATCH).values_list("id", flat=True):
        gone += await old.filter(id__in=list(ids)).delete()  # not one that was begun anew since
    return gone


async def _was_called(account_id: int, key: str | None) -> bool:
    """Whether a call under this key succeeded within the last 24 hours. Unique (account_id, key)."""
    return key is not None and await IdempotentCall.exists(
        account_id=account_id, key=key, at__gt=clock.now() - KEY_RETENTION
    )


async def _begun(account_id: int, key: str, operation: str, fingerprint: str) -> IdempotentCall:
    """The key's row, ours until the transaction ends: new, or an earlier call's with its answer."""
    now = clock.now()
    try:
        async with in_transaction():  # PostgreSQL goes on after an error only behind a savepoint
            return await IdempotentCall.create(
                account_id=account_id, key=key, operation=operation, fingerprint=fingerprint, at=now
            )
    except IntegrityError:
        call = await IdempotentCall.select_for_update().get_or_none(account_id=account_id, key=key)
    if call is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such account.")
    if call.at <= now - KEY_RETENTION:  # not yet swept away: as good as forgotten
        call.operation, call.fingerprint, call.answer, call.at = operation, fingerprint, {}, now
        await call.save(update_fields=["operation", "fingerprint", "answer", "at"])
    elif (call.operation, call.fingerprint) != (operation, fingerprint):
        text = Text("This idempotency key was used in the last 24 hours for something else.")
        raise refused(ErrorCode.IDEMPOTENCY_MISMATCH, text, path=("idempotencyKey",))
    return call


def _fingerprint(given: Mapping[str, Any]) -> str:
    return sha256(orjson.dumps(given, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _kept(answer: Answer) -> dict[str, Any]:
    for name, value in answer.items():
        for each in [value] if isinstance(value, int | str | None) else value:
            if isinstance(each, str) and not _WORD.fullmatch(each):
                raise NotForKeeping(f"{name!r} is kept for a day in the clear: answer an id, or a word of an enum.")
    return dict(answer)
