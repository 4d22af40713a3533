"""Badges: what there is to earn, what people have earned, and how far they are."""

import strawberry

from catalogue.badges import Rarity
from models.badges import AwardOrigin
from resolvers import badges, open_badges
from schema.enums import enum_of
from schema.fields import answered_by, column, loaded_by
from schema.nodes import PageInfo
from schema.scalars import DateTime
from services.open_badges.badge_images import ImageKind

enum_of(
    Rarity,
    "How rare a badge is: the warmer its colour, the rarer.",
    {
        "GREEN": "The least rare.",
        "BLUE": "Takes some doing.",
        "PURPLE": "Few people have it.",
        "ORANGE": "The rarest.",
    },
    name="BadgeRarity",
)
enum_of(
    AwardOrigin,
    "How somebody came by a badge.",
    {
        "RULE": "By doing what it takes.",
        "OPERATOR": "It was given by hand.",
        "IMPORT": "It came along from another system.",
    },
    name="BadgeOrigin",
)


enum_of(
    ImageKind,
    "The format of a badge's picture.",
    {"PNG": "Pixels, in one of four sizes.", "SVG": "Vectors, in any size."},
    name="BadgeImageFormat",
)
IMAGE_ARGUMENTS = {
    "format": "The file's format; SVG unless another is asked for.",
    "size": "Side of a PNG in pixels: 64, 128, 256 or 512. Without meaning for an SVG.",
}


@strawberry.type(description="A level of a badge.")
class BadgeLevel:
    number: int = column("1 is the lowest.")
    criterion: str | None = column(
        "What it takes, in the language of the answer; null for a badge that is given by hand only."
    )
    awarded_percent: float = loaded_by(
        badges.level_shares,
        "Percent of the public, active people who have reached this level or a higher one, to one decimal.",
        key=badges.level_of,
        read="percent",
    )


@strawberry.type(description="Something that can be earned.")
class Badge:
    code: str = column("Its fixed code.")
    name: str = column("What it is called.")
    description: str = column("What it is for, in one sentence.")
    rarity: Rarity = column(
        "Its colour, by the share of the public, active people who hold it; while there are few people, the one of the catalogue. "
        "It changes only when the share has clearly gone beyond a limit."
    )
    by_hand_only: bool = column(
        "True for a badge that no rule gives: it came with an import.", read=lambda row: row["by_hand"]
    )
    levels: list[BadgeLevel] = column("Its levels, lowest first.")
    image_url: str | None = loaded_by(
        open_badges.badge_images,
        "Where the picture of one of its levels is, as a complete address; null for a level that it does not have.",
        key="code",
        arguments={
            "level": "1 is the lowest, and the one that is shown unless another is asked for.",
            **IMAGE_ARGUMENTS,
        },
    )
    awarded_percent: float = loaded_by(
        badges.shares,
        "Percent of the public, active people who hold it, to one decimal; 0 only when nobody does.",
        key="code",
        read="percent",
    )
    awarded_as_of: DateTime = loaded_by(
        badges.shares, "When `awardedPercent` was counted: within the last minute.", key="code", read="as_of"
    )


@strawberry.type(description="A level that somebody reached.")
class ReachedBadgeLevel:
    level: int = column("1 is the lowest.")
    awarded_at: DateTime = column("When it was reached.")


@strawberry.type(description="A badge that somebody has earned, with the highest level reached.")
class EarnedBadge:
    code: str = column("The badge's fixed code.", read=lambda row: row["badge"])
    name: str = column("What the badge is called.", read=badges.defined("name"))
    description: str = column("What the badge is for, in one sentence.", read=badges.defined("description"))
    rarity: Rarity = column("The badge's colour now: see `Badge.rarity`.", read=badges.rarity)
    level: int = column("The highest level reached; 1 is the lowest.")
    awarded_at: DateTime = column("When that level was reached.")
    origin: AwardOrigin = column("How the person came by that level.")
    reason: str | None = column(
        "Why it was given by hand, where the operator lets it be read; null otherwise.",
        read=lambda row: row["reason"] if row["reason_shown"] and row["reason"] else None,
    )
    levels: list[ReachedBadgeLevel] = loaded_by(
        badges.levels_reached, "Every level reached, lowest first.", key=badges.award_of
    )
    badge: Badge = loaded_by(badges.by_code, "The badge itself.", key="badge")
    credential_url: str = column(
        "Where that level is to be had as a signed Open Badges 3.0 credential, while the profile is public; by its owner "
        "at any time.",
        read=open_badges.credential_url,
    )
    credential_image_url: str = loaded_by(
        open_badges.baked_images,
        'Where the badge\'s picture with the credential inside is ("baked"): to be shown elsewhere, and checked there. For '
        "the same people as `credentialUrl`.",
        key="credential",
        arguments={"format": "The file's format; PNG unless another is asked for."},
    )
    image_url: str = loaded_by(
        open_badges.award_images,
        "Where the picture of the badge at that level is, as a complete address.",
        key=open_badges.badge_and_level,
        arguments=IMAGE_ARGUMENTS,
    )


@strawberry.type(description="An earned badge in a page of them.")
class EarnedBadgeEdge:
    cursor: str = column("Where the badge stands in the list.", read=badges.cursor_of)
    node: EarnedBadge = column("The badge.", itself=True)


@strawberry.type(description="A page of a person's earned badges, newest first.")
class EarnedBadgeConnection:
    edges: list[EarnedBadgeEdge] = column("The badges of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type(description="The next level of a badge, and how far somebody is.")
class BadgeProgress:
    code: str = column("The badge's fixed code.")
    name: str = column("What the badge is called.")
    description: str = column("What the badge is for, in one sentence.")
    rarity: Rarity = column("The badge's colour.")
    level: int = column("The level that is next.")
    percent: int = column("Whole percent of the way to that level, rounded down: 0 to 99.")
    criterion: str = column("What that level takes, in the language of the answer.")
    badge: Badge = loaded_by(badges.by_code, "The badge itself.", key="code")


@strawberry.type
class BadgesQuery:
    badge: Badge | None = answered_by(
        badges.badge, "One badge. Null when there is none of this code.", arguments={"code": "The fixed code."}
    )
    badges: list[Badge] = answered_by(
        badges.catalogue, "Every badge there is: those that can be earned first, then those given by hand only."
    )
