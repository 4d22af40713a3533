"""People."""

import strawberry

from models.profiles import Visibility
from resolvers import companies, history, points, profiles, terms
from schema.companies import Company
from schema.enums import enum_of
from schema.fields import answered_by, column, loaded_by
from schema.nodes import PAGE, Node, id_of
from schema.points import PointEntryConnection, Points
from schema.scalars import Day
from schema.terms import Industry, Skill

enum_of(
    Visibility,
    "Who sees a profile.",
    {"PUBLIC": "Everyone.", "PRIVATE": "The person alone: for everyone else it does not exist."},
    name="ProfileVisibility",
)


@strawberry.type(description="What a person is looking for.")
class LookingFor:
    job: bool = column("A job.")
    project: bool = column("A project.")
    confirmed: bool = column("Whether the person has said so; until then both are unknown.")


@strawberry.type(description="Where else a person can be found: addresses or names there, as given.")
class Socials:
    github: str | None = column("On GitHub.")
    meetup: str | None = column("On Meetup.")
    twitter: str | None = column("On X, formerly Twitter.")
    linkedin: str | None = column("On LinkedIn.")
    skype: str | None = column("On Skype.")


@strawberry.type(description="A person of the community.")
class Profile(Node):
    id: strawberry.ID = column("Opaque id of the profile.", read=id_of("Profile"))
    handle: str = column("Unique name for links.")
    name: str = column("The name shown to others.")
    avatar_url: str | None = column("Address of the picture; null where none is stored.", read=profiles.avatar_url)
    job_title: str | None = column("What the person does at work.")
    country: str | None = column("Country of residence, ISO 3166-1 alpha-2.")
    country_name: str | None = column("Country of residence, its English short name.", read=profiles.country_name)
    visibility: Visibility = column("Who sees this profile.")
    company: Company | None = loaded_by(companies.by_id, "Where the person works.", key="company_id")
    department: str | None = loaded_by(profiles.details, "The part of the company.", read="department")
    location: str | None = loaded_by(profiles.details, "Where the person is, in their own words.", read="location")
    about: str | None = loaded_by(profiles.details, "What the person says of themselves: plain text.", read="about")
    website: str | None = loaded_by(profiles.details, "The person's own page, http or https.", read="website")
    joined_on: Day = loaded_by(profiles.details, "UTC day of sign-up.", read="joined_on")
    looking_for: LookingFor = loaded_by(profiles.details, "Whether the person looks for a job or a project.")
    socials: Socials = loaded_by(profiles.details, "Where else the person can be found.")
    skills: list[Skill] = loaded_by(terms.skills_of, "What the person is good at, by name.")
    industries: list[Industry] = loaded_by(terms.industries_of, "Industries the person knows, by name.")
    points: Points = loaded_by(points.of_profiles, "The person's points and level.")
    point_history: PointEntryConnection = loaded_by(
        history.of_profiles,
        "Events that gave points, newest first; the person alone also sees those that gave none.",
        arguments=PAGE,
    )
    recovery_email: str | None = loaded_by(
        profiles.own,
        "Where codes may go when the account's own mail is lost; only the person sees it.",
        read="recovery_email",
    )
    language: str | None = loaded_by(
        profiles.own, "Language of mails, ISO 639-1; only the person sees it.", read="language"
    )


@strawberry.type
class ProfilesQuery:
    profile: Profile | None = answered_by(
        profiles.profile,
        "One person, by handle or by id. Null for a profile that is hidden from you, as for one that never was.",
        arguments={"handle": "The unique name in links.", "id": "The opaque id."},
    )
