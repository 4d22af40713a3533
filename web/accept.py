"""
Content negotiation by the Accept header (RFC 9110), with qualities and ranges.

Ours, because aiohttp does not parse this header.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from aiohttp import hdrs, web

_QUALITY = re.compile(r"[01](\.\d{0,3})?")


def accepted_by(request: web.BaseRequest) -> Mapping[str, float]:
    """Media range to quality, over all Accept headers; malformed parts are left out."""
    return _parse_accept(",".join(request.headers.getall(hdrs.ACCEPT, [])))


@lru_cache(maxsize=256)  # a header has at most 8 kB; a client sends the same one each time
def _parse_accept(header: str) -> Mapping[str, float]:
    accepted = {}
    for part in header.lower().split(","):
        media, *parameters = (each.strip() for each in part.split(";"))
        quality = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
        if _QUALITY.fullmatch(quality):
            accepted[media] = min(float(quality), 1.0)
    return accepted


def quality(media: str, accepted: Mapping[str, float]) -> float:
    """The quality of a media type, 0 to 1, by the most specific range that covers it."""
    for covering in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if covering in accepted:
            return accepted[covering]
    return 0.0


def best_of(request: web.BaseRequest, offered: Sequence[str]) -> str | None:
    """
    The offered type with the highest quality, the first of equal ones; the first type if there is no Accept header.

    None if the client accepts none of them.
    """
    if hdrs.ACCEPT not in request.headers:
        return offered[0]
    accepted = accepted_by(request)
    best = max(offered, key=lambda media: quality(media, accepted))
    return best if quality(best, accepted) > 0 else None
