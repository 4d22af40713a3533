"""People the viewer may know."""

import strawberry

from resolvers import companies, profiles
from resolvers.base.permissions import Person
from resolvers.connections import connections
from resolvers.connections import suggestions as suggestion_resolvers
from resolvers.connections.suggestions import Reason
from schema.companies import Company
from schema.connections import MutualConnections
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.nodes import PAGE_ARGUMENTS, PageInfo, nodes_by
from schema.profiles import Profile
from schema.terms import Industry, Skill
from services.errors import ErrorCode

enum_of(
    Reason,
    "Reason for suggesting a person.",
    {
        "MUTUAL_CONNECTIONS": "You are connected with the same people.",
        "SAME_COMPANY": "You work at the same company.",
        "SHARED_SKILLS": "You have skills in common.",
        "SHARED_INDUSTRIES": "You have industries in common.",
    },
    name="SuggestionReasonKind",
)


@strawberry.type(description="One reason for suggesting a person, with its details.")
class SuggestionReason:
    kind: Reason = column("Kind of the reason.")
    mutual_connections: MutualConnections | None = loaded_by(
        connections.mutual, "People connected with both of you; null for other kinds.", key="profile_id"
    )
    company: Company | None = loaded_by(
        companies.by_id, "The company you both work at; null for other kinds.", key="company_id"
    )
    skills: list[Skill] | None = column("Skills you have in common, ordered by name; null for other kinds.")
    industries: list[Industry] | None = column("Industries you have in common, ordered by name; null for other kinds.")


@strawberry.type(description="A suggested person on a page of people you may know.")
class SuggestionEdge:
    cursor: str = column("Cursor of this suggestion, for `after` and `before`.", read=suggestion_resolvers.cursor_of)
    node: Profile = column("The person.", read=suggestion_resolvers.person_of)
    reasons: list[SuggestionReason] = loaded_by(
        suggestion_resolvers.reasons,
        "Reasons for the suggestion, at most one of each kind. Empty only if the last reason disappeared in the "
        "meantime.",
        key=suggestion_resolvers.suggested,
    )


@strawberry.type(description="A page of people you may know.")
class SuggestionConnection:
    edges: list[SuggestionEdge] = column("The people on this page, with the reasons and their cursors.")
    nodes: list[Profile] = nodes_by("The people on this page.", suggestion_resolvers.person_of)
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = column("Number of people in the whole list, at most 200.")


@strawberry.type
class SuggestionsOfViewer:
    people_you_may_know: SuggestionConnection = loaded_by(
        suggestion_resolvers.of_profiles,
        "Up to 200 people you may know, strongest suggestion first. Left out are your connections, people with an "
        "open or ignored request between you, people you dismissed or blocked, people who blocked you, hidden "
        "profiles and profiles without an account. Empty if there is no reason to suggest anyone: connect with a person or "
        "add skills.",
        key="profile_id",
        arguments=PAGE_ARGUMENTS,
    )


@strawberry.input(description="The person to suggest no longer.")
class DismissSuggestionInput:
    profile_id: strawberry.ID = strawberry.field(description="Id of a profile, like `prf_5k2v9x0qcm`.")


@strawberry.type(description="Payload of `dismissSuggestion`.")
class DismissSuggestionPayload:
    profile: Profile | None = loaded_by(
        profiles.by_id, "The person who is no longer suggested; null if refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class SuggestionsMutation:
    dismiss_suggestion: DismissSuggestionPayload | None = mutation_by(
        suggestion_resolvers.dismiss,
        "Stop suggesting a person to you. A repeated call changes nothing. The person is not notified, and you can "
        "still connect.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND, ErrorCode.NOT_YOURSELF],
        input=DismissSuggestionInput,
    )
