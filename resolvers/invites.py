"""The viewer's invites by mail, private to their sender. They do not reveal who has an account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from models.invites import Invite
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.keyset import QuerysetList, SortKey
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.connections import blocks
from services.invites import invites
from services.invites.invites import Invited, InviteStatus, Sender

INVITE = (
    "id",
    "email",
    "kind",
    "state",
    "note",
    "sent_at",
    "sends",
    "expires_at",
    "accepted_at",
    "created_at",
    "profile_id",
)
_STORED = tuple(each for each in INVITE if each != "profile_id")
INVITES = QuerysetList("invites", order=[SortKey("created_at", value_type=datetime), SortKey("id")])


class InviteList(NamedTuple):
    """A key of `totals`: the invites that a profile sent, in one state; None: in any."""

    profile_id: int
    state: InviteStatus | None


@columns(*INVITE)
async def by_id(invite_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Invites by number; None for one of another sender. Primary key."""
    own = context.viewer.own_profile
    rows: Any = Invite.filter(id__in=list(invite_ids), sender_id=own).values(
        *_STORED, profile_id="accepted_by__profile_id"
    )
    return in_order(invite_ids, await _rows_for_sender(await rows, own), by="id")


@columns("profile_id", "state", "edges", "page_info")
@paged
async def of_profiles(
    profile_ids: Sequence[int], context: Context, *, page: Page, state: InviteStatus | None = None
) -> list[Row | None]:
    """
    The invites of each profile, newest first; None for any but the viewer's own. Raises Refused: BAD_PAGE, BAD_CURSOR.
    Index (sender_id, created_at, id), read backwards.
    """
    return [
        connection(page, await _invite_page(number, page, state), cursor_of, profile_id=number, state=state)
        if number == context.viewer.profile_id
        else None
        for number in profile_ids
    ]


cursor_of = INVITES.cursor_of


def list_of(row: Row) -> InviteList:
    """The key of `totals` of a page."""
    return InviteList(row["profile_id"], row["state"])


def note_of(row: Row) -> str | None:
    """The note of an invite; None if there is none."""
    return row["note"] or None


async def totals(keys: Sequence[InviteList], context: Context) -> list[int]:
    """How many invites each list of the viewer's has; 0 for other profiles. Index (sender_id, created_at, id)."""
    own = context.viewer.profile_id
    return [await _with_state(*key).count() if key.profile_id == own else 0 for key in keys]


async def send(context: Context, *, input: Any) -> Row:
    """Invite addresses by mail; each address has its own outcome."""
    done = await invites.send(_sender(context), input.emails, input.note or "", input.idempotency_key)
    return {"results": [_result_row(each) for each in done]}


async def resend(context: Context, *, input: Any) -> Row:
    """Mail an invite of the viewer again."""
    number = ids.require_number("Invite", input.invite_id, "inviteId")
    return {"invite_id": await invites.resend(_sender(context), number, input.idempotency_key)}


async def withdraw(context: Context, *, input: Any) -> Row:
    """Withdraw an invite of the viewer."""
    return {
        "invite_id": await invites.withdraw(
            context.viewer.own_profile, ids.require_number("Invite", input.invite_id, "inviteId")
        )
    }


def _sender(context: Context) -> Sender:
    viewer = context.viewer
    return Sender(viewer.account_id or 0, viewer.own_profile, viewer.company_id)


def _result_row(each: Invited) -> Row:
    return {"email": each.email, "invite_id": each.invite_id, "problems": [each.problem] if each.problem else []}


async def _invite_page(own: int, page: Page, state: InviteStatus | None) -> list[Row]:
    rows = await INVITES.page(_with_state(own, state), page, *_STORED, profile_id="accepted_by__profile_id")
    return await _rows_for_sender(rows, own)


def _with_state(own: int, state: InviteStatus | None) -> Any:
    found = Invite.filter(sender_id=own)
    return found if state is None else found.filter(invites.has_status(state))


async def _rows_for_sender(rows: Sequence[Row], own: int) -> list[Row]:
    """Rows as their sender sees them: the current state, and the person who accepted, unless one of the two blocked the other."""
    blocked = await blocks.between(own, {row["profile_id"] for row in rows} - {None})
    return [
        {
            **row,
            "state": invites.status_of(row["state"], row["expires_at"]),
            "profile_id": None if row["profile_id"] in blocked else row["profile_id"],
        }
        for row in rows
    ]
