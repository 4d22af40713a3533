"""Search for people."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers.people import people
from resolvers.people.people import ProfileOrder
from schema.enums import enum_of
from schema.fields import Work, answered_by, column, loaded_by
from schema.nodes import PAGE_ARGUMENTS, PageInfo, nodes_by

if TYPE_CHECKING:
    from schema.profiles import Profile

LazyProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]

enum_of(
    ProfileOrder,
    "Order of a list of people. With equal points, the person who earned points last comes first, then the newest "
    "profile.",
    {
        "RELEVANCE": "Best match of the words first, then most points. Without `search` the same as POINTS.",
        "POINTS": "Most points first.",
        "NEWEST": "Newest sign-up first.",
    },
    name="ProfileOrder",
)


@strawberry.type(description="A person on a page of people.")
class ProfileEdge:
    cursor: str = column("Cursor of this person; valid in this list only.", read=people.cursor_of)
    node: LazyProfile = column("The person.", read=lambda row: row["person"])


@strawberry.type(description="A page of people.")
class ProfileConnection:
    edges: list[ProfileEdge] = column("The people on this page, with their cursors.")
    nodes: list[LazyProfile] = nodes_by("The people on this page.", lambda edge: edge["person"])
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(people.totals, "Number of people in the whole list.", key="search")


@strawberry.type
class PeopleOfCompany:
    profiles: ProfileConnection | None = loaded_by(
        people.of_companies,
        "People whose profile shows this company. Hidden profiles are not included; neither is your own while it is hidden.",
        arguments={"order_by": "Order of the list; most points first by default.", **PAGE_ARGUMENTS},
        work=Work(100),
    )


@strawberry.type
class PeopleQuery:
    profiles: ProfileConnection | None = answered_by(
        people.profiles,
        "People who match all conditions. Hidden profiles are not included; neither is your own while it is hidden.",
        arguments={
            "search": (
                "Words of the name, handle or job title. Each word must be the beginning of one of them; case and "
                "accents are ignored. Matches of whole words come before beginnings, and matches of the name before the "
                "job title. Up to 10 words and 200 characters; a blank text is ignored."
            ),
            "skill_codes": "Codes or English names of up to 10 of `Query.skills`. People must have all of them.",
            "industry_codes": "Codes or English names of up to 10 of `Query.industries`. People must have all of them.",
            "company_id": "Id of the company of the people, like `cmp_5k2v9x0qcm`.",
            "country_code": "Country of residence: code of one of `Query.countries`, like `NL`.",
            "looking_for": "Only people who are looking for this.",
            "order_by": "Order of the list; RELEVANCE by default.",
            **PAGE_ARGUMENTS,
        },
        work=Work(100),
    )
