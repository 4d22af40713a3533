"""What clients use stays, or is deprecated for two minor releases. Rule: docs/guides/client-developers.md."""

import subprocess

import pytest
from graphql import GraphQLSchema, build_schema

from settings import HERE
from tests.helpers.built_schema import SCHEMA
from tests.helpers.deprecations import bad_reasons, broken_promises, deprecation, version

GOOD = "Use `Query.people`. Deprecated in 1.2 (2027-03-01); leaves in 1.4 at the earliest."
OLD = """
    type Query { people(text: String, sort: Order): [Person!] find(name: String @deprecated(reason: "$GOOD")): Person
      users: [Old] @deprecated(reason: "$GOOD") }
    type Person { name: String! nick: String @deprecated(reason: "Use `name`. Soon.") }
    type Old { name: String }
    enum Order { NAME AGE @deprecated(reason: "$GOOD") }
    input Filter { name: String }
    """.replace("$GOOD", GOOD)


def of(others: str, reason: str) -> GraphQLSchema:
    """A schema with a deprecated field `b`, and other fields."""
    return build_schema(f'type Query {{ {others} b: Int @deprecated(reason: "{reason}") }}')


def last_release() -> str:
    """The tag of the last release. Skips the test if there is none, or no promise yet."""
    try:
        tags = subprocess.run(
            ["git", "tag", "--list", "v*", "--sort=-version:refname"],
            cwd=HERE, capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git history here")
    if not tags:
        pytest.skip("no release yet: there is nothing to compare with")
    if version(tags[0])[0] < 1:
        pytest.skip(f"{tags[0]}: before 1.0 the schema may change")
    return tags[0]


def test_nothing_leaves_before_its_time() -> None:
    tag = last_release()
    old = subprocess.run(
        ["git", "show", f"{tag}:schema.graphql"], cwd=HERE, capture_output=True, text=True, check=True
    ).stdout
    assert broken_promises(build_schema(old), SCHEMA, version(tag)) == []


def test_each_deprecation_says_why_since_when_and_until_when() -> None:
    assert bad_reasons(SCHEMA) == []


@pytest.mark.parametrize(
    "reason",
    [
        "Use `people`.",
        "Use people. Deprecated in 1.2 (2027-03-01); leaves in 1.4 at the earliest.",
        "Use `people`. Deprecated in 1.2; leaves in 1.4 at the earliest.",
        "Use `people`. Deprecated in 1.2 (2027-03-01); leaves in 1.3 at the earliest.",
        "Use `people`. Deprecated in 1.2 (2027-03-01); leaves in 2.0 at the earliest.",
        "Use `people`. Deprecated in 1.2 (2027-03-01).",
    ],
)
def test_a_reason_lacks_something(reason: str) -> None:
    assert deprecation(reason) is None
    assert bad_reasons(of("a: Int people: Int", reason)) == ["Query.b"]


def test_a_replacement_has_to_exist() -> None:
    assert deprecation(GOOD) is not None
    assert bad_reasons(of("", GOOD)) == ["Query.b"]
    assert bad_reasons(of("people: Int", GOOD)) == []


def test_what_was_deprecated_long_enough_may_leave() -> None:
    new = """
    type Query { people(text: String, sort: Order): [Person!] find: Person }
    type Person { name: String! nick: String }
    enum Order { NAME }
    input Filter { name: String }
    """
    assert broken_promises(build_schema(OLD), build_schema(new), (1, 3)) == []
    assert broken_promises(build_schema(OLD), build_schema(new), (1, 2)) == [
        "Query.users has left",
        "Query.find(name:) has left",
        "Order.AGE has left",
    ]


def test_what_clients_use_may_not_leave_or_change() -> None:
    new = """
    type Query { people(sort: Order!): [Person!] find(name: String): Person users: [Old] }
    type Person { name: String }
    type Old { name: String }
    enum Order { NAME AGE }
    input Filter { name: String! }
    """
    assert sorted(broken_promises(build_schema(OLD), build_schema(new), (1, 9))) == [
        "Argument Query.people(sort:) has changed type from Order to Order!.",
        "Field Filter.name changed type from String to String!.",
        "Field Person.name changed type from String! to String.",
        "Person.nick has left",
        "Query.people(text:) has left",
    ]


def test_a_type_leaves_with_what_led_to_it() -> None:
    new = OLD.replace("[Old]", "[Person]").replace("type Old { name: String }", "")
    assert broken_promises(build_schema(OLD), build_schema(new), (1, 2)) == [
        "Field Query.users changed type from [Old] to [Person]."
    ]


def test_additions_are_free() -> None:
    new = OLD.replace("type Old {", "type New { id: ID } type Old { new: New").replace(
        "enum Order { NAME", "enum Order { NAME SIZE"
    )
    assert broken_promises(build_schema(OLD), build_schema(new), (1, 2)) == []
