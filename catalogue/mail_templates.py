"""
Emails and text messages as data: one file of `mails/` per kind, in English, and one layout for all emails.

Other languages translate the subject and each paragraph separately (catalogue/languages.py).
"""

import html
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any, Final

from catalogue.languages import ENGLISH, translate

HERE = Path(__file__).parent / "mails"
LAYOUT = Template((HERE / "layout.html").read_text("utf-8"))
FOOTER = "Sent by $site. Replies to this address are not read."
SITE = "site"
"""A fact that every message has: the host that its links lead to."""
FACT_HTML = {
    "$code": '<p style="font:600 28px/1.4 ui-monospace,monospace;letter-spacing:4px;margin:20px 0">$code</p>',
    "$link": '<p style="margin:20px 0"><a href="$link" style="color:#0b57d0;word-break:break-all">$link</a></p>',
    "$cancel": '<p style="margin:20px 0"><a href="$cancel" style="color:#0b57d0;word-break:break-all">$cancel</a></p>',
    "$stop": '<p style="margin:12px 0"><a href="$stop" style="color:#5b6475;word-break:break-all">$stop</a></p>',
}
"""HTML of a paragraph that consists of one of these facts."""
_FACT = re.compile(r"\$[a-z_]+")


@dataclass(frozen=True)
class Rendered:
    """The texts of a message. `subject` and `html` are empty for a text message."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class MessageKind:
    """One kind of email or text message. Empty lines separate paragraphs; `$name` is a fact."""

    name: str
    text: str
    subject: str = ""
    useful_minutes: int = 2 * 24 * 60
    """Minutes after writing during which another delivery attempt makes sense."""

    @property
    def by_mail(self) -> bool:
        """True for an email, False for a text message."""
        return bool(self.subject)

    @property
    def useful(self) -> timedelta:
        return timedelta(minutes=self.useful_minutes)

    @cached_property
    def facts(self) -> frozenset[str]:
        """Names of the facts that the message needs."""
        return frozenset(Template(f"{self.subject}\n{self.text}").get_identifiers()) - {SITE}

    @property
    def paragraphs(self) -> list[str]:
        """Paragraphs of the English text."""
        return self.text.split("\n\n")

    @property
    def translatable(self) -> list[str]:
        """Return the English templates to translate: the subject, and paragraphs that are more than a fact."""
        return [each for each in (self.subject, *self.paragraphs) if each and not _FACT.fullmatch(each)]

    def render(self, facts: Mapping[str, str], language: str = ENGLISH) -> Rendered:
        """Fill in the facts, `site` included: unchanged in plain text, escaped in HTML. Raises KeyError if one is missing."""
        paragraphs = [translate(each, language) for each in self.paragraphs]
        text = "\n\n".join(_filled(each, facts) for each in paragraphs)
        if not self.by_mail:
            return Rendered("", text, "")
        subject, footer = _filled(translate(self.subject, language), facts), translate(FOOTER, language)
        escaped = {name: html.escape(fact) for name, fact in facts.items()}
        return Rendered(
            subject,
            f"{text}\n\n-- \n{_filled(footer, facts)}\n",
            LAYOUT.substitute(
                language=language,
                subject=html.escape(subject),
                body="\n".join(_filled(_as_html(each), escaped) for each in paragraphs),
                footer=_filled(footer, escaped),
            ),
        )


def _filled(text: str, facts: Mapping[str, str]) -> str:
    return Template(text).substitute(facts)


def _as_html(paragraph: str) -> str:
    return FACT_HTML.get(paragraph) or f'<p style="margin:12px 0">{html.escape(paragraph, quote=False)}</p>'


def _kinds() -> dict[str, MessageKind]:
    return {
        file.stem: MessageKind(file.stem, **_trimmed(tomllib.loads(file.read_text("utf-8"))))
        for file in sorted(HERE.glob("*.toml"))
    }


def _trimmed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "text": row["text"].strip()}


KINDS: Final = _kinds()
