"""Documents about portfolios, and asking them."""

from typing import Any

from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers
from tests.helpers.projects import WHOLE, id_of

PROJECT = """
  id title description customer businessNeed solution results startedOn endedOn state publishedAt editedAt version
  canEdit skills { code } collaborators { handle name } owner { handle } images { url thumbnailUrl caption }
"""
ERRORS = "errors { __typename code message path ... on ProjectFieldError { field } ... on VersionConflictError { currentVersion } }"
CREATE = (
    f"mutation($input: CreateProjectInput!) {{ createProject(input: $input) {{ project {{ {PROJECT} }} {ERRORS} }} }}"
)
UPDATE = (
    f"mutation($input: UpdateProjectInput!) {{ updateProject(input: $input) {{ project {{ {PROJECT} }} {ERRORS} }} }}"
)
PUBLISH = (
    f"mutation($input: PublishProjectInput!) {{ publishProject(input: $input) {{ project {{ state }} {ERRORS} }} }}"
)
UNPUBLISH = (
    f"mutation($input: UnpublishProjectInput!) {{ unpublishProject(input: $input) {{ project {{ state }} {ERRORS} }} }}"
)
DELETE = f"mutation($input: DeleteProjectInput!) {{ deleteProject(input: $input) {{ deletedProjectId profile {{ projects {{ totalCount }} }} {ERRORS} }} }}"
ORDER = f"""mutation($input: ReorderProjectsInput!) {{ reorderProjects(input: $input) {{
  profile {{ projects {{ edges {{ node {{ title }} }} }} }} {ERRORS} }} }}"""
UNTAG = f"mutation($input: UntagFromProjectInput!) {{ untagFromProject(input: $input) {{ project {{ collaborators {{ name }} }} {ERRORS} }} }}"
ADD_IMAGE = f"""mutation($input: AddProjectImageInput!) {{ addProjectImage(input: $input) {{
  project {{ images {{ id url thumbnailUrl caption }} }} {ERRORS} }} }}"""
REMOVE_IMAGE = f"mutation($input: RemoveProjectImageInput!) {{ removeProjectImage(input: $input) {{ project {{ images {{ id }} }} {ERRORS} }} }}"
PAGE = """
query($handle: String!, $state: ProjectState, $first: Int, $after: String, $last: Int, $before: String) {
  profile(by: {handle: $handle}) {
    published: projects(state: PUBLISHED) { totalCount }
    projects(first: $first, after: $after, last: $last, before: $before, state: $state) {
      totalCount nodes { title } edges { cursor node { id title state collaborators { name } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
    collaborations { totalCount nodes { title } edges { node { id title state } } }
  }
}
"""
EVERYWHERE = """
query($handle: String!, $others: String!, $id: ID!, $ids: [ID!]!) {
  node(id: $id) { __typename ... on Project { title } }
  nodes(ids: $ids) { __typename id }
  project(id: $id) { title }
  profile(by: {handle: $handle}) {
    published: projects(state: PUBLISHED) { totalCount } projects { totalCount edges { node { title } } }
    drafts: projects(state: DRAFT) { totalCount edges { node { title } } }
    topBadges { badge { code } }
  }
  other: profile(by: {handle: $others}) {
    collaborations { totalCount edges { node { title } } } projects { totalCount }
    badgesInProgress(limit: 100) { badge { code } } badges { nodes { badge { code } } }
  }
}
"""
PAGE_OF_OURS = {"Sec-Fetch-Site": "same-origin"}
IN_GRAPH = {"business_need": "businessNeed"}
GIVEN = {IN_GRAPH.get(name, name): text for name, text in WHOLE.items()}


def node_id(number: int) -> str:
    return graph_id("prj", number)


def person_id(account: Any) -> str:
    return graph_id("prf", id_of(account))


async def handle_of(account: Any) -> str:
    await account.fetch_related("profile")
    return str(account.profile.handle)


async def run(client: GraphQLClient, document: str, who: Headers, **given: Any) -> dict[str, Any]:
    """The payload of the one mutation in a document."""
    body = await client.ask(document, headers=who, input=given)
    assert "errors" not in body, body
    [payload] = body["data"].values()
    return payload


async def page(client: GraphQLClient, account: Any, who: Headers, **more: Any) -> dict[str, Any]:
    body = await client.ask(PAGE, headers=who, handle=await handle_of(account), **more)
    assert "errors" not in body, body
    return body["data"]["profile"]


def titles(connection: dict[str, Any]) -> list[str]:
    return [edge["node"]["title"] for edge in connection["edges"]]
