"""
What an invite puts into a mailbox, and how its owner ends that.

Nobody learns from an invite whether its address has an account, wants no invites, or has had enough of them for today:
the mail that is kept back is written all the same. Rule: docs/rules/invites.md#no-more-invites.
"""

import unicodedata
from collections.abc import Collection, Sequence
from contextlib import suppress
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import quote

import idna

from models.accounts import Account, AccountStatus
from models.invites import Invite, InviteOptOut
from models.profiles import Profile
from models.transactions import forbid_transaction, require_transaction
from services.connections import blocks
from services.core import clock, rate_limits
from services.core.crypto import keyed_digest
from services.errors import Refused
from services.messages import outbox
from services.messages.outbox import NewMail, Recipient

ADDRESS: Final = 32
"""Hex digits of an address's keyed digest: 128 bits."""
PROOF: Final = 16
"""Hex digits that show a digest to be from a mail of ours."""

Rooms = dict[str, bool]
"""Whether the mailbox of an address (its key) can take one more invite today."""


def code_of(sender_id: int, email_key: str) -> str:
    """What stands in the link of an invite: the same in each of its mails, so that an older one goes on working."""
    return keyed_digest("invite-code", str(sender_id), email_key)[:32]


async def rooms(email_keys: Collection[str]) -> Rooms:
    """
    Count one more invite for each of these mailboxes, and answer which can take it today. Before the transaction that
    delivers: counting takes time, and no lock waits for it.
    Must not run in a transaction.
    """
    forbid_transaction()
    return {each: await _has_room(each) for each in email_keys}


async def deliver(sender_id: int, invites: Sequence[Invite], rooms: Rooms) -> None:
    """
    Mail invites of one sender. `rooms`: what the function of that name answered; a
    mailbox that it was not asked about gets nothing.

    Nothing goes out to whoever wants no invites or has got several today, from whomever; to an account that is
    deactivated, a service's, or blocked with the sender. Whoever has an account gets no link to sign up, but where the
    sender is found; nothing, where the sender is hidden.
    Requires a transaction.
    """
    require_transaction()
    keys = [each.email_key for each in invites]
    sender = await Profile.get(id=sender_id)
    members = {each.email_key: each for each in await Account.filter(email_key__in=keys)}  # unique (email_key)
    profiles = {each.profile_id or 0 for each in members.values()} | {0}  # asked in any case
    apart = await blocks.between(sender_id, profiles)
    unwanted = await opted_out(keys)
    mails = []
    for invite in invites:
        member = members.get(invite.email_key)
        kind, to, facts = _letter(sender, invite, member)
        goes_out = (
            rooms.get(invite.email_key, False)
            and invite.email_key not in unwanted
            and (member is None or _reaches(sender, member, apart))
        )
        mails.append(NewMail(kind, to, facts, withheld=not goes_out))
    await outbox.send_mails(mails)


def stop_token(email_key: str) -> str:
    """What stands in the link that ends invites to an address: proof that a mail of ours came there, and no address."""
    address = _address(email_key)
    return address + _proof(address)


def stops(token: str) -> bool:
    """Whether a token is from a mail of ours."""
    address, proof = token[:ADDRESS], token[ADDRESS:]
    return compare_digest(proof.encode(), _proof(address).encode())


async def stop(token: str) -> bool:
    """End invites to the address that a token is about, from anybody, for good; False: the token is none of ours."""
    if not stops(token):
        return False
    wish = InviteOptOut(digest=token[:ADDRESS], at=clock.now())
    await InviteOptOut.bulk_create([wish], ignore_conflicts=True)  # unique (digest): saying it twice is saying it
    return True


async def opted_out(email_keys: Collection[str]) -> set[str]:
    """Which of these addresses want no invites. Unique (digest)."""
    by_digest = {made: each for each in email_keys for made in (_address(each), _earlier_address(each))}
    found: Any = InviteOptOut.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return {by_digest[each] for each in await found}


def _letter(sender: Profile, invite: Invite, member: Account | None) -> tuple[str, Recipient, dict[str, str]]:
    """Kind, recipient and facts of the mail."""
    facts = {"sender": sender.name, "stop": outbox.link(f"/invites/stop/{stop_token(invite.email_key)}")}
    if member is not None:
        facts["link"] = outbox.link(f"/profiles/{quote(sender.handle, safe='')}")
        return "invite-of-member", member, facts
    facts["link"] = outbox.link("/join", code=code_of(sender.id, invite.email_key))
    if invite.note:
        return "invite-with-note", invite, {**facts, "note": invite.note}
    return "invite", invite, facts


def _reaches(sender: Profile, member: Account, apart: Collection[int]) -> bool:
    profile_id: int | None = member.profile_id
    if member.status is not AccountStatus.ACTIVE or profile_id is None:
        return False
    return sender.listed and profile_id not in apart


async def _has_room(email_key: str) -> bool:
    """Whether the mailbox can take one more today; it is counted."""
    try:
        await rate_limits.spend("invite-mail", by=[f"email:{email_key}"])
    except Refused:
        return False
    return True


def _address(email_key: str) -> str:
    return keyed_digest("invites-unwanted", email_key)[:ADDRESS]


def _earlier_address(email_key: str) -> str:
    """
    The digest of what addresses were compared by before, which folded more of them together. Whoever ended invites then
    is known by nothing else, and a wish to get no more mail holds for good.
    """
    local, _, domain = email_key.rpartition("@")
    with suppress(UnicodeError):
        domain = idna.decode(domain)
    earlier = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", f"{local}@{domain}").casefold())
    return keyed_digest("invite-opt-out", earlier)[:ADDRESS]


def _proof(address: str) -> str:
    return keyed_digest("invite-stop", address)[:PROOF]
