"""Errors: every code that can leave the server is declared, and every type of an error exists."""

import ast
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

import pytest
from structlog.testing import capture_logs

from schema.error_rows import ERROR_TYPES, PLACES, TOP_LEVEL_ONLY, codes_sentence, error_row, error_rows
from schema.fields import KIND, RowKind, column, kind_of, payload_columns
from schema.graph import build
from services.errors import ErrorCode, Problem
from settings import HERE
from tests.helpers.reachable_codes import reachable_codes

SCHEMA = build()
MUTATIONS: Any = SCHEMA.schema_converter.type_map["Mutation"].definition
CORE: Any = SCHEMA._schema.mutation_type
KINDS: dict[str, Any] = {name: kind_of(field) for name, field in CORE.fields.items()}


def literal_codes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and value of each text that is used as an error's code."""
    for node in ast.walk(tree):
        pairs: list[tuple[Any, Any]] = []
        if isinstance(node, ast.Dict):
            pairs = [(getattr(key, "value", None), value) for key, value in zip(node.keys, node.values, strict=True)]
        elif isinstance(node, ast.Call):
            pairs = [(each.arg, each.value) for each in node.keywords]
        elif isinstance(node, ast.arguments):
            pairs = [(each.arg, default) for each, default in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
        for name, value in pairs:
            if name == "code" and isinstance(value, ast.Constant) and str(value.value).isupper():
                yield value.lineno, str(value.value)


@pytest.mark.parametrize("folder", ["execution", "web"])
def test_codes_of_errors_come_from_the_enum(folder: str) -> None:
    found = [
        f"{path.relative_to(HERE)}:{line}: {code}"
        for path in sorted(Path(HERE, folder).rglob("*.py"))
        for line, code in literal_codes(ast.parse(path.read_text("utf-8")))
    ]
    assert found == []


def test_a_literal_code_is_found() -> None:
    text = 'error(code="A"); answer({"code": "B", "other": 1})\ndef f(*, code: str = "C"): ...'
    assert sorted(literal_codes(ast.parse(text))) == [(1, "A"), (1, "B"), (2, "C")]


def test_types_of_errors_exist() -> None:
    interface: Any = SCHEMA._schema.type_map["UserError"]
    special = {each.name for each in SCHEMA._schema.get_possible_types(interface)} - {"PlainError"}
    assert set(ERROR_TYPES.values()) == special


def test_an_error_is_plain_unless_its_code_has_a_type() -> None:
    # given
    facts = {"retry_after": 60}
    common = {"message": "Too many.", "path": ["ids"], "retry_after": 60}
    # when
    plain = error_row(Problem(ErrorCode.TOO_MANY_ITEMS, "Too many.", path=("ids",), facts=facts))
    special = error_row(Problem(ErrorCode.RATE_LIMITED, "Too many.", path=("ids",), facts=facts))
    # then
    assert plain == {"__typename": "PlainError", "code": ErrorCode.TOO_MANY_ITEMS, **common}
    assert special == {"__typename": "RateLimitError", "code": ErrorCode.RATE_LIMITED, **common}


@pytest.mark.parametrize("mutation", MUTATIONS.fields, ids=lambda field: field.python_name)
def test_a_refused_payload_has_all_columns_and_no_other(mutation: Any) -> None:
    columns = payload_columns(mutation)
    assert "errors" in columns
    for each in mutation.type.of_type.__strawberry_definition__.fields:
        kind: RowKind = each.metadata[KIND]
        assert getattr(kind, "key", each.python_name) in columns


def test_a_payload_cannot_compute_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    sign_out = next(each for each in MUTATIONS.fields if each.python_name == "sign_out")
    [errors] = sign_out.type.of_type.__strawberry_definition__.fields
    monkeypatch.setattr(errors, "metadata", column("Typed wrongly.", read=lambda row: row["erors"]).metadata)
    # then
    with pytest.raises(TypeError, match=r"SignOutPayload\.errors"):
        payload_columns(sign_out)


NO_VERSION: Final = frozenset({ErrorCode.VERSION_CONFLICT})
"""Never had by mutations of a project whose input has no `expectedVersion`."""
INPUT: Final = frozenset({ErrorCode.BAD_INPUT})
"""Texts and lists of every input have a maximum length."""
NEVER: Final[dict[str, AbstractSet[ErrorCode]]] = {
    "addProjectImage": NO_VERSION,
    "cancelOrder": {ErrorCode.INSUFFICIENT_CREDITS},  # a refund adds credits
    "claimChallenge": {ErrorCode.INSUFFICIENT_CREDITS},  # a claim adds credits
    "createProject": NO_VERSION,
    "deleteProject": NO_VERSION,
    "makeCompanyAdmin": {ErrorCode.LAST_ADMIN},
    "recordActivity": {ErrorCode.TOO_MANY_ITEMS},
    "removeCompanyAdmin": {ErrorCode.ACCOUNT_DEACTIVATED},
    "removeProjectImage": NO_VERSION,
    "sendConnectionRequest": {ErrorCode.BAD_CURSOR, ErrorCode.BAD_PAGE},  # of a reader that shares its columns
    "signIn": {ErrorCode.BAD_CODE},  # it uses up no link
    "unpublishProject": NO_VERSION,
    "uploadAvatar": {ErrorCode.CHECKLIST_ITEM_REQUIRED},  # only removing a picture can lack one
}
"""Codes that the source of a mutation's services names, but that this mutation never has."""


@pytest.mark.parametrize("name", KINDS)
def test_a_mutation_declares_the_codes_that_its_services_can_raise(name: str) -> None:
    kind = KINDS[name]
    module = kind.coroutine.__module__
    found = reachable_codes(module, kind.coroutine.__name__, through_ledger=module == "resolvers.ingestion")
    assert NEVER.get(name, set()) <= found, "a code in NEVER that nothing names"
    possible = (found - TOP_LEVEL_ONLY - NEVER.get(name, set())) | (INPUT if CORE.fields[name].args else set())
    assert {each.value for each in kind.codes} == {each.value for each in possible}


@pytest.mark.parametrize("name", KINDS)
def test_the_description_of_a_mutation_lists_its_codes(name: str) -> None:
    listed = (CORE.fields[name].description or "").rpartition(" Codes: ")[2]
    assert re.findall(r"`([A-Z_]+)`", listed) == sorted(each.value for each in KINDS[name].codes)
    assert listed == "none." or KINDS[name].codes


def test_a_mutation_cannot_declare_a_code_of_top_level_errors() -> None:
    with pytest.raises(ValueError, match="FORBIDDEN, INTERNAL: only a top-level error"):
        codes_sentence([ErrorCode.INTERNAL, ErrorCode.BAD_INPUT, ErrorCode.FORBIDDEN])
    assert codes_sentence([]) == "Codes: none."


def test_an_undeclared_code_is_logged() -> None:
    problems = [Problem(ErrorCode.NOT_FOUND, "Gone."), Problem(ErrorCode.BLOCKED, "No.")]
    with capture_logs() as logged:
        rows = error_rows(problems, {ErrorCode.BLOCKED}, "accept_request")
        error_rows(problems, {ErrorCode.BLOCKED, ErrorCode.NOT_FOUND}, "accept_request")
    assert [each["code"] for each in rows] == [ErrorCode.NOT_FOUND, ErrorCode.BLOCKED]
    assert [(each["event"], each["mutation"], each["codes"]) for each in logged] == [
        ("mutation.undeclared_codes", "accept_request", ["NOT_FOUND"])
    ]


def test_codes_of_top_level_errors_say_so() -> None:
    enum: Any = SCHEMA._schema.type_map["ErrorCode"]
    noted = {name for name, value in enum.values.items() if value.description.endswith("Top-level errors only.")}
    assert noted == {each.value for each in TOP_LEVEL_ONLY}
    assert {"UNAUTHENTICATED", "FORBIDDEN", "INSUFFICIENT_SCOPE", "ELEVATION_REQUIRED", "INTERNAL"} <= noted


def test_every_code_is_used() -> None:
    declared = {code for kind in KINDS.values() for code in kind.codes}
    named = {
        node.attr
        for folder in ("resolvers", "services", "execution", "web")
        for path in Path(HERE, folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ErrorCode"
    }
    assert {each.value for each in ErrorCode} - named == set()
    assert {each.value for each in ErrorCode if each not in PLACES} - {each.value for each in declared} == set()


def test_what_reaches_a_code_is_found_through_modules_and_constants() -> None:
    assert ErrorCode.PASSWORD_TOO_SHORT in reachable_codes("resolvers.passwords", "change_password")
    assert ErrorCode.IDEMPOTENCY_MISMATCH in reachable_codes("resolvers.shop", "order")
    assert reachable_codes("resolvers.tokens", "scopes") == set()
