"""Status lists: a place for each award, revocations that outlive it, and a list that others can read."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from openbadgeslib.ob3 import status

from models.badges import BadgeAward, RevokedCredential
from models.profiles import Profile
from services.achievements import badges
from services.core import clock
from services.open_badges import credential_status
from services.open_badges.credential_status import LIST_SIZE, index_of
from tests.helpers.badge_awards import make_award
from tests.helpers.factories import NOON, make_profile

pytestmark = pytest.mark.usefixtures("database")
HERE = "http://graph.example/credentials/status"


async def bits(number: int = 0) -> set[int]:
    document = await credential_status.list_document(number)
    assert document is not None
    return set(status.set_indices(status.decode_encoded_list(document["credentialSubject"]["encodedList"])))


async def test_a_list_says_what_is_revoked_and_nothing_of_people() -> None:
    # given one of somebody private, one of somebody public, and one that holds
    hidden, shown = await make_profile(public=False), await make_profile()
    revoked = [await make_award(profile_id, "FIRST_LIGHT") for profile_id in (hidden, shown)]
    await make_award(shown, "WARM_WELCOME")
    with clock.frozen(NOON + timedelta(days=3, microseconds=7)):
        for profile_id in (hidden, shown):
            await badges.revoke(profile_id, "FIRST_LIGHT", reason="Votes of friends")
    # when
    document: Any = await credential_status.list_document(0)
    # then
    assert await bits() == {index_of(award.id) for award in revoked}
    encoded = document["credentialSubject"].pop("encodedList")
    assert encoded.startswith("u") and len(status.decode_encoded_list(encoded)) * 8 == LIST_SIZE == 131_072
    assert document == {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": f"{HERE}/0",
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": "http://graph.example/issuer",
        "validFrom": "2026-03-13T12:00:00Z",
        "credentialSubject": {"id": f"{HERE}/0#list", "type": "BitstringStatusList", "statusPurpose": "revocation"},
    }


async def test_a_revocation_outlives_its_award() -> None:
    # given
    profile_id = await make_profile()
    award = await make_award(profile_id)
    await badges.revoke(profile_id, "FIRST_LIGHT", reason="No")
    # when
    await Profile.filter(id=profile_id).delete()
    # then
    assert await BadgeAward.all().count() == 0
    assert await bits() == {index_of(award.id)}
    assert await credential_status.is_revoked(award.credential)
    # and its place goes to no other
    assert (await make_award(await make_profile())).id > award.id


async def test_what_is_given_again_counts_again() -> None:
    profile_id = await make_profile()
    award = await make_award(profile_id)
    for _ in range(2):
        await badges.revoke(profile_id, "FIRST_LIGHT", reason="No")
        assert await bits() == {index_of(award.id)}
        await badges.grant(profile_id, "FIRST_LIGHT", reason="Yes")
        assert await bits() == set()
        assert not await credential_status.is_revoked(award.credential)


async def test_all_levels_that_are_taken_back_are_in_the_list() -> None:
    profile_id = await make_profile()
    awards = [await make_award(profile_id, "PROBLEM_SOLVER", level) for level in (1, 2, 3)]
    await badges.revoke(profile_id, "PROBLEM_SOLVER", level=2, reason="No")
    assert await bits() == {index_of(award.id) for award in awards[1:]}
    await badges.revoke(profile_id, "PROBLEM_SOLVER", reason="No")
    assert await bits() == {index_of(award.id) for award in awards}


async def test_the_awards_of_a_large_community_are_in_several_lists() -> None:
    # given
    profile_id = await make_profile()
    award = await make_award(profile_id, id=2 * LIST_SIZE + 7)
    # when
    await badges.revoke(profile_id, "FIRST_LIGHT", reason="No")
    # then
    assert credential_status.entry(award.id) == {
        "id": f"{HERE}/2#{index_of(award.id)}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(index_of(award.id)),
        "statusListCredential": f"{HERE}/2",
    }
    assert [await bits(number) for number in range(3)] == [set(), set(), {index_of(award.id)}]
    assert await credential_status.list_document(3) is None


async def test_there_is_a_first_list_before_there_is_an_award() -> None:
    assert await bits() == set()
    assert await credential_status.list_document(1) is None


async def test_the_same_list_is_the_same_document_each_time() -> None:
    profile_id = await make_profile()
    await make_award(profile_id)
    await badges.revoke(profile_id, "FIRST_LIGHT", reason="No")
    first, second = [await credential_status.list_document(0) for _ in range(2)]
    assert first is not None and first == second
    assert await credential_status.as_json(first) == await credential_status.as_json(first)
    assert await RevokedCredential.all().count() == 1


@pytest.mark.parametrize("indexes", [[], [0], [7, 8], [LIST_SIZE - 1], [0, 131_071, 65_536]])
def test_bits_are_where_others_look_for_them(indexes: list[int]) -> None:
    assert set(status.set_indices(status.decode_encoded_list(credential_status.encoded(indexes)))) == set(indexes)


def test_indexes_do_not_show_the_order_of_the_awards() -> None:
    """Each place of a list has an index of its own, in no order that can be seen, and in another order in each list."""
    first, second = ([index_of(start + place) for place in range(LIST_SIZE)] for start in (0, LIST_SIZE))
    for indexes in (first, second):
        assert sorted(indexes) == list(range(LIST_SIZE))
        rising = sum(one < other for one, other in pairwise(indexes)) / LIST_SIZE
        assert 0.49 < rising < 0.51
    assert sum(one == other for one, other in zip(first, second, strict=True)) < 20
