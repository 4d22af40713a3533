"""
The fields of the two profiles, and what follows from them: search words, and who sees the survivor.

A field that the survivor has filled in stays; an empty one takes the source's value. Recovery email, language and visibility are
never taken. Rule: docs/rules/accounts.md#merging-who-wins.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models.accounts import Account, AccountStatus
from models.companies import Company
from models.profile_changes import ChangedField
from models.profiles import Profile, ProfileWord
from models.transactions import require_transaction
from services.merging.plan import FieldPlan, Kept, MergedFieldName, Pair, StepPlan, TablePlan
from services.profiles import profile_changes, profiles
from services.profiles.profile_editing import LookingFor
from services.progress import search_words


@dataclass(frozen=True)
class _Field:
    """A field: its columns, which belong together, and its text for people, which is empty if it is not filled in."""

    name: str
    columns: tuple[str, ...]
    read: Callable[[Profile], str]
    prefers: Callable[[Profile, Profile], bool] = lambda _survivor, _source: False
    """True if the source's value is taken although the survivor has one."""


def _column(name: str) -> _Field:
    return _Field(name, (name,), lambda profile: str(getattr(profile, name) or ""))


def _looking_for(profile: Profile) -> str:
    if not profile.looking_for_confirmed:
        return ""
    chosen = {LookingFor.JOB: profile.looking_for_job, LookingFor.PROJECT: profile.looking_for_project}
    return ", ".join(each.value for each, is_chosen in chosen.items() if is_chosen) or "NEITHER"


def _only_source_is_connected(survivor: Profile, source: Profile) -> bool:
    """Both name the same GitHub account, and only the source has proved that it is theirs."""
    same = survivor.github.casefold() == source.github.casefold()
    return same and survivor.github_connected_at is None and source.github_connected_at is not None


_FIELDS: Final = (
    _column("name"),
    _Field("avatar", ("avatar",), lambda profile: "picture" if profile.avatar else ""),
    *(_column(name) for name in ("job_title", "department", "country", "location", "about", "website")),
    _Field("looking_for", ("looking_for_job", "looking_for_project", "looking_for_confirmed"), _looking_for),
    _Field("github", ("github", "github_connected_at"), lambda profile: profile.github, _only_source_is_connected),
    *(_column(name) for name in ("meetup", "twitter", "linkedin", "skype")),
    # The person joined with the earlier one. Events that gave no points, because they happened before, are not judged again.
    _Field(
        "joined_on",
        ("joined_on",),
        lambda profile: profile.joined_on.isoformat(),
        lambda survivor, source: source.joined_on < survivor.joined_on,
    ),
)
_NEVER_TAKEN: Final = (
    _Field("language", (), lambda profile: profile.language or ""),
    _Field("visibility", (), lambda profile: profile.visibility.value),
)


async def plan(pair: Pair) -> StepPlan:
    """List each field that either profile has filled in, and whose value is kept; count the entries of the history of changes."""
    source, survivor = await _read(pair)
    taken = {field.name for field in _taken(source, survivor)}
    fields = []
    for field in (*_FIELDS, *_NEVER_TAKEN):
        texts = {Kept.SURVIVOR: field.read(survivor), Kept.SOURCE: field.read(source)}
        if not any(texts.values()):
            continue
        kept = Kept.SOURCE if field.name in taken else Kept.SURVIVOR
        other = texts[Kept.SURVIVOR if kept is Kept.SOURCE else Kept.SOURCE]
        loses = other != texts[kept] or field.name == "avatar"
        fields.append(FieldPlan(MergedFieldName[field.name.upper()], kept, texts[kept], other if loses else ""))
    if company := await _company(pair, source, survivor):
        fields.append(company)
    changes = TablePlan("profile_change", added=await _count_changes(source, survivor))
    return StepPlan([TablePlan("profile", kept=1, combined=1), changes], fields)


async def apply(pair: Pair, now: datetime) -> None:
    """
    Write the fields that the survivor takes, its search words, and the columns that follow from its accounts, which were moved
    before. It stays as visible as it was. Requires a transaction, with both profiles locked.
    """
    require_transaction()
    source, survivor = await _read(pair)
    columns = _take(source, survivor)
    survivor.version += 1
    survivor.edited_at = now
    await survivor.save(update_fields=[*columns, "version", "edited_at"])
    await profiles.refresh_visibility([survivor.id])
    await ProfileWord.filter(profile_id=source.id).delete()
    await search_words.index([survivor.id])


async def superseded_pictures(pair: Pair) -> Sequence[str]:
    """Return the keys of the pictures that no profile has after the merge: the source's avatar, if the survivor has one."""
    source, survivor = await _read(pair)
    keeps_own = survivor.avatar and source.avatar and survivor.avatar != source.avatar
    return [str(source.avatar)] if keeps_own else []


def _take(source: Profile, survivor: Profile) -> list[str]:
    """Set the columns of the survivor whose value is the source's; return their names. Nothing is written."""
    columns = [name for field in _taken(source, survivor) for name in field.columns]
    for name in columns:
        setattr(survivor, name, getattr(source, name))
    return columns


def _taken(source: Profile, survivor: Profile) -> Iterator[_Field]:
    """The fields whose value is the source's."""
    for field in _FIELDS:
        if field.read(source) and (not field.read(survivor) or field.prefers(survivor, source)):
            yield field


async def _count_changes(source: Profile, survivor: Profile) -> int:
    """Number of values of the survivor that will be others, as `engine.merge` records them. Changes the objects."""
    before, theirs = [await profile_changes.read_values(each.id) for each in (survivor, source)]
    _take(source, survivor)
    after = profile_changes.values_of(survivor)
    for field in (ChangedField.SKILLS, ChangedField.INDUSTRIES):
        after[field] = profile_changes.united(before[field], theirs[field])
    return sum(before[field] != value for field, value in after.items())


async def _company(pair: Pair, source: Profile, survivor: Profile) -> FieldPlan | None:
    """The company that is displayed: see `refresh_visibility`. None if there was none on either side."""
    accounts = await Account.filter(profile_id__in=pair).order_by("created_at", "id")
    active = [each for each in accounts if each.status is AccountStatus.ACTIVE]
    ids = {Kept.SURVIVOR: survivor.company_id, Kept.SOURCE: source.company_id}
    shown = [*active, *accounts][0].company_id if accounts else survivor.company_id
    either = {*ids.values(), shown} - {None}
    if not either:
        return None
    rows: Any = Company.filter(id__in=either).values_list("id", "name")
    names = {None: "", **dict(await rows)}
    kept = Kept.SURVIVOR if ids[Kept.SURVIVOR] == shown else Kept.SOURCE
    other = ids[Kept.SURVIVOR if kept is Kept.SOURCE else Kept.SOURCE]
    return FieldPlan(MergedFieldName.COMPANY, kept, names[shown], names[other] if other != shown else "")


async def _read(pair: Pair) -> tuple[Profile, Profile]:
    by_id: dict[int, Any] = {each.id: each for each in await Profile.filter(id__in=pair)}
    return by_id[pair.source], by_id[pair.survivor]
