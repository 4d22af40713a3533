"""Parse the users, votes and badges of a forum's dump, and derive people, point events and awards from them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from catalogue.badges import Rarity
from models.profiles import Visibility
from services.core import clock
from services.core.links import web_link
from services.imports.import_runs import BadRow
from services.imports.imported_badges import MAX_BADGE_NAME, BadgeDefinition, ImportedAward, code_of
from services.media import text_rules
from services.media.html_to_text import text_of
from services.points.ledger import ActivityEvent
from services.profiles.profiles import NewPerson

ACCEPTED, UPVOTE, DOWNVOTE = 1, 2, 3
"""Types of votes that give points."""
ANSWER = 2
"""Type of posts that are answers."""
BRONZE = 3
"""Class of badges without a class, as in old dumps."""
METALS = {1: (Rarity.PURPLE, "gold"), 2: (Rarity.BLUE, "silver"), 3: (Rarity.GREEN, "bronze")}
"""Classes of badges: our rarity, and the forum's word."""
MAX_ID = 2**63 - 1


@dataclass(frozen=True)
class Vote:
    """A vote on a post. The dump has its day, but not its voter."""

    number: int
    post: int
    kind: int
    day: date


@dataclass(frozen=True)
class Post:
    """The people whom a vote on a post concerns. `owner` and `asker` are forum ids; None if deleted or not in the dump."""

    owner: int | None
    is_answer: bool = False
    question_known: bool = False
    asker: int | None = None


@dataclass(frozen=True)
class Badge:
    """A badge that the forum gave to a user, possibly one of several times."""

    user: int
    definition: BadgeDefinition
    awarded_at: datetime

    def award(self, source: str, profile_id: int) -> ImportedAward:
        """The award to import."""
        return ImportedAward(profile_id, code_of(source, self.definition.key), self.awarded_at)


def number(row: Mapping[str, str], name: str) -> int:
    """A whole number of the row. Raises BadRow."""
    text = row.get(name, "")
    if not re.fullmatch(r"-?[0-9]{1,19}", text) or abs(int(text)) > MAX_ID:
        raise BadRow(f"{name} is {text[:40]!r}, not a whole number" if text else f"{name} is missing")
    return int(text)


def optional_number(row: Mapping[str, str], name: str) -> int | None:
    """A whole number of the row; None if absent. Raises BadRow."""
    return number(row, name) if row.get(name) else None


def day(row: Mapping[str, str], name: str) -> date:
    """The UTC day of a time in the row. Raises BadRow."""
    return moment(row, name).date()


def moment(row: Mapping[str, str], name: str) -> datetime:
    """A time in the row, in UTC unless it has an offset. Raises BadRow."""
    text = row.get(name, "")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadRow(f"{name} is {text[:40]!r}, not a time" if text else f"{name} is missing") from None
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError:
        raise BadRow(f"{name} is {text[:40]!r}, not a time") from None


def person_of(row: Mapping[str, str], defects: Counter[str]) -> NewPerson | None:
    """
    A user as a public, unclaimed profile; None for a system user, whose Id is negative. Raises BadRow.

    Values that were removed, cut or replaced are counted in `defects`.
    """
    user = number(row, "Id")
    if _is_system(user):
        defects["system users (negative Id): not people, not taken"] += 1
        return None
    name = _clean(row.get("DisplayName", ""), "name", defects)
    if not name:
        defects["users without a name: named by their Id"] += 1
        name = f"user{user}"
    typed_website = row.get("WebsiteUrl", "")
    website = web_link(typed_website)
    if typed_website.strip() and website is None:
        defects["users' websites that are no http or https link: left out"] += 1
    joined_on = day(row, "CreationDate")
    if joined_on > clock.today():
        defects["users who joined in the future: taken as joined today"] += 1
        joined_on = clock.today()
    return NewPerson(
        name=name,
        handle=name,
        key=str(user),
        joined_on=joined_on,
        visibility=Visibility.PUBLIC,
        details={
            "location": _clean(row.get("Location", ""), "location", defects),
            "website": website or "",
            "about": text_of(row.get("AboutMe", "")),
        },
    )


def _clean(typed: str, field: str, defects: Counter[str]) -> str:
    """A name or location in one line, without invisible characters, cut to the longest that a profile may have."""
    typed, longest = " ".join(typed.split()), text_rules.MAX_CHARACTERS[field]
    if len(typed) > longest:
        defects[f"users whose {field} was cut to its longest form"] += 1
    cleaned = text_rules.cleaned_name(typed, longest)
    if cleaned != typed[:longest].strip():
        defects[f"users' {field}s with characters that are not seen: left out"] += 1
    return cleaned


def vote_of(row: Mapping[str, str]) -> Vote:
    """Parse a vote. Raises BadRow."""
    return Vote(number(row, "Id"), number(row, "PostId"), number(row, "VoteTypeId"), day(row, "CreationDate"))


def badge_of(row: Mapping[str, str]) -> Badge:
    """
    Parse a badge: bronze, silver and gold become green, blue and purple. A name may exist in several metals. A badge
    without a Class, as in old dumps, is bronze. Raises BadRow.
    """
    typed, metal = " ".join(row.get("Name", "").split()), optional_number(row, "Class")
    name = text_rules.cleaned_name(typed, len(typed) or 1)
    if metal is None:
        metal = BRONZE
    if not 0 < len(name) <= MAX_BADGE_NAME:
        raise BadRow(f"Name has {len(name):,} characters, more than {MAX_BADGE_NAME}" if name else "Name is missing")
    if metal not in METALS:
        raise BadRow(f"Class is {metal}, not one of {', '.join(map(str, METALS))}")
    rarity, word = METALS[metal]
    definition = BadgeDefinition(
        f"{metal}:{name}", name, rarity, f"A {word} badge of the forum that this person comes from."
    )
    awarded_at = moment(row, "Date")
    if awarded_at > clock.now():
        raise BadRow(f"Date is {row['Date'][:40]}, in the future")
    return Badge(number(row, "UserId"), definition, awarded_at)


def events_of(
    vote: Vote, post: Post | None, people: Mapping[int, int], source: str, defects: Counter[str]
) -> list[ActivityEvent]:
    """
    The events of a vote: for the owner of the post, and for an accepted answer for the asker too.

    `people` are profile ids by forum id. The time of a vote is the start of its UTC day, because the dump has no time. If
    askers accept their own answers, the rule of self-interaction gives no points. Votes with missing data are counted in
    `defects`.
    """
    if post is None:
        defects["votes on posts that are missing"] += 1
        return []
    if vote.kind not in {ACCEPTED, UPVOTE, DOWNVOTE}:
        defects["votes of other kinds: give no points, not taken"] += 1
        return []
    if vote.kind == ACCEPTED and not post.is_answer:
        defects["acceptances of posts that are no answers"] += 1
        return []
    owner = _find_profile(post.owner, people, "votes on posts", "owner", defects)
    if vote.kind != ACCEPTED:
        activity = "UPVOTE_RECEIVED" if vote.kind == UPVOTE else "DOWNVOTE_RECEIVED"
        return [] if owner is None else [_event(vote, activity, owner, None, source, "owner")]
    if post.question_known:
        asker = _find_profile(post.asker, people, "acceptances on questions", "asker", defects)
    else:
        defects["acceptances whose question is missing"] += 1
        asker = None
    events = []
    if owner is not None:
        events.append(_event(vote, "ANSWER_ACCEPTED", owner, asker, source, "answerer"))
    if asker is not None:
        events.append(_event(vote, "ANSWER_MARKED_ACCEPTED", asker, owner, source, "asker"))
    return events


def _find_profile(
    user: int | None, people: Mapping[int, int], votes: str, role: str, defects: Counter[str]
) -> int | None:
    if user is None:
        defects[f"{votes} without {role} (deleted)"] += 1
        return None
    if _is_system(user):
        defects[f"{votes} of a system user"] += 1
        return None
    if user not in people:
        defects[f"{votes} whose {role} is not among the users"] += 1
    return people.get(user)


def _is_system(user: int) -> bool:
    """True for users that are programs of the forum: -1 is its background process, others post automatic answers."""
    return user < 0


def _event(
    vote: Vote, activity: str, profile_id: int, counterpart_id: int | None, source: str, side: str
) -> ActivityEvent:
    return ActivityEvent(
        activity=activity,
        profile_id=profile_id,
        counterpart_id=counterpart_id,
        occurred_at=datetime.combine(vote.day, time(), UTC),
        source=source,
        external_id=f"vote:{vote.number}:{side}",
    )
