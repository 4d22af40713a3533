"""The documents: their examples work, their links resolve, and settings are checked as they say."""

import dataclasses
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from models.database import Database, NoDatabase, opened
from services.media import image_store
from services.messages import outbox_worker
from settings import HERE, BadSetting, Settings
from tests.helpers import databases
from tests.helpers.document_examples import Block, Reader, client_page, same_shape
from tests.helpers.factories import give, make_person, make_profile, make_service, make_token
from tests.helpers.servers import running
from tests.helpers.sign_in import make_login

GUIDES = [HERE / "README.md", *sorted((HERE / "docs" / "guides").glob("*.md"))]


@pytest.fixture
def has_postgres() -> bool:
    return not databases.postgres_missing()


@pytest.fixture
async def other_database(has_postgres: bool, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database without tables; PostgreSQL if there is one."""
    if not has_postgres:
        yield f"sqlite://{tmp_path}/other.sqlite3"
        return
    async with databases.scratch("docs") as url:
        yield url


@pytest.fixture
async def reader(settings: Settings, database: Database, other_database: str, tmp_path: Path) -> AsyncIterator[Reader]:
    """Somebody who tries examples, on a server with a small community in it."""
    await make_community()
    folder = tmp_path / "reader"
    (folder / "var").mkdir(parents=True)
    partner = await make_token(await make_service("partner@tools.example"), "mx:leaderboard:read")
    (folder / "var" / "demo-token").write_text(partner + "\n", "utf-8")
    (folder / "var" / "community.sqlite3").symlink_to(settings.database_url.removeprefix("sqlite://"))
    Image.new("RGB", (64, 64), "teal").save(folder / "me.jpg")

    async with (
        client_page() as origin,
        running(dataclasses.replace(settings, public_url="", origins=origin)) as server,
    ):
        environment = {
            each.name.upper(): str(getattr(settings, each.name)) for each in dataclasses.fields(settings)
        } | {"PUBLIC_URL": ""}
        mail = Path(settings.mail_url.removeprefix("file:"))
        yield Reader(f"{server.host}:{server.port}", origin, folder, environment, mail, other_database)


async def make_community() -> None:
    """Ada, who can sign in and has a second profile, and people with points on the forum's board."""
    ada = await make_login()
    await make_person("ada@harbor.example")
    assert ada.profile_id is not None
    people = [ada.profile_id, *[await make_profile(name) for name in ("Lakshmi Joshi", "Katharina Sommer")]]
    for times, profile_id in enumerate(people, start=1):
        await give(profile_id, times=times)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("file", GUIDES, ids=lambda file: file.stem)
async def test_every_example_does_what_its_document_says(file: Path, reader: Reader) -> None:
    await reader.read(file)
    if reader.skipped:
        pytest.skip("needs chromium for its `js` examples; all others were run")


def test_every_event_that_operators_watch_for_is_logged() -> None:
    table = (HERE / "docs" / "guides" / "operators.md").read_text("utf-8").partition("| Event |")[2]
    events = {
        event for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for event in re.findall(r"`([\w.]+)`", row)
    }
    code = (HERE / "server.py").read_text("utf-8") + "".join(
        file.read_text("utf-8")
        for folder in ("execution", "schema", "services", "web")
        for file in (HERE / folder).rglob("*.py")
    )
    assert len(events) > 5
    assert {each for each in events if not re.search(rf'log\.\w+\(\s*"{re.escape(each)}"', code)} == set()


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ({"a": 1}, {"a": 2}, True),
        ({"a": 1}, {"a": "2"}, False),
        ({"a": 1}, {"a": 1, "b": 1}, False),
        ({"a": None}, {"a": [1]}, True),
        ([{"a": 1}], [{"a": 2}, {"a": 3}], True),
        ([{"a": 1}], [], False),
        ([1, "x"], ["y", "z"], True),
        ({"code": "NOT_FOUND"}, {"code": "BAD_ID"}, False),
        ({"path": ["country"]}, {"path": ["countryCode"]}, False),
    ],
)
def test_answers_are_compared_by_their_shape(expected: object, actual: object, same: bool) -> None:
    assert same_shape(expected, actual) is same


async def test_a_block_of_an_unknown_kind_fails(tmp_path: Path) -> None:
    file = HERE / "docs" / "never-written.md"
    reader = Reader("", "", tmp_path, {}, tmp_path, "")
    with pytest.raises(AssertionError, match="unknown kind 'cobol'"):
        await reader._run_blocks(file, [Block("cobol", "STOP RUN.", 1)], {})


def test_every_decision_says_how_it_is_enforced() -> None:
    decisions = sorted((HERE / "docs" / "decisions").glob("*.md"))
    assert len(decisions) >= 3
    for file in decisions:
        text = file.read_text("utf-8").lower()
        assert all(f"## {each}" in text for each in ("context", "decision", "consequences")), file.name
        assert "enforced" in text, file.name


def test_links_inside_the_documents_lead_somewhere() -> None:
    for file in [*HERE.glob("*.md"), *(HERE / "docs").rglob("*.md")]:
        for link, anchor in re.findall(r"\]\((?!https?://)([^)#]*)#?([^)]*)\)", file.read_text("utf-8")):
            target = file.parent / link if link else file
            assert target.exists(), f"{file.name}: {link}"
            assert not anchor or anchor in anchors_of(target), f"{file.name}: {link}#{anchor}"


def anchors_of(file: Path) -> set[str]:
    """The anchors of a document's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PORT": "x"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"ANONYMOUS": "maybe"}, "ANONYMOUS"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"MAX_DEPTH": "0"}, "MAX_DEPTH"),
        ({"DRAIN_SECONDS": "-1"}, "DRAIN_SECONDS"),
        ({"DRAIN_SECONDS": "nan"}, "DRAIN_SECONDS"),
        ({"PUBLIC_URL": "graph.example"}, "PUBLIC_URL"),
        *(
            ({name: address}, name)
            for name in ("CLIENT_URL", "PUBLIC_URL")
            for address in (
                "app.example",
                "//app.example",
                "ftp://app.example",
                "javascript:alert(1)",
                "https://",
                "https:///join",
                "https://app.example/a/../b",
                "https://app.example/..",
                "https://app.example//evil.example",
                "https://app.example/?x=",
                "https://app.example/#",
                "https://app.example?",
                "https://ada@app.example",
                "https://app.example\\evil.example",
                "https://app.example/a b",
                "https://app.exa\nmple",
            )
        ),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(BadSetting, match=named):
        Settings.from_environment(environment)


SECRET = "kept-secret"


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": f"postgres://ada:{SECRET}/x@127.0.0.1:5432/x"},
        {"DATABASE_URL": f"postgres://ada:x]{SECRET}@[127.0.0.1/x"},
        {"DATABASE_URL": f"postgres://ada:{SECRET}\u2100@127.0.0.1/x"},
        {"DATABASE_URL": f"ada:{SECRET}@127.0.0.1/x"},
        {"DATABASE_URL": f"postgres://ada@127.0.0.1/x?port={SECRET}"},
        {"DATABASE_URL": f"postgres://ada@127.0.0.1/x?sslmode={SECRET}"},
        {"DATABASE_URL": f"postgres://ada@127.0.0.1/x?sslrootcert={SECRET}&sslmode=verify-full"},
        {"REDIS_URL": f"redis://:{SECRET}/x@127.0.0.1:6379/0"},
        {"REDIS_URL": f"http://:{SECRET}@127.0.0.1"},
        {"MAIL_URL": f"smtp://ada:{SECRET}/x@127.0.0.1:25"},
        {"MAIL_URL": f"smtp://ada:{SECRET}@[127.0.0.1:25"},
        {"MAIL_URL": f"{SECRET}"},
        {"SMS_URL": f"https://ada:{SECRET}/x@127.0.0.1:25/"},
        {"SMS_URL": f"http://ada:{SECRET}@gateway.example"},
        {"AVATAR_STORE": f"s3://bucket/x?secret_access_keyy={SECRET}"},
        {"AVATAR_STORE": f"s3://bucket/x?region=eu&allow_http={SECRET}"},
        {"AVATAR_STORE": f"s3://[bucket/x?{SECRET}"},
        {"PUBLIC_URL": f"ftp://ada:{SECRET}@graph.example"},
        {"CLIENT_URL": f"https://ada:{SECRET}@app.example"},
        {"PUBLIC_URL": f"https://ada:{SECRET}/x@graph.example:8080"},
        {"SECRET_KEY": SECRET},
        {"CREDENTIAL_KEY": SECRET},
    ],
)
async def test_no_setting_that_cannot_be_used_is_printed(environment: dict[str, str]) -> None:
    with pytest.raises((BadSetting, NoDatabase)) as refused:
        await start(environment)
    assert SECRET not in str(refused.value)


async def start(environment: dict[str, str]) -> None:
    """Do with the settings what a server does first."""
    settings = Settings.from_environment({"SECRET_KEY": "5e" * 32, **environment})
    outbox_worker.check(settings)
    image_store.check(settings)
    async with opened(settings):
        pass


def test_the_longer_name_of_a_setting_goes_first() -> None:
    read = Settings.from_environment(
        {"HOST": "x86_64-conda-linux-gnu", "COMMUNITY_HOST": "127.0.0.2", "COMMUNITY_PORT": "9000"}
    )
    assert (read.host, read.port) == ("127.0.0.2", 9000)
    assert Settings.from_environment({"HOST": "x86_64-conda-linux-gnu", "COMMUNITY_HOST": ""}).host == "127.0.0.1"


def test_settings_come_from_the_environment_and_empty_ones_do_not() -> None:
    read = Settings.from_environment({"PORT": "9000", "HOST": "", "DRAIN_SECONDS": "1.5", "OTHER": "x"})
    assert (read.port, read.host, read.drain_seconds, read.address) == (9000, "127.0.0.1", 1.5, "http://127.0.0.1:9000")
    assert Settings(public_url="https://graph.example/").address == "https://graph.example"


def test_a_subject_has_one_word_in_every_layer() -> None:
    text = (HERE / "CONTRIBUTING.md").read_text("utf-8")
    rule = text.partition("**One word in every layer.**")[2].partition("`services/` has a folder")[0]
    infrastructure = set(re.findall(r"`(\w+)`", rule.partition("Infrastructure has no subject")[2].partition(";")[0]))
    differing = {
        name for row in re.findall(r"^\| (`.*?) \|", rule, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    parts = {"checklist", "featured_badges", "session_list"}  # parts of a subject that has another file
    subjects = {file.stem for file in (HERE / "schema").glob("*.py")} - infrastructure - parts - {"__init__"}
    assert len(subjects) > 20

    def missing(layer: str) -> set[str]:
        found = {each.stem for each in (HERE / layer).rglob("*") if each.is_dir() or each.suffix == ".py"}
        return subjects - found

    assert missing("resolvers") == set()
    assert missing("services") == differing
