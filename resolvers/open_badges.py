"""Badge credentials: where an award's is, and whether one that somebody shows holds."""

from resolvers.context import Context
from resolvers.order import Row
from services import credential_checks, open_badges
from services.limits import spend


def credential_url(row: Row) -> str:
    """Where the credential of a badge award's row can be fetched; takes its column `credential`."""
    return open_badges.address_of(row["credential"])


async def verify(context: Context, *, credential: str, email: str | None = None) -> Row:
    """What a pasted credential is worth. Raises Refused: RATE_LIMITED, BAD_INPUT (`email` is no address)."""
    await spend("verify-credential", by=[f"address:{context.client.address}"])
    verification = await credential_checks.verify(credential)
    said = verification.said
    return {
        "valid": verification.fault is None,
        "revoked": verification.fault is credential_checks.Fault.REVOKED,
        "fault": verification.fault,
        "address": said and said.address,
        "badge": said and said.badge,
        "achievement": said and said.achievement,
        "issuer": said and said.issuer,
        "recipient": said and said.recipient,
        "issued_at": said and said.issued_at,
        "recipient_matches": said.is_about(email) if said and email is not None else None,
    }
