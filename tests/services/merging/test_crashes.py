"""A merge that fails at any statement has changed nothing, and can be done afterwards; and how many statements there are."""

from random import Random
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.database import Database
from models.statements import Statement, execute
from services.merging import engine
from services.merging.plan import Pair, StepPlan
from tests.conftest import CountStatements
from tests.helpers.faults import fail_everywhere
from tests.helpers.full_profiles import make_full_person
from tests.helpers.invariants import all_rows, changed_tables, check_consistent, check_gone
from tests.helpers.many_rows import make_many_rows
from tests.helpers.random_pairs import random_pair


async def merge(pair: Pair) -> None:
    async with in_transaction():
        assert await engine.lock(pair)
        await engine.merge(pair)


async def test_a_merge_that_fails_at_any_statement_changes_nothing(database: Database, dialect: str) -> None:
    # given
    pair = (await random_pair(Random(11))).pair
    # when each statement fails in turn, then nothing is changed, and without a failure everything is done
    assert await fail_everywhere(database, lambda: merge(pair), step=1 if dialect == "sqlite" else 9) > 30
    await check_gone(pair.source)
    await check_consistent(database)


@pytest.mark.postgres_only
async def test_a_merge_whose_connection_is_killed_changes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given two full people, and a step in the middle that loses the connection
    pair = Pair((await make_full_person("Ada")).profile_id, (await make_full_person("Ben")).profile_id)
    before = await all_rows()

    class Killing:
        async def plan(self, _pair: Pair) -> StepPlan:
            return StepPlan()

        async def apply(self, _pair: Pair, _now: Any) -> None:
            await execute(Statement.of("SELECT pg_terminate_backend(pg_backend_pid())"))

    steps = engine.STEPS
    for place in (len(steps) // 2, len(steps)):
        monkeypatch.setattr(engine, "STEPS", (*steps[:place], Killing(), *steps[place:]))
        # when
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the driver raises
            await merge(pair)
        # then
        assert changed_tables(before, await all_rows()) == []
    monkeypatch.setattr(engine, "STEPS", steps)
    await merge(pair)
    await check_gone(pair.source)
    await check_consistent(database, boards=False)


async def test_the_statements_do_not_grow_with_the_rows(database: Database, count_statements: CountStatements) -> None:
    # given
    few, many = await make_many_rows(10), await make_many_rows(200)
    totals = []
    # when
    for pair in (few, many):
        with count_statements() as seen:
            await merge(pair)
        totals.append(seen)
    # then
    grown = [each for each in totals[1].texts if totals[1].texts.count(each) > totals[0].texts.count(each)]
    assert totals[1].total <= totals[0].total + 3, sorted(set(grown))
    await check_consistent(database, boards=False)
