"""The viewer's personal data: what is stored, and its history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from catalogue.languages import translate
from models.personal_data_exports import ExportState
from models.profile_changes import ChangedField, ProfileChange
from models.profiles import Profile
from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.keyset import KeysetList, QuerysetList, SortKey
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.personal_data import downloads, records, values
from services.personal_data.sections import SECTIONS, Owner, Section
from services.profiles import profile_changes

HISTORY = QuerysetList("personal-data-changes", order=[SortKey("id")])
NEVER_BY_TOKEN = frozenset({"access-token", "api-key", "audit-entry", "second-factor", "session"})
"""Sections about the security of an account: a token reads none of these elsewhere, or only with another scope."""
CHANGE = ("id", "at", "field", "old", "new", "origin", "address", "actor_id", "account_id")


async def of_viewer(context: Context) -> Row:
    """The row of the viewer's personal data: whose it is."""
    return {"profile_id": context.viewer.profile_id}


async def tracked_since(profile_ids: Sequence[int], context: Context) -> list[datetime | None]:
    """From when on the history of each profile is complete; None for any but the viewer's own. Primary key."""
    return [
        await profile_changes.tracked_since(await Profile.get(id=number))
        if number == context.viewer.profile_id
        else None
        for number in profile_ids
    ]


async def sections(context: Context) -> list[Row]:
    """All sections; for a token without those that only the person reads."""
    return [_section_row(section, context) for code, section in SECTIONS.items() if _is_readable(code, context)]


async def section(context: Context, *, code: str) -> Row | None:
    """The section with this code; None if there is none that the viewer reads."""
    found = SECTIONS.get(code)
    return _section_row(found, context) if found and _is_readable(code, context) else None


@columns("edges", "page_info", "code")
@paged
async def pages(codes: Sequence[str], context: Context, *, page: Page) -> list[Row]:
    """
    A page of the records of each section, oldest first. Raises Refused: BAD_PAGE, BAD_CURSOR. Indexes: those of
    services/personal_data/sections.py.
    """
    return [await _page(SECTIONS[code], page, context) for code in codes]


async def totals(codes: Sequence[str], context: Context) -> list[int]:
    """How many records each section has. One statement each, by the owner's index."""
    return [await records.count(SECTIONS[code], _owner(context)) for code in codes]


@columns("edges", "page_info", "profile_id")
@paged
async def changes(profile_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | None]:
    """
    The history of each profile, newest first; None for any but the viewer's own. Raises Refused: BAD_PAGE, BAD_CURSOR. Index
    (profile_id, id), read backwards.
    """
    return [
        connection(
            page,
            [
                _change_row(row, context)
                for row in await HISTORY.page(ProfileChange.filter(profile_id=number), page, *CHANGE)
            ],
            change_cursor,
            profile_id=number,
        )
        if number == context.viewer.profile_id
        else None
        for number in profile_ids
    ]


async def change_totals(profile_ids: Sequence[int], context: Context) -> list[int]:
    """How many changes each profile has; 0 for any but the viewer's own. Index (profile_id, id)."""
    own = context.viewer.profile_id
    return [await ProfileChange.filter(profile_id=number).count() if number == own else 0 for number in profile_ids]


change_cursor = HISTORY.cursor_of


async def downloads_of_viewer(context: Context) -> list[Row]:
    """The downloads of the viewer's account that have not expired, newest first. Index account_id."""
    account_id = context.viewer.account_id
    return [] if account_id is None else [_download_row(row) for row in await downloads.of_account(account_id)]


@columns("id", "state", "requested_at", "ready_at", "expires_at", "size_in_kilobytes", "url")
async def downloads_by_id(numbers: Sequence[int], context: Context) -> list[Row | None]:
    """Downloads of the viewer's account that have not expired; None for any other, and for service accounts."""
    if context.viewer.profile_id is None:
        return [None for _ in numbers]
    return in_order(numbers, await downloads_of_viewer(context), by="id")


async def request_download(context: Context, *, input: Any) -> Row:
    """Request a download of the viewer's personal data."""
    key = input.idempotency_key or None
    return {"download_id": await downloads.request(context.viewer.account_id or 0, key, actor=actor_of(context))}


def _download_row(row: Row) -> Row:
    is_ready = row["state"] is ExportState.READY
    return {
        **row,
        "size_in_kilobytes": None if row["bytes"] is None else -(-row["bytes"] // 1_000),
        "url": downloads.address_of(row["key"]) if is_ready else None,
    }


def record_cursor(row: Row) -> str:
    """The cursor of a record in its section."""
    section = SECTIONS[row["code"]]
    return _list_of(section).cursor_of(dict(zip(section.order, row["keys"], strict=True)))


def _is_readable(code: str, context: Context) -> bool:
    return context.viewer.scopes is None or code not in NEVER_BY_TOKEN


def _owner(context: Context) -> Owner:
    return Owner(context.viewer.account_id or 0, context.viewer.own_profile)


def _section_row(section: Section, context: Context) -> Row:
    return {
        "code": section.code,
        "title": translate(section.title, context.language),
        "description": translate(section.description, context.language),
    }


async def _page(section: Section, page: Page, context: Context) -> Row:
    owner = _owner(context)
    after = _list_of(section).keys_of(page.cursor)
    rows = await records.stored(section, owner, page.size + 1, after=after, backward=page.backward)
    shown = await values.values_of(section, rows, values.Reader(owner, context.language))
    edges = [
        {
            "code": section.code,
            "keys": records.keys_of(section, row),
            "values": [{"name": each.name, "label": each.label, "value": each.text} for each in record],
        }
        for row, record in zip(rows, shown, strict=True)
    ]
    return connection(page, edges, record_cursor, code=section.code)


def _list_of(section: Section) -> KeysetList:
    kinds: dict[str, Any] = {name: section.model._meta.fields_map[name].field_type for name in section.order}
    keys = [SortKey(name, value_type=kind, ascending=True) for name, kind in kinds.items()]
    return KeysetList(f"personal-data-{section.code}", order=keys)


def _change_row(row: Row, context: Context) -> Row:
    field: ChangedField = row["field"]
    own = row["actor_id"] in {None, context.viewer.account_id}
    return {
        **row,
        "old": values.changed_text(field, row["old"], context.language),
        "new": values.changed_text(field, row["new"], context.language),
        "address": row["address"] or None if own else None,
    }
