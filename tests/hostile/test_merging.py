"""Taking a profile that is somebody else's, and finding out who has one: by merging."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.accounts import Account, AccountStatus
from models.audit import AuditEntry
from models.outbox import OutboxMessage
from models.profile_merges import MergeState, ProfileMerge
from models.profiles import Profile
from models.sessions import Session
from models.verification_codes import MailedCode
from services.core import clock
from services.core.email_addresses import address_of
from services.merging.candidate_addresses import candidates_of
from tests.conftest import CountStatements
from tests.helpers.factories import make_person, make_service, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.merge_steps import Merger, call, cancel_link, merge_code, merge_mails, merger
from tests.helpers.mutation_callers import everything
from tests.helpers.pages import Reader
from tests.helpers.people import in_session, make_member, with_key
from tests.helpers.second_factors import with_totp
from tests.helpers.sign_in import make_domain, other_than

UNKNOWN = "nobody@people.example"


async def plain(email: str) -> None:
    await make_person(email)


async def private(email: str) -> None:
    await make_person(email, public=False)


async def deactivated(email: str) -> None:
    account = await make_person(email)
    await Account.filter(id=account.id).update(status=AccountStatus.DEACTIVATED)


async def under_sso(email: str) -> None:
    await make_member(await make_domain("sso.example", sso=True), email)


async def with_factor(email: str) -> None:
    await with_totp(email)


async def of_a_service(email: str) -> None:
    await make_service(email)


async def in_three_places(email: str) -> None:
    """A profile with a second account and a recovery email."""
    account = await make_person(email)
    second = await make_person()
    await Account.filter(id=second.id).update(profile_id=account.profile_id)
    await Profile.filter(id=account.profile_id).update(
        recovery_email="r@home.example", recovery_email_key="r@home.example", recovery_email_verified_at=clock.now()
    )


EXISTING: list[Callable[[str], Awaitable[None]]] = [
    plain, private, deactivated, under_sso, with_factor, of_a_service, in_three_places,
]  # fmt: skip


async def story_of(client: GraphQLClient, email: str, count_statements: CountStatements) -> list[Any]:
    """Everything that somebody learns who merges the profile of this address without reading its mail, and the statements of each step."""
    initiator = await merger(client, await make_person())
    await initiator.ask("{ viewer { profile { id } } }")  # what is done once per session is done
    story: list[Any] = []
    before = await OutboxMessage.all().count()

    async def step(work: Awaitable[list[str]]) -> None:
        with count_statements() as seen:
            refused = await work
        merge = {**initiator.merge, "id": "…", "startedAt": "…", "expiresAt": "…"}
        merge["addresses"] = [len(each["addressId"]) for each in merge["addresses"][:1]]
        story.append((refused, seen.total, merge))

    await step(initiator.start(email))
    assert initiator.merge["addresses"][0]["masked"] == f"{email[0]}•••@{email.partition('@')[2][0]}•••.example"
    for _ in range(2):
        await step(initiator.send())
    for _ in range(5):
        await step(initiator.verify("000000x"))
    await step(initiator.verify("000000"))
    await step(initiator.finish("no hash"))
    story.append(await OutboxMessage.all().count() - before)
    trail = await AuditEntry.filter(actor_id=initiator.account.id).order_by("id")
    story.append([(each.action, each.outcome, each.account_id == initiator.account.id) for each in trail])
    story.append([await initiator.start(email), *[await initiator.send() for _ in range(6)]])
    return story


async def test_no_step_tells_whether_an_address_exists(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    wanted = await story_of(checked_client, UNKNOWN, count_statements)
    assert wanted[-1] == [[]] * 6 + [["RATE_LIMITED"]]
    for existing in EXISTING:
        known = f"{existing.__name__.replace('_', '.')}@sso.example"
        await existing(known)
        assert await story_of(checked_client, known, count_statements) == wanted, existing
        mailed = [each for each in await merge_mails() if each.to == known]
        assert len(mailed) == (0 if existing is of_a_service else 5), existing
    assert all(each.to != UNKNOWN for each in await merge_mails())


async def test_decoys_are_the_same_for_everyone_and_as_many_as_people_have(checked_client: GraphQLClient) -> None:
    ada, ben = [await merger(checked_client, await make_person()) for _ in range(2)]
    seen = []
    for each, email in ((ada, UNKNOWN), (ben, UNKNOWN), (ada, f" {UNKNOWN.upper()}")):
        assert await each.start(email) == []
        seen.append([address["masked"] for address in each.merge["addresses"]])
    assert seen[0] == seen[1] == seen[2]
    ids = {address["addressId"] for each in (ada, ben) for address in each.merge["addresses"]}
    assert len(ids) == 2 * len(seen[0]), "an id belongs to one merge"
    # as many as people have: one, and now and then more
    numbers = [len((await candidates_of(address_of(f"who{n}@people.example"))).choices) for n in range(300)]
    assert {1, 2, 3} <= set(numbers) <= {1, 2, 3, 4, 5} and 0.5 < numbers.count(1) / 300 < 0.8


@pytest.mark.sqlite_only
async def test_no_step_tells_by_its_time(checked_client: GraphQLClient) -> None:
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    for n in range(8):
        await make_person(f"known{n}@people.example")
        for kind, times in spent.items():
            initiator = await merger(checked_client, await make_person())
            begun = time.process_time()
            assert await initiator.start(f"{kind}{n}@people.example") == [] and await initiator.send() == []
            assert await initiator.verify("1") == ["BAD_CODE"]
            times.append(time.process_time() - begun)
    known, unknown = (statistics.median(each) for each in spent.values())
    assert 1 / 3 < known / unknown < 3, spent


async def test_limits_of_one_choice_do_not_show_in_another_merge(checked_client: GraphQLClient) -> None:
    """The further address of a profile is used up through the first one: entered itself, it still answers as an unknown one."""
    ben = await make_person("ben@people.example")
    second = await make_person("other@people.example")
    await Account.filter(id=second.id).update(profile_id=ben.profile_id)
    for _ in range(3):
        initiator = await merger(checked_client, await make_person())
        assert await initiator.start("ben@people.example") == []
        sent = [await initiator.send(1) for _ in range(5)]
    assert ["RATE_LIMITED"] in sent
    assert len(await merge_mails()) == 5, "a mailbox gets no more"
    eve = await merger(checked_client, await make_person())
    assert await eve.start("other@people.example") == [] and await eve.send() == []
    assert len(await merge_mails()) == 5


async def test_own_addresses_are_refused(checked_client: GraphQLClient) -> None:
    ada = await merger(checked_client, await make_person("ada@people.example"))
    second = await make_person("second@people.example")
    await Account.filter(id=second.id).update(profile_id=ada.account.profile_id)
    for email in ("ada@people.example", "SECOND@people.example"):
        assert await ada.start(email) == ["SAME_PROFILE"]
    assert await ada.start("no address") == ["BAD_INPUT"]
    assert await ProfileMerge.all().count() == 0


async def started(client: GraphQLClient) -> tuple[Merger, Account]:
    """Eve, who wants Ben's profile, and has had a code mailed to him."""
    ben = await make_person("ben@people.example")
    eve = await merger(client, await make_person("eve@people.example"))
    assert await eve.start("ben@people.example") == [] and await eve.send() == []
    return eve, ben


async def test_guesses_in_one_document_count_one_by_one(checked_client: GraphQLClient) -> None:
    eve, _ = await started(checked_client)
    code = await merge_code()
    guesses = [other_than(code)] * 5 + [code]
    given = [f'{{mergeId: "{eve.merge_id}", code: "{each}"}}' for each in guesses]
    calls = " ".join(f"a{n}: {call('verifyMergeCode', each)}" for n, each in enumerate(given))
    answered = (await eve.ask(f"mutation Guess {{ {calls} }}"))["data"]
    codes = [[error["code"] for error in each["errors"]] for each in answered.values()]
    assert codes == [["BAD_CODE"]] * 5 + [["MERGE_NOT_OPEN"]]
    assert ((await eve.seen())["state"], (await eve.seen())["attemptsLeft"]) == ("FAILED", 0)
    assert await eve.send() == ["MERGE_NOT_OPEN"] and await MailedCode.all().count() == 0


async def test_guesses_at_the_same_moment_are_all_counted(checked_client: GraphQLClient) -> None:
    eve, _ = await started(checked_client)
    code = await merge_code()
    document = (
        f'mutation {{ {call("verifyMergeCode", f"""{{mergeId: "{eve.merge_id}", code: "{other_than(code)}"}}""")} }}'
    )
    bodies = await asyncio.gather(*(eve.ask(document) for _ in range(12)))
    codes = [body["data"]["verifyMergeCode"]["errors"][0]["code"] for body in bodies]
    assert sorted(codes) == ["BAD_CODE"] * 5 + ["MERGE_NOT_OPEN"] * 7
    assert await eve.verify(code) == ["MERGE_NOT_OPEN"]
    row = await ProfileMerge.get()
    assert (row.wrong_codes, row.state) == (5, MergeState.FAILED)


async def test_wrong_codes_of_all_mails_count_together(checked_client: GraphQLClient) -> None:
    eve, _ = await started(checked_client)
    for _ in range(2):
        for _ in range(2):
            assert await eve.verify(other_than(await merge_code())) == ["BAD_CODE"]
        assert await eve.send() == []
    assert eve.merge["attemptsLeft"] == 1 and await eve.verify(other_than(await merge_code())) == ["BAD_CODE"]
    assert await eve.verify(await merge_code()) == ["MERGE_NOT_OPEN"]


async def test_a_code_belongs_to_one_merge_and_to_its_account(checked_client: GraphQLClient) -> None:
    eve, _ = await started(checked_client)
    first = await merge_code()
    mallory = await merger(checked_client, await make_person())
    assert await mallory.start("ben@people.example") == [] and await mallory.send() == []
    second = await merge_code()
    # the code of the other one
    assert await mallory.verify(first) == ["BAD_CODE"] or first == second
    # the merge of the other one, in each step
    theirs = mallory.merge
    mallory.merge = eve.merge
    assert await mallory.send() == ["NOT_FOUND"] and await mallory.verify(first) == ["NOT_FOUND"]
    assert await mallory.prove(first) == ["NOT_FOUND"] and await mallory.finish("x") == ["NOT_FOUND"]
    assert await mallory.do("cancelMerge", mergeId=mallory.merge_id) == ["NOT_FOUND"]
    assert await mallory.do("sendMergeSecondFactorCode", mergeId=mallory.merge_id) == ["NOT_FOUND"]
    assert await mallory.seen() is None
    # an address of the other one
    eves = eve.merge["addresses"]
    mallory.merge = {**theirs, "addresses": eves}
    assert await mallory.send() == ["NOT_FOUND"]
    # a second account of the same profile does not see it either
    sister = await make_person()
    await Account.filter(id=sister.id).update(profile_id=eve.account.profile_id)
    other = await merger(checked_client, sister)
    other.merge = eve.merge
    assert await other.seen() is None and await other.verify(first) == ["NOT_FOUND"]
    # nor does a key or a session that is not elevated read its preview
    assert await eve.verify(first) == [] and (await eve.preview())["hash"]
    for headers, refusal in (
        (await with_key(eve.account), None),
        (await in_session(eve.account), "ELEVATION_REQUIRED"),
    ):
        body = await checked_client.ask(
            "query P($id: ID!) { node(id: $id) { ... on ProfileMerge { preview { hash } } } viewer { openMerge { id } } }",
            headers=headers,
            id=eve.merge_id,
        )
        codes = [each["extensions"]["code"] for each in body.get("errors", ())]
        assert codes == ([refusal] if refusal else [])
        assert (body["data"]["node"] is None) is (refusal is None) is (body["data"]["viewer"]["openMerge"] is None)


async def test_nothing_is_shown_or_merged_before_the_code(checked_client: GraphQLClient) -> None:
    eve, ben = await started(checked_client)
    assert await eve.preview() is None and eve.merge["needsSecondFactor"] is None
    assert await eve.finish("0" * 32) == ["MERGE_NOT_VERIFIED"] and await eve.prove("1") == ["MERGE_NOT_VERIFIED"]
    assert await Profile.filter(id=ben.profile_id).exists()
    # used once
    code = await merge_code()
    assert await eve.verify(code) == [] and await eve.verify(code) == ["BAD_CODE"]
    assert (await eve.seen())["state"] == "VERIFIED"
    # and a new code takes the place of the old one, also if the old one was verified
    assert await eve.send() == [] and await eve.preview() is None


async def test_a_mailbox_alone_does_not_take_a_profile_with_a_second_factor(checked_client: GraphQLClient) -> None:
    ben = await with_totp("ben@people.example")
    eve = await merger(checked_client, await make_person())
    await eve.verified("ben@people.example")
    assert (eve.merge["needsSecondFactor"], eve.merge["secondFactorMethods"]) == (True, ["TOTP"])
    assert await eve.preview() is None and await eve.finish("0" * 32) == ["SECOND_FACTOR_REQUIRED"]
    assert await eve.do("sendMergeSecondFactorCode", mergeId=eve.merge_id) == ["SECOND_FACTOR_OFF"]
    document = f'mutation {{ {call("verifyMergeSecondFactor", f"""{{mergeId: "{eve.merge_id}", code: "x"}}""")} }}'
    bodies = await asyncio.gather(*(eve.ask(document) for _ in range(8)))  # at the same moment, too
    codes = [body["data"]["verifyMergeSecondFactor"]["errors"][0]["code"] for body in bodies]
    assert sorted(codes) == ["BAD_CODE"] * 5 + ["MERGE_NOT_OPEN"] * 3
    assert await eve.prove(ben.backup_codes[0]) == ["MERGE_NOT_OPEN"] and (await eve.seen())["state"] == "FAILED"
    # with the factor it is theirs
    await eve.verified("ben@people.example")
    assert await eve.prove("x") == ["RATE_LIMITED"] and await eve.prove(ben.backup_codes[1]) == []
    assert (eve.merge["needsSecondFactor"], eve.merge["attemptsLeft"]) == (False, 5), (
        "what was not checked is not counted"
    )
    assert await eve.preview()
    assert await eve.send() == [] and await eve.verify(await merge_code()) == []
    assert await eve.preview() is None, "after another code the factor is needed again"


async def test_a_factor_that_is_switched_on_later_is_needed(checked_client: GraphQLClient) -> None:
    eve, ben = await started(checked_client)
    assert await eve.verify(await merge_code()) == []
    shown = await eve.preview()
    await with_totp("ben@people.example")
    assert await eve.finish(shown["hash"]) == ["SECOND_FACTOR_REQUIRED"]
    assert await Profile.filter(id=ben.profile_id).exists() and await eve.preview() is None


async def test_the_link_in_the_mail_stops_a_merge_and_does_nothing_else(checked_client: GraphQLClient) -> None:
    eve, _ = await started(checked_client)
    code, link = await merge_code(), await cancel_link()
    reader = Reader(checked_client.http)
    [mail] = await merge_mails()
    ben, own = await Profile.get(id=(await ProfileMerge.get()).source_id), await Profile.get(id=eve.account.profile_id)
    assert (
        f'"{ben.name} ({ben.handle})"' in mail.text
        and f'the profile "{own.name} ({own.handle})"' in mail.text
        and "e•••@p•••.example" in mail.text
    )
    # opening it changes nothing
    page = await reader.open(link)
    assert page.status == 200 and ben.handle in page.text and own.handle in page.text and "e•••@p•••" in page.text
    assert (await eve.seen())["state"] == "CODE_SENT"
    # another page's form does nothing, nor does a wrong token
    assert (await reader.send(page, form="x")).status == 403
    for wrong in (link[:-1], f"{link[:-1]}é", link.replace("mrg_", "acc_"), link.partition("?")[0]):
        assert (await reader.open(wrong)).status == 404
    assert (await reader.send(page, token="x")).status == 404
    assert (await eve.seen())["state"] == "CODE_SENT"
    # the button does
    for _ in range(2):
        done = await reader.send(page)
        assert done.status == 200 and "was cancelled" in done.text
    assert (await eve.seen())["state"] == "CANCELLED" and await eve.verify(code) == ["MERGE_NOT_OPEN"]
    entry = await AuditEntry.get(action="merge.cancelled")
    assert (entry.actor_id, entry.address) == (None, ""), "the initiator does not learn from where"


async def test_a_merge_that_is_done_is_not_done_again_and_the_hash_is_of_its_own(checked_client: GraphQLClient) -> None:
    eve, ben = await started(checked_client)
    link, code = await cancel_link(), await merge_code()
    cem = await make_person("cem@people.example")
    mallory = await (await merger(checked_client, await make_person())).verified("cem@people.example")
    theirs = (await mallory.preview())["hash"]
    assert await eve.verify(code) == []
    assert await eve.finish(theirs) == ["PREVIEW_OUTDATED"] and await eve.finish("") == ["PREVIEW_OUTDATED"]
    assert await Profile.filter(id__in=[ben.profile_id, cem.profile_id]).count() == 2
    own = (await eve.preview())["hash"]
    assert await eve.finish(own) == [] and eve.merge["state"] == "DONE"
    done = {table: rows for table, rows in (await everything()).items() if table not in {"Session", "AuditEntry"}}
    # the same call, another hash, the link and the code again
    assert await eve.finish(own) == [] and await eve.finish("x") == [] and eve.merge["state"] == "DONE"
    reader = Reader(checked_client.http)
    page = await reader.open(link)
    assert page.status == 200 and not page.forms and "can no longer be stopped" in page.text
    assert await eve.verify(code) == ["MERGE_NOT_OPEN"] and await eve.send() == ["MERGE_NOT_OPEN"]
    assert await eve.do("cancelMerge", mergeId=eve.merge_id) == ["MERGE_NOT_OPEN"] and await eve.preview() is None
    assert {table: rows for table, rows in (await everything()).items() if table in done} == done
    # merging back is not possible: they are one
    assert await eve.start("ben@people.example") == ["SAME_PROFILE"]


async def test_what_changes_meanwhile_is_noticed(checked_client: GraphQLClient) -> None:
    """The preview is outdated by a changed field, a new token and a new account; a profile that is gone ends the merge."""
    eve, ben = await started(checked_client)
    assert await eve.verify(await merge_code()) == []
    changes: list[Callable[[], Awaitable[Any]]] = [
        lambda: Profile.filter(id=ben.profile_id).update(job_title="Architect"),
        lambda: make_token(ben, "mx:user:profile:v1:read"),
        lambda: make_token(eve.account, "mx:user:profile:v1:read"),
    ]
    for change in changes:
        shown = await eve.preview()
        await change()
        assert await eve.finish(shown["hash"]) == ["PREVIEW_OUTDATED"]
    # the other profile is merged elsewhere
    shown = await eve.preview()
    mallory = await (await merger(checked_client, await make_person())).verified("ben@people.example")
    assert await mallory.finish() == []
    assert await eve.finish(shown["hash"]) == ["MERGE_NOT_OPEN"] and await eve.preview() is None
    assert (await eve.seen())["state"] == "CANCELLED"
    assert (await Account.get(id=ben.id)).profile_id == mallory.account.profile_id
    # a session that is not elevated any more, and one that has ended
    await eve.verified("cem@people.example" if await make_person("cem@people.example") else "")
    shown = await eve.preview()
    await Session.filter(account_id=eve.account.id).update(elevated_until=None)
    body = await eve.ask(f"mutation {{ {call('mergeProfiles', finish_input(eve, shown))} }}")
    assert body["errors"][0]["extensions"]["code"] == "ELEVATION_REQUIRED"
    # after an hour
    again = await (await merger(checked_client, eve.account)).verified("cem@people.example")
    shown = await again.preview()
    await ProfileMerge.filter(account_id=eve.account.id).update(expires_at=clock.now())
    assert await again.finish(shown["hash"]) == ["MERGE_NOT_OPEN"] and (await again.seen())["state"] == "EXPIRED"
    assert await again.preview() is None and await again.verify("1") == ["MERGE_NOT_OPEN"]


def finish_input(of: Merger, shown: Any) -> str:
    return f'{{mergeId: "{of.merge_id}", previewHash: "{shown["hash"]}"}}'
