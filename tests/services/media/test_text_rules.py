"""What people write of themselves: kept as typed, or refused; never changed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.media.text_rules import MAX_CHARACTERS, NotFit, text, website


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("name", "  Renée O’Connor-Łuk\n", "Renée O’Connor-Łuk"),
        ("name", "李 小龍", "李 小龍"),
        ("name", "👩‍🚀", "👩‍🚀"),  # joined by U+200D
        ("job_title", "<b>Architect</b> & co", "<b>Architect</b> & co"),
        ("department", "", ""),
        ("location", " \u3000\t", ""),
        ("about", "One\r\n\r\n\tTwo ", "One\r\n\r\n\tTwo"),
        ("about", "\u05e9\u05dc\u05d5\u05dd \u202bx\u202c", "\u05e9\u05dc\u05d5\u05dd \u202bx\u202c"),
        ("name", "a" * 120, "a" * 120),
    ],
)
def test_texts_are_kept_as_typed(field: str, typed: str, kept: str) -> None:
    assert text(field, typed) == kept


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", "a" * 121),
        ("about", "a" * 5_001),
        ("about", "a\x00b"),
        ("about", "a\x1b[31m"),
        ("name", "a\nb"),
        ("job_title", "a\tb"),
        ("location", "a\u2028b"),
        ("department", "a\x85b"),
        ("name", "a\ud800"),
        ("name", "\u202eadA"),
        ("name", "\u200b\u200d"),
        ("job_title", "\u3164"),
        ("about", "\u2800\u2800"),
        ("name", "\u0301"),
    ],
)
def test_texts_that_cannot_be_shown_or_mislead_are_refused(field: str, typed: str) -> None:
    with pytest.raises(NotFit):
        text(field, typed)


@given(field=st.sampled_from(sorted(MAX_CHARACTERS)), typed=st.text(max_size=130))
def test_a_text_is_refused_or_what_was_typed(field: str, typed: str) -> None:
    kept = None
    with contextlib.suppress(NotFit):
        kept = text(field, typed)
    assert kept in {None, typed.strip()}


@pytest.mark.parametrize(
    "typed", ["https://ada.example", " http://ada.example:8080/a?b=c#d ", "https://ada.example/@ada", ""]
)
def test_a_website_is_kept_as_typed(typed: str) -> None:
    assert website(typed) == typed.strip()


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "ada.example",
        "ftp://ada.example",
        "https://github.com@evil.example/",
        "https://user:pw@ada.example",
        "https:///ada.example",
        "https:ada.example",
        "https://ada.example/\nx",
        "https://ada .example",
        'https://ada.example/"x',
        "https://ada.example\\@evil.example",
        "data:text/html,x",
        "https://" + "a" * 500,
        "//ada.example",
        "https://[::1",
    ],
)
def test_no_other_link_is_a_website(typed: str) -> None:
    with pytest.raises(NotFit):
        website(typed)
