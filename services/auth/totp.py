"""Codes of an authenticator app (RFC 6238): six digits that change every 30 seconds."""

import hmac
import re
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import pyotp
import segno

from services.core import runtime

SECONDS: Final = 30
STEPS_OFF: Final = 1
"""How many steps a clock may be wrong, either way."""
_CODE: Final = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """A fresh secret: 160 random bits in base 32."""
    return pyotp.random_base32()


def uri(secret: str, email: str) -> str:
    """What an authenticator app reads to set itself up; it names this server and the account."""
    issuer = urlsplit(runtime.current().settings.address).hostname or "community"
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def qr_code(text: str) -> str:
    """The text as a picture to be scanned: an SVG in a `data:` address."""
    return segno.make(text).svg_data_uri(scale=4)


def step_of(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """
    The time step that a code belongs to; None: it is wrong, too old, or of step `after` or an earlier one.

    All steps are always compared, so that the time taken tells nothing.
    """
    if not _CODE.fullmatch(code):
        return None
    current = int(now.timestamp()) // SECONDS
    generator = pyotp.TOTP(secret)
    steps = range(max(current - STEPS_OFF, 0), current + STEPS_OFF + 1)
    matching = [step for step in steps if hmac.compare_digest(generator.generate_otp(step), code)]
    return max((step for step in matching if step > after), default=None)
