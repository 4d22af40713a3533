"""Plans and graphql-core answer the same for generated documents."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from functools import partial
from random import Random

import pytest
import structlog
from graphql import ObjectTypeDefinitionNode, Visitor, parse, print_ast, visit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from execution.limits import Limits
from tests.helpers.equality import same_answer
from tests.helpers.rewriter import Rewriter
from tests.helpers.toy_schema import SCHEMA, make_executor, make_toy

SCALARS = {
    "Moment": st.just(nodes.String("2026-01-02T03:04:05")),
    "JSON": st.sampled_from([nodes.String("any"), nodes.Int(3), nodes.Boolean(True), nodes.Null]),
}
# Fields whose rows or readers always fail somewhere: with them in it, hardly any document is left to the plan.
TROUBLE = {
    "subtitle", "strictAuthor", "broken", "brokenHard", "tooFew", "cancelled", "strange", "fails", "failsHard",
    "notAList", "wrongNumber", "plain", "pages", "keeper",
}  # fmt: skip
ROOMY = Limits(max_tokens=50_000, max_depth=100, max_fields=50_000, max_merges=1_000_000)
EXAMPLES = settings(max_examples=70, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


class Untroubled(Visitor):
    def leave_object_type_definition(self, node: ObjectTypeDefinitionNode, *_: object) -> ObjectTypeDefinitionNode:
        kept = tuple(each for each in node.fields or () if each.name.value not in TROUBLE)
        return ObjectTypeDefinitionNode(
            name=node.name, interfaces=node.interfaces, directives=node.directives, fields=kept
        )


def untroubled_sdl() -> str:
    return print_ast(visit(parse(SCHEMA.as_str()), Untroubled()))


def compare(sdl: str, *, concurrent: bool = True) -> Counter[str]:
    """Run generated documents both ways; how many there were, and how many of them the plan answered."""
    executor, tally = make_executor(concurrent=concurrent, limits=ROOMY), Counter[str]()

    @EXAMPLES
    @given(
        text=queries(sdl, custom_scalars=SCALARS),
        random=st.randoms(use_true_random=False),
        librarian=st.booleans(),
    )
    def each(text: str, random: Random, librarian: bool) -> None:
        rewritten, variables = Rewriter(SCHEMA._schema, random, ids=["shelf_1", "shelf_2", "7"]).rewrite(text)
        compared = asyncio.run(same_answer(executor, rewritten, variables, partial(make_toy, librarian=librarian)))
        tally["documents"] += 1
        tally["rewritten"] += rewritten != text
        tally["planned"] += compared.planned

    each()
    return tally


def test_plan_and_core_answer_the_same_where_most_goes_well() -> None:
    # when
    tally = compare(untroubled_sdl())
    # then
    assert tally["rewritten"] > 0.6 * tally["documents"], tally
    assert tally["planned"] > 0.5 * tally["documents"], tally


def test_plan_and_core_answer_the_same_where_much_goes_wrong() -> None:
    # when
    tally = compare(SCHEMA.as_str(), concurrent=False)
    # then
    assert tally["rewritten"] > 0.6 * tally["documents"], tally
    assert 0 < tally["planned"] < tally["documents"], tally
