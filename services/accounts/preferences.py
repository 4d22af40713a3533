"""Preferences: the language of mails and messages, and consent to news by mail."""

from typing import TypedDict

from tortoise.transactions import in_transaction

from catalogue.languages import LANGUAGES, Text
from models.accounts import Account
from models.profile_changes import ChangedField
from models.profiles import Profile
from services.core import audit
from services.core.audit import Actor, Change
from services.errors import ErrorCode, refused
from services.profiles import profile_changes


class Preferences(TypedDict, total=False):
    """The preferences to set; an absent one stays unchanged."""

    allows_marketing: bool
    """Consent of the account to news by mail."""
    language: str | None
    """ISO 639-1 code of one of LANGUAGES, for mails and messages to the person; None: the language of each request."""


async def update(account_id: int, profile_id: int, preferences: Preferences, *, actor: Actor) -> None:
    """
    Set the preferences of an account and its person: all of them or none. Each change is in the audit trail, as proof of
    consent.

    Raises Refused: UNKNOWN_TERM (no texts in this language).
    """
    language = _checked_language(preferences.get("language"))
    async with in_transaction():
        if "allows_marketing" in preferences:
            await _set_marketing(account_id, preferences["allows_marketing"], actor)
        if "language" in preferences:
            await _set_language(profile_id, language, actor)


async def _set_marketing(account_id: int, allowed: bool, actor: Actor) -> None:
    account = await Account.select_for_update(no_key=True).get(id=account_id)
    if account.marketing is not allowed:
        change = Change(account.marketing, allowed)
        account.marketing = allowed
        await account.save(update_fields=["marketing"])
        await profile_changes.record(
            account.own_profile_id, {ChangedField.MARKETING: change}, actor=actor, account_id=account_id
        )
        await audit.record("marketing.changed", actor=actor, account_id=account_id, marketing=change)


async def _set_language(profile_id: int, language: str | None, actor: Actor) -> None:
    profile = await Profile.select_for_update(no_key=True).get(id=profile_id)
    if profile.language != language:
        change = Change(profile.language, language)
        profile.language = language
        await profile.save(update_fields=["language"])
        await profile_changes.record(profile_id, {ChangedField.LANGUAGE: change}, actor=actor)
        await audit.record("language.changed", actor=actor, account_id=actor.account_id, language=change)


def _checked_language(typed: str | None) -> str | None:
    if typed is None:
        return None
    code = typed.strip().lower()
    if code not in LANGUAGES:
        languages = ", ".join(LANGUAGES)
        raise refused(
            ErrorCode.UNKNOWN_TERM,
            Text("Choose one of the languages {languages}.", languages=languages),
            path=("languageCode",),
        )
    return code
