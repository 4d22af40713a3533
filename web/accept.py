"""What a client wishes to get: the Accept header."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from aiohttp import hdrs, web

_QUALITY = re.compile(r"[01](\.\d{0,3})?")


def wishes_of(request: web.BaseRequest) -> Mapping[str, float]:
    """Media range to quality, all headers of the name together; what cannot be read is left out."""
    return _wishes_in(",".join(request.headers.getall(hdrs.ACCEPT, [])))


@lru_cache(maxsize=256)  # a header has at most 8 kB; a client sends the same one each time
def _wishes_in(header: str) -> Mapping[str, float]:
    found = {}
    for wish in header.lower().split(","):
        media, *parameters = (part.strip() for part in wish.split(";"))
        quality = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
        if _QUALITY.fullmatch(quality):
            found[media] = min(float(quality), 1.0)
    return found


def quality(media: str, wishes: Mapping[str, float]) -> float:
    """How much a type is wished for, 0 to 1: the most specific range that covers it decides."""
    for covering in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if covering in wishes:
            return wishes[covering]
    return 0.0


def best_of(request: web.BaseRequest, offered: Sequence[str]) -> str | None:
    """
    The offered type that is wished for most; the earlier one when two are alike, the first when no header says.

    None: the client takes none of them.
    """
    if hdrs.ACCEPT not in request.headers:
        return offered[0]
    wishes = wishes_of(request)
    best = max(offered, key=lambda media: quality(media, wishes))
    return best if quality(best, wishes) > 0 else None
