"""Finding people."""

import strawberry

from resolvers.people import people
from resolvers.people.people import People, Wanted
from schema.enums import enum_of
from schema.fields import Work, answered_by, column, loaded_by
from schema.nodes import PAGE, PageInfo
from schema.profiles import Profile

enum_of(
    People,
    "What a list of people is ordered by. Equal points: whoever earned last comes first, then the newest profile.",
    {
        "RELEVANCE": "How well the words match, then most points. Without words as POINTS.",
        "POINTS": "Most points first.",
        "NEWEST": "Whoever joined last first.",
    },
    name="ProfileOrder",
)
enum_of(
    Wanted,
    "What a person may look for.",
    {"JOB": "A job.", "PROJECT": "A project."},
    name="LookingForKind",
)


@strawberry.type(description="A person in a page of people.")
class ProfileEdge:
    cursor: str = column("Where the person is in this list, and in no other.", read=people.cursor_of)
    node: Profile = column("The person.", read=lambda row: row["person"])


@strawberry.type(description="A page of people.")
class ProfileConnection:
    edges: list[ProfileEdge] = column("The people of this page.")
    page_info: PageInfo = column("Where the page lies.")
    total_count: int = loaded_by(people.totals, "How many people there are in the list.", key="search")


@strawberry.type
class PeopleQuery:
    profiles: ProfileConnection = answered_by(
        people.profiles,
        "People for whom everything that is asked holds. Hidden profiles are not among them, nor your own while it is hidden.",
        arguments={
            "search": "Words of the name, the handle or the job title; each word typed begins one of them. Case and accents "
            "make no difference. Whole words come before beginnings, and the name before the job title. Up to 10 words "
            "in 200 characters; nothing but spaces is as if not given.",
            "skills": "Codes or names of skills, up to 10: people with all of them.",
            "industries": "Codes or names of industries, up to 10: people with all of them.",
            "company": "Id of the company where they work.",
            "country": "Country of residence, ISO 3166-1 alpha-2.",
            "looking_for": "People who say that they look for this.",
            "order_by": "What comes first; RELEVANCE unless asked.",
            **PAGE,
        },
        work=Work(100),
    )
