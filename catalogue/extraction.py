"""
Collects the texts to translate and updates the gettext catalogues: `make messages`.

Texts come from the data files of this folder and from messages in the code: literals that are the message argument of one
of `CALLS`. A message that is not a literal cannot be translated; it must be a `Text` with values.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from catalogue.badges import BADGES
from catalogue.challenges import CHALLENGES
from catalogue.criteria import Criterion
from catalogue.languages import ENGLISH, FILE, LANGUAGES, LOCALES, Text
from catalogue.mail_templates import FOOTER, KINDS
from catalogue.points import ACTIVITIES
from catalogue.projects import FIELDS
from catalogue.scopes import SCOPES
from catalogue.shop import ITEMS
from catalogue.terms import INDUSTRIES, SKILLS

TEMPLATE: Final = LOCALES / "messages.pot"
HEADER: Final = "# Texts for people, English to {}. `make messages` adds what is new; see CONTRIBUTING.md."
WIDTH: Final = 110
_FIELD: Final = re.compile(r"\{[^}]*\}")
_WORD: Final = re.compile(r"\w")
LEFT_OUT: Final = tuple(
    f'"{name}'
    for name in (
        "Generated-By",
        "Language-Team",
        "Last-Translator",
        "PO-Revision-Date",
        "POT-Creation-Date",
        "Project-Id-Version",
        "Report-Msgid-Bugs-To",
    )
)
"""Header lines that would change although no text has changed."""


HERE: Final = Path(__file__).parent.parent
CODE_FOLDERS: Final = ("models", "services", "resolvers", "schema", "execution", "web")
CALLS: Final = {"Exported": 0, "Text": 0, "NotFit": 0, "refused": 1, "Problem": 1, "NotAllowed": 1}
"""Calls with a message for people, and the position of the message among their arguments."""


class Found(NamedTuple):
    """A text to translate, and its place."""

    text: str
    file: str
    place: str = ""


def extracted() -> Catalog:
    """Return a catalogue of all texts to translate, in the order of files; always the same for the same code."""
    catalog = Catalog(header_comment=HEADER.format("other languages"), fuzzy=False)
    for each in _all_texts():
        place = [each.place] if each.place else []
        catalog.add(each.text, locations=[(each.file, None)], auto_comments=place)  # type: ignore[list-item]
    return catalog


def updated(language: str, template: Catalog) -> Catalog:
    """Return a language's catalogue with all texts of the template: new texts have no translation, obsolete ones are removed."""
    file = LOCALES / language / FILE
    catalog = read_po(BytesIO(file.read_bytes()), locale=language) if file.is_file() else Catalog(locale=language)
    catalog.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    catalog.header_comment, catalog.fuzzy = HEADER.format(language), False
    return catalog


def as_po(catalog: Catalog) -> bytes:
    """Return the content of a catalogue's file, without dates and line numbers, so that a diff shows texts only."""
    out = BytesIO()
    write_po(out, catalog, width=WIDTH, include_lineno=False, sort_by_file=False)
    lines = out.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(LEFT_OUT)).encode()


def write() -> None:
    """Write the template and the catalogue of each language."""
    template = extracted()
    TEMPLATE.write_bytes(as_po(template))
    for language in LANGUAGES:
        if language != ENGLISH:
            (LOCALES / language / FILE).write_bytes(as_po(updated(language, template)))


def _all_texts() -> Iterator[Found]:
    yield Found(FOOTER, "catalogue/mail_templates.py")
    for kind in KINDS.values():
        yield from (Found(text, f"catalogue/mails/{kind.name}.toml") for text in kind.translatable)
    yield from _achievements()
    yield from _texts_in("activities", ((each.code, each.title) for each in ACTIVITIES.values()))
    for item in ITEMS.values():
        yield from _texts_in("shop", ((item.code, item.name), (item.code, item.description)))
    for field in FIELDS.values():
        yield from _texts_in("project_tips", ((field.name.value, field.label), (field.name.value, field.tip)))
    yield from _texts_in("skills", ((term.code, term.name) for term in SKILLS.values()))
    yield from _texts_in("industries", ((term.code, term.name) for term in INDUSTRIES.values()))
    yield from _texts_in("scopes", (("", scope.group) for scope in SCOPES.values()))
    yield from _messages()
    yield from _texts_in("scopes", ((scope.name, scope.about) for scope in SCOPES.values()))


def _texts_in(file: str, texts: Iterable[tuple[str, str]]) -> Iterator[Found]:
    return (Found(text, f"catalogue/{file}.toml", place) for place, text in texts)


def _achievements() -> Iterator[Found]:
    for badge in BADGES.values():
        yield from _texts_in("badges", ((badge.code, badge.name), (badge.code, badge.description)))
    for challenge in CHALLENGES.values():
        texts = (challenge.title, challenge.about, *(step.title for step in challenge.steps))
        yield from _texts_in("challenges", ((challenge.code, text) for text in texts))
    for criterion in _criteria():
        for condition in criterion.conditions:
            yield from (Found(text, "catalogue/criteria.py") for text in templates(condition.text))


def _messages() -> Iterator[Found]:
    """Yield the messages of errors in the code: those of refusals, and every `Text`."""
    for room in CODE_FOLDERS:
        for file in sorted((HERE / room).rglob("*.py")):
            where = str(file.relative_to(HERE))
            calls = (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call))
            for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
                message = message_of(call)
                if isinstance(message, ast.Constant) and isinstance(message.value, str):
                    yield Found(message.value, where)


def message_of(call: ast.Call) -> ast.expr | None:
    """Return the message of a call, if it is one of `CALLS`; None otherwise."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = CALLS.get(name, len(call.args))
    return call.args[place] if place < len(call.args) else None


def _criteria() -> Iterator[Criterion]:
    for badge in BADGES.values():
        yield from badge.levels
    for challenge in CHALLENGES.values():
        yield from (step.criterion for step in challenge.steps)


def templates(text: Text) -> Iterator[str]:
    """Yield the template of a text and those of the texts in its values. A template that only joins others is skipped."""
    if _WORD.search(_FIELD.sub("", text.template)):
        yield text.template
    for value in text.values.values():
        if isinstance(value, Text):
            yield from templates(value)


if __name__ == "__main__":
    write()
