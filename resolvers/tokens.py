"""Personal access tokens and API keys, as their owner sees and manages them."""

from collections.abc import Sequence
from typing import Any

from catalogue.languages import translate
from catalogue.scopes import SCOPES, TokenScopeName, names_of
from resolvers.audit import actor_of
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.rows import Row, in_order
from services.auth import access_tokens, api_keys
from services.core.rate_limits import spend


async def personal_access_tokens(context: Context) -> list[Row]:
    """The tokens of the viewer's account, oldest first."""
    return list(await access_tokens.of_account(context.viewer.account_id or 0))


async def keys(context: Context) -> list[Row]:
    """The API keys of the viewer's account, oldest first."""
    return list(await api_keys.of_account(context.viewer.account_id or 0))


async def by_id(token_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Tokens of the viewer's account; None for any other. Index account_id."""
    return in_order(token_ids, await personal_access_tokens(context) if context.signed_in else [], by="id")


async def keys_by_id(key_ids: Sequence[int], context: Context) -> list[Row | None]:
    """API keys of the viewer's account; None for any other. Index account_id."""
    return in_order(key_ids, await keys(context) if context.signed_in else [], by="id")


async def scopes(context: Context) -> list[Row]:
    """The catalogue of scopes, by group and name."""
    return [
        {
            "name": TokenScopeName(each.name),
            "text": each.name,
            "group": translate(each.group),
            "about": translate(each.about),
            "opens": sorted(each.opens),
            "is_service_only": each.service_only,
        }
        for each in sorted(SCOPES.values(), key=lambda scope: (scope.group, scope.name))
    ]


async def create(context: Context, *, input: Any) -> Row:
    """Create a token for the viewer's account."""
    account_id = await _spend_limit(context)
    made = await access_tokens.create(
        account_id,
        name=input.name,
        scopes=[each.value for each in input.scopes],
        expires_at=input.expires_at or None,
        actor=actor_of(context),
        session_id=context.viewer.session_id,
    )
    [row] = [row for row in await access_tokens.of_account(account_id) if row["id"] == made.token.id]
    return {"secret": made.secret, "token": row}


async def delete(context: Context, *, input: Any) -> Row:
    """Delete a token of the viewer's account."""
    number = ids.require_number("PersonalAccessToken", input.token_id, "tokenId")
    await access_tokens.delete(number, account_id=context.viewer.account_id or 0, actor=actor_of(context))
    return {"deleted_token_id": input.token_id}


async def create_key(context: Context, *, input: Any) -> Row:
    """Create an API key for the viewer's account."""
    account_id = await _spend_limit(context)
    made = await api_keys.create(
        account_id, name=input.name, actor=actor_of(context), session_id=context.viewer.session_id
    )
    [row] = [row for row in await api_keys.of_account(account_id) if row["id"] == made.key.id]
    return {"secret": made.secret, "api_key": row}


async def delete_key(context: Context, *, input: Any) -> Row:
    """Delete an API key of the viewer's account."""
    number = ids.require_number("ApiKey", input.api_key_id, "apiKeyId")
    await api_keys.delete(number, account_id=context.viewer.account_id or 0, actor=actor_of(context))
    return {"deleted_api_key_id": input.api_key_id}


async def introspect(context: Context, *, input: Any) -> Row:
    """Check a token that a service received. The answer holds nothing about an invalid one."""
    await spend("introspect-token", by=[f"account:{context.viewer.account_id}"])
    found = await access_tokens.introspect(input.token)
    if found is None:
        return {"is_active": False, "scopes": None, "account_id": None, "email": None}
    return {
        "is_active": True,
        "scopes": names_of(found.scopes or ()),
        "account_id": ids.encode("Account", found.account_id),
        "email": found.email,
    }


async def _spend_limit(context: Context) -> int:
    account_id = context.viewer.account_id or 0
    await spend("create-token", by=[f"account:{account_id}"])
    return account_id
