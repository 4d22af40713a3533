"""
Sign-ups with an address that goes, and those by which the accounts add another one; codes that were mailed for the accounts or for
these sign-ups.
"""

from collections.abc import Sequence
from datetime import datetime

from models.statements import Statement, execute
from models.transactions import require_transaction
from models.verification_codes import MailedCode, SignUp
from services.deletion.plan import Going, TablePlan

# Unique (email_key), index (session_id).
_SIGN_UPS = """
    SELECT id FROM sign_up
    WHERE email_key = ANY($1) OR session_id IN (SELECT id FROM session WHERE account_id = ANY($2))
"""
_FIND_SIGN_UPS = Statement.of(_SIGN_UPS)
# Codes are deleted after minutes, so all of them are few.
_FIND_CODES = Statement.of(f"""
    SELECT id FROM mailed_code WHERE target = ANY($1) OR subject IN (SELECT 'sign-up:' || id FROM ({_SIGN_UPS}) AS found)
""")


async def plan(going: Going) -> Sequence[TablePlan]:
    """Count sign-ups and codes. Three statements."""
    sign_ups, codes = await sign_up_ids(going), await _codes(going)
    return [TablePlan("mailed_code", deleted=len(codes)), TablePlan("sign_up", deleted=len(sign_ups))]


async def apply(going: Going, _now: datetime) -> None:
    """Delete them. Requires a transaction, with the sign-ups locked."""
    require_transaction()
    await MailedCode.filter(id__in=await _codes(going)).delete()
    await SignUp.filter(id__in=await sign_up_ids(going)).delete()


async def sign_up_ids(going: Going) -> list[int]:
    """Return the ids of the sign-ups that go. One statement."""
    return [row["id"] for row in await execute(_FIND_SIGN_UPS, list(going.addresses), list(going.account_ids))]


async def _codes(going: Going) -> list[int]:
    found = {row["id"] for row in await execute(_FIND_CODES, list(going.addresses), list(going.account_ids))}
    own = MailedCode.filter(subject__in=[f"account:{each}" for each in going.account_ids])
    return sorted(found | {row.id for row in await own})
