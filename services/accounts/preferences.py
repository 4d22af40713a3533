"""What somebody prefers: the language of mails and answers, and whether news may come."""

from tortoise.transactions import in_transaction

from catalogue.languages import LANGUAGES, Text
from models.accounts import Account
from models.profiles import Profile
from services.core import audit
from services.core.audit import Actor, Change
from services.errors import ErrorCode, refused


async def set_marketing(account_id: int, *, marketing: bool, actor: Actor) -> None:
    """Allow or forbid news by mail to an account. Consent is personal data's business: every change is in the trail."""
    async with in_transaction():
        account = await Account.select_for_update().get(id=account_id)
        if account.marketing is not marketing:
            change = Change(account.marketing, marketing)
            account.marketing = marketing
            await account.save(update_fields=["marketing"])
            await audit.record("marketing.changed", actor=actor, account_id=account_id, marketing=change)


async def set_language(profile_id: int, language: str, *, actor: Actor) -> None:
    """
    Have what a person gets to read, mails and answers, in this language (an ISO 639-1 code of those there are). A change
    is in the trail.

    Raises Refused: UNKNOWN_TERM (there are no texts in it).
    """
    code = language.strip().lower()
    if code not in LANGUAGES:
        there_are = ", ".join(LANGUAGES)
        raise refused(
            ErrorCode.UNKNOWN_TERM,
            Text("Choose one of the languages {there_are}.", there_are=there_are),
            path=("language",),
        )
    async with in_transaction():
        profile = await Profile.select_for_update().get(id=profile_id)
        if profile.language != code:
            change = Change(profile.language, code)
            profile.language = code
            await profile.save(update_fields=["language"])
            await audit.record("language.changed", actor=actor, account_id=actor.account_id, language=change)
