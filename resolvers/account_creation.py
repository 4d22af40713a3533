"""Another account of the viewer's profile."""

from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.viewer import viewer_row
from services.sign_in import account_creation
from services.sign_in.account_creation import Initiator


async def create_account(context: Context, *, input: Any) -> Row:
    """Mail a code to the address of a new account. The answer is the same if the address has an account."""
    await account_creation.begin(
        _initiator(context),
        input.email,
        input.password,
        marketing=input.allows_marketing,
        key=input.idempotency_key if isinstance(input.idempotency_key, str) else None,
    )
    return {}


async def resend_code(context: Context, *, input: Any) -> Row:
    """Mail the code again. The answer is the same if no account waits for one."""
    await account_creation.resend(_initiator(context), input.email)
    return {}


async def verify(context: Context, *, input: Any) -> Row:
    """Create the account on the viewer's profile. The viewer stays signed in with the same account."""
    account = await account_creation.verify(_initiator(context), input.email, input.code)
    if account.profile_id != context.viewer.profile_id:
        await context.follow_merges()
    return {"viewer": viewer_row(context), "account_id": account.id}


def _initiator(context: Context) -> Initiator:
    return Initiator(context.viewer.account_id or 0, context.viewer.session_id or 0, actor_of(context))
