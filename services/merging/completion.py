"""
The end of a merge: everything is checked again under locks, then the engine merges, all in one transaction.

Two merges that involve the same profile: one is done, the other refused. Locks in this order: the row of the merge, both profiles
among PostgreSQL's advisory locks without waiting, and what services/merging/engine.py locks.
"""

from collections.abc import Sequence
from typing import Any, Final

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.profile_merges import MergeState, ProfileMerge
from models.statements import Statement, execute
from models.transactions import require_transaction
from services.auth import sessions
from services.core import audit, change_feed, clock
from services.core.audit import Actor
from services.core.change_feed import PersonKind, Topic
from services.errors import ErrorCode, refused
from services.media import image_cleanup
from services.merging import engine, preview, source_factors
from services.merging.candidate_addresses import masked
from services.merging.operations import Initiator, not_open, not_verified, own_row, require_open
from services.merging.plan import Pair
from services.merging.preview import MergePreview
from services.messages import outbox
from services.messages.outbox import NewMail

_LOCK_SPACE: Final = 1_835_364_967
"""Of merges, among PostgreSQL's advisory locks."""
_TRY_LOCK: Final = Statement(
    sqlite="SELECT 1 AS locked WHERE ?1 IS NOT NULL AND ?2 IS NOT NULL",
    postgres="SELECT pg_try_advisory_xact_lock($1::int, $2::int) AS locked",
)


async def complete(by: Initiator, merge_id: int, preview_hash: str) -> None:
    """
    Merge the source into the initiator's profile. A repeat of a merge that is done changes nothing.

    Raises Refused: NOT_FOUND, MERGE_NOT_OPEN (also if one of the profiles no longer exists), MERGE_NOT_VERIFIED,
    SECOND_FACTOR_REQUIRED, SAME_PROFILE (they were merged meanwhile), MERGE_IN_PROGRESS (another merge of one of the profiles runs),
    PREVIEW_OUTDATED. Raises NotAllowed: UNAUTHENTICATED, ELEVATION_REQUIRED (the session ended, or is not elevated any more).
    Nothing is changed then.
    """
    async with in_transaction():
        row = await own_row(by, merge_id, ProfileMerge.select_for_update())
        if row.state is MergeState.DONE:
            return
        if row.state is MergeState.VERIFIED and await Account.exists(id=by.account_id, profile_id=row.source_id):
            raise refused(ErrorCode.SAME_PROFILE, "Both are one profile already.", path=("mergeId",))
        await require_open(row)
        if row.state is not MergeState.VERIFIED or row.source_id is None:
            raise not_verified()
        pair = Pair(row.source_id, row.survivor_id)
        await try_lock(pair)
        if not await engine.lock(pair):
            raise not_open()
        await require_open(row)  # again: what was read before the locks may have changed
        await _require_initiator(by, pair)
        if not source_factors.is_proven(row, await source_factors.of_source(row)):
            raise source_factors.required()
        shown = await preview.of(pair)
        if shown is None:
            raise not_open()
        if shown.hash != preview_hash:
            text = "Something has changed since the preview: read it again."
            raise refused(ErrorCode.PREVIEW_OUTDATED, text, path=("previewHash",))
        merged = await engine.merge(pair, actor=by.actor)
        row.state, row.merged_at = MergeState.DONE, clock.now()
        await row.save(update_fields=["state", "merged_at"])
        starter = masked((await Account.get(id=by.account_id)).email)
        await announce(shown, by.actor, mail="merge-done", starter=starter)
    await image_cleanup.discard(merged.pictures)


async def try_lock(pair: Pair) -> None:
    """
    Keep other merges of these profiles out until the transaction ends, without waiting. Raises Refused: MERGE_IN_PROGRESS.
    Requires a transaction.
    """
    require_transaction()
    for profile_id in sorted(pair):
        [row] = await execute(_TRY_LOCK, _LOCK_SPACE, profile_id % 2**31)
        if not row["locked"]:
            text = "Another merge of one of the profiles is running. Try again in a moment."
            raise refused(ErrorCode.MERGE_IN_PROGRESS, text, path=("mergeId",))


async def _require_initiator(by: Initiator, pair: Pair) -> None:
    """The initiator's account is locked: what ends its session comes before or after this."""
    await sessions.require_elevated(by.session_id)
    if not await Account.exists(id=by.account_id, profile_id=pair.survivor, status=AccountStatus.ACTIVE):
        raise not_open()


async def announce(shown: MergePreview, actor: Actor, *, mail: str, starter: str = "", reason: str = "") -> None:
    """
    Mail all accounts of both, record it on each, and tell the person's open clients. `starter`: masked address of the account that
    started the merge, for the template `mail` and the audit trail. `reason`: an operator's. Requires a transaction.
    """
    require_transaction()
    rows = {each.id: each for each in await Account.filter(id__in=[each.id for each in shown.accounts])}
    common = {"source": shown.names[0], "survivor": shown.names[1]} | ({"starter": starter} if starter else {})
    await outbox.send_mails(
        [NewMail(mail, rows[each.id], {**common, "account": each.email}) for each in shown.accounts]
    )
    counts = {name: sum(getattr(each, name) for each in shown.plan.tables) for name in ("moved", "combined", "lost")}
    said: dict[str, Any] = {name: text for name, text in (("starter", starter), ("reason", reason)) if text}
    numbers: list[int | None] = [*(each.id for each in shown.accounts)]
    for number in numbers or [None]:  # two imported profiles have no accounts
        await audit.record(
            "merge.done",
            actor=actor,
            account_id=number,
            of_source=_masked_of(shown, of_source=True),
            of_survivor=_masked_of(shown, of_source=False),
            **said,
            **counts,
        )
    await change_feed.publish(Topic.PERSON, profile_id=shown.pair.survivor, facts={"kind": PersonKind.MERGED.value})


def _masked_of(shown: MergePreview, *, of_source: bool) -> Sequence[str]:
    return [masked(each.email) for each in shown.accounts if each.of_source is of_source]
