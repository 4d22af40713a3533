"""
Email addresses: the stored form, and the key by which they are compared.

Every table uses the same key. Addresses with the same key are one mailbox. Addresses that only look alike, or that Unicode
case folding would make equal (ß and ss, final sigma, ligatures), are different. Rule: docs/rules/email-addresses.md#one-key.
"""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from catalogue.languages import Text
from services.errors import ErrorCode, Refused, refused

ENCODED = "=?"
"""Start of an encoded word in a mail header. Mail programs decode it, including line ends and further headers."""
MAX_EMAIL = 254
"""Characters of an address, and of its key: the width of the columns."""
MAX_TYPED = 2 * MAX_EMAIL
"""Characters of input: normalising may shorten it. Longer input takes long to check, as one letter may become 18."""


@dataclass(frozen=True)
class Address:
    """
    `email` is the mailbox as it was entered: it is stored, and mail goes there. `key` is for comparing: the local part in
    NFC and lower case, the domain in its ASCII form (IDNA 2008, non-transitional). `domain` is that ASCII form.
    """

    email: str
    key: str
    domain: str


def address_of(text: str) -> Address:
    """Parse an address; dots and +tags stay as they are. Raises Refused: BAD_INPUT."""
    if len(text) > MAX_TYPED:
        raise refused(
            ErrorCode.BAD_INPUT,
            Text("An email address has at most {max_email} characters.", max_email=MAX_EMAIL),
            path=("email",),
        )
    typed = text.strip()
    if ENCODED in unicodedata.normalize("NFKC", typed):  # a mail server on the way may normalise it
        raise refused(ErrorCode.BAD_INPUT, "This email address cannot receive mail.", path=("email",))
    try:
        found = validate_email(typed, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as why:
        raise refused(
            ErrorCode.BAD_INPUT,
            Text("This is not an email address: {reason}", reason=str(why)[:MAX_EMAIL]),
            path=("email",),
        ) from None
    domain = found.ascii_domain.lower()
    key = f"{_lower(found.local_part)}@{domain}"
    if len(found.normalized) > MAX_EMAIL or len(key) > MAX_EMAIL:
        raise refused(
            ErrorCode.BAD_INPUT,
            Text("An email address has at most {max_email} characters.", max_email=MAX_EMAIL),
            path=("email",),
        )
    return Address(found.normalized, key, domain)


def domain_of(text: str) -> str:
    """Parse a mail domain; returns its ASCII form in lower case. Raises Refused: BAD_INPUT."""
    try:
        return address_of(f"someone@{text.strip()}").domain
    except Refused:
        raise refused(
            ErrorCode.BAD_INPUT, Text("{text!r} is not a mail domain.", text=text), path=("domain",)
        ) from None


def _lower(local_part: str) -> str:
    """Lower each letter by itself: a capital sigma does not depend on its position, ß stays ß."""
    small = "".join(letter.lower() for letter in unicodedata.normalize("NFC", local_part))
    return unicodedata.normalize("NFC", small)
