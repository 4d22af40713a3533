"""Editing one's profile: docs/rules/profiles.md#editing."""

import asyncio
from typing import Any

import pytest

from catalogue.terms import INDUSTRIES, SKILLS
from models.audit import AuditEntry
from models.database import Database
from models.profiles import Profile, ProfileIndustry, ProfileSkill, ProfileWord, Visibility
from services.core import clock, rate_limits
from services.errors import ErrorCode, Refused
from services.media.social_accounts import SocialService
from services.points.ledger import record
from services.profiles import publishing
from services.profiles.profile_editing import FIELDS, LookingFor, SocialAccount
from tests.helpers.factories import NOON, event, make_person, make_profile
from tests.helpers.profile_editing import WHOLE, actor, edit, id_of, newcomer, profile_of, ready

EVERYTHING: dict[str, Any] = {
    **WHOLE,
    "name": "Renée O’Connor",
    "location": "Rotterdam, on the quay",
    "website": "https://renee.example",
    "socials": [
        SocialAccount(SocialService.GITHUB, "https://github.com/renee"),
        SocialAccount(SocialService.MEETUP, "123"),
        SocialAccount(SocialService.X, "@renee"),
        SocialAccount(SocialService.LINKEDIN, "https://www.linkedin.com/in/renee/"),
        SocialAccount(SocialService.SKYPE, "live:renee"),
    ],
}
assert set(EVERYTHING) == set(FIELDS)


async def problems(account: Any, **fields: Any) -> list[tuple[ErrorCode, tuple[str, ...]]]:
    with pytest.raises(Refused) as refused:
        await edit(account, **fields)
    return [(each.code, tuple(each.path)) for each in refused.value.problems]


async def codes(profile_id: int) -> tuple[set[str], set[str]]:
    skills: Any = ProfileSkill.filter(profile_id=profile_id).values_list("skill", flat=True)
    industries: Any = ProfileIndustry.filter(profile_id=profile_id).values_list("industry", flat=True)
    return set(await skills), set(await industries)


async def test_everything_can_be_said_and_cleared(database: Database) -> None:
    # given
    ada = await newcomer()
    other = await make_profile("Ben Haas", skills=["css"])
    # when
    with clock.frozen(NOON):
        said = await edit(ada, **EVERYTHING)
    # then
    assert (said.name, said.job_title, said.department, said.country) == (
        "Renée O’Connor",
        "Harbor pilot",
        "Navigation",
        "NL",
    )
    assert (said.location, said.about, said.website) == (
        "Rotterdam, on the quay",
        "Brings ships in.",
        "https://renee.example",
    )
    assert (said.github, said.meetup, said.twitter, said.linkedin, said.skype) == (
        "renee",
        "123",
        "renee",
        "renee",
        "live:renee",
    )
    assert (said.looking_for_job, said.looking_for_project, said.looking_for_confirmed) == (False, False, True)
    assert (said.version, said.edited_at) == (2, NOON)
    assert await codes(said.id) == ({"python"}, {"logistics"})
    # when: one thing is changed, the rest is absent
    assert (await edit(ada, department="Tugs")).about == "Brings ships in."
    # when all is cleared
    cleared = await edit(ada, **{name: None for name in EVERYTHING if name != "name"})
    # then
    assert cleared.version == 4
    assert {getattr(cleared, name) for name in ("job_title", "department", "location", "about", "website", "github", "meetup", "twitter", "linkedin", "skype")} == {""}  # fmt: skip
    assert (cleared.country, cleared.looking_for_confirmed, cleared.name) == (None, False, "Renée O’Connor")
    assert await codes(said.id) == (set(), set())
    assert await codes(other) == ({"css"}, set())


async def test_an_edit_that_changes_nothing_is_none(database: Database) -> None:
    ada = await newcomer()
    before = await edit(ada, **EVERYTHING)
    same = await edit(ada, **EVERYTHING)
    assert (same.version, same.edited_at) == (before.version, before.edited_at)
    assert await AuditEntry.filter(action="profile.updated").count() == 1


async def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_changed(database: Database) -> None:
    # given
    ada = await newcomer()
    before = await profile_of(ada)
    # when
    found = await problems(
        ada,
        name="  ",
        job_title="a\nb",
        department="d" * 121,
        country="XX",
        about="a\x00",
        location="fine",
        website="javascript:alert(1)",
        skills=["python", "juggling"],
        industries=list(INDUSTRIES)[:22],
        socials=[
            SocialAccount(SocialService.X, "ada"),
            SocialAccount(SocialService.GITHUB, "https://github.com@evil.example/ada"),
            SocialAccount(SocialService.X, "eve"),
        ],
    )
    # then
    assert found == [
        (ErrorCode.BAD_INPUT, ("name",)),
        (ErrorCode.BAD_INPUT, ("jobTitle",)),
        (ErrorCode.BAD_INPUT, ("department",)),
        (ErrorCode.UNKNOWN_TERM, ("countryCode",)),
        (ErrorCode.BAD_INPUT, ("about",)),
        (ErrorCode.BAD_INPUT, ("website",)),
        (ErrorCode.UNKNOWN_TERM, ("skillCodes",)),
        (ErrorCode.TOO_MANY_ITEMS, ("industryCodes",)),
        (ErrorCode.BAD_INPUT, ("socials", "1", "handle")),
        (ErrorCode.BAD_INPUT, ("socials", "2", "service")),
    ]
    assert await profile_of(ada) == before and (await profile_of(ada)).location == ""
    assert await codes(before.id) == (set(), set())
    assert await problems(ada, name=None) == [(ErrorCode.BAD_INPUT, ("name",))]


async def test_lists_hold_each_code_once_and_retired_ones_stay_with_who_has_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    ada = await newcomer(skills=["css", "python"])
    monkeypatch.setitem(SKILLS, "css", SKILLS["css"].__class__("css", "CSS", retired=True))
    # when
    await edit(ada, skills=["css", "ai", "ai", " ai ", "css"])
    # then
    assert (await codes(id_of(ada)))[0] == {"css", "ai"}
    assert await ProfileSkill.filter(profile_id=id_of(ada)).count() == 2
    # when it was given up it cannot be had again
    await edit(ada, skills=["ai"])
    assert await problems(ada, skills=["css"]) == [(ErrorCode.UNKNOWN_TERM, ("skillCodes",))]


@pytest.mark.parametrize(("typed", "kept"), [("nl", "NL"), (" GB ", "GB"), ("", None)])
async def test_countries_are_those_of_the_standard(database: Database, typed: str, kept: str | None) -> None:
    assert (await edit(await newcomer(details={"country": "BE"}), country=typed)).country == kept


@pytest.mark.parametrize("typed", ["XX", "NLD", "N", "ＮＬ", "ß", "12"])
async def test_no_other_text_is_a_country(database: Database, typed: str) -> None:
    assert await problems(await newcomer(), country=typed) == [(ErrorCode.UNKNOWN_TERM, ("countryCode",))]


async def test_another_github_account_is_not_the_one_that_github_vouched_for(database: Database) -> None:
    # given
    ada = await newcomer(details={"github": "ada", "github_connected_at": NOON})
    # when, then: the same account, otherwise written
    assert (
        await edit(ada, socials=[SocialAccount(SocialService.GITHUB, "https://github.com/ADA")])
    ).github_connected_at == NOON
    # when, then: another one
    assert (await edit(ada, socials=[SocialAccount(SocialService.GITHUB, "mallory")])).github_connected_at is None
    recorded = await record(event(id_of(ada), "PULL_REQUEST_MERGED"))
    assert recorded.awarded == 0


async def test_an_edit_of_what_was_changed_meanwhile_is_refused(database: Database) -> None:
    # given
    ada = await newcomer()
    await edit(ada, expected_version=1, about="One")
    # when
    with pytest.raises(Refused) as refused:
        await edit(ada, expected_version=1, about="Two")
    # then
    [problem] = refused.value.problems
    assert (problem.code, problem.facts) == (ErrorCode.VERSION_CONFLICT, {"current_version": 2})
    assert (await profile_of(ada)).about == "One"


async def test_of_edits_at_once_that_expect_the_same_version_one_wins(database: Database) -> None:
    # given
    ada = await newcomer()
    # when
    done = await asyncio.gather(
        *(edit(ada, expected_version=1, about=f"Edit {n}") for n in range(8)), return_exceptions=True
    )
    # then
    [winner] = [each for each in done if isinstance(each, Profile)]
    assert all(isinstance(each, Profile | Refused) for each in done)
    assert (await profile_of(ada)).version == winner.version == 2


async def test_edits_at_once_of_different_fields_all_count(database: Database) -> None:
    ada = await newcomer()
    await asyncio.gather(
        edit(ada, about="One"), edit(ada, location="Two"), edit(ada, skills=["ai"]), edit(ada, department="Four")
    )
    profile = await profile_of(ada)
    assert (profile.about, profile.location, profile.department, profile.version) == ("One", "Two", "Four", 5)
    assert (await codes(profile.id))[0] == {"ai"}


async def test_an_edit_is_in_the_trail_with_the_names_of_what_changed_only(database: Database) -> None:
    ada = await newcomer()
    await edit(ada, about="Something private", skills=["ai"], name="Ada Okafor")
    line = await AuditEntry.get(action="profile.updated")
    assert (line.actor_id, line.account_id, line.facts) == (ada.id, ada.id, {"fields": ["about", "skills"]})


async def test_people_are_found_by_what_they_are_called_now(database: Database) -> None:
    # given
    ada = await make_person(public=True, name="Ada Okafor")
    # when
    await edit(ada, name="Zoë Ngata", job_title="Glazier")
    # then
    words: Any = ProfileWord.filter(profile_id=id_of(ada)).values_list("word", flat=True)
    found = {bytes(each) for each in await words}
    assert {b"zoe", b"ngata", b"glazier"} <= found


async def test_a_public_profile_keeps_what_it_had_of_the_checklist(database: Database) -> None:
    # given
    ada = await ready()
    await publishing.publish(id_of(ada), actor=actor(ada))
    # when, then: every item is defended, and named with its place
    assert await problems(
        ada, job_title=None, department="", country=None, about=" ", skills=[], industries=None, looking_for=None
    ) == [
        (ErrorCode.CHECKLIST_ITEM_REQUIRED, path)
        for path in (
            ("jobTitle",),
            ("department",),
            ("countryCode",),
            ("about",),
            ("skillCodes",),
            ("industryCodes",),
            ("lookingFor",),
        )
    ]
    # when, then: one problem a field, the two kinds together
    assert await problems(ada, about="\x00", department=None) == [
        (ErrorCode.BAD_INPUT, ("about",)),
        (ErrorCode.CHECKLIST_ITEM_REQUIRED, ("department",)),
    ]
    assert (await edit(ada, about="Another text")).about == "Another text"
    # when it is private again
    await publishing.unpublish(id_of(ada), actor=actor(ada))
    assert (await edit(ada, about=None)).about == ""


async def test_what_an_imported_public_profile_never_had_may_stay_missing(database: Database) -> None:
    # given
    ada = await make_person(public=True, details={"job_title": "Architect"})
    # when
    edited = await edit(ada, department=None, about="", looking_for=None, location="Here")
    # then
    assert (edited.visibility, edited.location) == (Visibility.PUBLIC, "Here")
    assert await problems(ada, job_title="") == [(ErrorCode.CHECKLIST_ITEM_REQUIRED, ("jobTitle",))]


async def test_looking_for_neither_is_said(database: Database) -> None:
    ada = await newcomer()
    said = await edit(ada, looking_for=[])
    assert (said.looking_for_confirmed, said.looking_for_job) == (True, False)
    assert (await edit(ada, looking_for=[LookingFor.JOB])).looking_for_job


async def test_edits_are_limited(database: Database) -> None:
    ada = await newcomer()
    with clock.frozen(NOON):
        await rate_limits.spend("update-profile", by=[f"account:{ada.id}"], cost=99)
        await edit(ada, about="The last one")
        assert await problems(ada, about="x") == [(ErrorCode.RATE_LIMITED, ())]
