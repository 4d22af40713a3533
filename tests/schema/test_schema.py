"""The schema as a document: it is printed, described, and closed to tokens unless a scope opens it."""

import re
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    parse,
    validate,
)

from catalogue.scopes import ERRORS, NODES, SCOPES, TokenScopeName, closed, names_of, opening
from schema.fields import Answered, kind_of
from schema.graph import sdl
from settings import HERE
from tests.helpers.built_schema import MUTATIONS, OWN, SCHEMA, described
from web.graphiql import EXAMPLES, OWN_DOCUMENTS

OBJECTS = [each for each in OWN if isinstance(each, GraphQLObjectType | GraphQLInterfaceType)]
COORDINATES = {f"{each.name}.{name}" for each in OBJECTS for name in each.fields}
NEVER_BY_TOKEN = {
    "DeletionPreview.*", "DeletionRecords.*", "Viewer.deletionPreview",
    "MergeAddress.*", "MergeCompensation.*", "MergeFigures.*", "MergePreview.*", "MergedAccount.*", "MergedCredential.*", "MergedField.*", "MergedTable.*",
    "ProfileMerge.*", "Viewer.openMerge", "PersonalData.downloads", "PersonalDataDownload.*",
    "ApiKey.*", "Company.auditTrail", "Company.domains", "Company.members", "Company.passwordDays", "Company.usesSso", "MemberConnection.*", "MemberEdge.*",
    "PersonalAccessToken.*", "SecondFactor.*", "PendingSignIn.*", "Session.*",
    "Viewer.apiKeys", "Viewer.elevatedUntil", "Viewer.elevationProofs", "Viewer.passwordExpiresAt", "Viewer.personalAccessTokens", "Viewer.secondFactor",
    "Viewer.sessions",
    "CreditEntry.*", "CreditEntryConnection.*", "CreditEntryEdge.*", "Query.shop", "ShopItem.*", "ShopOrder.*",
    "ShopOrderConnection.*", "ShopOrderEdge.*", "ChallengeClaim.*", "Viewer.creditBalance", "Viewer.creditHistory", "Viewer.orders",
}  # fmt: skip
"""Fields that no scope opens, on purpose: `Type.field`, or `Type.*` for all fields of a type but its id, if it is a node."""
MUTATIONS_BY_TOKEN = {
    "resendInvite", "sendInvites", "withdrawInvite",
    "acceptConnectionRequest", "blockProfile", "dismissSuggestion", "ignoreConnectionRequest", "removeConnection", "sendConnectionRequest", "unblockProfile", "withdrawConnectionRequest",
    "addProjectImage", "createProject", "deleteProject", "reorderProjects", "publishProject", "removeProjectImage", "unpublishProject", "untagFromProject", "updateProject",
    "introspectToken", "recordActivities", "recordActivity", "removeAvatar", "reverseActivity", "setFeaturedBadges", "updateProfile", "uploadAvatar",
}  # fmt: skip
"""All other mutations, and what they answer, are closed to tokens."""


def test_the_printed_schema_is_the_schema() -> None:
    assert (HERE / "schema.graphql").read_text("utf-8") == sdl(), "run: make schema"


def test_everything_says_what_it_is() -> None:
    everything = dict(described())
    assert [name for name, text in everything.items() if not (text or "").strip()] == []
    assert {
        "LeaderboardBoard.FORUM",
        "Query.leaderboard(board:)",
        "RecordActivityInput.externalId",
        "DateTime",
    } <= everything.keys()


def test_every_field_is_opened_by_a_scope_or_closed_on_purpose() -> None:
    never = {*NEVER_BY_TOKEN}
    for name, field in MUTATIONS.items():
        if name not in MUTATIONS_BY_TOKEN:
            never |= {f"Mutation.{name}", f"{get_named_type(field.type)}.*"}
    shut = set(closed(COORDINATES, set(SCOPES)))
    assert {each for each in shut if not {each, f"{each.partition('.')[0]}.*"} & never} == set()
    named = {each for each in COORDINATES if {each, f"{each.partition('.')[0]}.*"} & never}
    assert named - {f"{each}.id" for each in NODES} == shut
    types = {f"{each.name}.*" for each in OBJECTS}
    assert never - COORDINATES - types == set()


@pytest.mark.parametrize("scope", SCOPES.values(), ids=lambda scope: scope.name)
def test_a_scope_opens_what_exists(scope: Any) -> None:
    types = {f"{each.name}.*" for each in OBJECTS}
    assert scope.opens - COORDINATES - types == set()


@pytest.mark.parametrize("field", ["Query.node", "Query.nodes"])
def test_scopes_that_open_node_open_the_id_of_each_type(field: str) -> None:
    interface: Any = SCHEMA.type_map["Node"]
    kinds = {f"{each.name}.id" for each in SCHEMA.get_possible_types(interface)}
    for name in SCOPES:
        if not closed({field}, {name}):
            assert closed(kinds, {name}) == [], name


def test_scopes_that_open_a_mutation_open_each_type_of_error() -> None:
    interface: Any = SCHEMA.type_map["UserError"]
    assert {"UserError", *(each.name for each in SCHEMA.get_possible_types(interface))} == ERRORS


def test_scopes_are_in_order_and_named_by_the_rule() -> None:
    assert list(SCOPES) == sorted(SCOPES)
    verbs = {"read", "write", "create", "delete", "ingest", "introspect"}
    assert all(name.startswith("mx:") and name.rpartition(":")[2] in verbs for name in SCOPES)


def test_each_scope_has_a_name_of_its_own_in_the_graph() -> None:
    assert {each.value for each in TokenScopeName} == set(SCOPES)
    assert [each.name for each in names_of(["mx:points:read", "mx:gone:read", "mx:app:create"])] == [
        "MX_APP_CREATE",
        "MX_POINTS_READ",
    ]


def test_what_is_missing_is_named() -> None:
    assert opening("Profile.about", service=False) == ["mx:user:profile:v1:read", "mx:profile:write"]
    assert opening("AuditEntry.action", service=False) == ["mx:audit-logging:read"]
    assert opening("Mutation.recordActivity", service=True) == ["mx:points:ingest"]
    assert opening("Mutation.recordActivity", service=False) == []
    assert opening("Mutation.signOut", service=True) == []


def test_reading_scopes_open_no_mutation() -> None:
    mutations = {each for each in COORDINATES if each.startswith("Mutation.")}
    assert mutations
    for name in SCOPES:
        if name.endswith(":read"):
            assert set(closed(mutations, {name})) == mutations


def reads_of(mutation: str) -> set[str]:
    """
    The fields that a scope must open together with a mutation: those of the payload, the id of each object in
    it, and there every field that an input of the same name writes: if it is an object, what names it. The version too, if
    the input expects one.
    """
    field = MUTATIONS[mutation]
    payload: Any = get_named_type(field.type)
    inputs: Any = get_named_type(field.args["input"].type) if field.args else None
    written = {to_written(name) for name in inputs.fields} if inputs else set()
    found: set[str] = set()
    for name, entry in payload.fields.items():
        found.add(f"{payload.name}.{name}")
        kind = get_named_type(entry.type)
        if isinstance(kind, GraphQLObjectType):
            if inputs and "expectedVersion" in inputs.fields:
                found |= {f"{kind.name}.version", *(["Viewer.profileVersion"] if kind.name == "Profile" else [])}
            for each, inner in kind.fields.items():
                leaf = get_named_type(inner.type)
                if each not in written | {"id"}:
                    continue
                found.add(f"{kind.name}.{each}")
                if isinstance(leaf, GraphQLObjectType):
                    keys = {"id", "code", "handle", "name"} & leaf.fields.keys() or leaf.fields.keys()
                    found |= {f"{leaf.name}.{key}" for key in keys}
    return found & COORDINATES


def to_written(name: str) -> str:
    """The field that an input field writes: `skillCodes` writes `skills`, `projectId` names `project`."""
    for ending, shown in (("Codes", "s"), ("Code", ""), ("Ids", "s"), ("Id", "")):
        if name.endswith(ending):
            return name.removesuffix(ending) + shown
    return name


@pytest.mark.parametrize("scope", [each for each in SCOPES if each.endswith(":write") and SCOPES[each].opens])
def test_a_scope_that_writes_reads_what_it_writes(scope: str) -> None:
    mutations = [name for name in MUTATIONS if f"Mutation.{name}" in SCOPES[scope].opens]
    assert mutations
    assert {name: shut for name in mutations if (shut := closed(reads_of(name), {scope}))} == {}
    assert closed({"Query.viewer", "Viewer.profile", "Profile.id"}, {scope}) == []


def test_every_mutation_says_who_is_allowed_and_answers_errors() -> None:
    assert SCHEMA.mutation_type is not None
    for name, field in SCHEMA.mutation_type.fields.items():
        kind = kind_of(field)
        assert isinstance(kind, Answered) and kind.mutates and kind.allowed, name
        assert list(field.args) in ([], ["input"]), name
        payload: Any = SCHEMA.get_type(str(field.type).rstrip("!"))
        assert str(payload.fields["errors"].type) == "[UserError!]!", name


def test_every_field_is_of_a_known_kind() -> None:
    assert [
        f"{each.name}.{name}" for each in OBJECTS for name, field in each.fields.items() if kind_of(field) is None
    ] == []


def test_no_argument_prints_a_null_default() -> None:
    assert "= null" not in sdl().replace("input ", "")


@pytest.mark.parametrize(
    "file", sorted([*EXAMPLES.glob("*.graphql"), *OWN_DOCUMENTS.glob("*.graphql")]), ids=lambda file: file.stem
)
def test_the_documents_of_graphiql_fit_the_schema(file: Any) -> None:
    assert validate(SCHEMA, parse(file.read_text("utf-8"))) == []


def test_the_schema_says_how_to_use_it() -> None:
    description = SCHEMA.description or ""
    for subject in ("Ids", "Pages", "Errors", "Cost", "Sign-in"):
        assert f"**{subject}**" in description
    assert len(description.splitlines()) <= 12
    assert build_schema(sdl()).description == description
    # each name in it exists
    names = {*SCHEMA.type_map, *(name for type_ in OBJECTS for name in type_.fields)}
    arguments = {name for type_ in OBJECTS for field in type_.fields.values() for name in field.args}
    written = {part.rpartition(".")[2] for part in re.findall(r"`([a-z][\w.]*)", description)}
    assert written <= names | arguments
