"""
The second factor of the source: if an account of it has one, the mailed code is not enough to take the profile.

One factor of one of these accounts is needed: a code of an authenticator, a texted code, or a backup code. Rule:
docs/rules/accounts.md#merging-second-factor.
"""

from collections.abc import Sequence

from tortoise.transactions import in_transaction

from models.accounts import Account
from models.profile_merges import MergeState, ProfileMerge
from models.second_factors import SecondFactor, SecondFactorMethod
from models.verification_codes import Purpose
from services.auth import second_factors
from services.core import clock
from services.errors import ErrorCode, Refused, refused
from services.merging.operations import (
    Initiator,
    end_if_guessed,
    lock_open,
    not_open,
    not_verified,
    spend_attempt,
    wrong_code,
)


async def of_source(row: ProfileMerge) -> Sequence[SecondFactor]:
    """The confirmed factors of the source's accounts, in order of the account; none for a merge without a source."""
    accounts = Account.filter(profile_id=row.source_id or 0)
    found = SecondFactor.filter(
        account_id__in=await accounts.values_list("id", flat=True), confirmed_at__not_isnull=True
    )
    return await found.order_by("account_id")


def is_proven(row: ProfileMerge, factors: Sequence[SecondFactor]) -> bool:
    """True if no factor is needed, or one that the source still has was proven after it was confirmed."""
    return not factors or any(
        row.factor_at is not None
        and each.pk == row.factor_account
        and each.confirmed_at is not None
        and each.confirmed_at <= row.factor_at
        for each in factors
    )


async def send_code(by: Initiator, merge_id: int) -> None:
    """
    Text a code to the phones of the source's accounts whose factor is SMS.

    Raises Refused: NOT_FOUND, MERGE_NOT_OPEN, MERGE_NOT_VERIFIED, SECOND_FACTOR_OFF (no account has such a factor),
    RATE_LIMITED (no code could be sent).
    """
    async with in_transaction():
        row = await _lock_verified(by, merge_id)
        phones = [each.pk for each in await of_source(row) if each.method is SecondFactorMethod.SMS]
    if not phones:
        raise second_factors.factor_off()
    refusals = []
    for account_id in phones:
        try:
            await second_factors.send_code(account_id, purpose=Purpose.MERGE_SMS)
        except Refused as why:
            refusals.append(why)
    if len(refusals) == len(phones):
        raise refusals[0]


async def verify(by: Initiator, merge_id: int, code: str) -> None:
    """
    Verify a code of a second factor of the source. A wrong one counts like a wrong mailed code.

    Raises Refused: NOT_FOUND, MERGE_NOT_OPEN, MERGE_NOT_VERIFIED, SECOND_FACTOR_OFF (none is needed), BAD_CODE, RATE_LIMITED.
    """
    await spend_attempt(by)
    async with in_transaction():
        row = await _lock_verified(by, merge_id)
        accounts = [each.pk for each in await of_source(row)]
        if not accounts:
            raise second_factors.factor_off()
        row.wrong_codes += 1  # counted first, so that guesses at the same moment cannot be more than allowed
        await row.save(update_fields=["wrong_codes"])
    proven, refusals = 0, list[Refused]()
    for account_id in accounts:
        try:
            await second_factors.check(account_id, code, actor=by.actor, purpose=Purpose.MERGE_SMS)
        except Refused as why:
            refusals.append(why)
        else:
            proven = account_id
            break
    limited = [each for each in refusals if each.problems[0].code is ErrorCode.RATE_LIMITED]
    was_checked = bool(proven) or len(limited) < len(accounts)
    async with in_transaction():
        found = await ProfileMerge.select_for_update().get_or_none(id=merge_id)
        if found is None:  # the account was deleted meanwhile
            raise not_open()
        row = found
        if proven or not was_checked:
            row.wrong_codes -= 1
        if proven and row.state is MergeState.VERIFIED:
            row.factor_account, row.factor_at = proven, clock.now()
            await row.save(update_fields=["factor_account", "factor_at"])
        await end_if_guessed(row, by)
    if proven:
        return
    raise wrong_code() if was_checked else limited[0]


async def _lock_verified(by: Initiator, merge_id: int) -> ProfileMerge:
    row = await lock_open(by, merge_id)
    if row.state is not MergeState.VERIFIED:
        raise not_verified()
    return row


def required() -> Refused:
    """The refusal if a factor of the source was not proven."""
    text = "The other profile has a second factor: enter a code of it first."
    return refused(ErrorCode.SECOND_FACTOR_REQUIRED, text, path=("mergeId",))
