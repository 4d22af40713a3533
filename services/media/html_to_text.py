"""Convert HTML to plain text, for imports: this server stores people's texts as plain text."""

import re
from html.parser import HTMLParser

MAX_HTML = 10_000
"""Characters of one text that are read; the rest is dropped."""
DROPPED = frozenset({"head", "script", "style", "template", "title"})
"""Elements whose content is not text for people."""
PARAGRAPHS = frozenset(
    {"blockquote", "dl", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul"}
)
"""Elements with a blank line around them."""
LINES = frozenset({"article", "br", "dd", "div", "dt", "footer", "header", "li", "section", "tr"})
"""Elements that start a new line."""
CELLS = frozenset({"td", "th"})


def text_of(html: str) -> str:
    """
    Return the text that a browser would display: paragraphs separated by a blank line, list items as `- ` or `1. `,
    preformatted text unchanged, links as their text. Scripts and styles are dropped. Broken input is accepted.
    """
    reader = _Reader()
    reader.feed(html[:MAX_HTML])
    reader.close()
    text = "".join(reader.parts)
    lines = [line.rstrip() for line in re.sub(r"\r\n?", "\n", text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n").rstrip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.dropped = 0
        self.preformatted = 0
        self.lists: list[int | None] = []
        """The open lists: the last number of an ordered list, None for the others."""
        self.at_bullet = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base class's signature
        if tag in DROPPED:
            self.dropped += 1
        self._space(tag)
        if tag in {"ol", "ul"}:
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.parts.append(self._bullet())
            self.at_bullet = True
        elif tag == "pre":
            self.preformatted += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in DROPPED:
            self.dropped = max(0, self.dropped - 1)
        if tag in {"ol", "ul"} and self.lists:
            self.lists.pop()
        elif tag == "pre":
            self.preformatted = max(0, self.preformatted - 1)
        if tag != "br":
            self._space(tag)

    def handle_data(self, data: str) -> None:
        if self.dropped:
            return
        if not self.preformatted:
            data = re.sub(r"\s+", " ", data)
            if not self.parts or self.parts[-1][-1:] in {"", " ", "\n"}:
                data = data.lstrip(" ")
        if data:
            self.parts.append(data)
            self.at_bullet = False

    def unknown_decl(self, data: str) -> None:
        """Ignore declarations that word processors add."""

    def parse_marked_section(self, i: int, report: int = 1) -> int:  # noqa: ARG002 - the base class's signature
        # The base class raises AssertionError on sections it does not know.
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else -1

    def _space(self, tag: str) -> None:
        if self.dropped or (self.at_bullet and tag != "li"):
            return
        if tag in PARAGRAPHS and not (tag in {"ol", "ul"} and self.lists):
            self.parts.append("\n\n")
        elif tag in LINES:
            if tag == "br" or (self.parts and not self.parts[-1].endswith("\n")):
                self.parts.append("\n")
        elif tag in CELLS and self.parts and self.parts[-1][-1:] not in {" ", "\n"}:
            self.parts.append(" ")

    def _bullet(self) -> str:
        depth = "  " * max(0, len(self.lists) - 1)
        if not self.lists or (last := self.lists[-1]) is None:
            return f"{depth}- "
        self.lists[-1] = last + 1
        return f"{depth}{last + 1}. "
