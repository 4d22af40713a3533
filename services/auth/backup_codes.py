"""Backup codes: ten for each second factor, each works once, for when the phone is lost."""

import re
import secrets
from typing import Final

from models.second_factors import BackupCode
from services.core import clock
from services.core.crypto import keyed_digest

COUNT: Final = 10
LENGTH: Final = 10
# Without I, L, O and U: nothing is mistaken for a digit. 50 random bits a code.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHAPE: Final = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")


def read(text: str) -> str | None:
    """What was typed as a backup code, without spaces and hyphens, in capitals; None: it cannot be one."""
    code = re.sub(r"[\s-]", "", text).upper()
    return code if _SHAPE.fullmatch(code) else None


async def make(account_id: int) -> list[str]:
    """Give an account ten new codes, in the caller's transaction; the old ones are dead. Shown here and never again."""
    fresh: set[str] = set()
    while len(fresh) < COUNT:
        fresh.add("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))
    await forget(account_id)
    await BackupCode.bulk_create(
        [BackupCode(account_id=account_id, digest=_digest(account_id, code)) for code in fresh]
    )
    return [f"{code[:5]}-{code[5:]}" for code in fresh]


async def use(account_id: int, code: str) -> bool:
    """Use a code that `read` gave, in the caller's transaction. False: it is none, or was used; also among many at once."""
    unused = BackupCode.filter(account_id=account_id, digest=_digest(account_id, code), used_at=None)
    return await unused.update(used_at=clock.now()) == 1


async def left(account_id: int) -> int:
    """How many of an account's codes still work."""
    return await BackupCode.filter(account_id=account_id, used_at=None).count()


async def forget(account_id: int) -> None:
    """Delete an account's codes, in the caller's transaction."""
    await BackupCode.filter(account_id=account_id).delete()


def _digest(account_id: int, code: str) -> str:
    return keyed_digest("backup-code", str(account_id), code)
