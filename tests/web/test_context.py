"""The checks of a request's context."""

import pytest

from models.database import Database
from resolvers.base.context import Context
from resolvers.base.permissions import SignedIn
from services.auth.principals import Principal
from services.errors import ErrorCode, NotAllowed


async def test_a_context_that_was_not_asked_what_is_allowed_allows_nothing(database: Database) -> None:
    # given
    expired = Principal(account_id=1, profile_id=1, session_id=1, password_expired=True)
    context = Context(database, expired)
    # then: neither by itself nor through a permission
    for check in (context.check_password, lambda: SignedIn().check(context)):
        with pytest.raises(RuntimeError):
            check()
    # when
    with pytest.raises(NotAllowed):
        context.check_access(frozenset({"Mutation.updateProfile"}))
    # then
    with pytest.raises(NotAllowed) as refusal:
        SignedIn().check(context)
    assert refusal.value.problems[0].code is ErrorCode.PASSWORD_EXPIRED


async def test_what_a_request_asks_for_is_not_known_before_it_was_checked(database: Database) -> None:
    # given
    context = Context(database)
    # then: an answer that goes by it would silently be another one
    with pytest.raises(RuntimeError):
        _ = context.requested_fields
    # when
    context.check_access(frozenset({"Leaderboard.asOf"}))
    # then
    assert context.requested_fields == {"Leaderboard.asOf"}
