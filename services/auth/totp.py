"""Codes of an authenticator app (RFC 6238): six digits that change every 30 seconds."""

import hmac
import re
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import pyotp
import segno

from services.core import runtime

STEP_SECONDS: Final = 30
ALLOWED_DRIFT_STEPS: Final = 1
"""How many steps a clock may be off, either way."""
_CODE: Final = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """A new secret: 160 random bits in base 32."""
    return pyotp.random_base32()


def uri(secret: str, email: str) -> str:
    """The `otpauth:` URI for an authenticator app, with the names of this server and the account."""
    issuer = urlsplit(runtime.current().settings.address).hostname or "community"
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def qr_code(text: str) -> str:
    """The text as a QR code: an SVG in a `data:` URL."""
    return segno.make(text).svg_data_uri(scale=4)


def code_at(secret: str, now: datetime) -> str:
    """The code that an authenticator app shows at this moment."""
    return pyotp.TOTP(secret).generate_otp(int(now.timestamp()) // STEP_SECONDS)


def step_of(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """
    The time step of a code; None if it is wrong, too old, or not later than step `after`.

    All steps are always compared, so that the time taken reveals nothing.
    """
    if not _CODE.fullmatch(code):
        return None
    current = int(now.timestamp()) // STEP_SECONDS
    generator = pyotp.TOTP(secret)
    steps = range(max(current - ALLOWED_DRIFT_STEPS, 0), current + ALLOWED_DRIFT_STEPS + 1)
    matching = [step for step in steps if hmac.compare_digest(generator.generate_otp(step), code)]
    return max((step for step in matching if step > after), default=None)
