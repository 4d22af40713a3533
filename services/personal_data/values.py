"""
The values of a record: for programs as JSON, and as texts for people.

No secret is among them, and of other people only the public name. What is stored encrypted is opened for the person alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final, NamedTuple

import orjson
from tortoise.models import Model

from catalogue import terms
from catalogue.badges import BADGES
from catalogue.challenges import CHALLENGES
from catalogue.languages import LANGUAGES, Text, format_value, native_name, translate
from catalogue.points import ACTIVITIES
from catalogue.shop import ITEMS
from catalogue.terms import INDUSTRIES, SKILLS
from models import tables
from models.profile_changes import ChangedField
from models.second_factors import SecondFactorMethod
from services.core import audit, ids, phone_numbers
from services.core.crypto import SHIRT_ADDRESS, CannotOpen, unseal
from services.personal_data import labels
from services.personal_data.sections import Owner, Section, refers_to

MASK: Final = "•••"
A_MEMBER: Final = Text("A member")
A_PROJECT: Final = Text("A project")
A_PICTURE: Final = Text("A picture")
YES, NO = Text("Yes"), Text("No")
AVATAR_FILE: Final = "pictures/avatar.webp"


class Value(NamedTuple):
    """`json` is what a program reads; `text`, for people, is None if there is no value."""

    name: str
    label: str
    json: Any
    text: str | None


@dataclass(frozen=True)
class Reader:
    """Whose data is read, in which language, and whether encrypted values are shown in full (`whole`) or masked."""

    owner: Owner
    language: str
    whole: bool = False


_CODES: Final[Mapping[str, Callable[[str], str | None]]] = {
    "activity": lambda code: ACTIVITIES[code].title if code in ACTIVITIES else None,
    "badge": lambda code: BADGES[code].name if code in BADGES else None,
    "challenge": lambda code: CHALLENGES[code].title if code in CHALLENGES else None,
    "industry": lambda code: INDUSTRIES[code].name if code in INDUSTRIES else None,
    "item": lambda code: ITEMS[code].name if code in ITEMS else None,
    "skill": lambda code: SKILLS[code].name if code in SKILLS else None,
}
"""English names of codes, by column; None for a code that the catalogue does not have."""

Converter = Callable[[Mapping[str, Any], Reader], list[Value]]
_NEEDS: Final[Mapping[tuple[str, str], str]] = {
    ("audit_entry", "address"): "actor_id",
    ("badge_award", "reason"): "reason_shown",
    ("credit_entry", "reference"): "kind",
    ("point_entry", "external_id"): "source",
    ("profile_change", "address"): "actor_id",
    ("profile_change", "new"): "field",
    ("profile_change", "old"): "field",
    ("project_image", "image"): "id",
    ("second_factor", "sealed"): "method",
}
"""Further columns that the conversion of a column reads."""


def columns_of(section: Section) -> tuple[str, ...]:
    """The columns to read for the values of a section, with those of its order."""
    table = str(section.model._meta.db_table)
    needed = (_NEEDS[table, name] for name in section.columns if (table, name) in _NEEDS)
    return tuple(dict.fromkeys((*section.columns, *section.order, *needed)))


async def values_of(section: Section, rows: Sequence[Mapping[str, Any]], reader: Reader) -> list[list[Value]]:
    """The values of each row. Two statements at most for each table that the section refers to."""
    names = {
        column: await _referred(target, {row[column] for row in rows} - {None}, reader)
        for column in section.columns
        if (target := refers_to(section.model, column)) is not None
    }
    table = str(section.model._meta.db_table)
    return [
        [
            each
            for column in section.columns
            for each in (
                [_reference(column, names[column].get(row[column]), reader)]
                if column in names
                else _CONVERTERS.get((table, column), _plain(column))(row, reader)
            )
        ]
        for row in rows
    ]


def changed_text(field: ChangedField, stored: str | None, language: str) -> str | None:
    """A value of the history as text for people; None if there was none."""
    if stored is None:
        return None
    names: Callable[[str], str | None] = {
        ChangedField.INDUSTRIES: _CODES["industry"],
        ChangedField.SKILLS: _CODES["skill"],
    }.get(field, _CHANGED_WORDS.get)
    match field:
        case ChangedField.INDUSTRIES | ChangedField.SKILLS | ChangedField.LOOKING_FOR:
            return ", ".join(translate(names(each) or each, language) for each in stored.split(", "))
        case ChangedField.VISIBILITY | ChangedField.MARKETING | ChangedField.AVATAR:
            return translate(names(stored) or stored, language)
        case ChangedField.COUNTRY:
            return terms.country(stored, language) or stored
        case ChangedField.LANGUAGE:
            return native_name(stored) if stored in LANGUAGES else stored
        case _:
            return stored


_CHANGED_WORDS: Final[Mapping[str, str]] = {
    "False": NO,
    "JOB": Text("Job"),
    "NEITHER": Text("Neither"),
    "PICTURE": A_PICTURE,
    "PRIVATE": Text("Private"),
    "PROJECT": labels.LABELS["project_id"],
    "PUBLIC": Text("Public"),
    "True": YES,
}


def _value(column: str, json: Any, text: str | None, reader: Reader) -> Value:
    return Value(labels.name_of(column), translate(labels.label_of(column), reader.language), json, text)


def _plain(column: str) -> Converter:
    def convert(row: Mapping[str, Any], reader: Reader) -> list[Value]:
        json, text = _as_json(row[column]), _as_text(row[column], reader.language)
        if isinstance(json, str) and column in _CODES:
            text = translate(_CODES[column](json) or json, reader.language)
        elif column == "country" and json:
            text = terms.country(json, reader.language) or json
        elif column == "language" and json in LANGUAGES:
            text = native_name(json)
        return [_value(column, json, text, reader)]

    return convert


def _as_json(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _as_text(value: Any, language: str) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return translate(YES if value else NO, language)
    if isinstance(value, Enum):
        return str(value.value).replace("_", " ").capitalize()
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value) or None
    return format_value(value, language) if isinstance(value, str | int | float | date) else str(value)


# Other rows


async def _referred(target: type[Model], numbers: set[Any], reader: Reader) -> dict[Any, tuple[Any, str]]:
    """JSON and text of the rows that are referred to, as the person may see them. Primary keys."""
    if not numbers:
        return {}
    table: Any = target
    if target is tables.Profile:
        rows = await table.filter(id__in=numbers, listed=True).values("id", "name", "handle")
        return {
            row["id"]: ({"name": row["name"], "handle": row["handle"]}, f"{row['name']} (@{row['handle']})")
            for row in rows
        } | {number: (None, translate(A_MEMBER, reader.language)) for number in numbers - {row["id"] for row in rows}}
    if target is tables.Project:
        rows = await table.filter(id__in=numbers).values("id", "title", "listed", "owner_id")
        seen = {
            row["id"]: ({"title": row["title"]}, row["title"])
            for row in rows
            if row["listed"] or row["owner_id"] == reader.owner.profile_id
        }
        return {number: seen.get(number, (None, translate(A_PROJECT, reader.language))) for number in numbers}
    if target is tables.Account:
        rows = await table.filter(id__in=numbers, profile_id=reader.owner.profile_id).values("id", "email")
        return {row["id"]: (row["email"], row["email"]) for row in rows}
    if target is tables.Company:
        rows = await table.filter(id__in=numbers).values("id", "name")
        return {row["id"]: (row["name"], row["name"]) for row in rows}
    return {}


def _reference(column: str, found: tuple[Any, str] | None, reader: Reader) -> Value:
    json, text = found or (None, None)
    return _value(column, json, text, reader)


# Columns with a conversion of their own


def _address(row: Mapping[str, Any], reader: Reader) -> list[Value]:
    """Only of what the account that is signed in did, or an anonymous caller tried."""
    own = row["actor_id"] in {None, reader.owner.account_id}
    address = row["address"] if own else ""
    return [_value("address", address or None, address or None, reader)]


def _audit_facts(row: Mapping[str, Any], reader: Reader) -> list[Value]:
    facts = audit.as_facts(row["facts"])
    lines = [
        f"{each['name']}: " + " → ".join(part for part in (each["old"], each["new"]) if part is not None)
        for each in facts
    ]
    return [_value("facts", facts, "\n".join(lines) or None, reader)]


def _award_reason(row: Mapping[str, Any], reader: Reader) -> list[Value]:
    reason = row["reason"] if row["reason_shown"] else ""
    return [_value("reason", reason or None, reason or None, reader)]


def _changed_field(row: Mapping[str, Any], reader: Reader) -> list[Value]:
    return [_value("field", row["field"].value, translate(labels.FIELD_LABELS[row["field"]], reader.language), reader)]


def _changed_value(column: str) -> Converter:
    def convert(row: Mapping[str, Any], reader: Reader) -> list[Value]:
        text = changed_text(row["field"], row[column], reader.language)
        return [_value(column, row[column], text, reader)]

    return convert


def _credit_reference(row: Mapping[str, Any], reader: Reader) -> list[Value]:
    kind, reference = row["kind"].value, row["reference"]
    if kind == "CLAIM":
        name = translate(_CODES["challenge"](reference) or reference, reader.language)
        return [_value("reference", reference, name, reader)]
    is_order = kind in {"ORDER", "REFUND"} and reference.isdecimal()
    order = ids.encode("ShopOrder", int(reference)) if is_order else None
    return [_value("reference", order, order, reader)]


def _external_id(row: Mapping[str, Any], reader: Reader) -> list[Value]:
    """Events that the system makes itself have an id of its own, which says nothing to others."""
    own = row["source"].partition(":")[0] in {"system", "operator"}
    found = None if own else row["external_id"]
    return [_value("external_id", found, found, reader)]


def _id_of(type_name: str) -> Converter:
    def convert(row: Mapping[str, Any], reader: Reader) -> list[Value]:
        number = ids.encode(type_name, row["id"])
        return [_value("id", number, number, reader)]

    return convert


def _avatar(row: Mapping[str, Any], reader: Reader) -> list[Value]:
    return [_picture("avatar", AVATAR_FILE if row["avatar"] else None, reader)]


def _project_image(row: Mapping[str, Any], reader: Reader) -> list[Value]:
    return [_picture("image", image_file(row["id"]), reader)]


def image_file(number: int) -> str:
    """The name of the file of a project's image in the download."""
    return f"pictures/{ids.encode('ProjectImage', number)}.webp"


def _picture(column: str, file: str | None, reader: Reader) -> Value:
    return _value(column, file, translate(A_PICTURE, reader.language) if file else None, reader)


def _phone(row: Mapping[str, Any], reader: Reader) -> list[Value]:
    """The number of text messages. The secret of an authenticator app is never shown."""
    if row["method"] is not SecondFactorMethod.SMS:
        return []
    try:
        number = phone_numbers.opened(row["sealed"])
    except CannotOpen:
        return []
    shown = number if reader.whole else f"{number[:3]}{MASK}{number[-2:]}"
    return [_value("phone", shown, shown, reader)]


def _destination(row: Mapping[str, Any], reader: Reader) -> list[Value]:
    try:
        parts: dict[str, str] = orjson.loads(unseal(SHIRT_ADDRESS, row["sealed"]))
    except CannotOpen:
        return []
    parts = {"recipient" if name == "name" else name: part for name, part in parts.items()}
    shown = {name: part if reader.whole or not part else f"{part[:1]}{MASK}" for name, part in parts.items()}
    return [_value(name, part, part or None, reader) for name, part in shown.items()]


_CONVERTERS: Final[Mapping[tuple[str, str], Converter]] = {
    ("audit_entry", "address"): _address,
    ("audit_entry", "facts"): _audit_facts,
    ("badge_award", "reason"): _award_reason,
    ("credit_entry", "reference"): _credit_reference,
    ("point_entry", "external_id"): _external_id,
    ("profile", "avatar"): _avatar,
    ("profile", "id"): _id_of("Profile"),
    ("profile_change", "address"): _address,
    ("profile_change", "field"): _changed_field,
    ("profile_change", "new"): _changed_value("new"),
    ("profile_change", "old"): _changed_value("old"),
    ("project_image", "image"): _project_image,
    ("second_factor", "sealed"): _phone,
    ("shirt_claim", "sealed"): _destination,
}
