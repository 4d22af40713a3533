"""Domains that no company can own."""

import pytest

from catalogue.public_mail_domains import PUBLIC_DOMAINS, is_public

WELL_KNOWN = [
    "126.com",
    "139.com",
    "163.com",
    "aim.com",
    "aliyun.com",
    "aol.com",
    "bigpond.com",
    "bluewin.ch",
    "btinternet.com",
    "comcast.net",
    "fastmail.com",
    "foxmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "home.nl",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "hotmail.it",
    "hotmail.nl",
    "hushmail.com",
    "icloud.com",
    "inbox.lv",
    "interia.pl",
    "kpnmail.nl",
    "laposte.net",
    "libero.it",
    "live.com",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "naver.com",
    "o2.pl",
    "online.de",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "rocketmail.com",
    "seznam.cz",
    "sina.com",
    "t-online.de",
    "tutanota.com",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "web.de",
    "wp.pl",
    "xs4all.nl",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.com",
    "yandex.ru",
    "yeah.net",
    "ziggo.nl",
    "zoho.com",
]
"""Public mail services that must stay refused, whatever the packages list."""


def test_well_known_mail_services_are_public() -> None:
    assert [each for each in WELL_KNOWN if not is_public(each)] == []


@pytest.mark.parametrize(
    "domain",
    ["mailinator.com", "mail.gmail.com", "a.b.gmail.com", "ada.webmail.co.yu", "co.uk", "github.io", "com", "xn--p1ai"],
    ids=[
        "disposable",
        "below a mail service",
        "far below a mail service",
        "below a listed domain that is below a registrable one",
        "suffix",
        "private suffix",
        "top level",
        "internationalised suffix",
    ],
)
def test_a_domain_where_anyone_can_get_an_address_is_public(domain: str) -> None:
    assert is_public(domain)


@pytest.mark.parametrize(
    "domain",
    [
        "mendix.com",
        "google.com",
        "tudelft.nl",
        "people.example",
        "mail.people.example",
        "shop.co.uk",
        "ada.github.io",
        "shop.za.com",
    ],
)
def test_a_domain_of_one_owner_is_not_public(domain: str) -> None:
    assert not is_public(domain)


def test_listed_domains_have_the_form_in_which_they_are_looked_up() -> None:
    assert [each for each in PUBLIC_DOMAINS if each != each.lower().strip() or not each.isascii()] == []
