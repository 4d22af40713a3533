"""Badge credentials: their addresses, the pictures of badges, and verification."""

from collections.abc import Sequence

from catalogue.badges import BADGES
from catalogue.languages import Text
from resolvers.base.context import Context
from resolvers.base.rows import Row
from services.core.rate_limits import spend
from services.errors import ErrorCode, refused
from services.open_badges import badge_credentials, credential_verification
from services.open_badges.badge_images import DEFAULT_SIZE, SIZES, ImageKind


def credential_url(row: Row) -> str:
    """The address of the credential of an award's row, from its column `credential`."""
    return badge_credentials.address_of(row["credential"])


async def badge_images(
    codes: Sequence[str],
    context: Context,
    *,
    level_number: int = 1,
    format: ImageKind = ImageKind.SVG,
    size: int = DEFAULT_SIZE,
) -> list[str | None]:
    """The address of the picture of one level of each badge; None if it has no such level. Raises Refused: BAD_INPUT (`size`)."""
    _check_size(size)
    return [
        badge_credentials.image_address(code, level_number, format, size)
        if 1 <= level_number <= _levels(code)
        else None
        for code in codes
    ]


async def award_images(
    awards: Sequence[tuple[str, int]],
    context: Context,
    *,
    format: ImageKind = ImageKind.SVG,
    size: int = DEFAULT_SIZE,
) -> list[str]:
    """The address of the picture of each (badge, level). Raises Refused: BAD_INPUT (`size`)."""
    _check_size(size)
    return [badge_credentials.image_address(code, level, format, size) for code, level in awards]


async def baked_images(
    credentials: Sequence[str],
    context: Context,
    *,
    format: ImageKind = ImageKind.PNG,
) -> list[str]:
    """The address of the badge's picture that contains each credential."""
    return [badge_credentials.baked_address(each, format) for each in credentials]


def badge_and_level(row: Row) -> tuple[str, int]:
    """The badge and the level of an award's row."""
    return row["badge"], row["level"]


def _levels(code: str) -> int:
    return len(BADGES[code].levels) if code in BADGES else 1


def _check_size(size: int) -> None:
    if size not in SIZES:
        text = Text("`size` must be one of {sizes}.", sizes=", ".join(map(str, SIZES)))
        raise refused(ErrorCode.BAD_INPUT, text, path=("size",))


async def verify(context: Context, *, credential: str, email: str | None = None) -> Row:
    """Verify a credential that the caller pasted. Raises Refused: RATE_LIMITED, BAD_INPUT (`email` is no address)."""
    await spend("verify-credential", by=[f"address:{context.client.address}"])
    verification = await credential_verification.verify(credential)
    claims = verification.claims
    return {
        "is_valid": verification.fault is None,
        "is_revoked": verification.fault is credential_verification.Fault.REVOKED,
        "fault": verification.fault,
        "url": claims and claims.address,
        "badge_name": claims and claims.badge,
        "achievement_url": claims and claims.achievement,
        "issuer_url": claims and claims.issuer,
        "recipient_url": claims and claims.recipient,
        "issued_at": claims and claims.issued_at,
        "is_recipient": claims.is_about(email) if claims and email is not None else None,
    }
