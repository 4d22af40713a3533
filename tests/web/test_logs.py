"""The log says where something went wrong, and nothing of whose data it was about."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from web import logs

PRIVATE = "Key (email)=(ada@people.example) already exists."


@pytest.fixture(params=[False, True], ids=["machine", "person"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What the log holds, as JSON lines or as a person at a terminal sees it."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers, root.level
    out = StringIO()
    monkeypatch.setattr(out, "isatty", lambda: request.param, raising=False)
    monkeypatch.setattr("sys.stderr", out)
    logs.set_up("INFO")
    yield out
    structlog.configure(**before)
    root.handlers = handlers
    root.setLevel(level)


def fails() -> None:
    at_fault = PRIVATE
    try:
        int(at_fault)
    except ValueError as error:
        raise ExceptionGroup(PRIVATE, [LookupError(PRIVATE), KeyError(PRIVATE)]) from error


@pytest.mark.parametrize("by", ["structlog", "logging"])
def test_exceptions_are_logged_without_what_they_say(written: StringIO, by: str) -> None:
    # when
    try:
        fails()
    except ExceptionGroup as error:
        if by == "structlog":
            structlog.get_logger("test").error("field.failed", reference="1a2b", exc_info=error)
        else:
            logging.getLogger("test").exception("field.failed 1a2b")
    # then
    said = written.getvalue()
    assert "ada@" not in said and "already exists" not in said
    assert all(word in said for word in ("field.failed", "1a2b", "in fails", "int(at_fault)"))
    types = ["builtins.ValueError", "builtins.ExceptionGroup", "builtins.LookupError", "builtins.KeyError"]
    assert sorted(types, key=said.index) == types


def test_machines_get_one_object_a_line(written: StringIO) -> None:
    structlog.get_logger("test").info("server.started", address="http://127.0.0.1:8080/graphql")
    said = written.getvalue()
    if said.startswith("{"):
        assert json.loads(said)["address"] == "http://127.0.0.1:8080/graphql"
    assert said.count("\n") == 1
