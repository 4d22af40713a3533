"""Merges of profiles, as the account that started them sees them: in a session only."""

from collections.abc import Sequence
from typing import Any

from tortoise.transactions import in_transaction

from catalogue.languages import translate
from models.profile_merges import ProfileMerge
from resolvers.audit import actor_of
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.core import runtime
from services.errors import ErrorCode, NotAllowed
from services.merging import completion, operations, preview, source_factors
from services.merging.figures import Figures
from services.merging.operations import Initiator, MergeStatus
from services.merging.plan import Pair, TablePlan
from services.merging.preview import TABLE_TITLES, MergePreview
from services.personal_data.labels import label_of
from services.progress.scores import COLUMNS

UNFINISHED = frozenset({MergeStatus.STARTED, MergeStatus.CODE_SENT, MergeStatus.VERIFIED})
MERGE = (
    "id",
    "state",
    "addresses",
    "attempts_left",
    "needs_second_factor",
    "second_factor_methods",
    "support_url",
    "started_at",
    "expires_at",
    "merged_at",
    "profile_id",
)
PREVIEW = (
    "hash",
    "fields",
    "tables",
    "own_figures",
    "other_figures",
    "merged_figures",
    "compensations",
    "accounts",
    "credentials",
    "warnings",
)


@columns(*MERGE)
async def by_id(merge_ids: Sequence[int], context: Context) -> list[Row | None]:
    """The merges that the viewer's account has started; None for any other, and without a session. Primary key."""
    return in_order(merge_ids, [await _row(each, context) for each in await _own(context, merge_ids)], by="id")


async def open_merge(context: Context) -> Row | None:
    """The open merge of the viewer's account; None if it has none. Index (account_id, id), read backwards."""
    if context.viewer.session_id is None:
        return None
    latest = await ProfileMerge.filter(account_id=context.viewer.account_id).order_by("-id").first()
    row = None if latest is None else await _row(latest, context)
    return row if row is not None and row["state"] in UNFINISHED else None


@columns(*PREVIEW)
async def previews(merge_ids: Sequence[int], context: Context) -> list[Row | Exception | None]:
    """
    What each merge would do; None until the code is verified, and the second factor proven if one is needed. NotAllowed,
    ELEVATION_REQUIRED, if the session is not elevated.
    """
    if not context.viewer.elevated:
        refusal = NotAllowed(ErrorCode.ELEVATION_REQUIRED, "Confirm that it is you: call `elevateSession` first.")
        return [refusal for _ in merge_ids]
    found: list[Row | None] = [await _preview(each) for each in await _own(context, merge_ids)]
    return list(in_order(merge_ids, filter(None, found), by="id"))


async def start(context: Context, *, input: Any) -> Row:
    """Start a merge."""
    return {"merge_id": await operations.start(_initiator(context), input.email, input.idempotency_key or None)}


async def send_code(context: Context, *, input: Any) -> Row:
    """Mail a code."""
    merge_id = _merge_id(input)
    await operations.send_code(_initiator(context), merge_id, input.address_id)
    return {"merge_id": merge_id}


async def verify_code(context: Context, *, input: Any) -> Row:
    """Verify the mailed code."""
    merge_id = _merge_id(input)
    await operations.verify_code(_initiator(context), merge_id, input.code)
    return {"merge_id": merge_id}


async def send_second_factor_code(context: Context, *, input: Any) -> Row:
    """Text a code to the phone of the other profile."""
    merge_id = _merge_id(input)
    await source_factors.send_code(_initiator(context), merge_id)
    return {"merge_id": merge_id}


async def verify_second_factor(context: Context, *, input: Any) -> Row:
    """Verify a code of a second factor of the other profile."""
    merge_id = _merge_id(input)
    await source_factors.verify(_initiator(context), merge_id, input.code)
    return {"merge_id": merge_id}


async def cancel(context: Context, *, input: Any) -> Row:
    """Cancel a merge."""
    merge_id = _merge_id(input)
    await operations.cancel(_initiator(context), merge_id)
    return {"merge_id": merge_id}


async def merge_profiles(context: Context, *, input: Any) -> Row:
    """Merge the profiles."""
    merge_id = _merge_id(input)
    await completion.complete(_initiator(context), merge_id, input.preview_hash)
    return {"merge_id": merge_id}


async def _own(context: Context, merge_ids: Sequence[int]) -> list[ProfileMerge]:
    viewer = context.viewer
    if viewer.session_id is None:
        return []
    return await ProfileMerge.filter(id__in=merge_ids, account_id=viewer.account_id)


async def _row(merge: ProfileMerge, context: Context) -> Row:
    status = await operations.status_of(merge)
    factors = await source_factors.of_source(merge) if status is MergeStatus.VERIFIED else None
    choices = operations.choices_of(merge)
    return {
        "id": merge.id,
        "state": status,
        "addresses": [
            {"address_id": operations.address_id_of(merge, place), "masked": each.masked}
            for place, each in enumerate(choices)
        ],
        "attempts_left": max(0, operations.MAX_WRONG_CODES - merge.wrong_codes),
        "needs_second_factor": None if factors is None else not source_factors.is_proven(merge, factors),
        "second_factor_methods": None if factors is None else sorted({each.method for each in factors}, key=str),
        "support_url": runtime.current().settings.support_url or None,
        "started_at": merge.started_at,
        "expires_at": merge.expires_at,
        "merged_at": merge.merged_at,
        "profile_id": context.viewer.profile_id if status is MergeStatus.DONE else None,
    }


async def _preview(merge: ProfileMerge) -> Row | None:
    async with in_transaction():
        if merge.source_id is None or await operations.status_of(merge) is not MergeStatus.VERIFIED:
            return None
        if not source_factors.is_proven(merge, await source_factors.of_source(merge)):
            return None
        shown = await preview.of(Pair(merge.source_id, merge.survivor_id))
    return None if shown is None else {"id": merge.id, **_preview_row(shown)}


def _preview_row(shown: MergePreview) -> Row:
    return {
        "hash": shown.hash,
        "fields": [
            {
                "field": each.field,
                "title": translate(label_of(each.field.value.lower())),
                "kept_from": each.kept,
                "kept": each.value,
                "lost": each.other or None,
            }
            for each in shown.plan.fields
        ],
        "tables": [
            {**vars(each), "title": translate(TABLE_TITLES[each.table])}
            for each in shown.tables
            if each != TablePlan(each.table)
        ],
        "own_figures": _figures_row(shown.figures.survivor),
        "other_figures": _figures_row(shown.figures.source),
        "merged_figures": _figures_row(shown.figures.merged),
        "compensations": [vars(each) for each in shown.plan.compensations],
        "accounts": [vars(each) for each in shown.accounts],
        "credentials": [vars(each) for each in shown.credentials],
        "warnings": shown.warnings,
    }


def _figures_row(figures: Figures) -> Row:
    return {
        "score": {"overall": figures.overall, **{COLUMNS[name]: points for name, points in figures.points.items()}},
        "badge_count": figures.badges,
        "challenge_count": len(figures.challenges),
        "certifications": figures.certifications,
        "academy": {"units": figures.academy_units, "learning_paths": figures.learning_paths},
    }


def _initiator(context: Context) -> Initiator:
    viewer = context.viewer
    return Initiator(viewer.account_id or 0, viewer.session_id or 0, actor_of(context))


def _merge_id(input_: Any) -> int:
    return ids.require_number("ProfileMerge", input_.merge_id, "mergeId")
