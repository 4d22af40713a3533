"""
Downloads of personal data: requested by the person, made in the background, fetched with a session, deleted after seven days.

A download is claimed before it is made, as a message of the outbox is: several processes share the work, no transaction is open
meanwhile, and one whose process died is made by another. Rule: docs/rules/accounts.md#downloads.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from tortoise.transactions import in_transaction

from models.accounts import Account
from models.personal_data_exports import ExportState, PersonalDataExport
from models.transactions import forbid_transaction
from services.core import audit, clock, idempotency, rate_limits
from services.core.audit import Actor
from services.errors import ErrorCode, failure_name, refused
from services.media.image_store import new_key
from services.messages import outbox
from services.personal_data import archive, export_store

DOWNLOAD_LIFETIME: Final = timedelta(days=7)
POLL_SECONDS: Final = 2.0
CLAIM_DURATION: Final = timedelta(minutes=30)
"""How long a process may take for one download; then another one begins it again."""
RETRY_DELAY: Final = timedelta(minutes=1)
MAX_DOWNLOAD_TRIES: Final = 3
DELETE_BATCH: Final = 500
PAGE: Final = "/personal-data"
"""Path of the page that lists the downloads, and before the key of one."""
COLUMNS: Final = ("id", "key", "state", "requested_at", "ready_at", "expires_at", "bytes")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Download:
    """A download that can be fetched. `key` names its file."""

    key: str
    ready_at: datetime


async def request(account_id: int, idempotency_key: str | None, *, actor: Actor) -> int:
    """
    Request a download; returns its number. One that is still being made is the same download.

    Raises Refused: RATE_LIMITED, and as `run_once` does: BAD_INPUT, IDEMPOTENCY_MISMATCH.
    Must not run in a transaction.
    """
    forbid_transaction()

    async def work() -> idempotency.Answer:
        await Account.select_for_update(no_key=True).get(id=account_id)  # of two requests at once, the second one waits
        before = await PersonalDataExport.get_or_none(account_id=account_id, state=ExportState.PENDING)
        if before is not None:
            return {"download": before.id}
        now = clock.now()
        await PersonalDataExport.filter(account_id=account_id, state=ExportState.FAILED).delete()
        made = await PersonalDataExport.create(account_id=account_id, key=new_key(), requested_at=now, due_at=now)
        await audit.record("personal-data.download-requested", actor=actor, account_id=account_id)
        return {"download": made.id}

    async def spend() -> None:
        await rate_limits.spend("make-personal-data-download", by=[f"account:{account_id}"])

    called = await idempotency.run_once(
        account_id, idempotency_key, "requestPersonalDataDownload", {}, work, spend_first=spend
    )
    return int(called.answer["download"])


async def of_account(account_id: int) -> list[dict[str, Any]]:
    """The downloads of an account that have not expired, newest first. At most a few. Index account_id."""
    rows: Any = PersonalDataExport.filter(account_id=account_id).order_by("-id")
    return [row for row in await rows.values(*COLUMNS) if row["expires_at"] is None or row["expires_at"] > clock.now()]


async def fetch(account_id: int, key: str, *, actor: Actor) -> Download:
    """
    The download with this key, for its own account; recorded in the audit trail.

    Raises Refused: NOT_FOUND (also of another account, expired, or not ready), RATE_LIMITED.
    """
    await rate_limits.spend("fetch-personal-data-download", by=[f"account:{account_id}"])
    async with in_transaction():
        found = await PersonalDataExport.get_or_none(
            account_id=account_id, key=key, state=ExportState.READY, expires_at__gt=clock.now()
        )
        if found is None or found.ready_at is None:
            raise refused(ErrorCode.NOT_FOUND, "There is no such download.")
        await audit.record("personal-data.downloaded", actor=actor, account_id=account_id)
        return Download(found.key, found.ready_at)


def address_of(key: str) -> str:
    """The address of a download, at this server."""
    return outbox.server_link(f"{PAGE}/{key}")


async def make_due() -> int:
    """Make all downloads that are due now, one after the other; returns how many became ready. Must not run in a transaction."""
    forbid_transaction()
    made = 0
    while (claimed := await _claim()) is not None:
        made += await _make(claimed)
    return made


async def forget_expired(now: datetime) -> int:
    """Delete expired downloads with their files; returns how many. Index (expires_at)."""
    gone = 0
    while rows := await PersonalDataExport.filter(expires_at__lte=now).order_by("expires_at").limit(DELETE_BATCH):
        await PersonalDataExport.filter(id__in=[row.id for row in rows]).delete()
        await export_store.discard([row.key for row in rows])
        gone += len(rows)
    return gone


async def keys_of(account_ids: Sequence[int]) -> list[str]:
    """The keys of all downloads of these accounts, to `export_store.discard` after a deletion. Index account_id."""
    rows: Any = PersonalDataExport.filter(account_id__in=list(account_ids)).values_list("key", flat=True)
    return list(await rows)


async def _claim() -> PersonalDataExport | None:
    """Claim the next one that is due; no other process gets it before the claim ends. Index (state, due_at, id)."""
    due = PersonalDataExport.filter(state=ExportState.PENDING, due_at__lte=clock.now())
    if not await due.exists():  # an idle process opens no transaction
        return None
    async with in_transaction():
        row = await due.order_by("due_at", "id").limit(1).select_for_update(skip_locked=True).first()
        if row is None:
            return None
        # Counted before it is made: one that kills its process is not begun forever.
        row.tries += 1
        row.due_at = clock.now() + CLAIM_DURATION
        if row.tries > MAX_DOWNLOAD_TRIES:
            row.state, row.due_at, row.expires_at = ExportState.FAILED, None, clock.now() + DOWNLOAD_LIFETIME
        await row.save(update_fields=["tries", "due_at", "state", "expires_at"])
    return row


async def _make(claimed: PersonalDataExport) -> bool:
    """Make a claimed download; True if it became ready. After a failure it is begun again later."""
    if claimed.state is ExportState.FAILED:
        log.error("personal_data_export.given_up", tries=claimed.tries - 1)
        return False
    file = export_store.unfinished_file(f"{claimed.key}.{claimed.tries}")
    try:
        await archive.write(claimed.account_id, file)
        size = await export_store.put(claimed.key, file)
        return await _finish(claimed, size)
    except asyncio.CancelledError:  # the server stops: another process may begin at once
        await _own(claimed).update(due_at=clock.now())
        raise
    except Exception as failed:  # noqa: BLE001 - the database, the disk or the bucket may come back
        log.warning("personal_data_export.failed", failure=failure_name(failed), tries=claimed.tries)
        await _own(claimed).update(due_at=clock.now() + RETRY_DELAY * claimed.tries)
        return False
    finally:
        await asyncio.to_thread(file.unlink, missing_ok=True)


async def _finish(claimed: PersonalDataExport, size: int) -> bool:
    """Make it ready, instead of the one before, and mail the account; False if the account is gone or the claim was lost."""
    now = clock.now()
    async with in_transaction():
        account = await Account.select_for_update(no_key=True).get_or_none(id=claimed.account_id)
        ready = account is not None and await _own(claimed).update(
            state=ExportState.READY, due_at=None, ready_at=now, expires_at=now + DOWNLOAD_LIFETIME, bytes=size
        )
        if ready and account is not None:
            earlier = PersonalDataExport.filter(account_id=account.id, state=ExportState.READY).exclude(id=claimed.id)
            unused: list[str] = list(await earlier.values_list("key", flat=True))  # type: ignore[arg-type]
            await earlier.delete()
            until = now + DOWNLOAD_LIFETIME
            link = outbox.client_link("/personal-data")
            await outbox.send_mail("personal-data-ready", account, account=account.email, link=link, until=until)
    if not ready:
        unused = [] if await _exists(claimed) else [claimed.key]
    await export_store.discard(unused)
    return bool(ready)


async def _exists(claimed: PersonalDataExport) -> bool:
    return await PersonalDataExport.exists(id=claimed.id)


def _own(claimed: PersonalDataExport) -> Any:
    """The row, as long as the claim is this process's."""
    return PersonalDataExport.filter(id=claimed.id, state=ExportState.PENDING, tries=claimed.tries)
