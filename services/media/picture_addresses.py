"""
Addresses of pictures on this server: absolute, and signed if not everyone may see the picture.

A page of another origin cannot show a private picture by its plain address: the browser does not send the session's cookie
with an `<img>`, or the cookie does not count. So the viewer who may see it gets an address with a signature, which opens this
one file for about an hour, to everyone who has the address. Rule: docs/rules/profiles.md#avatar.
"""

import hmac
import re
from typing import Final

from services.core import clock, crypto, runtime

PURPOSE: Final = "picture-address"
VALID_SECONDS: Final = 3_600
"""Seconds for which a signed address works, at least."""
STEP_SECONDS: Final = 900
"""Answers within this many seconds have the same address, so that browsers need not fetch the picture again."""
_EXPIRY = re.compile(r"[0-9]{10}", re.ASCII)


def address_of(path: str, *, signed: bool = False) -> str:
    """Return the absolute address of a path on this server; `signed` if only the viewer may see what is there."""
    address = f"{runtime.current().settings.address}{path}"
    if not signed:
        return address
    expires = str((_now() // STEP_SECONDS + 1) * STEP_SECONDS + VALID_SECONDS)
    return f"{address}?expires={expires}&signature={_signature(path, expires)}"


def seconds_left(path: str, expires: str, signature: str) -> int:
    """Return for how many more seconds this signature opens the path; 0 if it does not, or no longer."""
    if not (_EXPIRY.fullmatch(expires) and signature.isascii()):
        return 0
    fits = hmac.compare_digest(_signature(path, expires), signature)
    return max(0, int(expires) - _now()) if fits else 0


def _now() -> int:
    return int(clock.now().timestamp())


def _signature(path: str, expires: str) -> str:
    return crypto.keyed_digest(PURPOSE, path, expires)
