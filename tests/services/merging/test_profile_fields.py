"""Which fields a merged profile has, who sees it, and where the source's ids and handles lead."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from models.accounts import Account, AccountStatus
from models.companies import Company
from models.merged_profiles import MergedProfile
from models.profile_changes import ChangedField, ProfileChange
from models.profiles import Profile, ProfileHandle, ProfileSkill, ProfileWord
from services.auth import access_tokens, api_keys, sessions
from services.auth.principals import NO_CLIENT
from services.core.merged_profiles import current_ids
from services.errors import ErrorCode, NotAllowed, Refused
from services.merging import engine, moved_rows, profile_fields
from services.merging.plan import FieldPlan, Kept, MergedFieldName, Pair
from services.profiles import handle_changes, handles
from services.sign_in import account_creation
from services.sign_in.account_creation import Initiator
from tests.helpers.factories import make_person
from tests.helpers.invites import BY_TESTS
from tests.helpers.merging import make_two, merge, of_table, plan_of, profile_of
from tests.helpers.people import make_member
from tests.helpers.sign_in import GOOD, mailed_code

pytestmark = pytest.mark.usefixtures("start")
LONG_AGO = datetime(2024, 5, 1, tzinfo=UTC)
TAKEN: dict[str, Any] = {
    "job_title": "Engineer",
    "department": "R&D",
    "country": "NL",
    "location": "Delft",
    "about": "I build.",
    "website": "https://ada.example",
    "meetup": "ada-m",
    "twitter": "ada-t",
    "linkedin": "ada-l",
    "skype": "ada-s",
    "github": "ada-g",
    "github_connected_at": LONG_AGO,
    "looking_for_job": True,
    "looking_for_project": False,
    "looking_for_confirmed": True,
    "avatar": "a" * 32,
}
NEVER = {
    "recovery_email": "mine@home.example",
    "recovery_email_key": "mine@home.example",
    "recovery_email_verified_at": LONG_AGO,
    "language": "nl",
}


async def test_an_empty_profile_takes_every_field_but_those_that_are_never_taken() -> None:
    two = await make_two(
        {"details": {**TAKEN, **NEVER}, "joined_on": date(2019, 1, 1)}, {"public": False, "joined_on": date(2020, 1, 1)}
    )
    before = await profile_of(two.pair.survivor)
    planned = await plan_of(two.pair)
    plan = {each.field: each for each in planned.fields}
    assert await profile_fields.superseded_pictures(two.pair) == []
    await merge(two.pair)
    changes = await ProfileChange.filter(profile_id=two.pair.survivor, account_id=None)
    texts = {name.upper() for name, value in TAKEN.items() if isinstance(value, str)}
    assert {each.field.value for each in changes} == texts | {"LOOKING_FOR"}
    assert of_table(planned, "profile_change").added == len(changes)

    after = await profile_of(two.pair.survivor)
    assert {name: getattr(after, name) for name in TAKEN} == TAKEN
    assert {name: getattr(after, name) for name in NEVER} == dict.fromkeys(NEVER)
    assert (after.name, after.handle, after.visibility) == (before.name, before.handle, before.visibility)
    assert (after.version, after.joined_on, after.listed, after.active) == (2, date(2019, 1, 1), False, True)
    assert plan[MergedFieldName.NAME] == FieldPlan(MergedFieldName.NAME, Kept.SURVIVOR, "Ada New", "Ada Old")
    assert plan[MergedFieldName.COUNTRY] == FieldPlan(MergedFieldName.COUNTRY, Kept.SOURCE, "NL")
    assert plan[MergedFieldName.AVATAR] == FieldPlan(MergedFieldName.AVATAR, Kept.SOURCE, "picture")
    assert plan[MergedFieldName.LOOKING_FOR] == FieldPlan(MergedFieldName.LOOKING_FOR, Kept.SOURCE, "JOB")
    assert plan[MergedFieldName.JOINED_ON] == FieldPlan(
        MergedFieldName.JOINED_ON, Kept.SOURCE, "2019-01-01", "2020-01-01"
    )
    assert plan[MergedFieldName.LANGUAGE] == FieldPlan(MergedFieldName.LANGUAGE, Kept.SURVIVOR, "", "nl")
    assert plan[MergedFieldName.VISIBILITY] == FieldPlan(MergedFieldName.VISIBILITY, Kept.SURVIVOR, "PRIVATE", "PUBLIC")
    assert plan.keys() == set(MergedFieldName) - {MergedFieldName.COMPANY}


async def test_fields_of_the_survivor_stay_and_the_picture_of_the_source_is_to_be_deleted() -> None:
    own: dict[str, Any] = {
        name: f"own {name}"[:2] if name == "country" else f"own {name}"
        for name in TAKEN
        if isinstance(TAKEN[name], str)
    }
    own |= {"avatar": "b" * 32, "looking_for_confirmed": True, "looking_for_project": True}
    two = await make_two({"details": TAKEN}, {"details": own})
    plan = {each.field: each for each in (await plan_of(two.pair)).fields}
    assert (await merge(two.pair)).pictures == ["a" * 32]

    after = await profile_of(two.pair.survivor)
    assert {name: getattr(after, name) for name in own} == own
    # The connection belongs to the other account.
    assert (after.github_connected_at, after.looking_for_job) == (None, False)
    assert plan[MergedFieldName.AVATAR] == FieldPlan(MergedFieldName.AVATAR, Kept.SURVIVOR, "picture", "picture")
    assert plan[MergedFieldName.LOOKING_FOR] == FieldPlan(MergedFieldName.LOOKING_FOR, Kept.SURVIVOR, "PROJECT", "JOB")
    assert plan[MergedFieldName.JOB_TITLE] == FieldPlan(
        MergedFieldName.JOB_TITLE, Kept.SURVIVOR, "own job_title", "Engineer"
    )
    assert plan[MergedFieldName.JOINED_ON] == FieldPlan(MergedFieldName.JOINED_ON, Kept.SURVIVOR, "2020-01-01")


async def test_the_same_github_account_keeps_the_proof_of_either() -> None:
    two = await make_two(
        {"details": {"github": "Ada", "github_connected_at": LONG_AGO}}, {"details": {"github": "ada"}}
    )
    await merge(two.pair)
    assert (await profile_of(two.pair.survivor)).github_connected_at == LONG_AGO


@pytest.mark.parametrize("public", [True, False])
async def test_the_survivor_is_found_by_its_words_if_it_was_listed(public: bool) -> None:
    two = await make_two({"details": {"job_title": "Carpenter"}}, {"public": public})
    await merge(two.pair)
    words = {bytes(each.word).decode() for each in await ProfileWord.all()}
    assert ("carpenter" in words, "new" in words, "old" in words) == (public, public, False)
    assert (await profile_of(two.pair.survivor)).listed is public


async def test_accounts_move_as_they_are_and_sessions_see_the_merged_profile_without_elevation() -> None:
    company = await Company.create(name="Harbor", created_at=LONG_AGO)
    two = await make_two()
    member = await make_member(company, "old@harbor.example", admin=True)
    await Account.filter(id=member.id).update(profile_id=two.pair.source, created_at=LONG_AGO)
    await Account.filter(id=two.source.id).update(status=AccountStatus.DEACTIVATED)
    elevated = {}
    for account in (two.source, two.survivor, member):
        secret = await sessions.begin(account.id, NO_CLIENT)
        facts = await sessions.authenticate(secret)
        elevated[account.id] = await sessions.elevate(facts.session_id) if facts and facts.session_id else secret
    plan = await plan_of(two.pair)
    counted = of_table(plan, "session")
    assert (counted.kept, counted.moved) == (1, 2)
    assert plan.fields[-1] == FieldPlan(MergedFieldName.COMPANY, Kept.SOURCE, "Harbor")
    await merge(two.pair)

    seen = {account: await sessions.authenticate(secret) for account, secret in elevated.items()}
    assert seen[two.source.id] is None  # deactivated accounts stay deactivated
    source_side, survivor_side = seen[member.id], seen[two.survivor.id]
    assert source_side and survivor_side
    assert (source_side.profile_id, source_side.elevated) == (two.pair.survivor, False)
    assert (source_side.company_id, source_side.company_admin) == (company.id, True)
    assert (survivor_side.profile_id, survivor_side.elevated) == (two.pair.survivor, True)
    # The company of the oldest active account is displayed.
    assert (await profile_of(two.pair.survivor)).company_id == company.id
    assert await Account.filter(profile_id=two.pair.survivor).count() == 3


async def test_what_an_elevated_session_of_the_source_began_before_is_refused_after_the_merge() -> None:
    two = await make_two()
    facts = await sessions.authenticate(await sessions.begin(two.source.id, NO_CLIENT))
    assert facts and facts.session_id
    await sessions.elevate(facts.session_id)
    by = Initiator(two.source.id, facts.session_id, BY_TESTS)
    await account_creation.begin(by, "third@people.example", GOOD, marketing=False)
    code = await mailed_code("third@people.example")
    await merge(two.pair)
    for late in (
        access_tokens.create(two.source.id, name="Late", scopes=["mx:leaderboard:read"], session_id=facts.session_id),
        api_keys.create(two.source.id, name="Late", actor=BY_TESTS, session_id=facts.session_id),
        account_creation.verify(by, "third@people.example", code),
    ):
        with pytest.raises(NotAllowed) as refusal:
            await late
        assert [each.code for each in refusal.value.problems] == [ErrorCode.ELEVATION_REQUIRED]
    assert await Account.filter(profile_id=two.pair.survivor).count() == 2


async def test_a_public_survivor_without_an_active_account_is_listed_by_the_source_s() -> None:
    two = await make_two({"public": False})
    await Account.filter(id=two.survivor.id).update(status=AccountStatus.DEACTIVATED)
    await Profile.filter(id=two.pair.survivor).update(active=False, listed=False)
    await merge(two.pair)
    after = await profile_of(two.pair.survivor)
    assert (after.active, after.listed) == (True, True)


async def test_skills_unite() -> None:
    two = await make_two({"skills": ["java", "design"]}, {"skills": ["design"]})
    expected = of_table(await plan_of(two.pair), "profile_change")
    await merge(two.pair)
    [change] = await ProfileChange.filter(profile_id=two.pair.survivor, account_id=None)
    assert (change.field, change.old, change.new) == (ChangedField.SKILLS, "design", "design, java")
    assert expected.added == 1
    rows = await ProfileSkill.all()
    assert sorted(each.skill for each in rows) == ["design", "java"]
    assert {each.profile_id for each in rows} == {two.pair.survivor}


async def test_old_ids_and_handles_lead_to_the_survivor_through_a_chain_of_merges() -> None:
    first, second, third = [await make_person(name=f"Person {name}") for name in ("One", "Two", "Three")]
    ids = [each.own_profile_id for each in (first, second, third)]
    names = [(await profile_of(each)).handle for each in ids]
    await handle_changes.change(ids[0], "first-again", actor=BY_TESTS)
    await merge(Pair(ids[0], ids[1]))
    await merge(Pair(ids[1], ids[2]))

    assert await current_ids(ids) == {ids[0]: ids[2], ids[1]: ids[2]}
    for handle in (*names, "first-again"):
        found = await handles.profile_of(handle)
        assert found and found.id == ids[2]
    assert await Profile.all().count() == 1
    stranger = await make_person(name="Person One", key="")  # gets another handle
    assert (await profile_of(stranger.own_profile_id)).handle not in names
    with pytest.raises(Refused):
        await handle_changes.change(stranger.own_profile_id, names[0], actor=BY_TESTS)
    await handle_changes.change(ids[2], names[0], actor=BY_TESTS)  # one's own
    assert (await profile_of(ids[2])).handle == names[0]
    assert stranger.own_profile_id not in ids  # ids are never given again


async def test_a_forgotten_reference_is_named_and_rolls_everything_back(monkeypatch: pytest.MonkeyPatch) -> None:
    two = await make_two()
    await ProfileHandle.create(handle="left-behind", profile_id=two.pair.source, noted_at=LONG_AGO)
    monkeypatch.setattr(engine, "STEPS", [each for each in engine.STEPS if each is not moved_rows])
    with pytest.raises(
        RuntimeError, match=r"account\.profile_id, profile_change\.profile_id, profile_handle\.profile_id"
    ):
        await merge(two.pair)
    assert await Profile.filter(id__in=two.pair).count() == 2
    assert await MergedProfile.all().count() == 0
