"""
The recovery email: gets codes when the account's own mailbox is lost. It belongs to the profile, not to the account that
is signed in. Only a verified address is stored in the profile; before, it is stored with its code.

An address may be the recovery email of several people, and the login of another one: nothing reveals it.
Rule: docs/rules/sign-in.md#recovery-email.
"""

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.profile_changes import ChangedField
from models.profiles import Profile
from models.verification_codes import MailedCode, Purpose
from services.auth import verification_codes
from services.core import audit, clock, rate_limits
from services.core.audit import OPERATOR, Actor, Change
from services.core.email_addresses import Address, address_of
from services.errors import ErrorCode, ProfilesMerged, refused
from services.messages import outbox
from services.profiles import profile_changes


async def begin(account_id: int, email: str) -> None:
    """
    Mail a six-digit code to the new address. The current recovery email stays in force until the code is verified.

    Raises Refused: BAD_INPUT (not an address, or the account's own), RATE_LIMITED.
    """
    address = address_of(email)
    account = await Account.get(id=account_id)
    if address.key == account.email_key:
        raise refused(ErrorCode.BAD_INPUT, "The recovery email must differ from your own address.", path=("email",))
    await rate_limits.spend("recovery-email", by=[_subject(account_id), f"email:{address.key}"])
    async with in_transaction():
        code = await verification_codes.issue(Purpose.RECOVERY_EMAIL, _subject(account_id), address.email)
        stored = await MailedCode.get(purpose=Purpose.RECOVERY_EMAIL, subject=_subject(account_id))
        await outbox.send_mail("recovery-email-code", stored, account=account.email, code=code)


async def verify(account_id: int, code: str, *, actor: Actor, profile_id: int | None = None) -> None:
    """
    Verify the code, and store the address that it was mailed to. The former address and the person's logins are notified.

    Raises Refused: BAD_CODE, RATE_LIMITED; ProfilesMerged (the account has another profile than `profile_id` by now).
    """
    await rate_limits.spend("recovery-email-code", by=[_subject(account_id)])
    # Outside the transaction: the count of wrong attempts must be committed even if the code is refused.
    address = address_of(await verification_codes.verify(Purpose.RECOVERY_EMAIL, _subject(account_id), code))
    async with in_transaction():
        await _check_profile(account_id, profile_id)
        await _store(account_id, address, actor)


async def remove(account_id: int, *, actor: Actor, profile_id: int | None = None) -> None:
    """
    Remove the recovery email, and one that waits for its code. Repeating it changes nothing and notifies no one. Raises
    ProfilesMerged (the account has another profile than `profile_id` by now).
    """
    async with in_transaction():
        await _check_profile(account_id, profile_id)
        await verification_codes.revoke(Purpose.RECOVERY_EMAIL, _subject(account_id))
        await _store(account_id, None, actor)


async def set_by_operator(account_id: int, email: str) -> None:
    """
    Store an address without a code, on behalf of an operator, who has checked that it belongs to the person.

    The former address and the person's logins are notified. Raises Refused: BAD_INPUT (not an address, or the account's
    own), NOT_FOUND (a service account).
    """
    address = address_of(email)
    async with in_transaction():
        account = await Account.get(id=account_id)
        if account.profile_id is None:
            raise refused(ErrorCode.NOT_FOUND, "Only a person has a recovery email.", path=("account",))
        if address.key == account.email_key:
            raise refused(
                ErrorCode.BAD_INPUT, "The recovery email must differ from the account's own address.", path=("email",)
            )
        await verification_codes.revoke(Purpose.RECOVERY_EMAIL, _subject(account_id))
        await _store(account_id, address, OPERATOR)


async def _check_profile(account_id: int, profile_id: int | None) -> None:
    """An elevated session of one profile must not change the recovery email of the profile that it was merged into."""
    if profile_id is not None and not await Account.exists(id=account_id, profile_id=profile_id):
        raise ProfilesMerged({})


async def _store(account_id: int, address: Address | None, actor: Actor) -> None:
    account = await Account.get(id=account_id)
    profile = await Profile.select_for_update(no_key=True).get(id=account.profile_id)
    before, email = profile.recovery_email, address.email if address else None
    change = "removed" if email is None else "changed" if before else "set"
    if before != email:
        await _notify(account, profile, f"recovery-email-{change}")
    profile.recovery_email, profile.recovery_email_key = email, address.key if address else None
    profile.recovery_email_verified_at = None if email is None else clock.now()
    await profile.save(update_fields=["recovery_email", "recovery_email_key", "recovery_email_verified_at"])
    if before == email:
        return
    await profile_changes.record(profile.id, {ChangedField.RECOVERY_EMAIL: Change(before, email)}, actor=actor)
    await audit.record(f"recovery-email.{change}", actor=actor, account_id=account_id)


async def _notify(account: Account, profile: Profile, mail: str) -> None:
    """Notify the current recovery email and the person's logins, each mailbox once."""
    logins = await Account.filter(profile_id=profile.id, status=AccountStatus.ACTIVE).order_by("id")
    before = profile.recovery_email_key if profile.recovery_email_verified_at else None
    if before and before not in {each.email_key for each in logins}:
        await outbox.send_mail(mail, profile, account=account.email)
    for login in logins:
        await outbox.send_mail(mail, login, account=account.email)


def _subject(account_id: int) -> str:
    return f"account:{account_id}"
