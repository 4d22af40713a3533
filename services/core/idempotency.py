"""
Idempotency keys: mutations that spend, send or create take an `idempotencyKey`, so that a client may retry them.

    call = await run_once(account_id, key, "orderItem", {"item": item}, lambda: _place(account_id, item))
    order = await ShopOrder.get(id=call.answer["order"])

The row of the key is written first, in the transaction of the work. A concurrent call with the same key waits at its
unique index. It then returns the first call's answer; if the first call was refused and changed nothing, it does the work
itself. Rule: docs/rules/api.md#idempotency-keys.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.idempotency import IdempotentCall
from models.transactions import forbid_transaction, require_transaction
from services.core import clock
from services.core.crypto import keyed_digest
from services.errors import ErrorCode, refused

KEY_RETENTION: Final = timedelta(hours=24)
MAX_KEY: Final = 128
DELETE_BATCH: Final = 1_000
_ENUM_WORD = re.compile(r"[A-Z][A-Z0-9_]{0,63}")

Plain = int | str | None
"""Ids of rows and words of enums (`SENT`): no secrets and no personal data."""
Answer = Mapping[str, Plain | Sequence[Plain]]


@dataclass(frozen=True)
class CallResult:
    """The answer of a call. `repeated`: an earlier call with this key did the work and gave this answer."""

    answer: dict[str, Any]
    repeated: bool


class UnsafeAnswer(ValueError):
    """A bug of the caller: this could be a secret or personal data."""


async def run_once(
    account_id: int,
    key: str | None,
    operation: str,
    arguments: Mapping[str, Any],
    work: Callable[[], Awaitable[Answer]],
    *,
    spend_first: Callable[[], Awaitable[None]] | None = None,
) -> CallResult:
    """
    Call `work` in a transaction, unless a call with this account's key succeeded in the last 24 hours: then return that
    call's answer. Without a key `work` is always called.

    `arguments` is the input without the key; two calls are the same if it is equal. `work` returns ids, no secrets and no
    personal data: the rest of a payload is read again by these ids, as it is now. If `work` raises, everything is rolled
    back, including the row of the key. Take no lock before this call: concurrent calls with the same key wait here.

    `spend_first` spends from rate limits. It is called first, outside the transaction, because counting may take a while
    and locks must not wait for it. It is not called for a repeated call, which costs nothing. What it raises is raised.

    Raises Refused: BAD_INPUT (a key not of 1 to 128 printable characters), IDEMPOTENCY_MISMATCH (the key was used with
    another operation or input), NOT_FOUND (no such account).
    Must not run in a transaction.
    """
    forbid_transaction()
    if key is not None and (not 0 < len(key) <= MAX_KEY or not key.isprintable()):
        text = Text("An idempotency key must have 1 to {max_key} printable characters.", max_key=MAX_KEY)
        raise refused(ErrorCode.BAD_INPUT, text, path=("idempotencyKey",))
    if spend_first is not None and not await _was_called(account_id, key):
        await spend_first()
    if key is None:
        async with in_transaction():
            return CallResult(dict(await work()), repeated=False)
    async with in_transaction():
        call = await _claim_key(account_id, key, operation, _fingerprint(arguments))
        if call.answer:
            return CallResult(call.answer["answer"], repeated=True)
        answer = _checked(await work())
        call.answer = {"answer": answer}  # differs from the {} of a call in progress, even if the answer is empty
        await call.save(update_fields=["answer"])
        return CallResult(answer, repeated=False)


async def forget_old(now: datetime) -> int:
    """Delete keys older than 24 hours; returns how many. A thousand at a time, so that writers do not wait."""
    gone = 0
    old = IdempotentCall.filter(at__lte=now - KEY_RETENTION)  # index (at)
    while ids := await old.order_by("at").limit(DELETE_BATCH).values_list("id", flat=True):
        gone += await old.filter(id__in=list(ids)).delete()  # `old` again: a key may have been reused since
    return gone


async def _was_called(account_id: int, key: str | None) -> bool:
    """Return True if a call with this key succeeded within the last 24 hours. Unique (account_id, key)."""
    return key is not None and await IdempotentCall.exists(
        account_id=account_id, key=key, at__gt=clock.now() - KEY_RETENTION
    )


async def _claim_key(account_id: int, key: str, operation: str, fingerprint: str) -> IdempotentCall:
    """
    Lock the row of the key until the transaction ends: a new row, or that of an earlier call with its answer.
    Requires a transaction.
    """
    require_transaction()
    now = clock.now()
    try:
        async with in_transaction():  # PostgreSQL needs a savepoint to continue after an error
            return await IdempotentCall.create(
                account_id=account_id, key=key, operation=operation, fingerprint=fingerprint, at=now
            )
    except IntegrityError:
        call = await IdempotentCall.select_for_update().get_or_none(account_id=account_id, key=key)
    if call is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such account.")
    if call.at <= now - KEY_RETENTION:  # expired, and not deleted yet
        call.operation, call.fingerprint, call.answer, call.at = operation, fingerprint, {}, now
        await call.save(update_fields=["operation", "fingerprint", "answer", "at"])
    elif (call.operation, call.fingerprint) != (operation, fingerprint):
        text = Text("This idempotency key was used in the last 24 hours for another call.")
        raise refused(ErrorCode.IDEMPOTENCY_MISMATCH, text, path=("idempotencyKey",))
    return call


def _fingerprint(arguments: Mapping[str, Any]) -> str:
    # Keyed, so that no one can try addresses against the row of a call with an address, which outlives the address's account.
    return keyed_digest("idempotent-call", orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS).decode())


def _checked(answer: Answer) -> dict[str, Any]:
    for name, value in answer.items():
        for each in [value] if isinstance(value, int | str | None) else value:
            if isinstance(each, str) and not _ENUM_WORD.fullmatch(each):
                raise UnsafeAnswer(f"{name!r} is stored unencrypted for a day: return an id, or a word of an enum.")
    return dict(answer)
