"""What a password has to be, how it is kept, when it is too old: docs/rules/sign-in.md#passwords."""

import asyncio
import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from models.accounts import Account
from models.companies import Company
from models.database import Database
from models.passwords import OldPassword, Password
from services.auth import passwords
from services.core import clock
from services.errors import ErrorCode, Refused
from tests.helpers.factories import make_company, make_person

GOOD = "Correct horse 7 staple!"
ADA = "ada.okafor@people.example"


def codes(password: str, email: str = ADA) -> set[str]:
    return {problem.code.value.removeprefix("PASSWORD_") for problem in passwords.problems_of(password, email)}


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        (GOOD, set()),
        ("aB3!" + "x" * 7, {"TOO_SHORT"}),
        ("aB3!" + "x" * 8, set()),
        ("aB3!" + "x" * 196, set()),
        ("aB3!" + "x" * 197, {"TOO_LONG"}),
        ("aB3!" + "😀" * 8, set()),  # code points, neither bytes nor UTF-16 units
        ("aB3!" + "😀" * 7, {"TOO_SHORT"}),
        ("aB3!" + "😀" * 197, {"TOO_LONG"}),
        ("aB3" + " " * 12, {"NEEDS_SPECIAL"}),  # allowed, but not special
        ("aB3" + "😀§€°" * 4, {"NEEDS_SPECIAL"}),
        ("abcdefgh1234!", {"NEEDS_UPPERCASE"}),
        ("ABCDEFGH1234!", {"NEEDS_LOWERCASE"}),
        ("ABCDefghijkl!", {"NEEDS_DIGIT"}),
        ("ABCDefghijkl!٣४", {"NEEDS_DIGIT"}),  # digits of other scripts are none of 0-9
        ("Жжжжжжжжжжж1!", set()),  # letters of any script
        ("日本語日本語日本語日本1!", {"NEEDS_UPPERCASE", "NEEDS_LOWERCASE"}),
        ("  aB3! spaces stay  ", set()),
        ("", {"TOO_SHORT", "NEEDS_SPECIAL", "NEEDS_UPPERCASE", "NEEDS_LOWERCASE", "NEEDS_DIGIT"}),
        (GOOD + "\0", {"BAD_INPUT"}),
        (GOOD + "\ud800", {"BAD_INPUT"}),
        ("Xx1! ADA.Okafor@People.Example", {"CONTAINS_EMAIL"}),
        ("Xx1! ada.OKAFOR 12", {"CONTAINS_EMAIL"}),
    ],
)
def test_rules(password: str, broken: set[str]) -> None:
    assert codes(password) == broken


@pytest.mark.parametrize("special", list("`~!@#$%^&*()-_+=[]{};:'\"\\|,.<>/?"))
def test_each_listed_character_is_special(special: str) -> None:
    assert codes("aaaaBBBB1111") == {"NEEDS_SPECIAL"}
    assert codes("aaaaBBBB1111" + special) == set()


def test_a_short_local_part_says_nothing() -> None:
    assert codes("Dada 1234567!", "ada@people.example") == set()
    assert codes("Dada4 1234567!", "ada4@people.example") == {"CONTAINS_EMAIL"}


def test_every_problem_has_a_sentence_and_a_place() -> None:
    assert {problem.path for problem in passwords.problems_of("", ADA, path="newPassword")} == {("newPassword",)}


async def test_a_hash_is_argon2id_and_salted() -> None:
    first, second = [await passwords.hash_password(GOOD) for _ in range(2)]
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and first != second


async def test_what_matches() -> None:
    # given: nothing is cut off, no space is trimmed
    long = "aB3!" + "x" * 196
    stored = await passwords.hash_password(long)
    # then
    assert await passwords.matches(stored, long)
    assert not await passwords.matches(stored, long[:-1] + "y")
    assert not await passwords.matches(stored, long + " ")
    assert not await passwords.matches(None, long)
    assert not await passwords.matches("nonsense", long)
    # and: one character, however a keyboard sends it
    assert await passwords.matches(await passwords.hash_password("\u00e9" * 12), "e\u0301" * 12)


async def test_the_password_of_an_account(database: Database) -> None:
    # given
    ada, ben = await make_person(ADA), await make_person()
    await passwords.set_password(ada.id, GOOD)
    # then
    assert await passwords.is_correct(ada.id, GOOD)
    assert not await passwords.is_correct(ada.id, GOOD + " ")
    assert not await passwords.is_correct(ben.id, GOOD)
    assert not await passwords.is_correct(999_999, GOOD)
    assert GOOD not in repr(await Password.all().values())


async def test_nobody_takes_as_long_as_somebody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    ada = await make_person(ADA)
    await passwords.set_password(ada.id, GOOD)
    tried: list[str] = []
    verify = passwords._verify

    def counted(stored: str, word: bytes) -> bool:
        tried.append(stored)
        return verify(stored, word)

    monkeypatch.setattr(passwords, "_verify", counted)
    # when
    await passwords.is_correct(ada.id, "wrong")
    await passwords.is_correct(999_999, "wrong")
    # then: both were hashed, with the same parameters
    assert len(tried) == 2
    assert tried[0].rpartition("p=1")[0] == tried[1].rpartition("p=1")[0]
    assert [len(stored) for stored in tried] == [len(tried[0])] * 2


async def test_the_last_passwords_cannot_be_used_again(database: Database) -> None:
    # given
    ada = await make_person(ADA)
    used = [f"Password no {n}: secret" for n in range(7)]
    for each in used:
        await passwords.set_password(ada.id, each)
    # then: the present one and the five before it
    for each in used[1:]:
        with pytest.raises(Refused) as refusal:
            await passwords.set_password(ada.id, each)
        assert [problem.code for problem in refusal.value.problems] == [ErrorCode.PASSWORD_REUSED]
    assert await OldPassword.filter(account_id=ada.id).count() == 5
    await passwords.set_password(ada.id, used[0])
    assert await passwords.is_correct(ada.id, used[0])


async def test_an_old_hash_is_made_anew_at_sign_in(database: Database) -> None:
    # given
    ada = await make_person(ADA)
    await passwords.set_password(ada.id, GOOD)
    before = await Password.get(account_id=ada.id)
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(GOOD)
    await Password.filter(account_id=ada.id).update(hash=weak)
    # when
    assert not await passwords.is_correct(ada.id, "wrong")
    unchanged = await Password.get(account_id=ada.id)
    assert await passwords.is_correct(ada.id, GOOD)
    # then
    after = await Password.get(account_id=ada.id)
    assert unchanged.hash == weak
    assert after.hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert after.changed_at == before.changed_at
    assert await passwords.is_correct(ada.id, GOOD)


async def test_a_password_expires_on_day_ninety_exactly(database: Database) -> None:
    # given
    ada, ben = await make_person(ADA), await make_person()
    set_at = clock.now()
    with clock.frozen(set_at):
        await passwords.set_password(ada.id, GOOD)
    # then
    assert await passwords.expires_at(ada.id) == set_at + timedelta(days=90)
    assert await passwords.expires_at(ben.id) is None
    with clock.frozen(set_at + timedelta(days=90, microseconds=-1)):
        assert not await passwords.expired(ada.id)
    with clock.frozen(set_at + timedelta(days=90)):
        assert await passwords.expired(ada.id)


async def test_a_company_has_its_own_rule(database: Database) -> None:
    # given
    ada, company = await make_person(ADA), await make_company()
    await Account.filter(id=ada.id).update(company_id=company.id)
    await passwords.set_password(ada.id, GOOD)
    later = clock.now() + timedelta(days=31)
    for days, expired in ((None, False), (30, True), (32, False)):
        # when
        await Company.filter(id=company.id).update(password_days=days)
        # then: at once
        with clock.frozen(later):
            assert await passwords.expired(ada.id) is expired


async def test_fifty_at_once_leave_the_loop_free(database: Database) -> None:
    # given
    longest, running = 0.0, True

    async def watch() -> None:
        nonlocal longest
        while running:
            begun = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - begun)

    watcher = asyncio.create_task(watch())
    # when
    answers = await asyncio.gather(*(passwords.is_correct(999_999, f"guess {n}") for n in range(50)))
    running = False
    await watcher
    # then
    assert answers == [False] * 50
    assert longest < 1
