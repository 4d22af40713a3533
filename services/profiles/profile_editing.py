"""
Editing one's own profile.

What is absent stays, None clears. Everything that is wrong is said at once, once for each field, and then nothing is
changed. Rule: docs/rules/profiles.md#editing; going public and staying so: services/profiles/publishing.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tortoise.transactions import in_transaction

from catalogue import terms
from catalogue.languages import Text
from catalogue.terms import INDUSTRIES, SKILLS, Term
from models.profiles import Profile, ProfileIndustry, ProfileSkill
from services.core import audit, clock, rate_limits
from services.core.audit import Actor
from services.core.bulk import insert
from services.errors import ErrorCode, Problem, Refused, refused
from services.media import text_rules
from services.media.social_accounts import SERVICES
from services.media.text_rules import NotFit
from services.profiles import publishing
from services.profiles.publishing import ChecklistItem
from services.progress import search_words

MAX_SKILLS, MAX_INDUSTRIES = 50, 20
FOUND_BY: Final = {"name", "job_title"}
"""Columns that people are searched by."""


class LookingFor(NamedTuple):
    """What somebody is looking for; saying it, also twice no, confirms it."""

    job: bool
    project: bool


class _Named(NamedTuple):
    """A list of codes that a person names: its table's column, its catalogue, how many at most, and its word."""

    table: type[ProfileSkill] | type[ProfileIndustry]
    column: str
    terms: Mapping[str, Term]
    most: int
    word: str


_LISTS: Final = {
    "skills": _Named(ProfileSkill, "skill", SKILLS, MAX_SKILLS, Text("skill")),
    "industries": _Named(ProfileIndustry, "industry", INDUSTRIES, MAX_INDUSTRIES, Text("industry")),
}
_ITEMS: Final = {
    "job_title": ChecklistItem.JOB_TITLE,
    "department": ChecklistItem.DEPARTMENT,
    "country": ChecklistItem.COUNTRY,
    "about": ChecklistItem.ABOUT,
    "skills": ChecklistItem.SKILL,
    "industries": ChecklistItem.INDUSTRY,
    "looking_for": ChecklistItem.LOOKING_FOR,
}
_PATHS: Final = {
    "job_title": ("jobTitle",),
    "looking_for": ("lookingFor",),
    **{name: ("socials", name) for name in SERVICES},
}
FIELDS: Final = ("name", "job_title", "department", "country", "location", "about", "website", *_LISTS, "looking_for", *SERVICES)  # fmt: skip
"""What can be edited, by the names that `update` takes."""


@dataclass
class _Edit:
    """What an edit makes of a profile: columns to write, lists to write, and what is wrong with it."""

    columns: dict[str, Any]
    lists: dict[str, list[str]]
    problems: list[Problem]


async def update(
    profile_id: int, edit: Mapping[str, Any], *, actor: Actor, expected_version: int | None = None
) -> None:
    """
    Write the fields of `edit`, whose names are those of FIELDS: texts, lists of codes, a `LookingFor`; None clears.

    An edit that changes nothing leaves the version as it is. Raises Refused: VERSION_CONFLICT (it is not
    `expected_version`; fact `current_version`), or everything that is wrong: BAD_INPUT, UNKNOWN_TERM, TOO_MANY_ITEMS,
    CHECKLIST_ITEM_REQUIRED (fact `item`; a public profile would lose what it needs); RATE_LIMITED.
    """
    await rate_limits.spend("update-profile", by=[f"account:{actor.account_id}"])
    async with in_transaction():
        profile = await publishing.locked(profile_id)
        if expected_version is not None and expected_version != profile.version:
            raise refused(
                ErrorCode.VERSION_CONFLICT,
                Text("The profile was changed in the meantime: it is at version {version}.", version=profile.version),
                path=("expectedVersion",),
                current_version=profile.version,
            )
        lists = {name: await _codes(profile_id, _LISTS[name]) for name in _LISTS}
        before = _done(profile, lists)
        read = _read(edit, lists)
        changed = [
            *_assign(profile, read.columns),
            *(name for name in read.lists if set(read.lists[name]) != set(lists[name])),
        ]
        after = _done(profile, {**lists, **read.lists})
        # Fields that are wrong in themselves have their problem already, and were not assigned.
        lost = publishing.undone(profile, before, after)
        needed = [publishing.still_needed(item, _path(name)) for name, item in _ITEMS.items() if item in lost]
        if problems := [*read.problems, *needed]:
            raise Refused(*problems)
        if not changed:
            return
        for name in read.lists:
            if name in changed:
                await _write(profile_id, _LISTS[name], lists[name], read.lists[name])
        await touch(profile, changed)
        if not FOUND_BY.isdisjoint(changed):
            await search_words.index([profile_id])
        await publishing.reward_completion(profile, after)
        await audit.record("profile.updated", actor=actor, account_id=actor.account_id, fields=sorted(set(changed)))


async def touch(profile: Profile, columns: Sequence[str]) -> None:
    """Write these columns of a locked profile, and that it was edited: its version grows."""
    profile.edited_at = clock.now()
    profile.version += 1
    names = {each for name in columns for each in _COLUMNS.get(name, (name,))}
    await profile.save(update_fields=[*sorted(names), "edited_at", "version"])


_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "looking_for": ("looking_for_job", "looking_for_project", "looking_for_confirmed"),
    "github": ("github", "github_connected_at"),
    **dict.fromkeys(_LISTS, ()),
}
"""The columns of what has not just the one of its name."""


def _read(edit: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> _Edit:
    found = _Edit({}, {}, [])
    for name, typed in edit.items():
        try:
            if name in _LISTS:
                found.lists[name] = _chosen(_LISTS[name], typed or (), lists[name])
            else:
                found.columns[name] = _READ[name](typed)
        except NotFit as why:
            found.problems.append(Problem(ErrorCode.BAD_INPUT, why.message, _path(name)))
        except Refused as why:
            found.problems += [Problem(each.code, each.message, _path(name), each.facts) for each in why.problems]
    return found


def _chosen(named: _Named, codes: Sequence[str], before: Sequence[str]) -> list[str]:
    """The codes, each once. Retired ones stay with those who have them; nobody can choose them anew."""
    once = list(dict.fromkeys(each.strip() for each in codes))
    free = {*before, *(code for code, term in named.terms.items() if not term.retired)}
    if unknown := [code for code in once if code not in free]:
        names = ", ".join(repr(code[:60]) for code in unknown[:5])
        raise refused(
            ErrorCode.UNKNOWN_TERM, Text("There is no {word} {names} to choose.", word=named.word, names=names)
        )
    if len(once) > named.most:
        raise refused(ErrorCode.TOO_MANY_ITEMS, Text("At most {most} can be chosen.", most=named.most))
    return once


def _name(typed: str | None) -> str:
    kept = text_rules.text("name", typed or "")
    if not kept:
        raise NotFit("A profile needs a name.")
    return kept


def _text(name: str) -> Callable[[str | None], str]:
    return lambda typed: text_rules.text(name, typed or "")


def _country(typed: str | None) -> str | None:
    code = (typed or "").strip()
    if not code:
        return None
    # Upper case only of ASCII: that of ß would be South Sudan.
    if not (code.isascii() and terms.country(code := code.upper())):
        raise refused(ErrorCode.UNKNOWN_TERM, "That is not a country. Use its ISO 3166-1 alpha-2 code, like NL.")
    return code


def _social(name: str) -> Callable[[str | None], str]:
    def read(typed: str | None) -> str:
        if not (typed or "").strip():
            return ""
        if (found := SERVICES[name].name_of(typed or "")) is None:
            title = SERVICES[name].title
            if SERVICES[name].hosts is None:
                raise NotFit(Text("That is not a user name on {title}.", title=title))
            raise NotFit(Text("That is not a URL or user name on {title}.", title=title))
        return found

    return read


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "name": _name,
    **{name: _text(name) for name in ("job_title", "department", "location", "about")},
    "country": _country,
    "website": lambda typed: text_rules.website(typed or ""),
    "looking_for": lambda said: said,
    **{name: _social(name) for name in SERVICES},
}


def _assign(profile: Profile, columns: Mapping[str, Any]) -> list[str]:
    """Set what differs, and say what that was."""
    changed = []
    for name, value in columns.items():
        if name == "looking_for":
            new: dict[str, Any] = {
                "looking_for_job": value is not None and value.job,
                "looking_for_project": value is not None and value.project,
                "looking_for_confirmed": value is not None,
            }
        else:
            new = {name: value}
        if all(getattr(profile, column) == one for column, one in new.items()):
            continue
        changed.append(name)
        if name == "github" and value.casefold() != profile.github.casefold():
            profile.github_connected_at = None  # GitHub vouched for the other one
        for column, one in new.items():
            setattr(profile, column, one)
    return changed


def _done(profile: Profile, lists: Mapping[str, Sequence[str]]) -> publishing.Done:
    return publishing.done_by(profile, skills=bool(lists["skills"]), industries=bool(lists["industries"]))


async def _codes(profile_id: int, named: _Named) -> list[str]:
    rows: Any = named.table.filter(profile_id=profile_id).order_by("id").values_list(named.column, flat=True)
    return list(await rows)


async def _write(profile_id: int, named: _Named, before: Sequence[str], after: Sequence[str]) -> None:
    rows = named.table.filter(profile_id=profile_id)
    if gone := set(before) - set(after):
        await rows.filter(**{f"{named.column}__in": gone}).delete()
    new = [code for code in after if code not in before]
    await insert([named.table(profile_id=profile_id, **{named.column: code}) for code in new])


def _path(name: str) -> tuple[str, ...]:
    return _PATHS.get(name, (name,))
