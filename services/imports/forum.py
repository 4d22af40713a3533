"""A forum's users, votes and badges in our words: who becomes a person, which vote gives whom which points."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from catalogue.badges import Rarity
from models.profiles import Visibility
from services.core import clock
from services.core.links import web_link
from services.imports.imported_badges import Brought, Definition, code_of
from services.media import text_rules
from services.media.html_to_text import text_of
from services.points.ledger import ActivityEvent
from services.profiles.profiles import NewPerson

ACCEPTED, UPVOTE, DOWNVOTE = 1, 2, 3
"""The kinds of votes that give points."""
ANSWER = 2
"""The kind of a post that answers another one."""
BRONZE = 3
"""The class of badges in dumps from before there were classes."""
METALS = {1: (Rarity.PURPLE, "gold"), 2: (Rarity.BLUE, "silver"), 3: (Rarity.GREEN, "bronze")}
"""The classes of badges: a colour of ours, and how the forum calls it."""
LARGEST_ID = 2**63 - 1
MAX_NAME, MAX_LOCATION = 120, 200


class BadRow(Exception):
    """A row that cannot be understood; the message says why."""


@dataclass(frozen=True)
class Vote:
    """A vote on a post. Votes have a day and no voter."""

    number: int
    post: int
    kind: int
    day: date


@dataclass(frozen=True)
class Post:
    """Who a vote on a post concerns. `owner` and `asker` are forum ids; None: deleted, or not in the dump."""

    owner: int | None
    is_answer: bool = False
    question_known: bool = False
    asker: int | None = None


@dataclass(frozen=True)
class Badge:
    """A badge that the forum gave to a user. It may have given it several times."""

    user: int
    definition: Definition
    awarded_at: datetime

    def brought(self, source: str, profile_id: int) -> Brought:
        """As it is taken in."""
        return Brought(profile_id, code_of(source, self.definition.key), self.awarded_at)


def number(row: Mapping[str, str], name: str) -> int:
    """A whole number of the row. Raises BadRow."""
    text = row.get(name, "")
    if not re.fullmatch(r"-?[0-9]{1,19}", text) or abs(int(text)) > LARGEST_ID:
        raise BadRow(f"{name} is {text[:40]!r}, not a whole number" if text else f"{name} is missing")
    return int(text)


def optional_number(row: Mapping[str, str], name: str) -> int | None:
    """A whole number of the row; None: not given. Raises BadRow."""
    return number(row, name) if row.get(name) else None


def day(row: Mapping[str, str], name: str) -> date:
    """The UTC day of a time of the row. Raises BadRow."""
    return moment(row, name).date()


def moment(row: Mapping[str, str], name: str) -> datetime:
    """A time of the row, which is UTC unless it says otherwise. Raises BadRow."""
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
    A user as a public profile that nobody has claimed; None for a system user, whose Id is negative. Raises BadRow.

    What had to be left out, cut or made up is counted in `defects`.
    """
    user = number(row, "Id")
    if _is_system(user):
        defects["system users (negative Id): not people, not taken"] += 1
        return None
    name = _name(row.get("DisplayName", ""), defects)
    if not name:
        defects["users without a name: named by their Id"] += 1
        name = f"user{user}"
    given = row.get("WebsiteUrl", "")
    website = web_link(given)
    if given.strip() and website is None:
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
            "location": _location(row, defects),
            "website": website or "",
            "about": text_of(row.get("AboutMe", "")),
        },
    )


def _name(given: str, defects: Counter[str]) -> str:
    given = " ".join(given.split())
    if len(given) > MAX_NAME:
        defects["users whose name was cut to its longest form"] += 1
    name = text_rules.cleaned_name(given, MAX_NAME)
    if name != given[:MAX_NAME].strip():
        defects["users' names with characters that are not seen: left out"] += 1
    return name


def _location(row: Mapping[str, str], defects: Counter[str]) -> str:
    given = " ".join(row.get("Location", "").split())
    if len(given) > MAX_LOCATION:
        defects["users whose location was cut to its longest form"] += 1
    location = text_rules.cleaned_name(given, MAX_LOCATION)
    if location != given[:MAX_LOCATION].strip():
        defects["users' locations with characters that are not seen: left out"] += 1
    return location


def vote_of(row: Mapping[str, str]) -> Vote:
    """Read a vote. Raises BadRow."""
    return Vote(number(row, "Id"), number(row, "PostId"), number(row, "VoteTypeId"), day(row, "CreationDate"))


def badge_of(row: Mapping[str, str]) -> Badge:
    """
    Read a badge: bronze, silver and gold ones become green, blue and purple. Of one name there may be several of different
    metal. One without a Class, as in old dumps, is bronze. Raises BadRow.
    """
    given, metal = " ".join(row.get("Name", "").split()), optional_number(row, "Class")
    name = text_rules.cleaned_name(given, len(given) or 1)
    if metal is None:
        metal = BRONZE
    if not 0 < len(name) <= MAX_NAME:
        raise BadRow(f"Name has {len(name):,} characters, more than {MAX_NAME}" if name else "Name is missing")
    if metal not in METALS:
        raise BadRow(f"Class is {metal}, not one of {', '.join(map(str, METALS))}")
    rarity, said = METALS[metal]
    definition = Definition(
        f"{metal}:{name}", name, rarity, f"A {said} badge of the forum that this person comes from."
    )
    awarded_at = moment(row, "Date")
    if awarded_at > clock.now():
        raise BadRow(f"Date is {row['Date'][:40]}, in the future")
    return Badge(number(row, "UserId"), definition, awarded_at)


def events_of(
    vote: Vote, post: Post | None, people: Mapping[int, int], source: str, defects: Counter[str]
) -> list[ActivityEvent]:
    """
    What a vote gives: to the post's owner, and for an accepted answer to the asker too.

    `people` are profile ids by forum id. A vote happens at the beginning of its UTC day, as it has no time. Whoever
    accepts an own answer is both sides, so the rule of self-interaction gives nothing. What gives nothing because
    something is missing is counted in `defects`.
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
    owner = _someone(post.owner, people, "votes on posts", "owner", defects)
    if vote.kind != ACCEPTED:
        activity = "UPVOTE_RECEIVED" if vote.kind == UPVOTE else "DOWNVOTE_RECEIVED"
        return [] if owner is None else [_event(vote, activity, owner, None, source, "owner")]
    if post.question_known:
        asker = _someone(post.asker, people, "acceptances on questions", "asker", defects)
    else:
        defects["acceptances whose question is missing"] += 1
        asker = None
    events = []
    if owner is not None:
        events.append(_event(vote, "ANSWER_ACCEPTED", owner, asker, source, "answerer"))
    if asker is not None:
        events.append(_event(vote, "ANSWER_MARKED_ACCEPTED", asker, owner, source, "asker"))
    return events


def _someone(user: int | None, people: Mapping[int, int], what: str, who: str, defects: Counter[str]) -> int | None:
    if user is None:
        defects[f"{what} without {who} (deleted)"] += 1
        return None
    if _is_system(user):
        defects[f"{what} of a system user"] += 1
        return None
    if user not in people:
        defects[f"{what} whose {who} is not among the users"] += 1
    return people.get(user)


def _is_system(user: int) -> bool:
    """Whether this is a user of the forum's own: -1 is its background process, others answer by machine."""
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
