"""
Mails of invites, and the link in them that opts an address out.

A sender cannot find out if an address has an account, has opted out, or has reached its daily limit: a withheld mail is
written to the outbox all the same. Rule: docs/rules/invites.md#no-more-invites.
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

DIGEST_LENGTH: Final = 32
"""Hex digits of the keyed digest of an address: 128 bits."""
PROOF_LENGTH: Final = 16
"""Hex digits that prove that a digest comes from a mail of this server."""

Allowances = dict[str, bool]
"""True if the mailbox of an email key may get one more invite today."""


def code_of(sender_id: int, email_key: str) -> str:
    """The code in the link of an invite. It is the same in each mail of the invite, so that links in older mails work."""
    return keyed_digest("invite-code", str(sender_id), email_key)[:32]


async def spend_mailbox_limits(email_keys: Collection[str]) -> Allowances:
    """
    Spend one invite of the daily limit of each mailbox. No lock may wait for it.
    Must not run in a transaction.
    """
    forbid_transaction()
    return {each: await _spend_mailbox_limit(each) for each in email_keys}


async def deliver(sender_id: int, invites: Sequence[Invite], allowances: Allowances) -> None:
    """
    Mail invites of one sender. `allowances`: the result of `spend_mailbox_limits`; other mailboxes get nothing.

    A mail is withheld if its address opted out or reached its daily limit, of all senders, or if its account is
    deactivated, belongs to a service, or has a block with the sender. An address with an account gets no link to sign up,
    but a link to the sender's profile, and nothing if the sender is hidden.
    Requires a transaction.
    """
    require_transaction()
    keys = [each.email_key for each in invites]
    sender = await Profile.get(id=sender_id)
    members = {each.email_key: each for each in await Account.filter(email_key__in=keys)}  # unique (email_key)
    profiles = {each.profile_id or 0 for each in members.values()} | {0}  # never empty: always the same statements
    blocked = await blocks.between(sender_id, profiles)
    unwanted = await opted_out(keys)
    mails = []
    for invite in invites:
        member = members.get(invite.email_key)
        kind, to, facts = _letter(sender, invite, member)
        goes_out = (
            allowances.get(invite.email_key, False)
            and invite.email_key not in unwanted
            and (member is None or _may_reach(sender, member, blocked))
        )
        mails.append(NewMail(kind, to, facts, withheld=not goes_out, about_profile_id=sender_id))
    await outbox.send_mails(mails)


def opt_out_token(email_key: str) -> str:
    """The token of the opt-out link: a digest of the address, and a proof that this server issued it."""
    address_digest = _address_digest(email_key)
    return address_digest + _proof(address_digest)


def is_opt_out_token(token: str) -> bool:
    """True if this server issued the token."""
    address_digest, proof = token[:DIGEST_LENGTH], token[DIGEST_LENGTH:]
    return compare_digest(proof.encode(), _proof(address_digest).encode())


async def opt_out(token: str) -> bool:
    """Opt the address of a token out of all invites, permanently. False if this server did not issue the token."""
    if not is_opt_out_token(token):
        return False
    row = InviteOptOut(digest=token[:DIGEST_LENGTH], at=clock.now())
    await InviteOptOut.bulk_create([row], ignore_conflicts=True)  # unique (digest)
    return True


async def opted_out(email_keys: Collection[str]) -> set[str]:
    """Those of these addresses that opted out of invites. Unique (digest)."""
    by_digest = {made: each for each in email_keys for made in (_address_digest(each), _former_address_digest(each))}
    found: Any = InviteOptOut.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return {by_digest[each] for each in await found}


def _letter(sender: Profile, invite: Invite, member: Account | None) -> tuple[str, Recipient, dict[str, str]]:
    """Kind, recipient and facts of the mail."""
    facts = {"sender": sender.name, "stop": outbox.server_link(f"/invites/stop/{opt_out_token(invite.email_key)}")}
    if member is not None:
        facts["link"] = outbox.client_link(f"/profiles/{quote(sender.handle, safe='')}")
        return "invite-of-member", member, facts
    facts["link"] = outbox.client_link("/join", code=code_of(sender.id, invite.email_key))
    if invite.note:
        return "invite-with-note", invite, {**facts, "note": invite.note}
    return "invite", invite, facts


def _may_reach(sender: Profile, member: Account, blocked: Collection[int]) -> bool:
    profile_id: int | None = member.profile_id
    if member.status is not AccountStatus.ACTIVE or profile_id is None:
        return False
    return sender.listed and profile_id not in blocked


async def _spend_mailbox_limit(email_key: str) -> bool:
    try:
        await rate_limits.spend("invite-mail", by=[f"email:{email_key}"])
    except Refused:
        return False
    return True


def _address_digest(email_key: str) -> str:
    return keyed_digest("invites-unwanted", email_key)[:DIGEST_LENGTH]


def _former_address_digest(email_key: str) -> str:
    """
    The digest by the former comparison key of addresses, which treated more of them as equal. Older opt-outs are stored
    by this digest only, and an opt-out is permanent.
    """
    local, _, domain = email_key.rpartition("@")
    with suppress(UnicodeError):
        domain = idna.decode(domain)
    former_key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", f"{local}@{domain}").casefold())
    return keyed_digest("invite-opt-out", former_key)[:DIGEST_LENGTH]


def _proof(address_digest: str) -> str:
    return keyed_digest("invite-stop", address_digest)[:PROOF_LENGTH]
