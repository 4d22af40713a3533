"""Errors: every code that can leave the server is declared, and every type of an error exists."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schema.error_rows import ERROR_TYPES, error_row
from schema.fields import KIND, RowKind, column, payload_columns
from schema.graph import build
from services.errors import ErrorCode, Problem
from settings import HERE

SCHEMA = build()
MUTATIONS: Any = SCHEMA.schema_converter.type_map["Mutation"].definition


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
