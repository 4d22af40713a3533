"""What somebody prefers: the language of mails, and whether news may come."""

from functools import cache

import pycountry
from tortoise.transactions import in_transaction

from models.accounts import Account
from models.profiles import Profile
from services import audit
from services.audit import Actor, Change
from services.errors import ErrorCode, refused


async def set_marketing(account_id: int, *, marketing: bool, actor: Actor) -> None:
    """Allow or forbid news by mail to an account. Consent is personal data's business: every change is in the trail."""
    async with in_transaction():
        account = await Account.select_for_update().get(id=account_id)
        if account.marketing is not marketing:
            change = Change(account.marketing, marketing)
            account.marketing = marketing
            await account.save(update_fields=["marketing"])
            await audit.note("marketing.changed", actor=actor, account_id=account_id, marketing=change)


async def set_language(profile_id: int, language: str, *, actor: Actor) -> None:
    """
    Have a person's mails written in a language, where there is a translation. A change is in the trail. Raises Refused:
    BAD_INPUT.
    """
    code = language.strip().lower()
    if code not in languages():
        raise refused(
            ErrorCode.BAD_INPUT, "That is not the code of a language: two letters, ISO 639-1.", path=("language",)
        )
    async with in_transaction():
        profile = await Profile.select_for_update().get(id=profile_id)
        if profile.language != code:
            change = Change(profile.language, code)
            profile.language = code
            await profile.save(update_fields=["language"])
            await audit.note("language.changed", actor=actor, account_id=actor.account_id, language=change)


@cache
def languages() -> frozenset[str]:
    """All codes of ISO 639-1, in lower case. The first call reads a large file."""
    return frozenset(each.alpha_2 for each in pycountry.languages if hasattr(each, "alpha_2"))
