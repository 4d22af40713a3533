"""Ids: opaque, stable, and each number has exactly one per type."""

import asyncio
import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limited
from hypothesis import strategies as st

from models import id_key
from models.database import Database, opened
from services.core import ids
from services.core.id_codec import ALPHABET, MAX_CACHED_IDS_PER_TYPE, MAX_NUMBER, IdCodec, Permutation
from services.core.runtime import Runtime
from settings import Settings

KEY = bytes(range(32))
PROFILES, ACCOUNTS = Permutation(KEY, "prf"), Permutation(KEY, "acc")
OTHER_DATABASE = Permutation(KEY[::-1], "prf")
numbers = st.one_of(st.integers(0, 10_000), st.integers(0, MAX_NUMBER))
bodies = st.builds("{}{}".format, st.sampled_from(ALPHABET[:8]), st.text(alphabet=ALPHABET, min_size=9, max_size=9))


def body(permutation: Permutation, number: int) -> str:
    return permutation.encode(number)[4:]


def differing(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


@given(numbers)
def test_a_number_survives_the_round_trip(number: int) -> None:
    assert PROFILES.decode(body(PROFILES, number)) == number


@given(bodies)
def test_every_well_formed_text_is_the_id_of_one_number(text: str) -> None:
    number = PROFILES.decode(text)
    assert number is not None and body(PROFILES, number) == text


@given(numbers, numbers)
def test_two_numbers_have_two_ids(one: int, other: int) -> None:
    assert (PROFILES.encode(one) == PROFILES.encode(other)) == (one == other)


@given(st.text(max_size=14))
@limited(max_examples=300)
def test_any_other_text_is_malformed(text: str) -> None:
    well_formed = len(text) == 10 and set(text) <= set(ALPHABET) and text[0] in ALPHABET[:8]
    assert (PROFILES.decode(text) is not None) == well_formed


@pytest.mark.parametrize("number", [-1, MAX_NUMBER + 1])
def test_a_number_out_of_range_raises(number: int) -> None:
    with pytest.raises(ValueError, match="2\\*\\*48"):
        PROFILES.encode(number)


def test_an_id_has_the_documented_form() -> None:
    for number in (0, 1, MAX_NUMBER):
        text = PROFILES.encode(number)
        assert len(text) == 14 and text.startswith("prf_") and set(text[4:]) <= set(ALPHABET)
    assert len(ALPHABET) == 32 and not set("ilou") & set(ALPHABET)


def test_neighbours_show_no_order() -> None:
    """Nine of ten characters are expected to differ, and one of two ids to be the lower one."""
    texts = [body(PROFILES, number) for number in range(5_000)]
    pairs = list(pairwise(texts))
    different = [differing(one, other) for one, other in pairs]
    assert 9.5 < sum(different) / len(different) < 9.8  # random texts: 9 * 31/32 + 7/8 = 9.59
    assert min(different) >= 5
    rising = sum(one < other for one, other in pairs) / len(pairs)
    assert abs(rising - 0.5) < 5 * math.sqrt(0.25 / len(pairs))


def test_each_character_is_spread_evenly() -> None:
    texts = [body(PROFILES, number) for number in range(32_000)]
    for place in range(1, 10):
        counts = [sum(text[place] == letter for text in texts) for letter in ALPHABET]
        assert all(abs(count - 1_000) < 6 * math.sqrt(1_000) for count in counts), (place, counts)


@pytest.mark.parametrize("other", [ACCOUNTS, OTHER_DATABASE], ids=["another type", "another key"])
def test_types_and_databases_have_unrelated_ids(other: Permutation) -> None:
    different = [differing(body(PROFILES, number), body(other, number)) for number in range(5_000)]
    assert 9.5 < sum(different) / len(different) < 9.8
    assert sum(each == 0 for each in different) == 0


def test_repeated_ids_come_from_a_bounded_cache() -> None:
    fresh = Permutation(KEY, "prf")
    for number in range(MAX_CACHED_IDS_PER_TYPE + 100):
        fresh.encode(number)
    cache: Any = fresh.encode
    assert fresh.encode(MAX_CACHED_IDS_PER_TYPE) is fresh.encode(MAX_CACHED_IDS_PER_TYPE)
    assert cache.cache_info().currsize == MAX_CACHED_IDS_PER_TYPE


def test_the_permutations_never_change() -> None:
    """URLs with ids stay in use for years: a change of the algorithm would break them."""
    assert [IdCodec(KEY)[prefix].encode(number) for prefix, number in (("prf", 1), ("prf", 2), ("acc", 1))] == [
        "prf_0t8768z7tc",
        "prf_3p8mf0b7gm",
        "acc_5ajv0q4f9a",
    ]


async def test_processes_of_one_database_share_the_key(database: Database, settings: Settings) -> None:
    here = ids.encode("Profile", 7)
    async with opened(settings) as second:
        with Runtime(replace(settings, secret_key="07" * 32), second).active():  # ids outlive a new SECRET_KEY
            assert ids.encode("Profile", 7) == here


async def test_of_several_first_starts_one_makes_the_key(database: Database) -> None:
    await id_key.IdKey.all().delete()
    keys = await asyncio.gather(*(id_key.read_or_create() for _ in range(8)))
    assert len(set(keys)) == 1 and await id_key.IdKey.all().count() == 1
    assert keys[0] != database.id_key  # random


async def test_texts_that_are_no_ids(database: Database) -> None:
    known = ids.encode("Profile", 7)
    assert ids.decode(known) == ("Profile", 7)
    for wrong in (
        "",
        "prf",
        "prf_",
        known[:-1],
        f"{known}0",
        known.upper(),
        known.replace("_", "-"),
        f"xyz{known[3:]}",
    ):
        assert ids.decode(wrong) is None


def test_prefixes_are_three_letters_and_unique() -> None:
    assert len(ids.TYPES) == len(ids.PREFIXES)
    assert all(len(prefix) == ids.PREFIX_LENGTH and prefix.isalpha() and prefix.islower() for prefix in ids.TYPES)


def test_without_a_database_there_are_no_ids() -> None:
    with Runtime(Settings()).active(), pytest.raises(RuntimeError):
        ids.encode("Profile", 1)
