"""Which language is wanted, and how texts and values are said in it."""

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from time import perf_counter

import pytest

from catalogue import languages
from catalogue.languages import Text, format_value, negotiate_language, translate, using_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("nl", "nl"),
        ("NL", "nl"),
        ("nl-BE", "nl"),
        ("nl-NL,nl;q=0.9,en;q=0.8", "nl"),
        ("en-GB,nl;q=0.9", "en"),
        ("EN", "en"),
        ("de-DE, nl;q=0.3, en;q=0.2", "nl"),
        ("en;q=0.2, nl ; Q=0.7", "nl"),
        ("en;q=0, nl;q=0.001", "nl"),
        ("fr, nl;q=0", None),
        ("fr", None),
        ("*", None),
        ("", None),
        (", ,;;=", None),
        ("nl;q=2", None),
        ("nl;q=-1", None),
        ("nl;q=0.1234", None),
        ("nl;q=nan", None),
        ("nl_NL", None),
        ("nl\x00", None),
        ("../nl", None),
        ("ñl", None),
        ("nl," * 400, None),
        ("*;q=1,xx-" + "y" * 8_000, None),
    ],
)
def test_what_a_header_wants(header: str, language: str | None) -> None:
    assert negotiate_language(header) == language


def test_junk_costs_nothing() -> None:
    begun = perf_counter()
    for number in range(2_000):
        assert negotiate_language(f"*;q=1,xx-{number}" + ",y;q=0.1" * 1_000) is None
    for number in range(200):
        assert negotiate_language((f"x{number}-" + "a-" * 500)[:1_000]) is None
    assert languages._negotiated.cache_info().currsize <= 256
    assert perf_counter() - begun < 5


def test_a_text_is_its_english_sentence_to_whoever_knows_nothing_of_languages() -> None:
    text = Text("At most {most:,} of {name!r}.", most=10_000, name="x")
    assert text == "At most 10,000 of 'x'." and isinstance(text, str)
    assert type(translate(text)) is str and translate(text) == text
    assert translate("No such text", "nl") == "No such text"


def test_values_are_said_in_the_language_too(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"At most {most:,} of {what}.": "Van {what} hoogstens {most:,}.", "Mug": "Mok"}
    monkeypatch.setattr(languages, "_translations", lambda _language: known)
    text = Text("At most {most:,} of {what}.", most=10_000, what=Text("Mug"))
    assert translate(text, "nl") == "Van Mok hoogstens 10.000."
    # People's words are never looked up, and never filled in again.
    assert translate(Text("At most {most:,} of {what}.", most=1, what="Mug {most} $x"), "nl") == (
        "Van Mug {most} $x hoogstens 1."
    )


async def test_each_task_speaks_its_own_language() -> None:
    async def said(language: str) -> str:
        with using_language(language):
            await asyncio.sleep(0)
            inner = await asyncio.gather(*(asyncio.to_thread(languages.current_language) for _ in range(3)))
            assert set(inner) == {language}
            return translate("Hello,")

    assert await asyncio.gather(*map(said, ["nl", "en", "nl"])) == ["Hallo,", "Hello,", "Hallo,"]
    assert languages.current_language() == "en"


def test_values_are_written_as_a_language_does() -> None:
    moment = datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert format_value(moment, "nl") == "28 februari 2026 22:30 UTC"
    assert format_value(datetime(2026, 3, 1, 8, 5, tzinfo=UTC), "en") == "1 March 2026 08:05 UTC"
    assert (format_value(date(2026, 5, 4), "nl"), format_value(date(2026, 5, 4), "en")) == ("4 mei 2026", "4 May 2026")
    assert (format_value(12_345, "nl"), format_value(12_345, "en"), format_value("12345", "nl")) == (
        "12.345",
        "12,345",
        "12345",
    )


def test_languages_name_themselves() -> None:
    assert [languages.native_name(code) for code in ("en", "nl")] == ["English", "Nederlands"]
