"""People the viewer may know."""

import strawberry

from resolvers import companies, profiles
from resolvers.base.permissions import Person
from resolvers.connections import connections
from resolvers.connections import suggestions as reads
from resolvers.connections.suggestions import Reason
from schema.companies import Company
from schema.connections import MutualConnections
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.nodes import PAGE, PageInfo
from schema.profiles import Profile
from schema.terms import Industry, Skill

enum_of(
    Reason,
    "What speaks for it that you know somebody.",
    {
        "MUTUAL_CONNECTIONS": "You are both connected with the same people.",
        "SAME_COMPANY": "You both work at the same company.",
        "SHARED_SKILLS": "You both name the same skills.",
        "SHARED_INDUSTRIES": "You both know the same industries.",
    },
    name="SuggestionReasonKind",
)


@strawberry.type(description="One thing that speaks for it that you know somebody, with the facts of its kind.")
class SuggestionReason:
    kind: Reason = column("What it is.")
    mutual_connections: MutualConnections | None = loaded_by(
        connections.mutual, "Whom you both know; null unless that is the reason.", key="profile_id"
    )
    company: Company | None = loaded_by(
        companies.by_id, "Where you both work; null unless that is the reason.", key="company_id"
    )
    skills: list[Skill] | None = column("What you are both good at, by name; null unless that is the reason.")
    industries: list[Industry] | None = column("What you both know, by name; null unless that is the reason.")


@strawberry.type(description="Somebody you may know.")
class Suggestion:
    profile: Profile = column("The person.", read=lambda row: row["person"])
    reasons: list[SuggestionReason] = loaded_by(
        reads.reasons, "Why: at least one thing, unless it has just gone. One of each kind at most.", key=reads.met
    )


@strawberry.type(description="A suggestion in a page of suggestions.")
class SuggestionEdge:
    cursor: str = column("Where the suggestion stands in the list.", read=reads.cursor_of)
    node: Suggestion = column("The suggestion.", itself=True)


@strawberry.type(description="A page of people you may know.")
class SuggestionConnection:
    edges: list[SuggestionEdge] = column("The suggestions of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type
class SuggestionsOfViewer:
    people_you_may_know: SuggestionConnection | None = loaded_by(
        reads.of_profiles,
        "Up to 200 people you may know, those for whom most speaks first. Nobody whom you are connected with, have asked, "
        "were asked by, ignored, dismissed or blocked, who blocked you, who is hidden, or whose profile nobody has claimed. "
        "Empty where nothing speaks for anybody: connect with somebody, or name your skills. Null for the account of a service.",
        key="profile_id",
        arguments=PAGE,
    )


@strawberry.input(description="Who is not to be suggested.")
class DismissSuggestionInput:
    profile: strawberry.ID = strawberry.field(description="Id of a profile.")


@strawberry.type(description="Answer to `dismissSuggestion`.")
class DismissSuggestionPayload:
    profile: Profile | None = loaded_by(
        profiles.by_id, "Who is not suggested to you any more; null when refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class SuggestionsMutation:
    dismiss_suggestion: DismissSuggestionPayload = mutation_by(
        reads.dismiss,
        "Never be told again that you may know somebody; again changes nothing. They are not told, and you may still connect.",
        allowed=[Person()],
        input=DismissSuggestionInput,
    )
