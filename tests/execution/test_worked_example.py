"""The compiled plan that decision 2 shows is the one that the compiler writes."""

import ast
import re
from pathlib import Path

from execution.compile import compile_plan
from execution.documents import Documents
from execution.limits import Limits
from tests.helpers.toy_schema import SCHEMA, make_executor, make_toy

DECISION = Path(__file__).parents[2] / "docs" / "decisions" / "0002-plan-and-fallback.md"


def block(language: str) -> str:
    [text] = re.findall(rf"```{language}\n(.*?)```", DECISION.read_text("utf-8"), re.DOTALL)
    assert isinstance(text, str)
    return text


def same_code(source: str) -> str:
    """The code without its layout: the decision is formatted, a plan is not."""
    return ast.unparse(ast.parse(source))


async def test_the_plan_in_the_decision_is_the_compiled_one() -> None:
    # given
    core = SCHEMA._schema
    operation = Documents(core, Limits(), 1_000_000).read(block("graphql")).operation(None)
    # when
    plan = compile_plan(SCHEMA, operation, operation.variables.coerce({"first": 2}), concurrent=False)
    # then
    assert same_code(plan.source) == same_code(block("python"))


async def test_the_plan_in_the_decision_answers_its_query() -> None:
    answer = await make_executor(concurrent=False).run(block("graphql"), {"first": 2}, None, make_toy())
    assert answer.planned and answer.body == {
        "data": {
            "books": [{"title": "Dunes", "author": {"name": "Ida"}}, {"title": "Waves", "author": {"name": "Ida"}}]
        }
    }
