"""Guessing the code of a merge, also with many merges and many accounts; and reading masks of addresses."""

import re
from datetime import timedelta
from fractions import Fraction
from typing import Final

from catalogue.limits import LIMITS, SECOND
from models.accounts import Account
from models.outbox import OutboxMessage
from models.profiles import Profile
from services.auth.verification_codes import CODE_DIGITS
from services.core import clock
from services.core.audit import OPERATOR
from services.core.email_addresses import address_of
from services.deletion import engine
from services.merging.candidate_addresses import candidates_of
from services.merging.operations import MAX_WRONG_CODES
from services.messages import outbox
from tests.helpers.factories import make_person
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.merge_steps import merge_code, merge_mails, merger

MAX_CHANCE_PER_DAY: Final = Fraction(1, 10_000)
"""Of guessing a code: also against one profile by many accounts, for each of its addresses."""


def most_per_day(operation: str, kind: str) -> Fraction:
    """The most calls that a limit allows in the long run, on one day."""
    [limit] = [each for each in LIMITS[operation] if each.kinds == (kind,)]
    return Fraction(int(timedelta(days=1).total_seconds()) * SECOND, limit.interval)


def test_codes_cannot_be_guessed_by_starting_many_merges() -> None:
    chance = Fraction(MAX_WRONG_CODES, 10**CODE_DIGITS)
    for kind in ("account", "email"):
        assert most_per_day("merge-code", kind) * chance <= MAX_CHANCE_PER_DAY, kind
    assert most_per_day("start-merge", "account") * chance <= MAX_CHANCE_PER_DAY
    # nor from one place with many accounts
    assert most_per_day("merge-code", "address") * chance <= 10 * MAX_CHANCE_PER_DAY


async def test_a_code_that_was_not_mailed_is_wrong(checked_client: GraphQLClient) -> None:
    """A mailbox that gets no more codes would be guessed without its owner being warned."""
    ben = await make_person("ben@people.example")
    for _ in range(2):
        eve = await merger(checked_client, await make_person())
        assert await eve.start("ben@people.example") == []
        for _ in range(3):
            assert await eve.send() == []
    assert len(await merge_mails()) == 5
    *_, withheld = await OutboxMessage.filter(kind="merge-code").order_by("id")
    [code] = re.findall(r"^\d{6}$", outbox.opened(withheld).text, re.MULTILINE)
    assert await eve.verify(code) == ["BAD_CODE"] and (await eve.seen())["attemptsLeft"] == 4
    assert await Profile.filter(id=ben.profile_id).exists()


async def test_masks_of_people_are_masks_of_decoys(checked_client: GraphQLClient) -> None:
    """A mask that no decoy can have would tell that the typed address exists."""
    possible = set()
    for number in range(4_000):
        typed, *further = (await candidates_of(address_of(f"e{number}@work.example"))).choices
        assert typed.masked == "e•••@w•••.example"
        possible |= {each.masked for each in further}
    ada = await make_person("e@work.example")
    for email in (
        "ada@analytical-engines.nl",
        "ädä@gmail.com",
        "7of9@zyx.museum",
        "eva@work.example",
        "q@localhost.xn--p1ai",
    ):
        second = await make_person(email)
        await Account.filter(id=second.id).update(profile_id=ada.profile_id)
    await Profile.filter(id=ada.profile_id).update(
        recovery_email="zo@home.example", recovery_email_key="zo@home.example", recovery_email_verified_at=clock.now()
    )
    for email in ("e@work.example", "eva@work.example"):
        shown = [each.masked for each in (await candidates_of(address_of(email))).choices][1:]
        assert len(shown) == 4
        assert set(shown) <= possible, shown


async def test_a_mailbox_that_the_profile_has_no_more_does_not_take_it(checked_client: GraphQLClient) -> None:
    """Ben finds out that somebody reads an address of his, and gives it up."""
    for give_up_first in (True, False):
        ben, stolen = await make_person(), await make_person()
        await Account.filter(id=stolen.id).update(profile_id=ben.profile_id)
        await Profile.filter(id=ben.profile_id).update(
            recovery_email="b@home.example", recovery_email_key="b@home.example", recovery_email_verified_at=clock.now()
        )
        [recovery] = [
            place for place, each in enumerate((await candidates_of(address_of(stolen.email))).choices) if each.recovery
        ]
        for place in (0, recovery):
            eve = await merger(checked_client, await make_person())
            assert await eve.start(stolen.email) == [] and await eve.send(place) == []
            code = await merge_code()
            if not give_up_first:
                assert await eve.verify(code) == []
                shown = (await eve.preview())["hash"]
            if place == 0:
                await Account.filter(id=stolen.id).update(profile_id=(await make_person()).profile_id)
            else:
                await Profile.filter(id=ben.profile_id).update(
                    recovery_email="new@home.example", recovery_email_key="new@home.example"
                )
            if give_up_first:
                assert await eve.verify(code) == ["BAD_CODE"]
            else:
                assert await eve.preview() is None and await eve.finish(shown) == ["MERGE_NOT_OPEN"]
                assert (await eve.seen())["state"] == "CANCELLED"
            await Account.filter(id=stolen.id).update(profile_id=ben.profile_id)


async def test_a_deletion_does_not_tell_that_there_was_a_profile(checked_client: GraphQLClient) -> None:
    seen = []
    for email in ("nobody@people.example", "ben@people.example"):
        eve = await merger(checked_client, await make_person())
        if email.startswith("ben"):
            await make_person(email)
        assert await eve.start(email) == [] and await eve.send() == []
        if email.startswith("ben"):
            await engine.delete_account((await Account.get(email=email)).id, actor=OPERATOR)
        seen.append([(await eve.seen())["state"], await eve.send(), await eve.verify("x"), await eve.finish("x")])
    assert seen[0] == seen[1] == ["CODE_SENT", [], ["BAD_CODE"], ["MERGE_NOT_VERIFIED"]]
