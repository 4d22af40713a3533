"""
Collects the texts that are to be translated, and brings the gettext catalogues up to date: `make messages`.

Texts come from the data files of this folder and from messages in the code: literals that are the message of one of
`CALLS`. A message that is no literal cannot be translated: it has to be a `Text` with its values.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Final, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from catalogue.languages import ENGLISH, FILE, LANGUAGES, LOCALES
from catalogue.mails import FOOTER, KINDS

TEMPLATE: Final = LOCALES / "messages.pot"
HEADER: Final = "# Texts for people, English to {}. `make messages` adds what is new; see CONTRIBUTING.md."
WIDTH: Final = 110
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
"""Header lines that would change without any change of a text."""


class Found(NamedTuple):
    """A text that is to be translated, and where it stands."""

    text: str
    file: str
    place: str = ""


def extracted() -> Catalog:
    """Every text that is to be translated, in the order of files; the same at every call."""
    catalog = Catalog(header_comment=HEADER.format("other languages"), fuzzy=False)
    for each in _all():
        place = [each.place] if each.place else []
        catalog.add(each.text, locations=[(each.file, None)], auto_comments=place)  # type: ignore[list-item]
    return catalog


def updated(language: str, template: Catalog) -> Catalog:
    """A language's catalogue with what the template has: new texts without a translation, orphans left out."""
    file = LOCALES / language / FILE
    catalog = read_po(BytesIO(file.read_bytes()), locale=language) if file.is_file() else Catalog(locale=language)
    catalog.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    catalog.header_comment, catalog.fuzzy = HEADER.format(language), False
    return catalog


def as_po(catalog: Catalog) -> bytes:
    """A catalogue as the file that is kept: without dates and line numbers, so that a difference is one of texts."""
    out = BytesIO()
    write_po(out, catalog, width=WIDTH, include_lineno=False, sort_by_file=False)
    lines = out.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(LEFT_OUT)).encode()


def write() -> None:
    """Write the template and every language's catalogue."""
    template = extracted()
    TEMPLATE.write_bytes(as_po(template))
    for language in LANGUAGES:
        if language != ENGLISH:
            (LOCALES / language / FILE).write_bytes(as_po(updated(language, template)))


def _all() -> Iterator[Found]:
    yield Found(FOOTER, "catalogue/mails.py")
    for kind in KINDS.values():
        yield from (Found(text, f"catalogue/mails/{kind.name}.toml") for text in kind.translatable)


if __name__ == "__main__":
    write()
