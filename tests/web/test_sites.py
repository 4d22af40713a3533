"""Which URLs are of the same site, as browsers decide it for SameSite cookies."""

import pytest

from web.sites import same_site


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://app.community.example", "https://api.community.example", True),
        ("https://community.example", "https://api.community.example", True),
        ("https://a.b.community.example:8443", "https://community.example", True),
        ("https://App.Community.Example", "https://api.community.example/graphql", True),
        ("https://app.community.co.uk", "https://api.community.co.uk", True),
        ("http://localhost:5173", "http://localhost:8080", True),
        ("http://127.0.0.1:5173", "http://127.0.0.1:8080", True),
        ("http://[::1]:5173", "http://[::1]:8080", True),
        ("https://github.io", "https://github.io:8443", True),
        # the scheme counts
        ("http://app.community.example", "https://api.community.example", False),
        ("http://api.community.example", "https://api.community.example", False),
        # a public suffix has many owners
        ("https://community-a.github.io", "https://community-b.github.io", False),
        ("https://community.github.io", "https://github.io", False),
        ("https://one.co.uk", "https://other.co.uk", False),
        ("https://app.example", "https://api.example", False),
        ("https://app.xn--55qx5d.cn", "https://api.xn--55qx5d.cn", False),
        # the end of a name is not the name
        ("https://evilcommunity.example", "https://community.example", False),
        ("https://community.example.evil.example", "https://api.community.example", False),
        ("https://api.community.example", "https://api.community.example.", False),
        # addresses and names without a domain
        ("http://localhost:5173", "http://127.0.0.1:8080", False),
        ("http://[::1]:5173", "http://127.0.0.1:8080", False),
        ("http://1.2.0.1", "http://3.4.0.1", False),
        ("http://127.0.1", "http://128.0.1", False),
        ("http://1.0x1", "http://2.0x1", False),
        ("http://[2001:db8::1]", "http://[2001:db8::2]", False),
        ("http://app.localhost", "http://localhost", False),
        ("http://devbox", "http://buildbox", False),
        ("http://", "http://", False),
        ("http://[", "http://[", False),
    ],
)
def test_a_site_is_a_scheme_and_a_domain_of_one_owner(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same_site(other, one) is same
