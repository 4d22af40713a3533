"""Cursors: they work for one list, show nothing, and cannot be edited."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.base import cursors
from services.core.runtime import Runtime
from services.errors import Refused
from settings import Settings

LIST = "point-history:5"
keys = st.lists(st.one_of(st.integers(-(2**53), 2**53), st.text(max_size=60)), max_size=5)


def refused(list_name: str, text: str, *types: type) -> bool:
    try:
        cursors.decode(list_name, text, *types)
    except Refused:
        return True
    return False


@given(keys)
def test_a_sort_key_survives_the_round_trip(key: list[int | str]) -> None:
    with Runtime(Settings(secret_key="5e" * 32)).active():
        text = cursors.encode(LIST, *key)
        assert cursors.decode(LIST, text, *map(type, key)) == key
        assert text == cursors.encode(LIST, *key)


@given(st.text(max_size=80))
def test_an_invented_text_is_refused(text: str) -> None:
    with Runtime(Settings(secret_key="5e" * 32)).active():
        assert refused(LIST, text, int)


def test_a_cursor_shows_nothing_of_its_row() -> None:
    texts = [urlsafe_b64decode(cursors.encode(LIST, number)) for number in range(1, 1_000)]
    assert len({len(text) for text in texts}) == 1
    assert len(set(texts)) == len(texts)
    for at in range(len(texts[0])):  # also the JSON around the number is hidden
        assert len({text[at] for text in texts}) > 200


@pytest.mark.parametrize("at", range(36))
def test_a_cursor_that_was_edited_is_refused(at: int) -> None:
    raw = bytearray(urlsafe_b64decode(cursors.encode(LIST, 12_345, "2026-03-10")))
    raw[at] ^= 1
    assert refused(LIST, urlsafe_b64encode(raw).decode(), int, str)


def test_a_cursor_is_bound_to_its_list_types_and_server() -> None:
    text = cursors.encode(LIST, 12_345)
    assert cursors.decode(LIST, text, int) == [12_345]
    assert refused("point-history:6", text, int)
    assert refused(LIST, text, str) and refused(LIST, text, int, int)
    for changed in (text[:-4], text + "AAAA", f"{text[:4]}!{text[4:]}", f" {text}", f"{text}=", "", "é"):
        assert refused(LIST, changed, int), changed
    with Runtime(Settings(secret_key="07" * 32)).active():
        assert refused(LIST, text, int)
