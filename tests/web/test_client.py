"""Where a request comes from, and whoever lies about it."""

from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict

from services.auth.principals import Client
from settings import BadSetting, Settings
from web.client import client_of, trusted_of

PROXIES = "10.0.0.0/8, 2001:db8:ffff::/48"


def request(peer: str | None, *forwarded: str, agent: str = "") -> Any:
    headers: CIMultiDict[str] = CIMultiDict()
    for each in forwarded:
        headers.add("X-Forwarded-For", each)
    if agent:
        headers["User-Agent"] = agent
    return SimpleNamespace(remote=peer, headers=headers)


def address(peer: str | None, *forwarded: str, proxies: str = PROXIES) -> str:
    return client_of(request(peer, *forwarded), trusted_of(Settings(trusted_proxies=proxies))).address


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        # nobody is trusted who is not a proxy of ours
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
        ("192.0.2.7", ["10.0.0.1"], "192.0.2.7"),
        # a proxy is, and what the client wrote before it is not
        ("10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["127.0.0.1", "192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["10.0.0.9, 192.0.2.7"], "192.0.2.7"),
        # several proxies
        ("10.0.0.1", ["198.51.100.1, 192.0.2.7, 10.2.2.2"], "192.0.2.7"),
        ("10.0.0.1", ["192.0.2.7", "10.2.2.2,10.3.3.3"], "192.0.2.7"),
        ("2001:db8:ffff::1", ["192.0.2.7, 10.2.2.2"], "192.0.2.7"),
        # all of them ours: the farthest
        ("10.0.0.1", ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        # malformed: nothing before it counts
        ("10.0.0.1", ["192.0.2.7, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7, "], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7, unknown, 10.2.2.2"], "10.2.2.2"),
        ("10.0.0.1", ["192.0.2.007"], "10.0.0.1"),
        ("10.0.0.1", ["0x7f.1"], "10.0.0.1"),
        ("10.0.0.1", ["3221225991"], "10.0.0.1"),
        ("10.0.0.1", ["<script>"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7\u0661"], "10.0.0.1"),
        # forms that proxies write
        ("10.0.0.1", ["192.0.2.7:4711"], "192.0.2.7"),
        ("10.0.0.1", ["[2001:DB8::0:1]:4711"], "2001:db8::1"),
        ("10.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
        # IPv6
        ("::ffff:192.0.2.7", [], "192.0.2.7"),
        ("::ffff:10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["::ffff:192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["192.0.2.7, ::ffff:10.2.2.2"], "192.0.2.7"),
        ("10.0.0.1", ["2001:0db8:0000::0001"], "2001:db8::1"),
        ("10.0.0.1", ["fe80::1%eth0"], "fe80::1"),
        ("fe80::1%eth0", [], "fe80::1"),
        # no address at all, as of a socket in the file system
        (None, ["192.0.2.7"], ""),
    ],
)
def test_the_address_is_the_nearest_that_is_not_ours(peer: str | None, forwarded: list[str], found: str) -> None:
    assert address(peer, *forwarded) == found


def test_without_proxies_nobody_is_believed() -> None:
    assert address("127.0.0.1", "192.0.2.7", proxies="") == "127.0.0.1"


def test_a_single_address_is_a_proxy_too() -> None:
    assert address("127.0.0.1", "192.0.2.7", proxies="127.0.0.1,::1") == "192.0.2.7"
    assert address("::1", "192.0.2.7", proxies="127.0.0.1,::1") == "192.0.2.7"
    assert address("127.0.0.2", "192.0.2.7", proxies="127.0.0.1,::1") == "127.0.0.2"


@pytest.mark.parametrize("proxies", ["nonsense", "10.0.0.1/8", "10.0.0.0/33", "0.0.0.0/0", "::/0", "::ffff:10.0.0.1"])
def test_a_setting_that_cannot_be_meant_is_named(proxies: str) -> None:
    with pytest.raises(BadSetting, match="TRUSTED_PROXIES"):
        trusted_of(Settings(trusted_proxies=f"127.0.0.1, {proxies}"))


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"),
        ("x" * 5_000, "x" * 200),
        ("a\x1b[31m\tb\u202ec\udcff", "a[31mbc"),
        ("\x00" * 300 + "x", "x"),
        ("", ""),
    ],
)
def test_a_browsers_name_is_short_and_printable(agent: str, device: str) -> None:
    assert client_of(request("192.0.2.7", agent=agent), ()) == Client("192.0.2.7", device)
