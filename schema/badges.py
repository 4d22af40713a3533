"""Badges: the catalogue, the badges that people have earned, and their progress."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from catalogue.badges import BADGES, Rarity
from models.badges import AwardOrigin
from resolvers import badge_holders, badge_progress, open_badges
from resolvers import badges as badge_resolvers
from schema.enums import enum_of
from schema.fields import Work, answered_by, column, loaded_by
from schema.nodes import PAGE_ARGUMENTS, PageInfo, nodes_by
from schema.scalars import DateTime
from services.open_badges.badge_images import ImageKind

if TYPE_CHECKING:
    from schema.profiles import Profile

LazyProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]

enum_of(
    Rarity,
    "Rarity of a badge, shown as a colour: the warmer, the rarer.",
    {
        "GREEN": "The most common badges.",
        "BLUE": "Less common badges.",
        "PURPLE": "Rare badges.",
        "ORANGE": "The rarest badges.",
    },
    name="BadgeRarity",
)
enum_of(
    AwardOrigin,
    "Reason why a person has a badge.",
    {
        "RULE": "The person met the criterion.",
        "OPERATOR": "An operator granted it.",
        "IMPORT": "It was imported from another system.",
    },
    name="BadgeOrigin",
)


enum_of(
    ImageKind,
    "File format of a badge picture.",
    {"PNG": "A bitmap in one of four sizes.", "SVG": "A vector image for any size."},
    name="BadgeImageFormat",
)
IMAGE_ARGUMENTS = {
    "format": "File format; SVG by default.",
    "size": "Width and height of a PNG in pixels: 64, 128, 256 or 512. Ignored for an SVG.",
}


@strawberry.type(description="A level of a badge.")
class BadgeLevel:
    number: int = column("Level number; 1 is the lowest.")
    criterion: str | None = column(
        "Condition for reaching this level, in the language of the answer; null if no rule awards it.",
        read=badge_resolvers.criterion_of,
    )
    awarded_percent: float = loaded_by(
        badge_resolvers.level_shares,
        "Percentage of public, active profiles that have reached this level or a higher one, with one decimal.",
        key=badge_resolvers.level_of,
        read="percent",
    )


@strawberry.type(description="A person on a page of the people who have a badge.")
class BadgeHolderEdge:
    cursor: str = column("Cursor of this person, for `after` and `before`.", read=badge_holders.cursor_of)
    level: BadgeLevel = column("Highest level that the person has reached.", read=badge_resolvers.level_of_award)
    awarded_at: DateTime = column("When the person reached that level.")
    node: LazyProfile = column("The person.", itself=True)


@strawberry.type(description="A page of the people who have a badge, the newest first.")
class BadgeHolderConnection:
    edges: list[BadgeHolderEdge] = column("The people on this page, with the levels that they have reached.")
    nodes: list[LazyProfile] = nodes_by("The people on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(badge_holders.totals, "Number of people in the whole list.", key=badge_holders.list_of)


@strawberry.type(description="A badge that people can have.")
class Badge:
    code: str = column("Code that never changes.")
    name: str = column("Name of the badge, in the language of the answer.", read=badge_resolvers.text_of("name"))
    description: str = column(
        "One sentence about the badge, in the language of the answer.", read=badge_resolvers.text_of("description")
    )
    rarity: Rarity = column(
        "Rarity by the share of public, active profiles that have the badge. It changes only when the share has clearly "
        "passed a threshold, and is fixed while the community is small."
    )
    is_granted_by_hand_only: bool = column(
        "True if no rule awards this badge, only operators and imports.", read=badge_resolvers.is_granted_by_hand_only
    )
    levels: list[BadgeLevel] = column("Levels of the badge, lowest first.", read=badge_resolvers.levels_of)
    image_url: str | None = loaded_by(
        open_badges.badge_images,
        "URL of the picture of one level, absolute; null if the badge does not have this level.",
        key="code",
        arguments={
            "level_number": "Number of the level; 1 is the lowest and the default.",
            **IMAGE_ARGUMENTS,
        },
    )
    awarded_percent: float = loaded_by(
        badge_resolvers.shares,
        "Percentage of public, active profiles that have the badge, with one decimal; 0 only if no profile has it.",
        key="code",
        read="percent",
    )
    awarded_as_of: DateTime = loaded_by(
        badge_resolvers.shares, "When `awardedPercent` was computed, at most one minute ago.", key="code", read="as_of"
    )
    holders: BadgeHolderConnection = loaded_by(
        badge_holders.of_badges,
        "People who have the badge, the newest first. Only public, active profiles.",
        key="code",
        arguments={"level_number": "Only people who have reached this level or a higher one.", **PAGE_ARGUMENTS},
        work=Work(50),
    )


@strawberry.type(description="A badge level that a person reached.")
class ReachedBadgeLevel:
    level: BadgeLevel = column("The level.", read=badge_resolvers.level_of_award)
    awarded_at: DateTime = column("When the person reached it.")


@strawberry.type(description="A badge that a person has, at the highest level reached.")
class EarnedBadge:
    badge: Badge = column("The badge.", read=badge_resolvers.badge_of_award)
    level: BadgeLevel = column("Highest level reached.", read=badge_resolvers.level_of_award)
    awarded_at: DateTime = column("When the person reached that level.")
    origin: AwardOrigin = column("Why the person has that level.")
    reason: str | None = column(
        "Reason why the badge was granted, if the operator made it public; null otherwise.",
        read=lambda row: row["reason"] if row["reason_shown"] and row["reason"] else None,
    )
    levels: list[ReachedBadgeLevel] = loaded_by(
        badge_resolvers.levels_reached,
        "All levels that the person has reached, lowest first.",
        key=badge_resolvers.award_of,
    )
    credential_url: str = column(
        "URL of that level as a signed Open Badges 3.0 credential. Anyone can fetch it while the profile is public; "
        "its owner always can.",
        read=open_badges.credential_url,
    )
    credential_image_url: str = loaded_by(
        open_badges.baked_images,
        'URL of the badge picture with the credential embedded ("baked"), to show and verify elsewhere. Same access '
        "as `credentialUrl`.",
        key="credential",
        arguments={"format": "File format; PNG by default."},
    )
    image_url: str = loaded_by(
        open_badges.award_images,
        "URL of the picture of the badge at that level, absolute.",
        key=open_badges.badge_and_level,
        arguments=IMAGE_ARGUMENTS,
    )


@strawberry.type(description="An earned badge on a page of earned badges.")
class EarnedBadgeEdge:
    cursor: str = column("Cursor of this badge, for `after` and `before`.", read=badge_resolvers.cursor_of)
    node: EarnedBadge = column("The badge.", itself=True)


@strawberry.type(description="A page of a person's earned badges, newest first.")
class EarnedBadgeConnection:
    edges: list[EarnedBadgeEdge] = column("The badges on this page, with their cursors.")
    nodes: list[EarnedBadge] = nodes_by("The badges on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(
        badge_resolvers.counts,
        "Number of badges that the person has; all levels of a badge count as one.",
        key="profile_id",
    )


@strawberry.type(description="The next level of a badge and a person's progress towards it.")
class BadgeProgress:
    badge: Badge = column("The badge.")
    level: BadgeLevel = column("The next level.")
    progress_percent: int = column("Progress towards that level in whole percent, rounded down: 0 to 99.")


LIMIT = {"limit": "Maximum number of results, 1 to 100; 12 by default."}


@strawberry.type
class BadgesOfProfile:
    badges: EarnedBadgeConnection = loaded_by(
        badge_resolvers.pages,
        "Badges of the person, newest first, each at its highest level.",
        arguments=PAGE_ARGUMENTS,
    )
    top_badges: list[EarnedBadge] = loaded_by(
        badge_resolvers.of_profiles,
        "The newest badges of the person as a short list, for cards and lists of people.",
        arguments=LIMIT,
    )
    featured_badges: list[EarnedBadge] = loaded_by(
        badge_resolvers.featured, "Up to four badges that the person chose to show first."
    )
    badges_in_progress: list[BadgeProgress] = loaded_by(
        badge_progress.in_progress,
        "The next level of each badge that the person has started, most progress first. Badges about connections are "
        "included for the person only, because their progress would reveal hidden profiles.",
        arguments=LIMIT,
    )
    next_badges: list[BadgeProgress] = loaded_by(
        badge_progress.ahead,
        "The next level of each badge that the person has not started, easiest first. Badges about connections are "
        "included for the person only.",
        arguments=LIMIT,
    )


@strawberry.type
class BadgesQuery:
    badge: Badge | None = answered_by(
        badge_resolvers.badge,
        "One badge by its code; null if there is no such badge.",
        arguments={"code": "Code of the badge."},
    )
    badges: list[Badge] = answered_by(
        badge_resolvers.catalogue,
        "All badges: first those that can be earned, then those that are only granted or imported.",
        work=Work(rows=len(BADGES)),
    )
