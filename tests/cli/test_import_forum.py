import os
import signal
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree
from typer.testing import CliRunner

from cli import batches
from cli.file_reader import BrokenFile, Interrupted, Reading, WrongFolder
from cli.forum_dump import rows
from cli.imports import app
from models.database import Database
from models.imports import ImportProgress
from models.points import Outcome, PointEntry
from models.profiles import Profile, Visibility
from services.imports import import_runs
from services.points.ledger_consistency import differences
from settings import Settings
from tests.helpers.forum_dump import POSTS, TOTALS, USERS, VOTES, import_dump, points_by_key, vote, write_rows

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "forum-dump"


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    write_rows(folder, "Users.xml", USERS)
    write_rows(folder, "Posts.xml", POSTS)
    write_rows(folder, "Votes.xml", [vote(*each) for each in VOTES])
    return folder


async def test_a_dump_with_every_defect_is_taken_in_and_told(database: Database, dump: Path) -> None:
    # when
    report = await import_dump(dump)
    # then
    assert await points_by_key() == TOTALS
    outcomes: Any = PointEntry.all().values_list("outcome", flat=True)
    assert Counter(await outcomes) == {
        Outcome.AWARDED: 11,
        Outcome.CAPPED: 2,
        Outcome.SELF: 2,
        Outcome.INELIGIBLE: 1,
    }
    assert report.imported["points awarded"] == sum(TOTALS.values())
    assert report.defects == {
        "system users (negative Id): not people, not taken": 1,
        "users without a name: named by their Id": 1,
        "users' websites that are no http or https link: left out": 1,
        "posts without owner (deleted)": 1,
        "votes on posts without owner (deleted)": 1,
        "acceptances on questions without asker (deleted)": 1,
        "votes on posts of a system user": 1,
        "votes on posts that are missing": 1,
        "votes of other kinds: give no points, not taken": 1,
        "acceptances whose question is missing": 1,
        "acceptances of posts that are no answers": 1,
    }
    assert report.bad_rows == {"Posts.xml": 1, "Votes.xml": 1}
    assert [each async for each in differences()] == []


async def test_people_are_public_unclaimed_and_keep_what_they_said(database: Database, dump: Path) -> None:
    # when
    await import_dump(dump)
    # then
    first, second, _, unnamed = await Profile.all().order_by("id")
    assert (first.handle, second.handle) == ("kim-example", "kim-example-2")
    assert (first.visibility, first.listed) == (Visibility.PUBLIC, True)
    assert first.joined_on == date(2019, 1, 1)
    assert (first.website, second.about) == ("", "a & b")
    assert (unnamed.name, unnamed.handle) == ("user4", "user4")


async def test_a_second_run_finds_nothing_new(database: Database, dump: Path) -> None:
    # given
    await import_dump(dump)
    # when
    report = await import_dump(dump)
    # then
    assert (report.imported["people: new"], report.imported["events: new"]) == (0, 0)
    assert report.imported["Votes.xml: rows imported by an earlier run"] == len(VOTES)
    assert await points_by_key() == TOTALS


async def test_a_grown_dump_adds_only_what_is_new(database: Database, dump: Path) -> None:
    # given
    await import_dump(dump)
    write_rows(dump, "Posts.xml", [*POSTS, {"Id": "99", "PostTypeId": "1", "OwnerUserId": "1"}])
    # when: votes 16 and 18 find their post now
    report = await import_dump(dump)
    # then
    assert report.imported["people: new"] == 0
    assert report.imported["events: new"] == 2
    assert report.imported["events: here already"] == 15
    # vote 18 is known without an asker, and known events stay as they were taken in
    assert report.defects["events refused: An event with this id was recorded before with different content."] == 1
    assert await points_by_key() == {**TOTALS, "1": 2 + 10 + 2}


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_an_interrupted_run_goes_on_where_it_stopped(
    database: Database, dump: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 3)
    with pytest.raises(Interrupted):
        await import_dump(dump, stop=lambda report: report.imported["Votes.xml: rows read"] >= 3 * after)
    assert (await ImportProgress.get(file="Votes.xml")).rows == 3 * after
    # when
    report = await import_dump(dump)
    # then
    assert report.imported["Votes.xml: rows read"] == len(VOTES) - 3 * after
    assert await points_by_key() == TOTALS
    assert [each async for each in differences()] == []


async def test_a_run_stopped_among_the_users_has_whole_batches_only(
    database: Database, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 2)
    # when
    with pytest.raises(Interrupted):
        await import_dump(dump, stop=lambda report: report.imported["Users.xml: rows read"] > 0)
    # then
    assert await Profile.all().count() == 1
    assert await PointEntry.all().count() == 0
    await import_dump(dump)
    assert await points_by_key() == TOTALS


async def test_a_malformed_row_is_named_and_costs_no_other(
    database: Database, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 4)
    lines = (dump / "Votes.xml").read_text("utf-8").splitlines(keepends=True)
    (dump / "Votes.xml").write_text("".join([*lines[:12], '  <row Id="x\n', *lines[12:]]), "utf-8")
    # when
    report = await import_dump(dump)
    # then
    assert report.bad_rows["Votes.xml"] == 2
    assert await points_by_key() == TOTALS
    assert (await ImportProgress.get(file="Votes.xml")).rows == len(VOTES) + 1


@pytest.mark.parametrize("cut", ["</users>\n", " />\n</users>\n", '"2019-01-01T10:00:00.000" />\n</users>\n'])
@pytest.mark.parametrize("size", [1, 2, 1_000])
async def test_a_dump_cut_short_keeps_every_good_row(
    database: Database, dump: Path, monkeypatch: pytest.MonkeyPatch, cut: str, size: int
) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", size)
    text = (dump / "Users.xml").read_text("utf-8")
    assert text.endswith(cut)
    (dump / "Users.xml").write_text(text.removesuffix(cut), "utf-8")
    # when
    with pytest.raises(BrokenFile, match=r"Users\.xml:[78]: malformed XML: the file ends .*before </users>"):
        await import_dump(dump)
    # then
    assert await Profile.all().count() == (4 if cut == "</users>\n" else 3)
    # and when it is repaired
    (dump / "Users.xml").write_text(text, "utf-8")
    await import_dump(dump)
    assert await points_by_key() == TOTALS


@pytest.mark.parametrize(
    "bomb",
    [
        '<!DOCTYPE users [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]><users><row Id="&b;"/></users>',
        '<!DOCTYPE users SYSTEM "file:///etc/hostname"><users/>',
    ],
)
def test_documents_with_entities_of_their_own_are_refused(tmp_path: Path, bomb: str) -> None:
    # given
    path = tmp_path / "Users.xml"
    path.write_text(bomb)
    # then
    with pytest.raises(BrokenFile, match=r"Users\.xml:1: the file declares"):
        list(rows(path, Reading()))


def test_rows_know_their_lines_and_only_rows_count(tmp_path: Path) -> None:
    # given
    path = tmp_path / "Users.xml"
    path.write_text('<users>\n<row a="1"/><note/>\n\n<row\na="2"></row>\n</users>')
    # then
    assert [(each.line, each.values) for each in rows(path, Reading())] == [(2, {"a": "1"}), (4, {"a": "2"})]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Posts.xml", None),
        ("Users.xml", ""),
        ("Users.xml", "<posts></posts>"),
        ("Votes.xml", "Id,PostId"),
        ("Votes.xml", '<?xml version="1.0" encoding="no-such"?><votes/>'),
        ("Votes.xml", '<?xml version="1.0" encoding="utf-7"?><votes/>'),
        ("Votes.xml", "<!DOCTYPE votes><votes/>"),
    ],
)
async def test_a_wrong_folder_is_refused_before_anything_is_written(
    database: Database, dump: Path, name: str, content: str | None
) -> None:
    # given
    if content is None:
        (dump / name).unlink()
    else:
        (dump / name).write_text(content)
    # then
    with pytest.raises(WrongFolder, match=name):
        await import_dump(dump)
    assert await Profile.all().count() == 0


def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("SECRET_KEY", settings.secret_key)
    return CliRunner().invoke(app, arguments)


@pytest.mark.sqlite_only
def test_the_command_tells_what_it_did(settings: Settings, dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # when
    result = run(settings, monkeypatch, "forum", str(dump))
    # then
    assert result.exit_code == 0, result.output
    assert "forum:small" in result.stdout
    assert "people: new" in result.stdout
    assert "Posts.xml:11: Id is 'oops', not a whole number" in result.stderr


@pytest.mark.sqlite_only
def test_the_command_refuses_wrong_folders(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        result = run(settings, monkeypatch, "forum", str(folder))
        assert result.exit_code == 2
        assert str(folder) in result.stderr.replace("\n", "")


@pytest.mark.sqlite_only
def test_the_command_names_the_line_of_malformed_xml(
    settings: Settings, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    (dump / "Posts.xml").write_text("<posts>\n<row Id='1'/>\n<row Id='2'")
    # when
    result = run(settings, monkeypatch, "forum", str(dump))
    # then
    assert result.exit_code == 1
    assert "Posts.xml:3: malformed XML" in result.stderr


@pytest.mark.sqlite_only
def test_ctrl_c_stops_after_the_batch(settings: Settings, dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 2)
    take = import_runs.import_people

    async def interrupted(*arguments: Any) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return await take(*arguments)

    monkeypatch.setattr(import_runs, "import_people", interrupted)
    before = signal.getsignal(signal.SIGINT)
    # when
    result = run(settings, monkeypatch, "forum", str(dump))
    # then
    assert result.exit_code == 130
    assert "Run the same command again to continue" in result.stderr
    assert "Users.xml: rows read" in result.stdout
    assert signal.getsignal(signal.SIGINT) is before
    # and the next run goes on
    monkeypatch.setattr(import_runs, "import_people", take)
    result = run(settings, monkeypatch, "forum", str(dump))
    assert result.exit_code == 0
    assert "rows imported by an earlier run" in result.stdout


async def test_the_real_dump_gives_what_the_rules_say(database: Database) -> None:
    # given
    if not REAL.is_dir():
        pytest.skip(f"the real dump is not beside the checkout: {REAL}")
    # when
    report = await import_dump(REAL, source="forum:real")
    # then
    assert await points_by_key("forum:real") == by_hand(REAL)
    assert report.defects["votes on posts that are missing"] == 27
    assert [each async for each in differences()] == []
    again = await import_dump(REAL, source="forum:real")
    assert (again.imported["people: new"], again.imported["events: new"]) == (0, 0)


def by_hand(folder: Path) -> dict[str, int]:
    """Points by user, straight from the files: 10 an upvote and at most 50 a day, -2, 15 and 2."""

    def read(name: str) -> list[dict[str, str]]:
        return [dict(each.attrib) for each in ElementTree.parse(folder / name).iter("row")]

    joined = {user["Id"]: user["CreationDate"][:10] for user in read("Users.xml") if user["Id"] != "-1"}
    posts = {post["Id"]: post for post in read("Posts.xml")}
    total, upvotes = dict.fromkeys(joined, 0), defaultdict[tuple[str, str], int](int)
    for each in read("Votes.xml"):
        day, post = each["CreationDate"][:10], posts.get(each["PostId"], {})
        owner = post.get("OwnerUserId", "")
        asker = posts.get(post.get("ParentId", ""), {}).get("OwnerUserId", "")
        owner_earns = owner in joined and day >= joined[owner]
        match each["VoteTypeId"]:
            case "2" if owner_earns:
                upvotes[owner, day] += 10
            case "3" if owner_earns:
                total[owner] -= 2
            case "1" if owner != asker:
                total[owner] = total.get(owner, 0) + 15 * owner_earns
                if asker in joined and day >= joined[asker]:
                    total[asker] += 2
    for (owner, _), points in upvotes.items():
        total[owner] += min(points, 50)
    return {user: points for user, points in total.items() if user in joined}
