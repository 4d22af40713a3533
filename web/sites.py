"""
Sites, as browsers tell them apart: scheme and registrable domain. A port does not count.

Browsers send a `SameSite=Lax` cookie with requests of a page only if page and server are of the same site.
Reasons: docs/decisions/0007-sessions-at-the-edge.md.
"""

import re
from urllib.parse import urlsplit

from catalogue.public_suffixes import registrable_domain

_IP_ADDRESS = re.compile(r".*:.*|(.*\.)?([0-9]+|0x[0-9a-f]*)\.?", re.ASCII)
"""IPv6, or a host whose last part is a number: browsers take it for IPv4 in one of its forms, or for no host."""


def same_site(one: str, other: str) -> bool:
    """
    True if two URLs are of the same site: `https://app.community.example` and `https://api.community.example` are,
    `https://one.github.io` and `https://other.github.io` are not. An IP address, `localhost` and a public suffix are sites
    of their own. False if one of the URLs is malformed.
    """
    try:
        ours, theirs = urlsplit(one.lower()), urlsplit(other.lower())
    except ValueError:
        return False
    if ours.scheme != theirs.scheme or not ours.hostname or not theirs.hostname:
        return False
    return ours.hostname == theirs.hostname or _domain(ours.hostname) == _domain(theirs.hostname)


def _domain(host: str) -> str:
    """The registrable domain, or the host itself. A final dot stays: browsers take it for another name."""
    if _IP_ADDRESS.fullmatch(host):
        return host
    name = host.removesuffix(".")
    return (registrable_domain(name) or name) + host[len(name) :]
