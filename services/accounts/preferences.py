"""Preferences: the language of mails and messages, and consent to news by mail."""

from tortoise.transactions import in_transaction

from catalogue.languages import LANGUAGES, Text
from models.accounts import Account
from models.profiles import Profile
from services.core import audit
from services.core.audit import Actor, Change
from services.errors import ErrorCode, refused


async def set_marketing(account_id: int, *, marketing: bool, actor: Actor) -> None:
    """Give or withdraw an account's consent to news by mail. Every change is in the audit trail, as proof of consent."""
    async with in_transaction():
        account = await Account.select_for_update().get(id=account_id)
        if account.marketing is not marketing:
            change = Change(account.marketing, marketing)
            account.marketing = marketing
            await account.save(update_fields=["marketing"])
            await audit.record("marketing.changed", actor=actor, account_id=account_id, marketing=change)


async def set_language(profile_id: int, language: str, *, actor: Actor) -> None:
    """
    Set the language of a person's mails and messages (an ISO 639-1 code of LANGUAGES). A change is in the audit trail.

    Raises Refused: UNKNOWN_TERM (no texts in this language).
    """
    code = language.strip().lower()
    if code not in LANGUAGES:
        languages = ", ".join(LANGUAGES)
        raise refused(
            ErrorCode.UNKNOWN_TERM,
            Text("Choose one of the languages {languages}.", languages=languages),
            path=("language",),
        )
    async with in_transaction():
        profile = await Profile.select_for_update().get(id=profile_id)
        if profile.language != code:
            change = Change(profile.language, code)
            profile.language = code
            await profile.save(update_fields=["language"])
            await audit.record("language.changed", actor=actor, account_id=actor.account_id, language=change)
