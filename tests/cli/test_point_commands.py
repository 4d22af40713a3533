"""The operator's corrections of points, and words that are made again."""

from typing import Any

import pytest

from models.audit import AuditEntry, Origin
from models.points import PointEntry
from models.profiles import Profile, ProfileWord
from tests.cli.conftest import Cli
from tests.helpers.factories import give, make_profile, total


async def ada() -> tuple[int, str]:
    """A person with 30 points in the forum."""
    profile_id = await make_profile()
    await give(profile_id, times=2)
    return profile_id, (await Profile.get(id=profile_id)).handle


def test_a_penalty_is_taken_once_written_down_and_can_be_taken_back(cli: Cli, inside: Any) -> None:
    # given
    profile_id, handle = inside(ada)
    words = ("points", "penalize", handle, "forum", "12", "--reason", "Spam", "--event", "case-7")
    # when
    taken, again = cli(*words), cli(*words)
    # then
    assert (taken.exit_code, again.exit_code) == (0, 0), taken.stderr
    assert "operator:penalties case-7" in taken.stdout
    assert inside(lambda: total(profile_id)) == 18
    [line] = inside(lambda: AuditEntry.filter(action="points.penalize"))
    assert (line.origin, line.account_id, line.facts["profile"], line.facts["points"]) == (
        Origin.OPERATOR,
        None,
        profile_id,
        12,
    )
    assert inside(lambda: PointEntry.get(external_id="case-7")).shown
    # when
    back, once_more = (cli("points", "reverse", "operator:penalties", "case-7") for _ in range(2))
    # then
    assert (back.exit_code, once_more.exit_code) == (0, 0)
    assert "+12" in back.stdout and "before" in once_more.stdout
    assert inside(lambda: total(profile_id)) == 30
    assert len(inside(lambda: AuditEntry.filter(action="points.reverse"))) == 1


def test_a_silent_penalty_is_not_for_the_person(cli: Cli, inside: Any) -> None:
    profile_id, handle = inside(ada)
    assert cli("points", "penalize", handle, "LEARNING", "3", "--reason", "Between us", "--silent").exit_code == 0
    entry = inside(lambda: PointEntry.get(source="operator:penalties"))
    assert (entry.shown, entry.awarded, entry.profile_id) == (False, -3, profile_id)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["points", "penalize", "nobody", "FORUM", "1", "--reason", "x"], 1, "no profile"),
        (["points", "penalize", "ada", "FORUM", "0", "--reason", "x"], 2, "greater than"),
        (["points", "penalize", "ada", "KARMA", "1", "--reason", "x"], 2, "KARMA"),
        (["points", "penalize", "ada", "FORUM", "1"], 2, "--reason"),
        (["points", "reverse", "test", "nothing"], 1, "no such event"),
        (["rebuild", "search", "--after", "7"], 1, "is not an id that begins with prf_"),
    ],
)
def test_what_is_refused_is_said(cli: Cli, words: list[str], code: int, said: str) -> None:
    result = cli(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in " ".join(result.stderr.split())


def test_words_are_made_again_for_a_database_from_before(cli: Cli, inside: Any) -> None:
    # given
    inside(ada)
    before = inside(lambda: ProfileWord.all().count())
    inside(lambda: ProfileWord.all().delete())
    # when
    result = cli("rebuild", "search")
    # then
    assert result.exit_code == 0 and "1 people" in result.stdout
    assert inside(lambda: ProfileWord.all().count()) == before > 0
