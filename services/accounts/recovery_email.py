"""
The recovery email: where codes may go when the account's own mail is lost. It belongs to the person, whichever account
is signed in. Only a verified one is stored at all; until then the address stands with its code.

One address may be the recovery of several people, and may be the login of somebody else: nothing tells. Rule:
docs/rules/sign-in.md#recovery-email.
"""

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.profiles import Profile
from models.verification_codes import MailedCode, Purpose
from services.auth import verification_codes
from services.core import audit, clock, rate_limits
from services.core.audit import OPERATOR, Actor
from services.core.email_addresses import Address, address_of
from services.errors import ErrorCode, refused
from services.messages import outbox


async def begin(account_id: int, email: str) -> None:
    """
    Mail a six-digit code to the new address; the recovery email in force stays until it is proved.

    Raises Refused: BAD_INPUT (no address, or the account's own), RATE_LIMITED.
    """
    address = address_of(email)
    account = await Account.get(id=account_id)
    if address.key == account.email_key:
        raise refused(ErrorCode.BAD_INPUT, "The recovery email must differ from your own address.", path=("email",))
    await rate_limits.spend("recovery-email", by=[_of(account_id), f"email:{address.key}"])
    async with in_transaction():
        code = await verification_codes.issue(Purpose.RECOVERY_EMAIL, _of(account_id), address.email)
        stored = await MailedCode.get(purpose=Purpose.RECOVERY_EMAIL, subject=_of(account_id))
        await outbox.send_mail("recovery-email-code", stored, account=account.email, code=code)


async def verify(account_id: int, code: str, *, actor: Actor) -> None:
    """
    Put the address in force to which this code was mailed; the one before it and the person's logins are told.

    Raises Refused: BAD_CODE, RATE_LIMITED.
    """
    await rate_limits.spend("recovery-email-code", by=[_of(account_id)])
    # Not inside the transaction: the count of wrong tries must outlive the refusal.
    address = address_of(await verification_codes.verify(Purpose.RECOVERY_EMAIL, _of(account_id), code))
    async with in_transaction():
        await _store(account_id, address, actor)


async def remove(account_id: int, *, actor: Actor) -> None:
    """Have no recovery email, and none that waits for its code. Again is harmless and tells nobody."""
    async with in_transaction():
        await verification_codes.revoke(Purpose.RECOVERY_EMAIL, _of(account_id))
        await _store(account_id, None, actor)


async def set_by_operator(account_id: int, email: str) -> None:
    """
    Put an address in force without a code, by an operator's hand, who has seen to it that it is the person's.

    The one before it and the person's logins are told. Raises Refused: BAD_INPUT (no address, or the account's own),
    NOT_FOUND (the account of a service).
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
        await verification_codes.revoke(Purpose.RECOVERY_EMAIL, _of(account_id))
        await _store(account_id, address, OPERATOR)


async def _store(account_id: int, address: Address | None, actor: Actor) -> None:
    account = await Account.get(id=account_id)
    profile = await Profile.select_for_update().get(id=account.profile_id)
    before, email = profile.recovery_email, address.email if address else None
    change = "removed" if email is None else "changed" if before else "set"
    if before != email:
        await _tell(account, profile, f"recovery-email-{change}")
    profile.recovery_email, profile.recovery_email_key = email, address.key if address else None
    profile.recovery_email_verified_at = None if email is None else clock.now()
    await profile.save(update_fields=["recovery_email", "recovery_email_key", "recovery_email_verified_at"])
    if before == email:
        return
    await audit.record(f"recovery-email.{change}", actor=actor, account_id=account_id)


async def _tell(account: Account, profile: Profile, mail: str) -> None:
    """Tell the address that is still in force, and the person's logins: each mailbox once."""
    logins = await Account.filter(profile_id=profile.id, status=AccountStatus.ACTIVE).order_by("id")
    before = profile.recovery_email_key if profile.recovery_email_verified_at else None
    if before and before not in {each.email_key for each in logins}:
        await outbox.send_mail(mail, profile, account=account.email)
    for login in logins:
        await outbox.send_mail(mail, login, account=account.email)


def _of(account_id: int) -> str:
    return f"account:{account_id}"
