"""People."""

import strawberry

from models.profiles import Visibility
from resolvers import (
    avatars,
    badge_progress,
    badges,
    companies,
    ledger_history,
    points,
    profiles,
    publishing,
    stats,
    terms,
)
from resolvers import credits as balances
from schema.badges import BadgeProgress, EarnedBadge, EarnedBadgeConnection
from schema.checklist import ChecklistEntry
from schema.companies import Company
from schema.connections import ConnectionsOfProfile
from schema.enums import enum_of
from schema.fields import answered_by, column, loaded_by
from schema.learning import LearningOfProfile
from schema.nodes import PAGE, Node, id_of
from schema.points import PointEntryConnection, Points
from schema.portfolio import PortfolioOfProfile
from schema.scalars import Day
from schema.stats import Stats
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


@strawberry.type(description="Where else a person can be found: the names there.")
class Socials:
    github: str | None = column("On GitHub: NAME of `https://github.com/NAME`.")
    meetup: str | None = column("On Meetup: NAME of `https://www.meetup.com/members/NAME`.")
    twitter: str | None = column("On X, formerly Twitter: NAME of `https://x.com/NAME`.")
    linkedin: str | None = column("On LinkedIn: NAME of `https://www.linkedin.com/in/NAME`.")
    skype: str | None = column("On Skype: the name there.")


@strawberry.type(description="A person of the community.")
class Profile(ConnectionsOfProfile, LearningOfProfile, PortfolioOfProfile, Node):
    id: strawberry.ID = column("Opaque id of the profile.", read=id_of("Profile"))
    handle: str = column("Unique name for links; it can change, and the earlier ones lead here.")
    name: str = column("The name shown to others.")
    avatar_url: str | None = column(
        "Address of the picture on this server, 256 pixels each way (WebP); null where there is none.",
        read=avatars.medium,
    )
    avatar_url_large: str | None = column(
        "Address of the picture, 512 pixels each way; null where there is none.", read=avatars.large
    )
    avatar_url_small: str | None = column(
        "Address of the picture, 64 pixels each way; null where there is none.", read=avatars.small
    )
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
    stats: Stats = loaded_by(stats.of_profiles, "Where the person's points come from, and when.")
    point_history: PointEntryConnection = loaded_by(
        ledger_history.of_profiles,
        "Events that gave points, newest first; the person alone also sees those that gave none.",
        arguments=PAGE,
    )
    badge_count: int = loaded_by(badges.counts, "How many badges the person has earned; the levels of one count once.")
    featured_badges: list[EarnedBadge] = loaded_by(badges.featured, "Up to four badges that the person shows first.")
    earned_badges: EarnedBadgeConnection = loaded_by(
        badges.pages, "All earned badges, newest first, each with its highest level.", arguments=PAGE
    )
    badges_in_progress: list[BadgeProgress] = loaded_by(
        badge_progress.in_progress,
        "The next level of each badge that the person has begun, the furthest first. Of badges for connections only the "
        "person sees it: it would tell of those who hide.",
        arguments={"first": "How many at most, 1 to 100; 12 unless asked."},
    )
    next_badges: list[BadgeProgress] = loaded_by(
        badge_progress.ahead,
        "The next level of each badge that the person has not begun, what takes least first.",
        arguments={"first": "How many at most, 1 to 100; 12 unless asked."},
    )
    badges: list[EarnedBadge] = loaded_by(
        badges.of_profiles,
        "The newest earned badges, each with its highest level: for cards and lists of people.",
        arguments={"first": "How many at most, 1 to 100; 12 unless asked."},
    )
    credits: int | None = loaded_by(
        balances.of_profiles,
        "What all accounts of the person have to spend in the shop together; only the person sees it.",
    )
    recovery_email: str | None = loaded_by(
        profiles.own,
        "Where codes may go when the account's own mail is lost; only the person sees it.",
        read="recovery_email",
    )
    language: str | None = loaded_by(
        profiles.own,
        "The language that the person has chosen (ISO 639-1) for mails and answers, which only the person sees; null: none, so that each request's `Accept-Language` says it.",
        read="language",
    )
    version: int | None = loaded_by(
        profiles.own, "Grows with every edit; `updateProfile` can expect it. Only the person sees it.", read="version"
    )
    publish_checklist: list[ChecklistEntry] | None = loaded_by(
        publishing.checklists, "What the profile needs to be made public; only the person sees it."
    )


@strawberry.type
class ProfilesQuery:
    profile: Profile | None = answered_by(
        profiles.profile,
        "One person, by handle or by id. Null for a profile that is hidden from you, as for one that never was.",
        arguments={
            "handle": "The unique name in links, in any letter case. One that the person had before leads to them too.",
            "id": "The opaque id.",
        },
    )
