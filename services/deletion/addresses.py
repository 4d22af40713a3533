"""Sign-ups with an address that goes, and codes that were mailed for the accounts or for these sign-ups."""

from collections.abc import Sequence
from datetime import datetime

from models.statements import Statement, execute
from models.transactions import require_transaction
from models.verification_codes import MailedCode, SignUp
from services.deletion.plan import Going, TablePlan

# Unique (email_key); codes are deleted after minutes, so all of them are few.
_SUBJECTS = Statement.of("""
    SELECT id, subject FROM mailed_code
    WHERE target = ANY($1) OR subject IN (SELECT 'sign-up:' || id FROM sign_up WHERE email_key = ANY($1))
""")


async def plan(going: Going) -> Sequence[TablePlan]:
    """Count sign-ups and codes. Three statements."""
    sign_ups = await SignUp.filter(email_key__in=going.addresses).count()
    return [TablePlan("mailed_code", deleted=len(await _codes(going))), TablePlan("sign_up", deleted=sign_ups)]


async def apply(going: Going, _now: datetime) -> None:
    """Delete them. Requires a transaction, with the sign-ups locked."""
    require_transaction()
    await MailedCode.filter(id__in=await _codes(going)).delete()
    await SignUp.filter(email_key__in=going.addresses).delete()


async def _codes(going: Going) -> list[int]:
    found = {row["id"] for row in await execute(_SUBJECTS, list(going.addresses))}
    own = MailedCode.filter(subject__in=[f"account:{each}" for each in going.account_ids])
    return sorted(found | {row.id for row in await own})
