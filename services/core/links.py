"""Links that people enter: only those that are safe in a browser."""

from urllib.parse import urlsplit

MAX_LINK = 500


def web_link(text: str) -> str | None:
    """
    Return the trimmed link; None if it is no http or https link with a host, or longer than 500 characters.

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
