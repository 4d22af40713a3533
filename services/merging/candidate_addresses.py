"""
The masked addresses from which a person chooses where the code of a merge is mailed.

An address that belongs to no profile gets decoys, made by a keyed digest of it: the same each time, in number and form like
those of a profile. Of a real address nothing is shown that no decoy could have. Rule: docs/rules/accounts.md#merging-no-oracle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from models.accounts import Account, AccountKind
from models.profiles import Profile
from services.core.crypto import keyed_digest
from services.core.email_addresses import Address

MAX_CHOICES: Final = 5
"""More would tell that there is a profile, unless decoys were as many."""
HIDDEN: Final = "•••"
_FURTHER_DECOYS: Final = (0,) * 165 + (1,) * 65 + (2,) * 18 + (3,) * 6 + (4,) * 2
"""Decoys beside the typed address, by a byte: most people have one account, some a second one or a recovery email."""
_DECOY_DOMAINS: Final = ("g•••.com",) * 8 + ("o•••.com",) * 3 + ("h•••.com",) * 2 + ("i•••.com", "y•••.com", "p•••.me")
_LETTERS: Final = "aaabbcccddeeefghhiijjjkklllmmmmnnoppqrrrssssttuvwxyz"
_HIDDEN_DOMAINS: Final = 96
"""Of 256 decoys, so many show nothing of their domain, as addresses of companies do."""


@dataclass(frozen=True)
class Choice:
    """
    An address to choose: its mask, and where the mail goes: to an account (its id), or to the recovery email of the profile. To
    neither for a decoy. `mailbox`: keyed digest of the address, empty for a decoy.
    """

    masked: str
    account: int = 0
    recovery: bool = False
    mailbox: str = ""


@dataclass(frozen=True)
class Candidates:
    """The profile that a typed address belongs to, and the choices; the typed address comes first. Decoys have no profile."""

    profile_id: int | None
    choices: Sequence[Choice]


async def candidates_of(typed: Address) -> Candidates:
    """
    Return the choices for a typed address: the accounts of its profile, whatever their status, and the profile's verified
    recovery email, at most MAX_CHOICES; decoys if no person has an account with this address.

    The same three statements and the same work for both. Indexes: unique (email_key), (profile_id).
    """
    found = await Account.get_or_none(email_key=typed.key, kind=AccountKind.PERSON)
    profile_id = 0 if found is None else found.own_profile_id
    accounts = await Account.filter(profile_id=profile_id).order_by("id").limit(MAX_CHOICES + 1)
    profile = await Profile.get_or_none(id=profile_id, recovery_email_verified_at__not_isnull=True)
    decoys = list(_decoys(typed))
    if found is None:
        return Candidates(None, [Choice(masked(typed.email)), *decoys])
    further = [
        Choice(_masked_like_decoys(each.email, typed), each.id, mailbox=mailbox_of(each.email_key))
        for each in accounts
        if each.id != found.id
    ]
    if profile is not None and profile.recovery_email:
        mask = _masked_like_decoys(profile.recovery_email, typed)
        further.insert(0, Choice(mask, recovery=True, mailbox=mailbox_of(profile.recovery_email_key or "")))
    further = further[: MAX_CHOICES - 1]
    further.sort(key=lambda each: keyed_digest("merge-order", typed.key, str(each)))  # their order tells nothing
    return Candidates(profile_id, [Choice(masked(typed.email), found.id, mailbox=mailbox_of(typed.key)), *further])


def mailbox_of(key: str) -> str:
    """Return the digest of an address, by its key, that a choice has."""
    return keyed_digest("merge-mailbox", key)


def masked(email: str) -> str:
    """Return what may be shown of an address: `j•••@e•••.com`. Tells no length."""
    local, _, domain = email.rpartition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1].lower()}{HIDDEN}@{(name or top)[:1].lower()}{HIDDEN}{dot}{top.lower() if dot else ''}"


def _masked_like_decoys(email: str, typed: Address) -> str:
    """Like `masked`, without a first letter or a domain that only a real address could have: `•••@•••` at least."""
    letter, _, at = masked(email).partition(f"{HIDDEN}@")
    own, _, own_at = masked(typed.email).partition(f"{HIDDEN}@")
    letter = letter if letter == own or letter in _LETTERS else ""
    return f"{letter}{HIDDEN}@{at if at == own_at or at in _DECOY_DOMAINS else HIDDEN}"


def _decoys(typed: Address) -> Iterator[Choice]:
    seed = bytes.fromhex(keyed_digest("merge-decoys", typed.key))
    own, _, own_at = masked(typed.email).partition(f"{HIDDEN}@")
    for number in range(_FURTHER_DECOYS[seed[0]]):
        letter, domain, kind, hidden = seed[1 + 4 * number : 5 + 4 * number]
        local = own if kind % 3 else ("", *_LETTERS)[letter % (len(_LETTERS) + 1)]
        at = own_at if kind % 5 == 0 else _DECOY_DOMAINS[domain % len(_DECOY_DOMAINS)]
        if kind % 5 and hidden < _HIDDEN_DOMAINS:
            at = HIDDEN
        yield Choice(f"{local}{HIDDEN}@{at}")
