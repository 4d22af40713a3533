"""
Fixtures for all tests. `database` (and `settings`, whose database it is) runs a test on SQLite and on PostgreSQL.

A test that is about one of them carries `@pytest.mark.sqlite_only` or `@pytest.mark.postgres_only`.
"""

import logging
import os
import re
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
import structlog

from models.database import STATEMENTS, Database, opened
from services.core.runtime import Runtime
from settings import Settings
from tests.helpers import databases
from tests.helpers.quick_models import models_prepared_once

DIALECTS = ("sqlite", "postgres")
LONG = (
    "test_docs.py",
    "test_first_start.py",
    "test_two_servers.py",
    "test_schema_check.py",
    "test_commands.py",
    "_browser.py",
)
"""Ends of the names of files whose tests take longest. They run first: at the end, one process would wait for another."""
SECRET_KEY = "5e" * 32


def pytest_configure(config: pytest.Config) -> None:
    for dialect in DIALECTS:
        config.addinivalue_line("markers", f"{dialect}_only: the test is about this database and not about the other")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "dialect" in metafunc.fixturenames:
        only = [each for each in DIALECTS if metafunc.definition.get_closest_marker(f"{each}_only")]
        metafunc.parametrize("dialect", only or _dialects_of(metafunc))


@cache
def _has_postgres() -> bool:
    return databases.postgres_missing() is None


def _dialects_of(metafunc: pytest.Metafunc) -> tuple[str, ...]:
    """
    Both databases; for tests through HTTP, hostile ones too, one of the two, by the test's name, because the rules and readers behind them are tested on
    both. TEST_EVERY_DATABASE=1 runs those on both too. Without PostgreSQL all run on SQLite.
    """
    path = metafunc.definition.path
    asks = not {"checked_client", "client", "server"}.isdisjoint(metafunc.fixturenames)
    through_http = path.parent.name == "web" or (path.parent.name == "hostile" and asks)
    if not through_http or os.environ.get("TEST_EVERY_DATABASE") or not _has_postgres():
        return DIALECTS
    return (DIALECTS[zlib.crc32(f"{path.name}::{metafunc.function.__name__}".encode()) % 2],)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.name.endswith(LONG))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput") and not session.config.option.collectonly:
        databases.drop_template()


@pytest.fixture(scope="session", autouse=True)
def _models_are_prepared_once() -> Iterator[None]:
    with models_prepared_once():
        yield


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all test processes of a run."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def sqlite_template(shared_folder: Path) -> Path:
    """A migrated SQLite file, to be copied and never opened."""
    return databases.sqlite_template(shared_folder)


@pytest.fixture(scope="session")
def postgres_server() -> None:
    """Skips where there is no PostgreSQL."""
    if missing := databases.postgres_missing():
        pytest.skip(missing)


@pytest.fixture(scope="session")
def postgres_clone(postgres_server: None, worker_id: str) -> Iterator[databases.Clone]:
    """This process's PostgreSQL database."""
    clone = databases.Clone(worker_id)
    yield clone
    clone.close()


@pytest.fixture
def settings(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings whose database is migrated and empty; `dataclasses.replace` changes others for one test."""
    if dialect == "postgres":
        url = request.getfixturevalue("postgres_clone").fresh()
    else:
        url = databases.fresh_sqlite(request.getfixturevalue("sqlite_template"), tmp_path)
    return Settings(
        database_url=url,
        port=0,
        secret_key=SECRET_KEY,
        mail_url=f"file:{tmp_path}/mail",
        sms_url=f"file:{tmp_path}/sms",
        avatar_store=f"file:{tmp_path}/avatars",
        export_store=f"file:{tmp_path}/exports",
        public_url="http://graph.example",
    )


class WatchedLog(logging.Handler):
    """
    Looks at every line that is logged during a test, from DEBUG on: for secrets and signatures, and for codes of errors that a mutation
    does not declare.
    """

    SECRET = re.compile(r"mx[pk]_[0-9A-Za-z]{38}|[Cc]orrect[ -][Hh]orse|\\$argon2|signature=[0-9a-f]{64}")

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.secrets: list[str] = []
        self.undeclared_codes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if self.SECRET.search(line):
            self.secrets.append(line)
        if "mutation.undeclared_codes" in line:
            self.undeclared_codes.append(line)


@pytest.fixture(autouse=True)
def _log_is_watched() -> Iterator[None]:
    """
    Fails the test during which a token, a key, a test's password or a hash of one was logged, or a mutation was refused
    with a code that it does not declare.
    """
    watch, root = WatchedLog(), logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    root.addHandler(watch)
    root.setLevel(logging.DEBUG)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)  # the server writes none; test servers would
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.setLevel(level)
        root.handlers = (
            handlers  # a command that sets up the log leaves one that writes to this test's captured streams
        )
    assert not watch.secrets, watch.secrets
    assert not watch.undeclared_codes, watch.undeclared_codes


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """No test uses this checkout's own secret key, and what one test spent is not missing in the next."""
    with Runtime(Settings(secret_key=SECRET_KEY)).active():
        yield


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database of `settings`, open; the rules use these settings."""
    async with opened(settings) as database:
        with Runtime(settings, database).active():
            yield database


@dataclass
class Statements:
    """SQL that ran, in order."""

    texts: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.texts)


CountStatements = Callable[[], AbstractContextManager[Statements]]


@pytest.fixture
def count_statements() -> CountStatements:
    """`with count_statements() as seen:` collects the SQL of Tortoise and of `Database.fetch`, without BEGIN, COMMIT."""
    return _statements


@contextmanager
def _statements() -> Iterator[Statements]:
    seen = Statements()
    listener = _Listener(seen)
    level, propagate = STATEMENTS.level, STATEMENTS.propagate
    STATEMENTS.addHandler(listener)
    STATEMENTS.setLevel(logging.DEBUG)
    STATEMENTS.propagate = False
    try:
        yield seen
    finally:
        STATEMENTS.removeHandler(listener)
        STATEMENTS.setLevel(level)
        STATEMENTS.propagate = propagate


class _Listener(logging.Handler):
    def __init__(self, seen: Statements) -> None:
        super().__init__(logging.DEBUG)
        self._seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "%s: %s" and isinstance(record.args, tuple):
            self._seen.texts.append(str(record.args[0]))
