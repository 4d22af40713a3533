"""
Mails about a deletion: to the address that went, and to the other accounts of the person.

They are written before the rows go, because they need a language, and after the messages of the person were deleted. They are the one thing
that names the address after the deletion: each is deleted once it was sent.
"""

from collections.abc import Sequence

from models.accounts import Account, AccountKind
from models.outbox import OutboxMessage
from models.transactions import require_transaction
from services.deletion.plan import Going
from services.messages.outbox import send_mail


async def write(accounts: Sequence[Account], going: Going) -> None:
    """Write the mails. They name no account that the rules of deletion would find. Requires a transaction."""
    require_transaction()
    for each in accounts:
        if each.kind is AccountKind.PERSON:
            await send_mail("profile-erased" if going.profile_id else "account-deleted", each, account=each.email)
    await OutboxMessage.filter(account_id__in=going.account_ids).update(account_id=None)
    others = await Account.filter(profile_id=going.stays_id).exclude(id__in=going.account_ids) if going.stays_id else ()
    for account in others:
        for gone in accounts:
            await send_mail("other-account-deleted", account, account=gone.email)
