"""Words by which people are found, in several languages."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Renée O’Connor-Łuk", ["renee", "oconnor", "luk"]),
        ("Søren Ærø Þór ĐÀO", ["soren", "aero", "thor", "dao"]),
        ("İstanbul STRASSE Straße", ["istanbul", "strasse"]),
        ("Nguyễn Văn", ["nguyen", "van"]),
        ("Николай Ёжиков", ["николаи", "ежиков"]),
        ("Ελένη", ["ελενη"]),
        ("محمّد أحمد", ["محمد", "احمد"]),
        ("नरेन्द्र मोदी", ["नरेन्द्र", "मोदी"]),
        ("ＡＢＣ１２３ ﬁne", ["abc123", "fine"]),
        ("山田太郎Taro", ["山田太郎", "taro"]),
        ("김민수", ["김민수"]),
        ("a%b_c*d\0e", ["a", "b", "c", "d", "e"]),
        ("ada ADA Ada", ["ada"]),
        ("😀 !? … \ud800", []),
        ("", []),
    ],
)
def test_text_is_folded_into_words(text: str, expected: list[str]) -> None:
    assert [word.decode() for word in words.typed(text)] == expected


def test_names_without_spaces_are_kept_from_each_letter_on() -> None:
    assert [word.decode() for word in words.kept("山田太郎", "", "")] == ["山田太郎", "田太郎", "太郎", "郎"]


def test_a_word_has_the_best_place_where_it_stands() -> None:
    assert words.kept("Ada Lovelace", "ada-l", "Senior Ada Engineer") == {
        b"ada": words.NAME, b"lovelace": words.NAME, b"l": words.NAME, b"senior": words.JOB, b"engineer": words.JOB
    }  # fmt: skip


def test_long_texts_and_words_are_cut() -> None:
    assert words.typed("x" * 10_000) == [b"x" * words.LONGEST]
    assert words.typed("é" * 100 + "ж" * 100)[0] == b"e" * words.LONGEST
    assert len(words.kept(" ".join(f"w{n}" for n in range(200)), "", "")) == words.MOST


@given(st.text(max_size=60))
def test_every_beginning_of_a_kept_word_lies_in_its_range(text: str) -> None:
    for word in words.kept(text, "", ""):
        assert 0 < len(word) <= words.LONGEST
        whole = word.decode()
        for length in range(1, len(whole)):
            begin = whole[:length].encode()
            assert begin <= word < begin + b"\xff"


@given(st.text(max_size=60))
def test_whoever_types_a_name_finds_it(text: str) -> None:
    kept = words.kept(text, "", "")
    assert len(kept) == words.MOST or set(words.typed(text)) <= kept.keys()


@given(st.text(max_size=40))
def test_case_and_taking_apart_make_no_difference(text: str) -> None:
    assert words.typed(unicodedata.normalize("NFD", text)) == words.typed(unicodedata.normalize("NFC", text))


APOSTROPHES = "'`´’‘ʼʹ′＇\u02bb"


@pytest.mark.parametrize("name", [f"Aoife O{each}Brien" for each in APOSTROPHES])
@pytest.mark.parametrize("asked", ["obrien", "O'Brien", "o’brien", "O BRIEN", "brien", "OʼBrién", "o'b", "Oʻbrien"])
def test_an_apostrophe_makes_no_difference(name: str, asked: str) -> None:
    kept = words.kept(name, "", "")
    for word in words.typed(asked):
        assert any(each.startswith(word) for each in kept), (word, kept)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Jean-Luc d’Arçon", ["jean luc", "jean-luc", "jeanluc", "JEAN‑LUC darcon", "d'arcon", "arçon"]),
        ("Мар’яна Іваненко", ["Маряна", "мар'яна"]),
        ("N'Golo Kanté", ["ngolo", "n’golo", "golo kante"]),
        ("Al-Ḥasan Ibn Ṣāliḥ", ["alhasan", "al hasan", "hasan", "salih"]),
    ],
)
def test_people_are_found_however_their_name_is_typed(name: str, asked: list[str]) -> None:
    kept = words.kept(name, "", "")
    for text in asked:
        assert all(any(each.startswith(word) for each in kept) for word in words.typed(text)), (text, kept)


def test_quotation_marks_part_words() -> None:
    assert [word.decode() for word in words.typed("'Ada' 'Bo' rock 'n' roll 5'9")] == [
        "ada",
        "bo",
        "rock",
        "n",
        "roll",
        "5",
        "9",
    ]
