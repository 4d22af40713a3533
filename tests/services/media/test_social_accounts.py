"""Where else people can be found: what is taken for an address or a name there, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.media.social_accounts import SERVICES

TAKEN = {
    "github": {
        "ada": "ada",
        " @ada ": "ada",
        "Ada-Okafor": "Ada-Okafor",
        "https://github.com/ada": "ada",
        "http://www.github.com/ada/": "ada",
        "HTTPS://GitHub.com/ada": "ada",
        "https://github.com:443/ada": "ada",
        "github.com/ada?tab=repositories#x": "ada",
    },
    "meetup": {
        "12345": "12345",
        "https://www.meetup.com/members/12345/": "12345",
        "https://www.meetup.com/en-US/members/12345": "12345",
        "meetup.com/members/12345": "12345",
    },
    "twitter": {
        "@ada_o": "ada_o",
        "ada": "ada",
        "https://x.com/ada": "ada",
        "https://x.com/@ada": "ada",
        "https://twitter.com/ada?s=20": "ada",
        "mobile.twitter.com/ada": "ada",
    },
    "linkedin": {
        "ada-okafor": "ada-okafor",
        "https://www.linkedin.com/in/ada-okafor/": "ada-okafor",
        "https://nl.linkedin.com/in/ada-okafor": "ada-okafor",
        "https://www.linkedin.com/in/ada/en?utm_source=share": "ada",
        "https://www.linkedin.com/in/j%C3%B6rg-1": "j%C3%B6rg-1",
        "jörg-1": "j%C3%B6rg-1",
    },
    "skype": {"ada.okafor": "ada.okafor", "live:ada": "live:ada", "live:.cid.4a3b2c": "live:.cid.4a3b2c"},
}
ANYWHERE = [
    "javascript:alert(1)",
    "javascript://github.com/%0aalert(1)",
    "data:text/html,<script>",
    "https://evil.example/ada",
    "//evil.example/ada",
    "<b>ada</b>",
    'ada" onload="x',
    "ada okafor",
    "ada\x00",
    "ada\nokafor",
    "a\u202eda",
    "\u0430da/",
    "x" * 400,
    "/",
    "https://",
    "https://[::1",
]
REFUSED = {
    "github": [
        "https://github.com@evil.example/ada",
        "https://github.com:pw@evil.example/ada",
        "https://evil@github.com/ada",
        "https://github.com.evil.example/ada",
        "https://evilgithub.com/ada",
        "https://evil.example/github.com/ada",
        "https://gist.github.com/ada",
        "https://g\u0456thub.com/ada",
        "https://github\u3002com/ada",
        "https://github.com\\@evil.example/ada",
        "https:\\\\github.com/ada",
        "https://github.com:8443/ada",
        "https://github.com./ada",
        "ftp://github.com/ada",
        "https:ada",
        "https://github.com/ada/repository",
        "https://github.com/%2e%2e",
        "https://github.com/a%2Fb",
        "https://github.com/ada%00",
        "https://github.com/",
        "github.com",
        "\u0430da",
        "-ada",
        "ada-",
        "a--da",
        "a" * 40,
    ],
    "meetup": ["https://www.meetup.com/some-group/", "https://meetup.com.evil.example/members/1", "https://www.meetup.com/members/1/x/y"],
    "twitter": ["https://evilx.com/ada", "https://x.com.evil.example/ada", "https://x.com/i/events/1", "a" * 16, "ada-o"],
    "linkedin": [
        "https://linkedin.com/company/harbor",
        "https://linkedin.com.evil.example/in/ada",
        "https://nl.evil.linkedin.com/in/ada",
        "https://www.linkedin.com/in/%22onload",
        "https://www.linkedin.com/in/ada/details/skills",
        "https://linkedin.com@evil.example/in/ada",
        "a" * 101,
        "ö" * 90,
    ],
    "skype": ["https://skype.com/ada", "skype:ada?call", "live:", "a"],
}  # fmt: skip


@pytest.mark.parametrize(("service", "typed"), [(name, each) for name, cases in TAKEN.items() for each in cases])
def test_addresses_and_names_are_kept_as_the_name(service: str, typed: str) -> None:
    kept = SERVICES[service].name_of(typed)
    assert kept == TAKEN[service][typed]
    assert SERVICES[service].name_of(kept) == kept


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("typed", ANYWHERE)
def test_what_leads_elsewhere_or_nowhere_is_refused_everywhere(service: str, typed: str) -> None:
    assert SERVICES[service].name_of(typed) is None


@pytest.mark.parametrize(("service", "typed"), [(name, each) for name, cases in REFUSED.items() for each in cases])
def test_what_only_looks_like_the_service_is_refused(service: str, typed: str) -> None:
    assert SERVICES[service].name_of(typed) is None


@given(service=st.sampled_from(sorted(SERVICES)), typed=st.text(max_size=60))
def test_whatever_is_kept_is_a_name_alone_and_stays_itself(service: str, typed: str) -> None:
    kept = SERVICES[service].name_of(typed)
    if kept is not None:
        assert kept.isascii() and kept.isprintable() and not set(kept) & set("/\\@?#<>\"' ")
        assert SERVICES[service].name_of(kept) == kept
