"""Words by which people are found, in several languages."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.media import search_tokenizer


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
    assert [word.decode() for word in search_tokenizer.words_of_search(text)] == expected


def test_names_without_spaces_are_kept_from_each_letter_on() -> None:
    assert [word.decode() for word in search_tokenizer.words_of_profile("山田太郎", "", "")] == [
        "山田太郎",
        "田太郎",
        "太郎",
        "郎",
    ]


def test_a_word_has_the_best_place_where_it_stands() -> None:
    assert search_tokenizer.words_of_profile("Ada Lovelace", "ada-l", "Senior Ada Engineer") == {
        b"ada": search_tokenizer.NAME, b"lovelace": search_tokenizer.NAME, b"l": search_tokenizer.NAME, b"senior": search_tokenizer.JOB, b"engineer": search_tokenizer.JOB
    }  # fmt: skip


def test_long_texts_and_words_are_cut() -> None:
    assert search_tokenizer.words_of_search("x" * 10_000) == [b"x" * search_tokenizer.MAX_WORD_CHARACTERS]
    assert search_tokenizer.words_of_search("é" * 100 + "ж" * 100)[0] == b"e" * search_tokenizer.MAX_WORD_CHARACTERS
    assert (
        len(search_tokenizer.words_of_profile(" ".join(f"w{n}" for n in range(200)), "", ""))
        == search_tokenizer.MAX_WORDS
    )


@given(st.text(max_size=60))
def test_every_beginning_of_a_kept_word_lies_in_its_range(text: str) -> None:
    for word in search_tokenizer.words_of_profile(text, "", ""):
        assert 0 < len(word) <= search_tokenizer.MAX_WORD_CHARACTERS
        whole = word.decode()
        for length in range(1, len(whole)):
            begin = whole[:length].encode()
            assert begin <= word < begin + b"\xff"


@given(st.text(max_size=60))
def test_whoever_types_a_name_finds_it(text: str) -> None:
    kept = search_tokenizer.words_of_profile(text, "", "")
    assert len(kept) == search_tokenizer.MAX_WORDS or set(search_tokenizer.words_of_search(text)) <= kept.keys()


@given(st.text(max_size=40))
def test_case_and_taking_apart_make_no_difference(text: str) -> None:
    assert search_tokenizer.words_of_search(unicodedata.normalize("NFD", text)) == search_tokenizer.words_of_search(
        unicodedata.normalize("NFC", text)
    )


APOSTROPHES = "'`´’‘ʼʹ′＇\u02bb"


@pytest.mark.parametrize("name", [f"Aoife O{each}Brien" for each in APOSTROPHES])
@pytest.mark.parametrize("asked", ["obrien", "O'Brien", "o’brien", "O BRIEN", "brien", "OʼBrién", "o'b", "Oʻbrien"])
def test_an_apostrophe_makes_no_difference(name: str, asked: str) -> None:
    kept = search_tokenizer.words_of_profile(name, "", "")
    for word in search_tokenizer.words_of_search(asked):
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
    kept = search_tokenizer.words_of_profile(name, "", "")
    for text in asked:
        assert all(any(each.startswith(word) for each in kept) for word in search_tokenizer.words_of_search(text)), (
            text,
            kept,
        )


def test_quotation_marks_part_words() -> None:
    assert [word.decode() for word in search_tokenizer.words_of_search("'Ada' 'Bo' rock 'n' roll 5'9")] == [
        "ada",
        "bo",
        "rock",
        "n",
        "roll",
        "5",
        "9",
    ]
