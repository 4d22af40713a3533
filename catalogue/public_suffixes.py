"""Public suffixes: domains like `co.uk` or `github.io`, under which anyone can get a name."""

from functools import cache

from publicsuffixlist import PublicSuffixList


def registrable_domain(host: str) -> str | None:
    """
    Return the part of a name that one owner registered: `community.example` of `app.community.example`. None for a public
    suffix, and for a name without dots. `host` is in lower case and ASCII form, and no IP address.
    """
    return suffix_list().privatesuffix(host)


@cache
def suffix_list() -> PublicSuffixList:
    """Return the list, which is read once; that takes about 200 ms."""
    return PublicSuffixList()
