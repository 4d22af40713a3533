"""
The readable page of a download: HTML without scripts that works from a file. Every text is escaped; names of files are ours.

It shows the first records of each section; the JSON files have all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from catalogue.languages import Text, format_value, translate
from services.personal_data.sections import Section
from services.personal_data.values import Value

MAX_RECORDS_SHOWN: Final = 1_000
"""Records of a section on the page."""
TITLE: Final = Text("Your personal data")
STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1c1c1c; background: #fff }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #ccc; padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top }
td { white-space: pre-wrap; overflow-wrap: anywhere }
section { overflow-x: auto }
"""
# No scripts, nothing from elsewhere: the page works the same wherever its folder is.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
PICTURES: Final = frozenset({"avatar", "image"})


@dataclass(frozen=True)
class Origin:
    """The account of a download, and when it was made."""

    account: str
    made_at: datetime
    tracked_since: datetime


class Page:
    """Makes the page part by part, in one language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def head(self, origin: Origin, sections: Sequence[Section]) -> str:
        """Everything before the first section."""
        made, since = (format_value(each, self._language) for each in (origin.made_at, origin.tracked_since))
        lines = (
            Text("Account: {account}", account=origin.account),
            Text("Made on {moment}.", moment=made),
            Text("Changes of your data are recorded since {moment}.", moment=since),
            Text("Each section is also in a JSON file of its own, with all of its records. Moments are in UTC."),
        )
        links = (f'<li><a href="#{each.code}">{self._text(each.title)}</a></li>' for each in sections)
        return (
            f'<!DOCTYPE html>\n<html lang="{self._language}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<meta name="referrer" content="no-referrer">\n'
            f'<meta name="viewport" content="width=device-width">\n<title>{self._text(TITLE)}</title>\n<style>{STYLE}</style>\n'
            f"</head>\n<body>\n<h1>{self._text(TITLE)}</h1>\n"
            + "".join(f"<p>{self._text(line)}</p>\n" for line in lines)
            + f"<nav><ul>{''.join(links)}</ul></nav>\n"
        )

    def section(self, section: Section) -> str:
        """The beginning of a section."""
        file = f"{section.code}.json"
        return (
            f'<section id="{section.code}">\n<h2>{self._text(section.title)}</h2>\n<p>{self._text(section.description)} '
            f'<a href="{file}">{file}</a></p>\n'
        )

    def header(self, record: Sequence[Value]) -> str:
        """The beginning of a table, from its first record."""
        cells = "".join(f'<th scope="col">{escape(each.label)}</th>' for each in record)
        return f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n"

    def rows(self, records: Sequence[Sequence[Value]]) -> Iterator[str]:
        """One row of a table for each record."""
        for record in records:
            yield f"<tr>{''.join(map(self._cell, record))}</tr>\n"

    def end_of_section(self, count: int) -> str:
        """The end of a section with so many records."""
        if not count:
            return f"<p>{self._text(Text('Nothing is stored.'))}</p>\n</section>\n"
        more = ""
        if count > MAX_RECORDS_SHOWN:
            text = Text(
                "The first {shown:,} of {count:,} records are shown here.", shown=MAX_RECORDS_SHOWN, count=count
            )
            more = f"<p>{self._text(text)}</p>\n"
        return f"</tbody>\n</table>\n{more}</section>\n"

    @staticmethod
    def end() -> str:
        """Everything after the last section."""
        return "</body>\n</html>\n"

    def _cell(self, value: Value) -> str:
        text = escape(value.text or "")
        if value.name in PICTURES and value.json:
            text = f'<a href="{escape(value.json)}">{text}</a>'
        return f'<td dir="auto">{text}</td>'

    def _text(self, text: str) -> str:
        return escape(translate(text, self._language))
