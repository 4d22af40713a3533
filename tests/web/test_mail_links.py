"""Every link of every mail: it leads to a page of this server, and the page does what the mail says, once."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from catalogue.mail_templates import KINDS
from models.accounts import Account
from models.audit import Origin
from models.database import Database
from models.invites import InviteOptOut
from models.passwords import Password
from models.profile_merges import MergeState, ProfileMerge
from models.profiles import Profile, Visibility
from models.referrals import Referral
from models.second_factors import SecondFactor
from server import make_app
from services.accounts import support
from services.auth import passwords, second_factor_removal
from services.auth.credential_expiry import DEFAULT_DAYS
from services.core import clock
from services.core.audit import Actor
from services.invites import referrals
from services.merging import operations
from services.messages.outbox import LINKS
from services.personal_data import downloads
from services.profiles.profiles import refresh_visibility
from services.sign_in import password_expiry, password_reset
from settings import Settings
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.invites import invite
from tests.helpers.pages import Reader
from tests.helpers.runtimes import using_settings
from tests.helpers.second_factors import with_totp
from tests.helpers.sign_in import ADA, BROWSER, GOOD, OTHER, mailed_code, mails, make_login, session_id, signed_in
from tests.helpers.sign_in import HERE as HERE_NOW
from tests.helpers.transactions import committed

HERE = Path(__file__).parents[2]
BEN = "ben@friends.example"


async def link_in(kind: str, fact: str = "link") -> str:
    """The link of the last mail of this kind."""
    [*_, mail] = [each for each in await mails() if each.kind == kind]
    links = re.findall(r"^https?://\S+$", mail.text, re.MULTILINE)
    assert all(f'href="{each}"' in mail.html.replace("&amp;", "&") for each in links)
    stop = [each for each in links if "/invites/stop/" in each]
    return (stop if fact == "stop" else [each for each in links if each not in stop])[0]


async def cancel_merge(reader: Reader) -> None:
    ada, ben = await make_login(), await make_login(BEN)
    secret = await session_id((await signed_in()).secret)
    by = operations.Initiator(ada.id, secret, HERE_NOW)
    merge = await ProfileMerge.get(id=await operations.start(by, BEN))
    await operations.send_code(by, merge.id, operations.address_id_of(merge, 0))
    page = await reader.open(await link_in("merge-code"))
    assert page.status == 200 and (await Profile.get(id=ben.profile_id)).name in page.text
    assert (await ProfileMerge.get()).state is MergeState.CODE_SENT
    for _ in range(2):
        done = await reader.send(page)
        assert done.status == 200 and "was cancelled" in done.text
    assert (await ProfileMerge.get()).state is MergeState.CANCELLED


async def reset_password(reader: Reader) -> None:
    await make_login()
    await password_reset.request(ADA, BROWSER)
    page = await reader.open(await link_in("password-reset"))
    assert page.status == 200
    done = await reader.send(page, newPassword=OTHER)
    assert done.status == 200 and "Your password was set" in done.text
    assert await signed_in(password=OTHER)
    # and once only
    again = await reader.send(page, newPassword="Yet another Secret, 12")
    assert again.status == 422 and "wrong, used, or expired" in again.text and await signed_in(password=OTHER)


async def change_password(reader: Reader) -> None:
    account = await make_login()
    await Password.filter(account_id=account.id).update(changed_at=clock.now() - timedelta(days=DEFAULT_DAYS - 5))
    assert await password_expiry.mail_expiring(clock.now()) == 1
    page = await reader.open(await link_in("password-expires"))
    assert page.status == 200 and page.forms[0][0] == "/sign-in"
    page = await reader.send(page, email=ADA, password=GOOD)
    assert page.path == "/change-password"
    done = await reader.send(page, currentPassword=GOOD, newPassword=OTHER)
    assert done.status == 200 and "was changed" in done.text
    assert await signed_in(password=OTHER)


async def deactivate_second_factor(reader: Reader) -> None:
    person = await with_totp(ADA)
    await passwords.set_password(person.id, GOOD)
    await second_factor_removal.request(person.id, actor=person.actor)
    page = await reader.open(await link_in("second-factor-off-link"))
    assert page.status == 200 and page.forms[0][0] == "/sign-in"
    page = await reader.send(page, email=ADA, password=GOOD)
    page = await reader.send(page, code=person.backup_codes[0])
    assert page.path.startswith("/second-factor/deactivate?token=") and await SecondFactor.all().count() == 1
    done = await reader.send(page, code=person.backup_codes[1])
    assert done.status == 200 and "Your second factor is off" in done.text
    assert await SecondFactor.all().count() == 0 and await signed_in()
    # and once only
    again = await reader.open(page.path)
    assert (await reader.send(again)).status == 422


async def join(reader: Reader, kind: str, note: str = "") -> None:
    ada = await make_login()
    await invite(ada, BEN, note=note)
    page = await reader.open(await link_in(kind))
    assert page.status == 200
    page = await reader.send(page, name="Ben", email=BEN, newPassword=GOOD)
    assert page.status == 200 and await Account.filter(email=BEN).count() == 0
    done = await reader.send(page, code=await mailed_code(BEN))
    assert done.status == 200 and "you are signed in" in done.text
    assert (await Referral.get()).referrer_id == ada.profile_id
    # and once only: the address has an account now
    page = await reader.open(await link_in(kind))
    page = await reader.send(page, name="Ben", email=BEN, newPassword=GOOD)
    assert page.status == 200 and await Account.all().count() == 2 and (await mails())[-1].kind == "sign-up-taken"


async def join_with_note(reader: Reader) -> None:
    await join(reader, "invite-with-note", "Come along")


async def join_without_note(reader: Reader) -> None:
    await join(reader, "invite")


async def look_at_sender(reader: Reader) -> None:
    ada = await make_login()
    await make_login(BEN)
    await Profile.filter(id=ada.profile_id).update(visibility=Visibility.PUBLIC)
    await committed(refresh_visibility([ada.own_profile_id]))
    await invite(ada, BEN)
    page = await reader.open(await link_in("invite-of-member"))
    assert page.status == 200 and (await Profile.get(id=ada.profile_id)).name in page.text


async def stop_invites(reader: Reader, kind: str, note: str = "") -> None:
    ada = await make_login()
    if kind == "invite-of-member":
        await make_login(BEN)
        await Profile.filter(id=ada.profile_id).update(visibility=Visibility.PUBLIC)
        await committed(refresh_visibility([ada.own_profile_id]))
    await invite(ada, BEN, note=note)
    page = await reader.open(await link_in(kind, "stop"))
    assert page.status == 200 and await InviteOptOut.all().count() == 0
    for _ in range(2):
        assert (await reader.send(page)).status == 200
    assert await InviteOptOut.all().count() == 1


async def fetch_personal_data(reader: Reader) -> None:
    ada = await make_login()
    await downloads.request(ada.id, None, actor=Actor(ada.id, Origin.SESSION))
    assert await downloads.make_due() == 1
    page = await reader.open(await link_in("personal-data-ready"))
    assert page.status == 200 and page.forms[0][0] == "/sign-in"
    page = await reader.send(page, email=ADA, password=GOOD)
    assert page.path == "/personal-data" and not page.links
    wrong = await reader.send(page, password=OTHER)
    assert wrong.status == 422 and wrong.links == ["#password"]
    page = await reader.send(page, password=GOOD)
    [address] = page.links
    archive = await reader.http.get(address)
    assert archive.status == 200 and archive.content_type == "application/zip"
    # and another one is requested there
    page = await reader.send(page)
    assert page.path == "/personal-data" and "is being made" in page.text and await downloads.make_due() == 1
    assert (await reader.open("/personal-data")).links != [address] and (await reader.http.get(address)).status == 404


FOLLOWED: dict[tuple[str, str], Callable[[Reader], Awaitable[None]]] = {
    ("invite", "link"): join_without_note,
    ("invite", "stop"): lambda reader: stop_invites(reader, "invite"),
    ("invite-with-note", "link"): join_with_note,
    ("invite-with-note", "stop"): lambda reader: stop_invites(reader, "invite-with-note", "Come along"),
    ("invite-of-member", "link"): look_at_sender,
    ("invite-of-member", "stop"): lambda reader: stop_invites(reader, "invite-of-member"),
    ("merge-code", "cancel"): cancel_merge,
    ("password-reset", "link"): reset_password,
    ("password-expires", "link"): change_password,
    ("personal-data-ready", "link"): fetch_personal_data,
    ("second-factor-off-link", "link"): deactivate_second_factor,
}
"""A mail and its link, and what follows it."""


@pytest.mark.parametrize("each", FOLLOWED, ids=" ".join)
async def test_a_link_in_a_mail_does_what_the_mail_says(each: tuple[str, str], checked_client: GraphQLClient) -> None:
    await FOLLOWED[each](Reader(checked_client.http))


def test_every_link_of_every_mail_is_followed() -> None:
    facts = {(kind.name, fact) for kind in KINDS.values() for fact in kind.facts & LINKS}
    assert facts == FOLLOWED.keys()
    assert not [kind.name for kind in KINDS.values() if re.search(r"https?:|www\.", kind.text)]


async def test_links_that_are_no_mails_lead_to_pages_too(checked_client: GraphQLClient) -> None:
    # given
    reader = Reader(checked_client.http)
    admin = await support.create_admin("boss@works.example", name="Boss", company="Works", domain="works.example")
    ada = await make_login()
    shared = referrals.link_of(await referrals.code_of(ada.own_profile_id))
    # when, then
    page = await reader.send(await reader.open(admin.link), newPassword=OTHER)
    assert page.status == 200 and await signed_in("boss@works.example", OTHER)
    page = await reader.open(shared)
    assert page.status == 200 and page.forms[0][1]["referralCode"] == shared.rpartition("=")[2]


async def test_with_another_client_the_same_paths_are_linked_there(settings: Settings, database: Database) -> None:
    # given
    elsewhere = replace(settings, client_url="https://app.example", origins="https://app.example")
    async with TestClient(TestServer(await make_app(elsewhere, database))):
        with using_settings(elsewhere):
            ada = await make_login()
            await password_reset.request(ADA, BROWSER)
            await invite(ada, BEN)
    # then
    for kind, start in (("password-reset", "/reset-password?token="), ("invite", "/join?code=")):
        assert (await link_in(kind)).startswith(f"https://app.example{start}")
    assert (await link_in("invite", "stop")).startswith("http://graph.example/invites/stop/")


def test_the_guide_names_every_path_that_a_client_serves() -> None:
    # given
    guide = (HERE / "docs" / "guides" / "client-developers.md").read_text("utf-8")
    table = guide.partition("| Address | What the page does |")[2].partition("\n\n")[0]
    named = {found.partition("?")[0] for found in re.findall(r"^\| `(\S+?)` \|", table, re.MULTILINE)}
    code = [file.read_text("utf-8") for file in (HERE / "services").rglob("*.py")]
    linked = {found for text in code for found in re.findall(r'client_link\(f?"(/[^"{]*)', text)}
    # then
    assert {each.partition("{")[0] for each in named} == linked and len(linked) == 6
    assert not [each for text in code for each in re.findall(r"client_link\((?!f?\"|path|\))", text)]


async def test_this_server_has_a_page_for_every_path_that_a_client_serves(
    settings: Settings, database: Database
) -> None:
    app = await make_app(settings, database)
    served = {str(each.resource.canonical) for each in app.router.routes() if each.resource and each.method == "GET"}
    assert {
        "/join",
        "/reset-password",
        "/change-password",
        "/second-factor/deactivate",
        "/profiles/{handle}",
        "/personal-data",
    } <= served
