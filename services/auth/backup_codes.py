"""Backup codes: ten for each second factor, for a lost phone. Each works once."""

import re
import secrets
from typing import Final

from models.second_factors import BackupCode
from models.transactions import require_transaction
from services.core import clock
from services.core.crypto import keyed_digest

CODE_COUNT: Final = 10
CODE_LENGTH: Final = 10
# Without I, L, O and U, which resemble digits. 50 random bits per code.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORMAT: Final = re.compile(rf"[{ALPHABET}]{{{CODE_LENGTH}}}")


def normalise(text: str) -> str | None:
    """A typed code without spaces and hyphens, in capitals; None if it is no backup code."""
    code = re.sub(r"[\s-]", "", text).upper()
    return code if _FORMAT.fullmatch(code) else None


async def create(account_id: int) -> list[str]:
    """Replace an account's codes by ten new ones and return them; only digests are stored. Requires a transaction."""
    require_transaction()
    fresh: set[str] = set()
    while len(fresh) < CODE_COUNT:
        fresh.add("".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)))
    await delete_all(account_id)
    await BackupCode.bulk_create(
        [BackupCode(account_id=account_id, digest=_digest(account_id, code)) for code in fresh]
    )
    return [f"{code[:5]}-{code[5:]}" for code in fresh]


async def use(account_id: int, code: str) -> bool:
    """Use a normalised code. False if it is wrong or used; only one of concurrent calls gets True. Requires a transaction."""
    require_transaction()
    unused = BackupCode.filter(account_id=account_id, digest=_digest(account_id, code), used_at=None)
    return await unused.update(used_at=clock.now()) == 1


async def count_unused(account_id: int) -> int:
    """The number of an account's unused codes."""
    return await BackupCode.filter(account_id=account_id, used_at=None).count()


async def delete_all(account_id: int) -> None:
    """Delete an account's codes. Requires a transaction."""
    require_transaction()
    await BackupCode.filter(account_id=account_id).delete()


def _digest(account_id: int, code: str) -> str:
    return keyed_digest("backup-code", str(account_id), code)
