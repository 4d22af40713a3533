"""Credentials that must not let anyone in."""

from models.accounts import AccountStatus
from models.tokens import AccessToken
from services.auth import access_tokens
from services.core.crypto import digest
from tests.helpers.factories import NOON, make_person, make_token

RANK = "mx:leaderboard:read"


async def dead_credentials() -> dict[str, str]:
    account, other = await make_person(), await make_person()
    alive, deleted, expired, owned = [await make_token(each, RANK) for each in (account, account, account, other)]
    await AccessToken.filter(secret_hash=digest(deleted)).delete()
    await AccessToken.filter(secret_hash=digest(expired)).update(expires_at=NOON)
    other.status = AccountStatus.DEACTIVATED
    await other.save()
    return {
        "unknown": f"mxtoken {access_tokens.new_secret()}",
        "malformed": "mxtoken nonsense",
        "wrong checksum": f"mxtoken {alive[:-1]}{'a' if alive[-1] != 'a' else 'b'}",
        "deleted": f"mxtoken {deleted}",
        "expired": f"mxtoken {expired}",
        "owner deactivated": f"mxtoken {owned}",
        "nothing behind the scheme": "mxtoken",
        "no scheme": alive,
        "other scheme": f"Basic {alive}",
        "twice": f"mxtoken {alive}, mxtoken {alive}",
    }
