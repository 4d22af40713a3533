"""Descriptions are sentences in plain English, and each input says what it is."""

import re
from collections import defaultdict

from graphql import GraphQLInputObjectType, get_named_type

from tests.helpers.built_schema import MUTATIONS, described

BANNED = re.compile(
    r"\b(nobody|somebody|anybody|everybody|whoever|whatever|whom|told|what to do|unless asked)\b|^(what|where|who)\b",
    re.IGNORECASE,
)
"""Input types of several mutations; all others belong to one mutation."""


def test_descriptions_are_whole_sentences() -> None:
    sentence = re.compile(r"[A-Z0-9`].*\.", re.DOTALL)
    assert {name: text for name, text in described() if sentence.fullmatch(text or "") is None} == {}


def test_descriptions_are_plain() -> None:
    assert {name: text for name, text in described() if BANNED.search(text or "")} == {}


def test_each_input_has_a_description_of_its_own() -> None:
    mutations_by_text: dict[str, list[str]] = defaultdict(list)
    for name, field in MUTATIONS.items():
        if not field.args:
            continue
        argument = field.args["input"]
        kind = get_named_type(argument.type)
        assert isinstance(kind, GraphQLInputObjectType)
        assert argument.description == kind.description
        mutations_by_text[argument.description or ""].append(name)
    assert {text: names for text, names in mutations_by_text.items() if len(names) > 1} == {}
