"""Where a request comes from: the client's address behind trusted proxies, its User-Agent and language."""

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import hdrs, web

from catalogue.languages import negotiate_language
from services.auth.principals import Client
from settings import BadSetting, Settings

FORWARDED_FOR = "X-Forwarded-For"
MAX_ADDRESS = 64
"""Characters of an address, with interface and port. Longer texts are not parsed."""
MAX_DEVICE = 200
"""Stored characters of a User-Agent."""

Address = IPv4Address | IPv6Address
Trusted = tuple[IPv4Network | IPv6Network, ...]

# Some proxies write the port too: 192.0.2.7:4711, [2001:db8::1]:4711.
_WITH_PORT = re.compile(r"(?P<four>[0-9.]+):[0-9]{1,5}|\[(?P<six>[0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?", re.ASCII)


def trusted_of(settings: Settings) -> Trusted:
    """The proxies whose X-Forwarded-For is trusted. Raises BadSetting."""
    return tuple(_network(each.strip()) for each in settings.trusted_proxies.split(",") if each.strip())


def client_of(request: web.BaseRequest, trusted: Trusted) -> Client:
    """
    The client of a request. Its address is the nearest one that is not a trusted proxy's.

    X-Forwarded-For is read from its end, which the nearest proxy wrote, for as long as the writer is trusted. A forged
    header comes before that and is never read. A malformed part ends the reading.
    """
    nearest = _parse_address(request.remote or "")
    if nearest is not None and trusted:
        for hop in _hops(request):
            if not _is_trusted(nearest, trusted):
                break
            forwarded = _parse_address(hop)
            if forwarded is None:
                break
            nearest = forwarded
    return Client("" if nearest is None else str(nearest), _device(request), _language(request))


def is_proxy(peer: str, trusted: Trusted) -> bool:
    """True if the peer of a connection is a trusted proxy, which forwards the requests of many people."""
    address = _parse_address(peer)
    return address is not None and bool(trusted) and _is_trusted(address, trusted)


def _hops(request: web.BaseRequest) -> Iterator[str]:
    for header in reversed(request.headers.getall(FORWARDED_FOR, ())):
        for hop in reversed(header.split(",")):
            yield hop.strip()


def _parse_address(text: str) -> Address | None:
    """An address in canonical form: IPv4-mapped IPv6 becomes IPv4, the interface is dropped. None if it is malformed."""
    return _parse_short(text) if len(text) <= MAX_ADDRESS else None


@lru_cache(maxsize=4_096)
def _parse_short(text: str) -> Address | None:
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
    agent = request.headers.get(hdrs.USER_AGENT, "")
    if not agent.isprintable():
        agent = "".join(filter(str.isprintable, agent))
    return agent.strip()[:MAX_DEVICE]


def _language(request: web.BaseRequest) -> str | None:
    header = request.headers.get(hdrs.ACCEPT_LANGUAGE)
    return negotiate_language(header) if header else None


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text)
    except ValueError:
        raise BadSetting(
            f"TRUSTED_PROXIES has {text!r}; it must be an address or a network, for example `10.0.0.0/8`."
        ) from None
    if not network.prefixlen:
        raise BadSetting(f"TRUSTED_PROXIES has {text!r}: then every client could forge an address.")
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        raise BadSetting(f"TRUSTED_PROXIES has {text!r}; write it as IPv4.")
    return network
