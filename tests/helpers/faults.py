"""Statements that fail: what a crash or a lost connection does to a transaction."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from tortoise.exceptions import OperationalError

from models.database import STATEMENTS, Database
from tests.helpers.invariants import all_rows, changed_tables


class Fault(logging.Handler):
    """Raises OperationalError instead of the `at`-th statement from now on. `raised`: whether there were so many."""

    def __init__(self, at: int) -> None:
        super().__init__(logging.DEBUG)
        self.at, self.seen, self.raised = at, 0, False

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "%s: %s":  # written before a statement is run
            self.seen += 1
            if self.seen == self.at:
                self.raised = True
                raise OperationalError("The connection is lost.")


@contextmanager
def failing_at(number: int) -> Iterator[Fault]:
    """Inside the block the statement of this number, from 1 on, fails instead of being run."""
    fault, level, propagate = Fault(number), STATEMENTS.level, STATEMENTS.propagate
    STATEMENTS.addHandler(fault)
    STATEMENTS.setLevel(logging.DEBUG)
    STATEMENTS.propagate = False
    try:
        yield fault
    finally:
        STATEMENTS.removeHandler(fault)
        STATEMENTS.setLevel(level)
        STATEMENTS.propagate = propagate


async def fail_everywhere(database: Database, work: Callable[[], Awaitable[object]], *, step: int) -> int:
    """
    Do `work` again and again, each time with another statement failing: every `step`-th, from the first to the last. Fail unless every
    row is as before. Then it is done without a failure. Returns the number of its statements, up to `step` too many.
    """
    before, version, number = await all_rows(), await _commits(database), 1
    while True:
        with failing_at(number) as fault:
            try:
                await work()
            except OperationalError:
                assert fault.raised
        if not fault.raised:
            return number
        assert await _commits(database) == version, f"committed after a failure at statement {number}"
        if step > 1 or number % 10 == 1:
            changed = changed_tables(before, await all_rows())
            assert not changed, f"changed after a failure at statement {number}: {changed}"
        number += step


async def _commits(database: Database) -> int:
    """A number that changes with every commit of another connection; always 0 on PostgreSQL, which has none."""
    if database.dialect == "postgres":
        return 0
    [row] = await database.poll("PRAGMA data_version")
    return int(row["data_version"])
