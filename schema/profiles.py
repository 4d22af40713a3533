"""People."""

import strawberry

from models.profiles import Visibility
from resolvers import (
    avatars,
    companies,
    ledger_history,
    points,
    profiles,
    publishing,
    stats,
    terms,
)
from schema.badges import BadgesOfProfile
from schema.checklist import ChecklistEntry
from schema.companies import Company
from schema.connections import ConnectionsOfProfile
from schema.enums import enum_of
from schema.fields import answered_by, column, loaded_by
from schema.learning import LearningOfProfile
from schema.nodes import PAGE_ARGUMENTS, Node, id_of
from schema.points import PointEntryConnection, Score
from schema.portfolio import PortfolioOfProfile
from schema.scalars import Day
from schema.stats import Stats
from schema.terms import Country, Industry, Language, Skill
from services.media.social_accounts import SocialService
from services.profiles.profile_editing import LookingFor

enum_of(
    Visibility,
    "Visibility of a profile.",
    {"PUBLIC": "Everyone.", "PRIVATE": "Visible to the person only; for everyone else it does not exist."},
    name="ProfileVisibility",
)


enum_of(
    LookingFor,
    "Kind of work that a person is looking for.",
    {"JOB": "A job.", "PROJECT": "A project."},
    name="LookingForKind",
)
enum_of(
    SocialService,
    "Another site on which people have accounts.",
    {
        "GITHUB": "GitHub: `NAME` in `https://github.com/NAME`.",
        "MEETUP": "Meetup: `NAME` in `https://www.meetup.com/members/NAME`.",
        "X": "X, formerly Twitter: `NAME` in `https://x.com/NAME`.",
        "LINKEDIN": "LinkedIn: `NAME` in `https://www.linkedin.com/in/NAME`.",
        "SKYPE": "Skype.",
    },
)


@strawberry.type(description="A person's account on another site.")
class SocialAccount:
    service: SocialService = column("The site.")
    handle: str = column("Name of the account on the site.")
    url: str | None = column("URL of the account; null if the site has none for accounts.")
    is_verified: bool = column(
        "True if the site confirmed that the account is the person's. Only GitHub can; other accounts are as entered."
    )


@strawberry.type(description="A person of the community.")
class Profile(Node, BadgesOfProfile, ConnectionsOfProfile, LearningOfProfile, PortfolioOfProfile):
    id: strawberry.ID = column("Opaque id of the profile, like `prf_5k2v9x0qcm`.", read=id_of("Profile"))
    handle: str = column(
        "Unique name for links, like `ada-lovelace`. It can change; earlier handles keep leading to this profile."
    )
    name: str = column("Name of the person, as displayed.")
    avatar_url: str | None = loaded_by(
        avatars.urls,
        "URL of the picture, a square WebP file; null if there is none. The URL of your own picture while your profile is "
        "private works for about an hour, for everyone who has it.",
        key=avatars.key_of,
        arguments={
            "size": "Pixels per side that you need, at least 1. The next larger of 64, 256 and 512 is returned, and 512 for more."
        },
    )
    job_title: str | None = column("Job title; null if not given.")
    country: Country | None = column("Country of residence; null if not given.", read=profiles.country_of)
    visibility: Visibility = column("Whether the profile is public or private.")
    company: Company | None = loaded_by(
        companies.by_id, "The person's company; null if there is none.", key="company_id"
    )
    department: str | None = loaded_by(
        profiles.details, "Department in the company; null if not given.", read="department"
    )
    location: str | None = loaded_by(
        profiles.details, "Location in the person's own words; null if not given.", read="location"
    )
    about: str | None = loaded_by(
        profiles.details, "The person's text about themselves, plain text; null if not given.", read="about"
    )
    website: str | None = loaded_by(
        profiles.details, "URL of the person's website, http or https; null if not given.", read="website"
    )
    joined_on: Day = loaded_by(profiles.details, "UTC day of sign-up.", read="joined_on")
    looking_for: list[LookingFor] | None = loaded_by(
        profiles.looking_for,
        "Kinds of work the person is looking for: an empty list if neither, null if the person never said.",
    )
    socials: list[SocialAccount] = loaded_by(profiles.socials, "The person's accounts on other sites.")
    skills: list[Skill] = loaded_by(terms.skills_of, "Skills of the person, ordered by name.")
    industries: list[Industry] = loaded_by(terms.industries_of, "Industries the person knows, ordered by name.")
    score: Score = loaded_by(points.of_profiles, "Points and level of the person.")
    stats: Stats = loaded_by(stats.of_profiles, "Statistics of the person's points, by activity and over time.")
    point_history: PointEntryConnection = loaded_by(
        ledger_history.of_profiles,
        "Events that gave points, newest first. Only the person also sees events that gave none.",
        arguments=PAGE_ARGUMENTS,
    )


@strawberry.type
class ProfileOfViewer:
    recovery_email: str | None = loaded_by(
        profiles.own,
        "Address for codes if you lose the email of your account; null if none is set.",
        key="profile_id",
        read="recovery_email",
    )
    language: Language | None = loaded_by(
        profiles.chosen_languages,
        "Language of emails and answers that you chose. Null if none is chosen: each request's `Accept-Language` then "
        "decides.",
        key="profile_id",
    )
    profile_version: int = loaded_by(
        profiles.own,
        "Version number of your profile, which grows with every edit; pass it to `updateProfile` as `expectedVersion`.",
        key="profile_id",
        read="version",
    )
    publish_checklist: list[ChecklistEntry] = loaded_by(
        publishing.checklists, "Requirements for making your profile public.", key="profile_id"
    )


@strawberry.input(one_of=True, description="The person to look up, by exactly one of these.")
class ProfileBy:
    handle: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Unique name in links, in any letter case. Earlier handles work too.",
    )
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Id of the profile.")


@strawberry.type
class ProfilesQuery:
    profile: Profile | None = answered_by(
        profiles.profile,
        "One person by handle or id. Null if the profile does not exist or is hidden from you.",
        arguments={"by": "The handle or the id."},
        types={"by": ProfileBy},
    )
