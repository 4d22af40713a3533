"""Sign-up."""

from typing import Any

from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.sessions import enter, require_cookie
from services.sign_in import registration


async def sign_up(context: Context, *, input: Any) -> Row:
    """Begin a sign-up and mail its code. Returns the secret of the sign-up."""
    secret = await registration.begin(
        input.email,
        input.password,
        input.name,
        context.client,
        marketing=input.allows_marketing,
        referral_code=input.referral_code or "",
    )
    return {"sign_up_token": secret}


async def resend_sign_up_code(context: Context, *, input: Any) -> Row:
    """Mail the code again. The answer is the same if there is no such sign-up."""
    await registration.resend(input.sign_up_token, context.client)
    return {}


async def verify_email(context: Context, *, input: Any) -> Row:
    """Create the account and sign it in."""
    require_cookie(context)
    done = await registration.verify(input.sign_up_token, input.code, context.client)
    return {"viewer": (await enter(context, done))["viewer"]}
