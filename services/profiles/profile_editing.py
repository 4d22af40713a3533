"""
Editing one's own profile.

An absent field stays unchanged; None clears it. All problems are reported at once, one per field, and then nothing is
changed. Rule: docs/rules/profiles.md#editing; the checklist of public profiles: services/profiles/publishing.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
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
from services.media.social_accounts import SERVICES, SocialService
from services.media.text_rules import NotFit
from services.profiles import profile_changes, publishing
from services.profiles.publishing import ChecklistItem
from services.progress import search_words

MAX_SKILLS, MAX_INDUSTRIES = 50, 20
SEARCHED_COLUMNS: Final = {"name", "job_title"}
"""Columns in the search index."""


class LookingFor(Enum):
    """Kind of work that a person may look for. Any answer, even an empty list, completes the checklist item."""

    JOB = "JOB"
    PROJECT = "PROJECT"


class SocialAccount(NamedTuple):
    """An account on another site: its name there or its address, as typed."""

    service: SocialService
    handle: str


class _CodeList(NamedTuple):
    """A list field of codes: its table and column, its catalogue, its largest length, and its word in messages."""

    table: type[ProfileSkill] | type[ProfileIndustry]
    column: str
    terms: Mapping[str, Term]
    most: int
    word: str


_LISTS: Final = {
    "skills": _CodeList(ProfileSkill, "skill", SKILLS, MAX_SKILLS, Text("skill")),
    "industries": _CodeList(ProfileIndustry, "industry", INDUSTRIES, MAX_INDUSTRIES, Text("industry")),
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
    "country": ("countryCode",),
    "skills": ("skillCodes",),
    "industries": ("industryCodes",),
    "looking_for": ("lookingFor",),
}
FIELDS: Final = ("name", "job_title", "department", "country", "location", "about", "website", *_LISTS, "looking_for", "socials")  # fmt: skip
"""Names of the editable fields, as `update` accepts them."""


@dataclass
class _CheckedEdit:
    """A checked edit: columns to write, lists to write, and problems."""

    columns: dict[str, Any]
    lists: dict[str, list[str]]
    problems: list[Problem]


async def update(
    profile_id: int, edit: Mapping[str, Any], *, actor: Actor, expected_version: int | None = None
) -> None:
    """
    Write the fields of `edit`, named as in FIELDS: texts, lists of codes, of `LookingFor` or of `SocialAccount`; None clears a
    field.

    An edit that changes nothing does not increment the version. Raises Refused: VERSION_CONFLICT (the version is not
    `expected_version`; fact `current_version`), or all problems at once: BAD_INPUT, UNKNOWN_TERM, TOO_MANY_ITEMS,
    CHECKLIST_ITEM_REQUIRED (fact `item`; a public profile would lose a checklist item); RATE_LIMITED.
    """
    await rate_limits.spend("update-profile", by=[f"account:{actor.account_id}"])
    async with in_transaction():
        profile = await publishing.lock_profile(profile_id)
        if expected_version is not None and expected_version != profile.version:
            raise refused(
                ErrorCode.VERSION_CONFLICT,
                Text("The profile was changed in the meantime: it is at version {version}.", version=profile.version),
                path=("expectedVersion",),
                current_version=profile.version,
            )
        lists = {name: await _read_codes(profile_id, _LISTS[name]) for name in _LISTS}
        values = profile_changes.values_of(profile, **lists)
        before = _completed_items(profile, lists)
        checked = _check_edit(edit, lists)
        changed = [
            *_assign(profile, checked.columns),
            *(name for name in checked.lists if set(checked.lists[name]) != set(lists[name])),
        ]
        after = _completed_items(profile, {**lists, **checked.lists})
        # An invalid field was not assigned, and has its problem already.
        lost = publishing.lost_items(profile, before, after)
        required = [publishing.item_required(item, _input_path(name)) for name, item in _ITEMS.items() if item in lost]
        if problems := [*checked.problems, *required]:
            raise Refused(*problems)
        if not changed:
            return
        for name in checked.lists:
            if name in changed:
                await _write_codes(profile_id, _LISTS[name], lists[name], checked.lists[name])
        await touch(profile, changed)
        new = profile_changes.values_of(profile, **{**lists, **checked.lists})
        await profile_changes.record_differences(profile_id, values, new, actor=actor)
        if not SEARCHED_COLUMNS.isdisjoint(changed):
            await search_words.index([profile_id])
        await publishing.reward_completion(profile, after)
        await audit.record("profile.updated", actor=actor, account_id=actor.account_id, fields=sorted(set(changed)))


async def touch(profile: Profile, columns: Sequence[str]) -> None:
    """Save these fields of a locked profile, mark it as edited now, and increment its version."""
    profile.edited_at = clock.now()
    profile.version += 1
    names = {each for name in columns for each in _COLUMNS.get(name, (name,))}
    await profile.save(update_fields=[*sorted(names), "edited_at", "version"])


_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "looking_for": ("looking_for_job", "looking_for_project", "looking_for_confirmed"),
    "github": ("github", "github_connected_at"),
    **dict.fromkeys(_LISTS, ()),
}
"""Columns of the fields that do not have exactly one column of the same name."""


def _check_edit(edit: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> _CheckedEdit:
    checked = _CheckedEdit({}, {}, [])
    for name, typed in edit.items():
        try:
            if name == "socials":
                checked.columns |= _check_socials(typed or ())
            elif name in _LISTS:
                checked.lists[name] = _check_codes(_LISTS[name], typed or (), lists[name])
            else:
                checked.columns[name] = _FIELD_CHECKS[name](typed)
        except NotFit as error:
            checked.problems.append(Problem(ErrorCode.BAD_INPUT, error.message, _input_path(name)))
        except Refused as refusal:
            checked.problems += [
                Problem(each.code, each.message, each.path or _input_path(name), each.facts)
                for each in refusal.problems
            ]
    return checked


def _check_codes(field: _CodeList, codes: Sequence[str], before: Sequence[str]) -> list[str]:
    """The codes without duplicates. A profile can keep a retired code, but not add it."""
    once = list(dict.fromkeys(each.strip() for each in codes))
    allowed = {*before, *(code for code, term in field.terms.items() if not term.retired)}
    if unknown := [code for code in once if code not in allowed]:
        names = ", ".join(repr(code[:60]) for code in unknown[:5])
        raise refused(
            ErrorCode.UNKNOWN_TERM, Text("There is no {word} {names} to choose.", word=field.word, names=names)
        )
    if len(once) > field.most:
        raise refused(ErrorCode.TOO_MANY_ITEMS, Text("At most {most} can be chosen.", most=field.most))
    return once


def _name(typed: str | None) -> str:
    name = text_rules.text("name", typed or "")
    if not name:
        raise NotFit("A profile needs a name.")
    return name


def _text(name: str) -> Callable[[str | None], str]:
    return lambda typed: text_rules.text(name, typed or "")


def _country(typed: str | None) -> str | None:
    code = (typed or "").strip()
    if not code:
        return None
    # Only ASCII: "ß".upper() is "SS", which is South Sudan.
    if not (code.isascii() and terms.country(code := code.upper())):
        raise refused(ErrorCode.UNKNOWN_TERM, "That is not a country. Use its ISO 3166-1 alpha-2 code, like NL.")
    return code


def _check_socials(accounts: Sequence[SocialAccount]) -> dict[str, str]:
    """The name at each service; empty at those that the list does not have. A service can be in the list once."""
    columns: dict[str, str] = {}
    problems = []
    for place, (service, typed) in enumerate(accounts):
        if service.value in columns:
            text = Text("Enter one account per service.")
            problems.append(Problem(ErrorCode.BAD_INPUT, text, ("socials", str(place), "service")))
            continue
        try:
            columns[service.value] = _social_name(service, typed)
        except NotFit as error:
            columns[service.value] = ""
            problems.append(Problem(ErrorCode.BAD_INPUT, error.message, ("socials", str(place), "handle")))
    if problems:
        raise Refused(*problems)
    return dict.fromkeys(SERVICES, "") | columns


def _social_name(service: SocialService, typed: str) -> str:
    if not typed.strip():
        return ""
    of = SERVICES[service.value]
    if (found := of.name_of(typed)) is None:
        if of.hosts is None:
            raise NotFit(Text("That is not a user name on {title}.", title=of.title))
        raise NotFit(Text("That is not a URL or user name on {title}.", title=of.title))
    return found


_FIELD_CHECKS: Final[dict[str, Callable[[Any], Any]]] = {
    "name": _name,
    **{name: _text(name) for name in ("job_title", "department", "location", "about")},
    "country": _country,
    "website": lambda typed: text_rules.website(typed or ""),
    "looking_for": lambda chosen: chosen,
}


def _assign(profile: Profile, columns: Mapping[str, Any]) -> list[str]:
    """Set the fields that differ; returns their names."""
    changed = []
    for name, value in columns.items():
        if name == "looking_for":
            new: dict[str, Any] = {
                "looking_for_job": value is not None and LookingFor.JOB in value,
                "looking_for_project": value is not None and LookingFor.PROJECT in value,
                "looking_for_confirmed": value is not None,
            }
        else:
            new = {name: value}
        if all(getattr(profile, column) == one for column, one in new.items()):
            continue
        changed.append(name)
        if name == "github" and value.casefold() != profile.github.casefold():
            profile.github_connected_at = None  # GitHub verified the former account, not this one
        for column, one in new.items():
            setattr(profile, column, one)
    return changed


def _completed_items(profile: Profile, lists: Mapping[str, Sequence[str]]) -> publishing.CompletedItems:
    return publishing.completed_items(profile, skills=bool(lists["skills"]), industries=bool(lists["industries"]))


async def _read_codes(profile_id: int, field: _CodeList) -> list[str]:
    rows: Any = field.table.filter(profile_id=profile_id).order_by("id").values_list(field.column, flat=True)
    return list(await rows)


async def _write_codes(profile_id: int, field: _CodeList, before: Sequence[str], after: Sequence[str]) -> None:
    rows = field.table.filter(profile_id=profile_id)
    if gone := set(before) - set(after):
        await rows.filter(**{f"{field.column}__in": gone}).delete()
    new = [code for code in after if code not in before]
    await insert([field.table(profile_id=profile_id, **{field.column: code}) for code in new])


def _input_path(name: str) -> tuple[str, ...]:
    return _PATHS.get(name, (name,))
