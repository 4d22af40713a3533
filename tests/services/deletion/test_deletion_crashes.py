"""A deletion that fails at any statement has changed nothing, and can be done afterwards."""

from models.accounts import Account
from models.database import Database
from services.core.audit import OPERATOR
from services.deletion import engine
from tests.helpers.faults import fail_everywhere
from tests.helpers.full_profiles import make_full_person
from tests.helpers.invariants import check_consistent, named_in


async def test_a_deletion_that_fails_at_any_statement_changes_nothing(database: Database, dialect: str) -> None:
    # given a person with a row in every table, and one account
    ada = await make_full_person(accounts=1)
    # when each statement fails in turn, then nothing is changed, and without a failure everything is gone
    step = 1 if dialect == "sqlite" else 9
    work = lambda: engine.delete_account(ada.account.id, actor=OPERATOR)  # noqa: E731
    assert await fail_everywhere(database, work, step=step) > 30
    assert await named_in(ada.profile_id) == []
    assert not await Account.exists(id=ada.account.id)
    await check_consistent(database)
