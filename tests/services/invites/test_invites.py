"""Invites by mail, and how they are attacked: docs/rules/invites.md."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from models.accounts import AccountStatus
from models.database import Database
from models.invites import Invite, InviteKind, InviteState
from models.outbox import OutboxMessage
from models.points import PointEntry
from models.profiles import Profile
from services.connections import blocks
from services.core import clock
from services.errors import ErrorCode, Refused
from services.invites import invite_mails, invites
from services.invites.invites import InviteStatus
from services.profiles.profiles import refresh_visibility
from tests.helpers.factories import make_person, make_service, total
from tests.helpers.invites import (
    earned,
    invite,
    invite_code,
    join,
    profile_of,
    sender_of,
)
from tests.helpers.people import make_company_with_admin
from tests.helpers.sign_in import codes_of, kinds, mails, make_domain
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("database", "quick_passwords")
BEN = "ben@friends.example"


async def refusal(call: Any) -> list[ErrorCode]:
    with pytest.raises(Refused) as why:
        await call
    return codes_of(why.value)


async def state_of(invite_id: int | None) -> InviteStatus:
    row = await Invite.get(id=invite_id)
    return invites.status_of(row.state, row.expires_at)


async def test_an_invite_is_mailed_and_gives_points() -> None:
    # given
    ada = await make_person("ada@people.example", name="Ada Okafor", public=False)
    # when
    [done] = await invite(ada, " Ben@Friends.Example ", note="Come and see!")
    # then
    row = await Invite.get(id=done.invite_id)
    assert (done.email, done.problem) == (" Ben@Friends.Example ", None)
    assert (row.email, row.email_key, row.kind, row.state) == (
        "Ben@friends.example",
        BEN,
        InviteKind.FRIEND,
        InviteState.PENDING,
    )
    assert row.expires_at == row.sent_at + timedelta(days=30)
    [mail] = await mails()
    assert (mail.kind, mail.to, mail.subject) == (
        "invite-with-note",
        "Ben@friends.example",
        "Ada Okafor invites you to graph.example",
    )
    assert "“Come and see!”" in mail.text and "http://graph.example/join?code=" in mail.text
    assert await earned(ada) == [("FRIEND_INVITED", 5)]


async def test_the_stored_row_opens_nothing() -> None:
    ada = await make_person()
    await invite(ada, BEN)
    code = await invite_code(BEN)
    [row] = await Invite.all().values()
    assert len(code) == 32 and code not in str(row)


async def test_the_companys_domain_is_the_platforms_and_any_other_a_friends() -> None:
    # given
    _, admin = await make_company_with_admin(domain="harbor.example")
    # when
    await invite(admin, "new@harbor.example", "new@HARBOR.example", "new@sub.harbor.example", BEN)
    # then
    assert await earned(admin) == [("PLATFORM_INVITE_SENT", 5), ("FRIEND_INVITED", 5), ("FRIEND_INVITED", 5)]
    # and: for somebody of another company it is a friend's
    ada = await make_person()
    await invite(ada, "new@harbor.example")
    assert await earned(ada) == [("FRIEND_INVITED", 5)]


async def test_each_address_has_its_own_outcome_and_one_twice_is_invited_once() -> None:
    # given
    ada = await make_person("ada@people.example")
    profile = await Profile.get(id=profile_of(ada))
    profile.recovery_email, profile.recovery_email_key = "Ada@home.example", "ada@home.example"
    await profile.save()
    # when
    done = await invite(
        ada, BEN, "no address", "BEN@friends.example", "ADA@people.example", "ada@home.example", "ada+1@people.example"
    )
    # then: dots and tags are not stripped
    assert [each.problem.code.value if each.problem else None for each in done] == [
        None, "BAD_INPUT", None, "NOT_YOURSELF", "NOT_YOURSELF", None,
    ]  # fmt: skip
    assert done[1].problem is not None and done[1].problem.path == ("emails", "1")
    assert done[0].invite_id == done[2].invite_id
    assert await Invite.all().count() == await OutboxMessage.all().count() == 2
    assert await total(profile_of(ada)) == 10


async def test_another_account_of_ones_own_is_oneself() -> None:
    ada = await make_person("ada@people.example")
    other = await make_person("ada@work.example")
    other.profile_id = profile_of(ada)
    await other.save()
    [done] = await invite(ada, "ada@work.example")
    assert done.problem is not None and done.problem.code is ErrorCode.NOT_YOURSELF
    assert await kinds() == []


async def test_what_is_wrong_with_the_whole_call() -> None:
    ada = await make_person()
    assert await refusal(invite(ada)) == [ErrorCode.BAD_INPUT]
    assert await refusal(invite(ada, *(f"p{n}@x.example" for n in range(21)))) == [ErrorCode.TOO_MANY_ITEMS]
    assert await refusal(invite(ada, BEN, note="x" * 501)) == [ErrorCode.BAD_INPUT]
    assert await refusal(invite(ada, BEN, note="a\0b")) == [ErrorCode.BAD_INPUT]
    assert await refusal(invite(ada, BEN, key="")) == [ErrorCode.BAD_INPUT]
    assert await Invite.all().count() == 0


async def test_inviting_again_is_the_same_invite_and_gives_nothing() -> None:
    # given
    ada = await make_person()
    [first] = await invite(ada, BEN, note="one")
    code = await invite_code(BEN)
    # when
    with clock.frozen(clock.now() + timedelta(days=29)):
        [again] = await invite(ada, "BEN@friends.example", note="two")
        row = await Invite.get()
        # then
        assert again.invite_id == first.invite_id == row.id
        assert (row.note, row.sends, row.email) == ("two", 2, "BEN@friends.example")
        assert row.expires_at == clock.now() + timedelta(days=30)
        assert await invite_code("BEN@friends.example") == code  # the older mail goes on working
    assert await earned(ada) == [("FRIEND_INVITED", 5)]


async def test_a_dropped_row_does_not_let_anybody_earn_again() -> None:
    ada = await make_person()
    await invite(ada, BEN)
    await Invite.all().delete()
    [again] = await invite(ada, BEN)
    assert again.invite_id and await total(profile_of(ada)) == 5
    assert BEN not in str([entry.external_id for entry in await PointEntry.all()])


async def test_the_same_key_mails_once() -> None:
    ada = await make_person()
    given = (BEN, "no address", ada.email)
    first = await invite(ada, *given, key="one")
    assert await invite(ada, *given, key="one") == first
    assert len(await mails()) == 1 and (await Invite.get()).sends == 1
    assert await refusal(invite(ada, BEN, key="one")) == [ErrorCode.IDEMPOTENCY_MISMATCH]


async def test_withdrawn_and_expired_ones() -> None:
    # given
    ada, eve = await make_person(), await make_person()
    [done] = await invite(ada, BEN)
    assert done.invite_id is not None
    # when, then: only the sender may
    for call in (invites.withdraw(profile_of(eve), done.invite_id), invites.resend(sender_of(eve), done.invite_id)):
        assert await refusal(call) == [ErrorCode.NOT_FOUND]
    assert await invites.withdraw(profile_of(ada), done.invite_id) == done.invite_id
    assert await state_of(done.invite_id) is InviteStatus.WITHDRAWN
    assert await refusal(invites.withdraw(profile_of(ada), done.invite_id)) == [ErrorCode.INVITE_NOT_OPEN]
    assert await refusal(invites.resend(sender_of(ada), done.invite_id)) == [ErrorCode.INVITE_NOT_OPEN]
    # when: invited anew, and left alone
    await invite(ada, BEN)
    with clock.frozen(clock.now() + timedelta(days=30)):
        assert await state_of(done.invite_id) is InviteStatus.EXPIRED
        assert await invites.resend(sender_of(ada), done.invite_id, "again") == done.invite_id
        assert await invites.resend(sender_of(ada), done.invite_id, "again") == done.invite_id
        assert await state_of(done.invite_id) is InviteStatus.PENDING
        assert (await Invite.get()).sends == 3
    assert await total(profile_of(ada)) == 5


async def test_fifty_a_day_and_points_for_ten() -> None:
    # given
    ada = await make_person()
    for start in range(0, 50, 10):
        await invite(ada, *(f"p{n}@x.example" for n in range(start, start + 10)))
    # then: 5 points each, up to 50 of a day
    assert await total(profile_of(ada)) == 50
    assert await refusal(invite(ada, BEN)) == [ErrorCode.RATE_LIMITED]
    assert await refusal(invites.resend(sender_of(ada), (await Invite.all().first()).id)) == [ErrorCode.RATE_LIMITED]  # type: ignore[union-attr]
    assert await Invite.all().count() == 50
    # and: what is refused at once costs nothing, a key that was refused is not used up
    with clock.frozen(clock.now() + timedelta(days=1)):
        assert (await invite(ada, BEN, key="k"))[0].invite_id


async def test_a_mailbox_gets_three_a_day_from_everybody_together() -> None:
    people = [await make_person() for _ in range(5)]
    answers = [(await invite(each, BEN))[0] for each in people]
    assert all(each.invite_id and each.problem is None for each in answers)
    assert await kinds() == ["invite"] * 3
    assert [await earned(each) for each in people] == [[("FRIEND_INVITED", 5)]] * 5


def as_seen(row: dict[str, Any]) -> dict[str, Any]:
    """What of an invite its sender could compare."""
    hidden = {"id", "sender_id", "account_id", "email", "email_key", "digest"}
    return {name: value for name, value in row.items() if name not in hidden}


async def test_nobody_learns_who_has_an_account_or_wants_no_invites() -> None:
    # given: eight addresses, of which one is nobody's
    ada = await make_person(name="Ada")
    await make_person("member@x.example")
    hidden, gone = await make_person("hidden@x.example"), await make_person("gone@x.example")
    await Profile.filter(id=profile_of(hidden)).update(listed=False)
    gone.status = AccountStatus.DEACTIVATED
    await gone.save()
    await committed(refresh_visibility([profile_of(gone)]))
    blocker = await make_person("blocker@x.example")
    await blocks.block(profile_of(blocker), profile_of(ada))
    await make_service("service@x.example")
    await invite_mails.opt_out(invite_mails.opt_out_token("tired@x.example"))
    await make_domain("sso.example", sso=True)
    # when
    with clock.frozen(clock.now()):
        names = ("nobody", "member", "hidden", "gone", "blocker", "service", "tired")
        done = await invite(ada, *(f"{name}@x.example" for name in names), "somebody@sso.example")
    # then: the same answer, the same row, the same points
    assert all(each.invite_id and each.problem is None for each in done)
    rows = await Invite.all().order_by("id").values()
    assert all(as_seen(row) == as_seen(rows[0]) for row in rows)
    assert {row["state"] for row in rows} == {InviteState.PENDING}
    assert await earned(ada) == [("FRIEND_INVITED", 5)] * 8
    # and: another mail, or none
    assert [(mail.kind, mail.to) for mail in await mails()] == [
        ("invite", "nobody@x.example"),
        ("invite-of-member", "member@x.example"),
        ("invite-of-member", "hidden@x.example"),
        ("invite", "somebody@sso.example"),
    ]
    [told] = [mail.text for mail in await mails() if mail.to == "member@x.example"]
    handle = (await Profile.get(id=profile_of(ada))).handle
    assert f"http://graph.example/profiles/{handle}" in told and "/join" not in told


async def test_a_private_sender_is_not_shown_to_members() -> None:
    ada = await make_person(public=False)
    await make_person("member@x.example")
    [done] = await invite(ada, "member@x.example")
    assert done.invite_id and await kinds() == []


@pytest.mark.sqlite_only
async def test_an_invite_costs_as_many_statements_whoever_reads_the_address(count_statements: Any) -> None:
    # given
    ada = await make_person()
    await make_person("member@x.example")
    await invite_mails.opt_out(invite_mails.opt_out_token("tired@x.example"))
    # when
    seen = []
    for name in ("nobody", "member", "tired"):
        with count_statements() as statements:
            await invite(ada, f"{name}@x.example")
        seen.append(statements.total)
    # then
    assert len(set(seen)) == 1
    with count_statements() as statements:
        await invite(ada, *(f"p{n}@x.example" for n in range(10)))
    # Three more: the level of a badge that is reached, its notice, and a look at the date of the level before, which is
    # young. Then one for each invite; the mails are written together.
    assert statements.total <= seen[0] + 3 + 9, statements.texts


@pytest.mark.postgres_only
async def test_twins_make_one_invite(database: Database) -> None:
    # given
    ada = await make_person()
    # when
    done = await asyncio.gather(*(invite(ada, BEN, "cleo@friends.example") for _ in range(6)))
    # then
    assert len({each.invite_id for answer in done for each in answer}) == 2
    assert sorted([row.sends for row in await Invite.all()]) == [6, 6]
    assert await total(profile_of(ada)) == 10


@pytest.mark.postgres_only
async def test_withdrawing_and_coming_at_once_settle(database: Database) -> None:
    for n in range(4):
        email = f"guest{n}@x.example"
        ada = await make_person()
        [done] = await invite(ada, email)
        assert done.invite_id is not None
        code = await invite_code(email)
        # when
        guest, withdrawn = await asyncio.gather(
            join(email, code), invites.withdraw(profile_of(ada), done.invite_id), return_exceptions=True
        )
        # then: one of them was first
        assert not isinstance(guest, BaseException)
        came = await state_of(done.invite_id) is InviteStatus.ACCEPTED
        assert came is isinstance(withdrawn, Refused)
        assert ("FRIEND_REFERRED", 25) in await earned(ada) if came else len(await earned(ada)) == 1
