"""Links that people give: only those that a browser may safely follow."""

from urllib.parse import urlsplit

MAX_LINK = 500


def web_link(text: str) -> str | None:
    """
    The link, trimmed; None: it is not one with a host under http or https, or longer than 500 characters.

    Rule: docs/rules/profiles.md#texts: links are http or https only.
    """
    link = text.strip()
    if len(link) > MAX_LINK or not link.isprintable() or any(mark in link for mark in ' "<>\\'):
        return None
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return link if parts.scheme in {"http", "https"} and host else None
