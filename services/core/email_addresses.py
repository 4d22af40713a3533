"""
Mail addresses: what is stored, and what they are compared by.

There is one key, here and in every table. Addresses with one key are one mailbox; what merely looks alike, or what
Unicode folds together (ß and ss, final sigma, ligatures), are different ones. Rule: docs/rules/email-addresses.md#one-key.
"""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from catalogue.languages import Text
from services.errors import ErrorCode, Refused, refused

ENCODED = "=?"
"""How an encoded word begins in a mail's header, where it would be decoded, line ends and further headers included."""
MAX_EMAIL = 254
"""Characters of an address, and of its key: what the columns hold."""
MAX_TYPED = 2 * MAX_EMAIL
"""Characters that are looked at: what was typed may shrink. Looking at more takes long: one letter may become 18."""


@dataclass(frozen=True)
class Address:
    """
    `email` is the mailbox as it was given: it is stored, and mail goes there. `key` is what addresses are compared by: the
    local part in NFC and lower case, the domain in its ASCII form (IDNA 2008, non-transitional). `domain` is that form.
    """

    email: str
    key: str
    domain: str


def address_of(text: str) -> Address:
    """Read an address; dots and +tags stay as they are. Raises Refused: BAD_INPUT."""
    if len(text) > MAX_TYPED:
        raise refused(
            ErrorCode.BAD_INPUT,
            Text("A mail address has at most {max_email} characters.", max_email=MAX_EMAIL),
            path=("email",),
        )
    typed = text.strip()
    if ENCODED in unicodedata.normalize("NFKC", typed):  # also for whoever normalises on the way
        raise refused(ErrorCode.BAD_INPUT, "That is not a mail address that can be written to.", path=("email",))
    try:
        found = validate_email(typed, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as why:
        raise refused(
            ErrorCode.BAD_INPUT,
            Text("That is not a mail address: {reason}", reason=str(why)[:MAX_EMAIL]),
            path=("email",),
        ) from None
    domain = found.ascii_domain.lower()
    key = f"{_lower(found.local_part)}@{domain}"
    if len(found.normalized) > MAX_EMAIL or len(key) > MAX_EMAIL:
        raise refused(
            ErrorCode.BAD_INPUT,
            Text("A mail address has at most {max_email} characters.", max_email=MAX_EMAIL),
            path=("email",),
        )
    return Address(found.normalized, key, domain)


def domain_of(text: str) -> str:
    """Read a mail domain: lower case, in its ASCII form. Raises Refused: BAD_INPUT."""
    try:
        return address_of(f"someone@{text.strip()}").domain
    except Refused:
        raise refused(
            ErrorCode.BAD_INPUT, Text("{text!r} is not a mail domain.", text=text), path=("domain",)
        ) from None


def _lower(local_part: str) -> str:
    """Letter by letter: a capital sigma does not depend on where it stands, ß stays ß."""
    small = "".join(letter.lower() for letter in unicodedata.normalize("NFC", local_part))
    return unicodedata.normalize("NFC", small)
