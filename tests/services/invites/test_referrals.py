"""Who brought whom here: docs/rules/invites.md#attribution."""

import asyncio
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from models.accounts import Account, AccountStatus
from models.database import Database
from models.invites import Invite, InviteState
from models.notices import Notice
from models.points import PointEntry
from models.profiles import Profile
from models.referrals import Referral, ReferralCode, ReferralVia
from services.core import clock
from services.core.audit import OPERATOR
from services.errors import ErrorCode, Refused
from services.invites import invite_mails, invites, referrals
from services.invites.sharing import ShareService, share_urls
from services.profiles.profiles import refresh_visibility
from services.sign_in import registration
from tests.helpers.factories import make_person, total
from tests.helpers.invites import earned, invite, invite_code, join, profile_of
from tests.helpers.sign_in import BROWSER, GOOD, codes_of, mailed_code
from tests.helpers.transactions import committed

BY_LINK = [("REFERRAL_SIGNED_UP", 5), ("FRIEND_REFERRED", 25)]
BY_MAIL = [("FRIEND_REFERRED", 25)]
BEN = "ben@friends.example"

pytestmark = pytest.mark.usefixtures("database", "quick_passwords")


async def code_of(account: Account) -> str:
    return await referrals.code_of(profile_of(account))


async def came(account: Account) -> int:
    return (await referrals.signed_up([profile_of(account)])).get(profile_of(account), 0)


async def told(account: Account) -> list[int]:
    """The invites that the person was told of."""
    notices = await Notice.filter(profile_id=profile_of(account)).order_by("id")
    return [each.facts["invite"] for each in notices if each.facts["kind"] == "INVITE_ACCEPTED"]


async def deactivate(account: Account) -> None:
    account.status = AccountStatus.DEACTIVATED
    await account.save()
    await committed(refresh_visibility([profile_of(account)]))


async def test_a_code_is_made_once_and_can_be_changed() -> None:
    # given
    ada, ben = await make_person(), await make_person()
    code = await code_of(ada)
    # then
    assert re.fullmatch(r"[a-z0-9]{12}", code)
    assert await code_of(ada) == code != await code_of(ben)
    assert referrals.link_of(code) == f"http://graph.example/join?code={code}"
    # when
    new = await referrals.rotate(ada.id, profile_of(ada), actor=OPERATOR)
    # then: the one before does nothing
    assert await code_of(ada) == new != code
    await join("cleo@x.example", code)
    assert await came(ada) == 0 and await earned(ada) == []
    await join("dora@x.example", new)
    assert await came(ada) == 1


async def test_changing_it_has_a_limit() -> None:
    ada = await make_person()
    for _ in range(20):
        await referrals.rotate(ada.id, profile_of(ada), actor=OPERATOR)
    with pytest.raises(Refused) as refusal:
        await referrals.rotate(ada.id, profile_of(ada), actor=OPERATOR)
    assert codes_of(refusal.value) == [ErrorCode.RATE_LIMITED]


def test_share_urls_hold_the_link_and_the_text_once_encoded() -> None:
    link = "https://graph.example/join?code=abc&x=ü +"
    found = {each.service: urlsplit(each.url) for each in share_urls(link)}
    assert list(found) == list(ShareService)
    asked = {service: parse_qs(url.query, strict_parsing=True) for service, url in found.items()}
    assert (
        asked[ShareService.X]["url"]
        == asked[ShareService.LINKEDIN]["url"]
        == asked[ShareService.FACEBOOK]["u"]
        == [link]
    )
    assert asked[ShareService.X]["text"] == ["I am part of a community of developers. Come and join me:"]
    assert asked[ShareService.WHATSAPP]["text"][0].endswith(f": {link}")
    assert asked[ShareService.MAIL]["body"] == asked[ShareService.WHATSAPP]["text"]
    assert {found[each].netloc for each in ShareService} == {
        "x.com", "www.linkedin.com", "www.facebook.com", "wa.me", "",
    }  # fmt: skip
    assert found[ShareService.MAIL].scheme == "mailto"
    assert all("+" not in url.query and " " not in url.query for url in found.values())


@pytest.mark.parametrize("public", [True, False])
async def test_who_comes_by_a_link_counts(public: bool) -> None:
    # given
    ada = await make_person(public=public)
    code = await code_of(ada)
    # when: typed in capitals and with spaces, as people do
    guest = await join("cleo@x.example", f" {code.upper()} ")
    # then
    row = await Referral.get()
    assert (row.referrer_id, row.account_id, row.via) == (profile_of(ada), guest.id, ReferralVia.LINK)
    assert await earned(ada) == BY_LINK
    entries = await PointEntry.filter(profile_id=profile_of(ada))
    assert {entry.counterpart_id for entry in entries} == {guest.profile_id}
    assert await earned(guest) == []


async def test_it_counts_when_the_address_is_verified_and_not_before() -> None:
    ada = await make_person()
    code = await code_of(ada)
    for n in range(3):
        await registration.begin(f"p{n}@x.example", GOOD, "New", BROWSER, marketing=False, referral_code=code)
    assert await came(ada) == 0 and await earned(ada) == []


async def test_who_comes_by_an_invite_counts_and_its_sender_is_told() -> None:
    # given
    ada = await make_person()
    [sent] = await invite(ada, BEN)
    # when: by the address alone
    ben = await join(BEN)
    # then
    assert await earned(ada) == [("FRIEND_INVITED", 5), *BY_MAIL]
    assert (await Referral.get()).via is ReferralVia.MAIL
    row = await Invite.get(id=sent.invite_id)
    assert (row.state, row.accepted_by_id, row.accepted_at is not None) == (InviteState.ACCEPTED, ben.id, True)
    assert await told(ada) == [row.id]
    # and: inviting them again changes nothing and mails nothing
    [again] = await invite(ada, BEN)
    assert again.invite_id == row.id
    assert (await Invite.get()).state is InviteState.ACCEPTED and (await Invite.get()).sends == 1


async def test_an_invites_code_serves_one_who_comes_with_another_address() -> None:
    ada = await make_person()
    await invite(ada, BEN)
    code = await invite_code(BEN)
    await join("ben@home.example", code)
    await join("other@home.example", code)  # used
    await join(BEN)  # and so is the invite
    assert await came(ada) == 1 and await earned(ada) == [("FRIEND_INVITED", 5), *BY_MAIL]


async def test_an_explicit_code_goes_before_an_invite_to_the_address() -> None:
    # given
    ada, eve = await make_person(), await make_person()
    await invite(ada, BEN)
    # when
    await join(BEN, await code_of(eve))
    # then: one person brought them, and the other is not told that they came
    assert (await came(ada), await came(eve)) == (0, 1)
    assert await earned(ada) == [("FRIEND_INVITED", 5)] and await earned(eve) == BY_LINK
    assert (await Invite.get()).state is InviteState.PENDING
    assert await told(ada) == await told(eve) == []


async def test_the_link_of_who_has_also_invited_them_counts_once() -> None:
    ada = await make_person()
    [sent] = await invite(ada, BEN)
    await join(BEN, await code_of(ada))
    assert await earned(ada) == [("FRIEND_INVITED", 5), *BY_LINK]
    assert (await Invite.get()).state is InviteState.ACCEPTED and await told(ada) == [sent.invite_id]
    assert await came(ada) == 1


async def test_of_several_inviters_the_first_counts_whose_invite_stands() -> None:
    # given: the first withdrew, the second's expired, the third was deactivated, the fourth asked before the fifth
    people = [await make_person() for _ in range(5)]
    start = clock.now()
    for days, person in zip((0, 1, 32, 33, 34), people, strict=True):
        with clock.frozen(start + timedelta(days=days)):
            [sent] = await invite(person, BEN)
            if days == 0:
                await invites.withdraw(profile_of(person), sent.invite_id or 0)
    await deactivate(people[2])
    with clock.frozen(start + timedelta(days=35)):
        # when
        await join(BEN)
    # then
    assert [await came(each) for each in people] == [0, 0, 0, 1, 0]
    assert [len(await told(each)) for each in people] == [0, 0, 0, 1, 0]


async def test_inviting_again_keeps_the_place_and_coming_back_does_not() -> None:
    # given
    ada, eve = await make_person(), await make_person()
    start = clock.now()
    with clock.frozen(start):
        await invite(ada, BEN)
    with clock.frozen(start + timedelta(days=1)):
        [of_eve] = await invite(eve, BEN)
    with clock.frozen(start + timedelta(days=2)):
        await invite(ada, BEN)  # goes on
        await invites.withdraw(profile_of(eve), of_eve.invite_id or 0)
        await invite(eve, BEN)  # begins anew
        # when
        await join(BEN)
    # then
    assert (await came(ada), await came(eve)) == (1, 0)


async def test_codes_of_who_is_deactivated_or_gone_give_nothing() -> None:
    # given
    ada, eve, gone = await make_person(), await make_person(), await make_person()
    codes = [await code_of(each) for each in (ada, gone)]
    await invite(eve, BEN)
    await deactivate(ada)
    await Account.filter(id=gone.id).delete()  # their profile lost its last account
    # when
    await join("cleo@x.example", codes[0])
    await join("dora@x.example", codes[1])
    await join("emil@x.example", "nosuchcode00")
    await join(BEN, codes[0])
    # then: as if no code had been given
    assert await came(ada) == await came(gone) == 0
    assert await earned(ada) == [] and await earned(eve) == [("FRIEND_INVITED", 5), *BY_MAIL]


async def test_an_invite_that_never_came_counts_for_nobody() -> None:
    ada = await make_person()
    await invite_mails.opt_out(invite_mails.opt_out_token(BEN))
    await invite(ada, BEN)
    await join(BEN)
    assert await came(ada) == 0 and (await Invite.get()).state is InviteState.PENDING


async def test_who_has_an_account_already_counts_for_nobody() -> None:
    # given
    ada = await make_person()
    await make_person(BEN)
    [sent] = await invite(ada, BEN)
    # when
    await registration.begin(BEN, GOOD, "Ben", BROWSER, marketing=False, referral_code=await code_of(ada))
    # then
    assert await came(ada) == 0
    assert (await Invite.get(id=sent.invite_id)).state is InviteState.PENDING


async def test_a_deleted_account_goes_on_counting_and_a_new_one_starts_empty() -> None:
    # given
    ada = await make_person()
    [sent] = await invite(ada, BEN)
    ben = await join(BEN)
    # when
    await Account.filter(id=ben.id).delete()
    # then
    assert await came(ada) == 1 and await total(profile_of(ada)) == 30
    row = await Invite.get(id=sent.invite_id)
    assert (row.state, row.accepted_by_id) == (InviteState.ACCEPTED, None)
    # and: whoever registers the address again was invited by nobody
    await join(BEN)
    assert await came(ada) == 1 and len(await told(ada)) == 1


async def test_points_by_links_have_their_daily_caps() -> None:
    ada = await make_person()
    code = await code_of(ada)
    for n in range(11):
        with clock.frozen(clock.now()):
            await Referral.all().count()
            await join_free(f"p{n}@x.example", code)
    assert await came(ada) == 11
    assert await total(profile_of(ada)) == 10 * 5 + 11 * 25


async def join_free(email: str, code: str) -> None:
    """Sign up from an address of one's own: that of the browser has a limit."""
    from services.auth.principals import Client

    client = Client(f"192.0.2.{int(re.findall(r'[0-9]+', email)[0]) + 1}", "A browser")
    secret = await registration.begin(email, GOOD, "New", client, marketing=False, referral_code=code)
    await registration.verify(secret, await mailed_code(email), client)


@pytest.mark.postgres_only
async def test_five_at_once_are_five(database: Database) -> None:
    # given
    ada = await make_person()
    code = await code_of(ada)
    emails = [f"guest{n}@x.example" for n in range(5)]
    begun = [
        await registration.begin(each, GOOD, "New", BROWSER, marketing=False, referral_code=code) for each in emails
    ]
    sent = [await mailed_code(each) for each in emails]
    # when
    await asyncio.gather(*(registration.verify(*each, BROWSER) for each in zip(begun, sent, strict=True)))
    # then
    assert await came(ada) == 5 and await total(profile_of(ada)) == 5 * 30
    assert await Account.filter(email_key__in=emails).count() == 5


@pytest.mark.postgres_only
async def test_one_who_comes_many_times_at_once_comes_once(database: Database) -> None:
    # given
    ada = await make_person()
    await invite(ada, BEN)
    secret = await registration.begin(BEN, GOOD, "Ben", BROWSER, marketing=False, referral_code=await invite_code(BEN))
    code = await mailed_code(BEN)
    # when
    answers = await asyncio.gather(
        *(registration.verify(secret, code, BROWSER) for _ in range(4)), return_exceptions=True
    )
    # then
    assert sum(not isinstance(each, BaseException) for each in answers) == 1
    assert await Referral.all().count() == 1 and await total(profile_of(ada)) == 30 and len(await told(ada)) == 1


@pytest.mark.postgres_only
async def test_two_who_use_one_invites_code_at_once_are_one(database: Database) -> None:
    # given
    ada = await make_person()
    await invite(ada, BEN)
    code = await invite_code(BEN)
    emails = ["ben@one.example", "ben@two.example"]
    begun = [
        await registration.begin(each, GOOD, "Ben", BROWSER, marketing=False, referral_code=code) for each in emails
    ]
    sent = [await mailed_code(each) for each in emails]
    # when
    await asyncio.gather(*(registration.verify(*each, BROWSER) for each in zip(begun, sent, strict=True)))
    # then
    assert await Account.filter(email_key__in=emails).count() == 2
    assert await came(ada) == 1 and len(await told(ada)) == 1


@pytest.mark.postgres_only
async def test_two_who_ask_first_get_one_code(database: Database) -> None:
    ada = await make_person()
    codes = await asyncio.gather(*(code_of(ada) for _ in range(6)))
    assert len(set(codes)) == 1 == await ReferralCode.all().count()


@pytest.mark.postgres_only
async def test_two_guests_of_two_hosts_do_not_wait_in_a_circle(database: Database) -> None:
    """Each comes by one's code and is invited by the other: both people are locked, in one order."""
    ada, eve = await make_person(), await make_person()
    hosts = [(await code_of(ada), eve), (await code_of(eve), ada)] * 3
    emails = [f"guest{n}@x.example" for n in range(len(hosts))]
    begun = []
    for email, (code, other) in zip(emails, hosts, strict=True):
        await invite(other, email)
        begun.append(await registration.begin(email, GOOD, "New", BROWSER, marketing=False, referral_code=code))
    sent = [await mailed_code(each) for each in emails]
    # when
    await asyncio.gather(*(registration.verify(*each, BROWSER) for each in zip(begun, sent, strict=True)))
    # then
    assert await came(ada) == await came(eve) == 3


async def test_the_referrer_of_a_deleted_profile_goes_with_it() -> None:
    """What deletion of a whole profile does to these tables."""
    ada = await make_person()
    await join("cleo@x.example", await code_of(ada))
    assert await Referral.all().count() == 1
    await PointEntry.all().delete()
    await Account.filter(id=ada.id).delete()
    await Profile.filter(id=profile_of(ada)).delete()
    assert await Referral.all().count() == await ReferralCode.all().count() == 0
