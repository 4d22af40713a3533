"""Functions that demand a transaction, or that there is none, say so and check it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tortoise.transactions import in_transaction

from models.database import Database
from models.transactions import forbid_transaction, is_in_transaction, require_transaction

HERE = Path(__file__).parent.parent.parent
CONTRACTS = {
    "Requires a transaction": "require_transaction()",
    "Must not run in a transaction": "forbid_transaction()",
}


async def test_a_transaction_is_required(database: Database) -> None:
    with pytest.raises(RuntimeError):
        require_transaction()
    async with in_transaction():
        require_transaction()
        async with in_transaction():
            require_transaction()
        require_transaction()
    assert not is_in_transaction()


async def test_a_transaction_is_forbidden(database: Database) -> None:
    forbid_transaction()
    async with in_transaction():
        with pytest.raises(RuntimeError):
            forbid_transaction()
    forbid_transaction()


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for file in sorted(
        each for room in ("models", "services", "resolvers", "web") for each in (HERE / room).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{file.relative_to(HERE)}:{node.lineno} {node.name}", node


@pytest.mark.parametrize(("phrase", "check"), CONTRACTS.items())
def test_what_a_docstring_promises_is_checked_first(phrase: str, check: str) -> None:
    promised = checked = 0
    for name, node in functions():
        said = phrase in " ".join((ast.get_docstring(node) or "").split())
        calls = {ast.unparse(each) for each in ast.walk(node) if isinstance(each, ast.Call)}
        first = node.body[1 if ast.get_docstring(node) else 0 :][:1]
        begins = bool(first) and ast.unparse(first[0]) == check
        assert said == begins, f"{name}: the docstring says {phrase!r} exactly when {check} is its first statement"
        assert begins or check not in calls, f"{name}: {check} is not its first statement"
        promised, checked = promised + said, checked + begins
    assert promised == checked > 0
