"""Preferences of the viewer."""

from typing import Any

from catalogue.languages import LANGUAGES, native_name
from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from services.accounts import preferences


async def languages(context: Context) -> list[Row]:
    """The languages of texts, English first, each with its own name."""
    return [{"code": code, "name": native_name(code)} for code in LANGUAGES]


async def update_marketing(context: Context, *, input: Any) -> Row:
    """Set whether the viewer receives marketing mail."""
    await preferences.set_marketing(context.viewer.account_id or 0, marketing=input.marketing, actor=actor_of(context))
    return {"marketing": input.marketing}


async def update_language(context: Context, *, input: Any) -> Row:
    """Set the viewer's language."""
    await preferences.set_language(context.viewer.profile_id or 0, input.language, actor=actor_of(context))
    return {"profile_id": context.viewer.profile_id}
