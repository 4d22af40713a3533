"""Names of terms and countries, and the order in which readers find them."""

from catalogue.terms import countries, country, sort_key


def test_names_are_sorted_without_case_and_accents() -> None:
    shuffled = ["Zambia", "albania", "Åland Islands", "Curaçao", "Cuba", "AI", "Agile"]
    assert sorted(shuffled, key=sort_key) == ["Agile", "AI", "Åland Islands", "albania", "Cuba", "Curaçao", "Zambia"]


def test_every_country_has_a_name_of_its_own() -> None:
    for language in ("en", "nl"):
        found = dict(countries(language))
        assert len(set(found.values())) == len(found)
        assert {code: country(code, language) for code in found} == found
