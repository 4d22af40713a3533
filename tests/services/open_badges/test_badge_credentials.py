"""What a badge credential says, and to whom."""

import hashlib
from datetime import timedelta
from typing import Any

import orjson
import pytest

from catalogue.badges import BADGES
from models.accounts import Account, AccountStatus
from models.badges import BadgeAward
from models.profiles import Profile, Visibility
from services.achievements import badges
from services.core import clock
from services.open_badges import badge_credentials, credential_status
from services.profiles.profiles import refresh_visibility
from tests.helpers.badge_awards import make_award, make_imported_badge
from tests.helpers.badge_credentials import check_required_members
from tests.helpers.factories import NOON, make_person, make_profile
from tests.helpers.runtimes import using_settings
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("database")
HERE = "http://graph.example"


async def document_of(credential: str, **more: int) -> dict[str, Any]:
    award = await badge_credentials.award_of(credential, **more)
    assert award is not None
    return await badge_credentials.document(award)


async def test_a_credential_has_what_the_standard_requires() -> None:
    # given
    account = await make_person("ada@people.example")
    award = await make_award(account.own_profile_id, "PROBLEM_SOLVER", 2)
    # when
    document = await document_of(award.credential)
    # then
    check_required_members(document)
    assert document["id"] == f"{HERE}/credentials/{award.credential}"
    assert document["issuer"] == {
        "id": f"{HERE}/issuer",
        "type": ["Profile"],
        "name": "graph.example",
        "url": HERE,
    }
    assert document["validFrom"] == "2026-03-10T12:00:00Z"
    assert document["credentialSubject"]["achievement"] == {
        "id": f"{HERE}/achievements/PROBLEM_SOLVER/2",
        "type": ["Achievement"],
        "achievementType": "Badge",
        "name": "Problem Solver, level 2",
        "description": BADGES["PROBLEM_SOLVER"].description,
        "image": {
            "id": f"{HERE}/achievements/PROBLEM_SOLVER/2/image-256.png",
            "type": "Image",
            "caption": "Badge: Problem Solver, level 2",
        },
        "criteria": {"narrative": BADGES["PROBLEM_SOLVER"].levels[1].text},
    }
    assert document["credentialStatus"]["id"] == f"{HERE}/credentials/status/0#{credential_status.index_of(award.id)}"


@pytest.mark.parametrize("member", ["id", "issuer", "validFrom", "credentialSubject", "type", "@context"])
async def test_the_check_of_required_members_can_fail(member: str) -> None:
    award = await make_award(await make_profile())
    document = await document_of(award.credential)
    del document[member]
    with pytest.raises((AssertionError, KeyError)):
        check_required_members(document)


async def test_every_level_of_every_badge_can_be_a_credential() -> None:
    # given
    profile_id = await make_profile()
    seen = set()
    for badge in BADGES.values():
        for level in range(1, len(badge.levels) + 1):
            # when
            award = await make_award(profile_id, badge.code, level)
            document = await document_of(award.credential)
            # then
            check_required_members(document)
            seen.add(document["credentialSubject"]["achievement"]["id"])
    assert len(seen) == sum(len(badge.levels) for badge in BADGES.values())


async def test_the_recipient_is_known_by_salted_hashes_of_all_addresses_and_never_in_the_clear() -> None:
    # given somebody with two accounts, one of them written with capital letters
    account = await make_person("Ada.Okafor@People.example")
    second = await make_person("ada@harbor.example")
    await Account.filter(id=second.id).update(profile_id=account.profile_id)
    first = await make_award(account.own_profile_id, "FIRST_LIGHT")
    other = await make_award(account.own_profile_id, "WARM_WELCOME")
    # when
    document = await document_of(first.credential)
    # then
    text = orjson.dumps(document).decode().lower()
    assert "okafor@" not in text and "@people" not in text and "@harbor" not in text
    known = {"Ada.Okafor@people.example", "ada.okafor@people.example", "ada@harbor.example"}
    identifiers = document["credentialSubject"]["identifier"]
    found = [
        email
        for each in identifiers
        for email in known
        if f"sha256${hashlib.sha256((email + each['salt']).encode()).hexdigest()}" == each["identityHash"]
    ]
    assert sorted(found) == sorted(known) and len(identifiers) == len(known)
    # and no two of them, here or in another credential, can be compared
    others = (await document_of(other.credential))["credentialSubject"]["identifier"]
    salts = [each["salt"] for each in [*identifiers, *others]]
    assert len(set(salts)) == len(salts) == 6
    # and the same is said each time
    assert await document_of(first.credential) == document


def test_the_hash_is_the_one_of_the_standards_own_example() -> None:
    assert (
        badge_credentials.identity_hash("a@example.com", "Kosher")
        == "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
    )


async def test_addresses_that_nobody_vouched_for_or_that_are_shut_are_left_out() -> None:
    # given
    account = await make_person("ada@people.example")
    profile_id = account.own_profile_id
    for email, change in (
        ("shut@people.example", {"status": AccountStatus.DEACTIVATED}),
        ("new@people.example", {"verified_at": None}),
    ):
        other = await make_person(email)
        await Account.filter(id=other.id).update(profile_id=profile_id, **change)
    award = await make_award(profile_id)
    # when
    [identifier] = (await document_of(award.credential))["credentialSubject"]["identifier"]
    # then
    assert badge_credentials.identity_hash("ada@people.example", identifier["salt"]) == identifier["identityHash"]


async def test_somebody_unclaimed_is_known_by_the_profile_alone() -> None:
    profile_id = await make_profile("Ben Ito")
    award = await make_award(profile_id)
    subject = (await document_of(award.credential))["credentialSubject"]
    assert subject["id"] == f"{HERE}/profiles/{(await Profile.get(id=profile_id)).handle}"
    assert "identifier" not in subject


async def test_an_imported_badge_is_given_by_hand() -> None:
    # given
    profile_id = await make_profile()
    await make_imported_badge("old hand/50%")
    await make_imported_badge("bare", name="Bare", description="")
    # when
    documents = [
        await document_of((await make_award(profile_id, code)).credential) for code in ("old hand/50%", "bare")
    ]
    # then
    for document in documents:
        check_required_members(document)
    named, bare = (each["credentialSubject"]["achievement"] for each in documents)
    assert named["id"] == f"{HERE}/achievements/old%20hand%2F50%25"
    assert (named["name"], named["criteria"]["narrative"]) == ("Old Hand", badge_credentials.BY_HAND)
    assert (bare["name"], bare["description"]) == ("Bare", "Bare")
    assert await badge_credentials.achievement_of("bare", 2) is None


async def test_a_badge_that_left_the_catalogue_takes_its_credentials_along() -> None:
    award = await make_award(await make_profile(), "NO_SUCH_BADGE")
    assert await badge_credentials.award_of(award.credential) is None
    high = await make_award(await make_profile(), "FIRST_LIGHT", 2)
    assert await badge_credentials.award_of(high.credential) is None


async def test_who_is_not_listed_is_seen_by_nobody_else() -> None:
    # given
    ada, eve = await make_person(public=False), await make_person()
    award = await make_award(ada.own_profile_id)
    # when, then
    assert await badge_credentials.award_of(award.credential) is None
    assert await badge_credentials.award_of(award.credential, own_profile=eve.own_profile_id) is None
    own = await badge_credentials.award_of(award.credential, own_profile=ada.own_profile_id)
    assert own is not None and not own.listed
    # and again once public, and no more once deactivated
    await Profile.filter(id=own.profile_id).update(visibility=Visibility.PUBLIC)
    await committed(refresh_visibility([own.profile_id]))
    assert await badge_credentials.award_of(award.credential)
    await Account.filter(id=ada.id).update(status=AccountStatus.DEACTIVATED)
    await committed(refresh_visibility([own.profile_id]))
    assert await badge_credentials.award_of(award.credential) is None


@pytest.mark.parametrize("wrong", ["", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "../" * 10 + "00", "' OR 1=1 --"])
async def test_what_is_no_id_finds_nothing_and_asks_nothing(wrong: str, count_statements) -> None:
    with count_statements() as seen:
        assert await badge_credentials.award_of(wrong) is None
    assert seen.total == 0


async def test_a_badge_given_again_counts_again_with_a_newer_date() -> None:
    # given
    profile_id = await make_profile()
    award = await make_award(profile_id)
    await badges.revoke(profile_id, "FIRST_LIGHT", reason="By mistake")
    assert await credential_status.is_revoked(award.credential)
    # when
    with clock.frozen(NOON + timedelta(days=9)):
        await badges.grant(profile_id, "FIRST_LIGHT", reason="It was right after all")
    # then
    again = await badge_credentials.award_of(award.credential)
    assert again is not None and not again.revoked and not await credential_status.is_revoked(award.credential)
    assert (await badge_credentials.document(again))["validFrom"] == "2026-03-19T12:00:00Z"


async def test_awards_that_the_rules_give_have_credentials_of_their_own() -> None:
    profile_id = await make_profile()
    await badges.grant(profile_id, "PROBLEM_SOLVER", level=3, reason="A test")
    found = await BadgeAward.filter(profile_id=profile_id).order_by("level").values_list("credential", flat=True)
    assert len(set(found)) == 3
    for level, credential in enumerate(found, 1):
        award = await badge_credentials.award_of(str(credential))
        assert award is not None and award.achievement.level == level


async def test_times_are_whole_seconds_in_both_places() -> None:
    award = await make_award(await make_profile(), awarded_at=NOON.replace(microsecond=999_999))
    assert (await document_of(award.credential))["validFrom"] == "2026-03-10T12:00:00Z"


async def test_the_issuers_name_is_the_operators_choice(settings) -> None:
    from dataclasses import replace

    with using_settings(replace(settings, credential_issuer="Harbor Community")):
        assert badge_credentials.issuer()["name"] == "Harbor Community"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://graph.example", "graph.example"),
        ("https://graph.example:8443/community", "graph.example"),
        ("http://127.0.0.1:8000", "Community"),
        ("http://[::1]:8000", "Community"),
        ("http://localhost:8000", "Community"),
        ("http://box.local", "Community"),
    ],
)
async def test_an_issuer_without_a_name_has_the_hosts_unless_that_is_none(settings, address: str, name: str) -> None:
    from dataclasses import replace

    with using_settings(replace(settings, public_url=address)):
        assert badge_credentials.issuer()["name"] == name


async def test_a_credential_takes_two_statements(count_statements) -> None:
    award = await make_award((await make_person()).own_profile_id)
    with count_statements() as seen:
        await document_of(award.credential)
    assert seen.total == 2
    with count_statements() as seen:
        await credential_status.list_document(0)
    assert seen.total == 3


@pytest.mark.parametrize(
    ("shown", "narrative"),
    [
        (False, "Awarded by hand by the operator of this community, not for meeting the badge's rule."),
        (
            True,
            (
                "Awarded by hand by the operator of this community, not for meeting the badge's rule. "
                "Reason given: Helped at the booth"
            ),
        ),
    ],
)
async def test_the_credential_of_a_badge_given_by_hand_says_so(shown: bool, narrative: str) -> None:
    # given
    profile_id = await make_profile()
    await badges.grant(profile_id, "PROBLEM_SOLVER", level=2, reason="Helped at the booth", reason_shown=shown)
    # when
    for award in await BadgeAward.filter(profile_id=profile_id):
        document = await document_of(award.credential)
        # then
        achievement = document["credentialSubject"]["achievement"]
        assert achievement["criteria"] == {"narrative": narrative}
        assert BADGES["PROBLEM_SOLVER"].levels[award.level - 1].text not in str(document)
        check_required_members(document)


async def test_a_badge_that_a_rule_gave_and_an_operator_gave_again_is_one_given_by_hand() -> None:
    profile_id = await make_profile()
    award = await make_award(profile_id)
    await badges.revoke(profile_id, "FIRST_LIGHT", reason="By mistake")
    await badges.grant(profile_id, "FIRST_LIGHT", reason="It was right after all")
    narrative = (await document_of(award.credential))["credentialSubject"]["achievement"]["criteria"]["narrative"]
    assert narrative.startswith("Awarded by hand") and "It was right" not in narrative
