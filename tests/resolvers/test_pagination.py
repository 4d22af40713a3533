"""Pages whose people hide between two reads of the same request."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.database import Database
from resolvers import profiles
from resolvers.base.context import Context
from resolvers.connections import suggestions
from resolvers.people import people
from services.auth.principals import Principal
from services.connections.connection_rows import connect
from services.core import clock
from tests.helpers.factories import make_person, make_profile

Hide = Callable[[int], None]


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Hide:
    """Lets a profile hide before its card is read, after the list was."""
    hidden: set[int] = set()
    read: Callable[..., Awaitable[list[Any]]] = profiles.by_id

    async def by_id(profile_ids: Sequence[int], context: Context) -> list[Any]:
        cards = await read(profile_ids, context)
        return [None if card and card["id"] in hidden else card for card in cards]

    monkeypatch.setattr(profiles, "by_id", by_id)
    monkeypatch.setattr(people, "by_id", by_id)
    return hidden.add


async def test_people_who_hide_do_not_end_the_list(database: Database, hide: Hide) -> None:
    # given
    ids = [await make_profile(f"Ada {number}") for number in range(5)][::-1]
    context = Context(database)
    hide(ids[1])
    # when
    first = await people.profiles(context, first=2)
    second = await people.profiles(context, first=2, after=first["page_info"]["end_cursor"])
    # then
    assert [edge["person"]["id"] for edge in first["edges"]] == [ids[0]]
    assert first["page_info"]["has_next_page"]
    assert second["edges"][0]["person"]["id"] == ids[2]


async def test_a_page_of_hidden_people_has_a_cursor_to_go_on_from(database: Database, hide: Hide) -> None:
    # given
    ids = [await make_profile(f"Ada {number}") for number in range(3)]
    hide(ids[0])
    context = Context(database)
    # when
    page = await people.profiles(context, last=1)
    # then
    assert page["edges"] == []
    assert page["page_info"]["has_previous_page"]
    before = await people.profiles(context, last=1, before=page["page_info"]["start_cursor"])
    assert [edge["person"]["id"] for edge in before["edges"]] == [ids[1]]


async def test_suggested_people_who_hide_do_not_end_the_list(database: Database, hide: Hide) -> None:
    # given
    ada, ben = await make_person(), await make_person()
    others = [await make_person() for _ in range(4)]
    async with in_transaction():
        for other in (ada, *others):
            await connect(ben.profile_id or 0, other.profile_id or 0, clock.now())
    context = Context(database, Principal(ada.id, ada.profile_id))
    whole = await first_suggestions(context, 4)
    ids = [edge["id"] for edge in whole["edges"]]
    assert len(ids) == 4
    # when
    hide(ids[1])
    page = await first_suggestions(context, 2)
    # then
    assert [edge["id"] for edge in page["edges"]] == ids[:1]
    assert page["page_info"]["has_next_page"]


async def first_suggestions(context: Context, size: int) -> Any:
    [page] = await suggestions.of_profiles([context.viewer.own_profile], context, first=size)
    return page
