"""Every text there is has a translation that is complete, and the catalogues hold nothing else."""

import ast
from io import BytesIO
from string import Formatter, Template
from typing import TypeGuard

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from catalogue import extraction
from catalogue.languages import ENGLISH, FILE, LANGUAGES, LOCALES

OTHERS = [language for language in LANGUAGES if language != ENGLISH]


@pytest.fixture(scope="module")
def template() -> Catalog:
    return extraction.extracted()


def kept(language: str) -> Catalog:
    return read_po(BytesIO((LOCALES / language / FILE).read_bytes()), locale=language)


def texts(catalog: Catalog) -> dict[str, Message]:
    return {str(message.id): message for message in catalog if message.id}


def values(text: str) -> tuple[set[str], set[tuple[str, str, str]]]:
    """What stands in a template: `$name` of mails, `{name}` of messages."""
    facts = set(Template(text).get_identifiers())
    try:
        fields = {(name, spec or "", said or "") for _, name, spec, said in Formatter().parse(text) if name is not None}
    except ValueError:
        fields = set()
    return facts, fields


def test_english_and_dutch_are_there() -> None:
    assert LANGUAGES[0] == "en" and "nl" in LANGUAGES


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str, template: Catalog) -> None:
    there = texts(kept(language))
    missing = [text for text in texts(template) if text not in there or not there[text].string]
    assert not missing, f"`make messages`, then translate in {LOCALES / language / FILE}: {missing}"


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_else_is_translated_and_nothing_is_left_unsure(language: str, template: Catalog) -> None:
    catalog = kept(language)
    orphans = texts(catalog).keys() - texts(template).keys()
    assert not orphans and not catalog.obsolete, "`make messages` removes them"
    assert not [text for text, message in texts(catalog).items() if message.fuzzy]


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_same_values(language: str) -> None:
    for text, message in texts(kept(language)).items():
        assert values(str(message.string)) == values(text), text
        assert str(message.string).count("\n") == text.count("\n"), text
        assert str(message.string).strip() == message.string, text


@pytest.mark.parametrize("language", OTHERS)
def test_hardly_anything_is_left_in_english(language: str) -> None:
    """Names may be the same in both; sentences are not."""
    same = [text for text, message in texts(kept(language)).items() if message.string == text and len(text.split()) > 2]
    assert not same


def test_the_template_is_up_to_date(template: Catalog) -> None:
    kept_template = read_po(BytesIO(extraction.TEMPLATE.read_bytes()))
    assert list(texts(kept_template)) == list(texts(template)), "make messages"


def test_files_are_as_make_messages_writes_them(template: Catalog) -> None:
    """So that a difference in a commit is one of texts."""
    for language in OTHERS:
        again = read_po(BytesIO(extraction.as_po(extraction.updated(language, template))), locale=language)
        here = kept(language)
        assert [(each.id, each.string) for each in here] == [(each.id, each.string) for each in again]


def test_messages_can_be_translated() -> None:
    """A message is a literal, a `Text`, or what was made of these elsewhere; never a sentence put together on the spot."""
    wrong = []
    for folder in extraction.CODE_FOLDERS:
        for file in sorted((extraction.HERE / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                message = extraction.message_of(node) if isinstance(node, ast.Call) else None
                if isinstance(message, ast.JoinedStr | ast.BinOp | ast.IfExp):
                    wrong.append(f"{file.relative_to(extraction.HERE)}:{message.lineno}")
                if isinstance(message, ast.Call) and ast.unparse(message.func) == "str":
                    wrong.append(f"{file.relative_to(extraction.HERE)}:{message.lineno}: a Text says itself")
    assert not wrong, "give the values to a Text: " + ", ".join(wrong)


def test_the_collector_finds_messages_in_code() -> None:
    [call] = [node for node in ast.walk(ast.parse('refused(Code.X, Text("At most {n}.", n=1))')) if is_text(node)]
    message = extraction.message_of(call)
    assert isinstance(message, ast.Constant) and message.value == "At most {n}."


def is_text(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "Text"
