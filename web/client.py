"""Where a request comes from: the address behind our own proxies, and the browser as it names itself."""

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import hdrs, web

from catalogue.languages import negotiated
from services.auth.principals import Client
from settings import BadSetting, Settings

FORWARDED_FOR = "X-Forwarded-For"
MAX_ADDRESS = 64
"""Characters that an address can have, with an interface and a port. Longer texts are neither read nor kept."""
DEVICE = 200
"""Characters of a browser's own name that are kept."""

Address = IPv4Address | IPv6Address
Trusted = tuple[IPv4Network | IPv6Network, ...]

# Some proxies write the port too: 192.0.2.7:4711, [2001:db8::1]:4711.
_WITH_PORT = re.compile(r"(?P<four>[0-9.]+):[0-9]{1,5}|\[(?P<six>[0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?", re.ASCII)


def trusted_of(settings: Settings) -> Trusted:
    """The proxies whose word is taken. Raises BadSetting."""
    return tuple(_network(each.strip()) for each in settings.trusted_proxies.split(",") if each.strip())


def client_of(request: web.BaseRequest, trusted: Trusted) -> Client:
    """
    Who sent this. The address is the nearest one that is not a trusted proxy's.

    What the header says is read from its end, the part that the nearest proxy wrote, and only as far as each writer is
    trusted: whoever sends a header of their own stands in front of it, where nobody looks. A malformed part ends the
    reading.
    """
    nearest = _read(request.remote or "")
    if nearest is not None and trusted:
        for hop in _hops(request):
            if not _is_trusted(nearest, trusted):
                break
            told = _read(hop)
            if told is None:
                break
            nearest = told
    return Client("" if nearest is None else str(nearest), _device(request), _language(request))


def is_proxy(peer: str, trusted: Trusted) -> bool:
    """Whether the other end of a connection is one of the trusted proxies, which bring the requests of many people."""
    address = _read(peer)
    return address is not None and bool(trusted) and _is_trusted(address, trusted)


def _hops(request: web.BaseRequest) -> Iterator[str]:
    for header in reversed(request.headers.getall(FORWARDED_FOR, ())):
        for hop in reversed(header.split(",")):
            yield hop.strip()


def _read(text: str) -> Address | None:
    """An address in its one form: IPv4 written as IPv6 is IPv4, and no interface is named. None: it is none."""
    return _read_short(text) if len(text) <= MAX_ADDRESS else None


@lru_cache(maxsize=4_096)
def _read_short(text: str) -> Address | None:
    if with_port := _WITH_PORT.fullmatch(text):
        text = with_port["four"] or with_port["six"]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


@lru_cache(maxsize=4_096)
def _is_trusted(address: Address, trusted: Trusted) -> bool:
    return any(address in network for network in trusted)


def _device(request: web.BaseRequest) -> str:
    named = request.headers.get(hdrs.USER_AGENT, "")
    if not named.isprintable():
        named = "".join(filter(str.isprintable, named))
    return named.strip()[:DEVICE]


def _language(request: web.BaseRequest) -> str | None:
    said = request.headers.get(hdrs.ACCEPT_LANGUAGE)
    return negotiated(said) if said else None


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text)
    except ValueError:
        raise BadSetting(
            f"TRUSTED_PROXIES has {text!r}; it must be an address or a network, as `10.0.0.0/8`."
        ) from None
    if not network.prefixlen:
        raise BadSetting(f"TRUSTED_PROXIES has {text!r}: then everybody could invent an address.")
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        raise BadSetting(f"TRUSTED_PROXIES has {text!r}; write it as IPv4.")
    return network
