"""The build step: what it takes out of packages, what it refuses, and what it does without npm."""

import io
import subprocess
import sys
import tarfile
from binascii import b2a_base64
from collections.abc import Callable
from hashlib import sha384
from pathlib import Path

import pytest

from web import graphiql_files
from web.graphiql_files import FILES, NotFetched, VendoredFile, WrongContent, fetch, main, missing, read

CONTENT = b"window.React = {};"


def a_file(content: bytes = CONTENT) -> VendoredFile:
    digest = b2a_base64(sha384(content).digest(), newline=False).decode()
    return VendoredFile(name="react.js", package="@some/react", version="1.2.3", path="umd/react.js", sha384=digest)


def an_archive(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    path = folder / a_file().archive
    with tarfile.open(path, mode="w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def a_member(name: str = "package/umd/react.js", *, link_to: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    if link_to:
        member.type, member.linkname = tarfile.SYMTYPE, link_to
    return member


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Give the build step an npm of one's own: a shell script, the only command there is besides the shell's."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def install(script: str) -> None:
        (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "npm").chmod(0o755)

    monkeypatch.setenv("PATH", str(folder))
    return install


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The build step wants one file, and puts it into this folder, which does not exist yet."""
    monkeypatch.setattr(graphiql_files, "FILES", (a_file(),))
    return tmp_path / "vendor"


def npm_copying(archive: Path) -> str:
    """A script that answers like `npm pack --silent --ignore-scripts --pack-destination FOLDER …`."""
    return f'/bin/cp "{archive}" "$5/"'


def test_the_file_is_read_when_its_hash_is_right(tmp_path: Path) -> None:
    assert read(a_file(), an_archive(tmp_path, (a_member(), CONTENT))) == CONTENT


@pytest.mark.parametrize(
    ("member", "content"),
    [
        (a_member(), b"window.React = evil();"),
        (a_member("package/umd/other.js"), CONTENT),
        (a_member(link_to="../../other.js"), b""),
        (a_member(), b"0" * (graphiql_files.MAX_FILE_BYTES + 1)),
    ],
    ids=["other content", "not there", "a link", "too large"],
)
def test_what_is_not_that_file_is_refused(tmp_path: Path, member: tarfile.TarInfo, content: bytes) -> None:
    with pytest.raises(WrongContent, match=r"@some/react@1\.2\.3"):
        read(a_file(), an_archive(tmp_path, (member, content)))


def test_a_name_that_leads_out_of_the_archive_leads_nowhere(tmp_path: Path) -> None:
    # given
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    archive = an_archive(inside, (a_member("../../stray.js"), b"stray"), (a_member(), CONTENT))
    # when
    read(a_file(), archive)
    # then
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [archive.name]


@pytest.mark.parametrize("content", [None, b"", b"not an archive", b"\x1f\x8b\x08\x00cut"])
def test_no_readable_archive_means_not_fetched(tmp_path: Path, content: bytes | None) -> None:
    # given
    archive = tmp_path / "some.tgz"
    if content is not None:
        archive.write_bytes(content)
    # when / then
    with pytest.raises(NotFetched):
        read(a_file(), archive)


def test_it_fetches_what_is_missing_and_then_has_nothing_to_do(
    vendor: Path, npm: Callable[[str], None], tmp_path: Path
) -> None:
    # given
    npm(npm_copying(an_archive(tmp_path, (a_member(), CONTENT))))
    # when
    first = main(vendor)
    npm("exit 1")
    second = main(vendor)
    # then
    assert (first, second) == (0, 0)
    assert sorted(path.name for path in vendor.iterdir()) == ["react.js", "react.js.gz"]
    assert missing(vendor) == []


def test_a_file_that_was_changed_is_put_right(vendor: Path, npm: Callable[[str], None], tmp_path: Path) -> None:
    # given
    npm(npm_copying(an_archive(tmp_path, (a_member(), CONTENT))))
    main(vendor)
    (vendor / "react.js").write_bytes(b"changed")
    # when
    fetched = fetch(vendor)
    # then
    assert fetched == [a_file()]
    assert (vendor / "react.js").read_bytes() == CONTENT


def test_a_wrong_hash_stops_the_build_and_keeps_nothing(
    vendor: Path, npm: Callable[[str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given
    npm(npm_copying(an_archive(tmp_path, (a_member(), b"window.React = evil();"))))
    # when
    code = main(vendor)
    # then
    assert code == 1
    assert not vendor.exists()
    assert "does not have the expected SHA-384" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, "npm is not installed"),
        ("exit 7", "npm pack failed with exit code 7"),
        ("exit 0", "npm pack left no readable archive of @some/react@1.2.3"),
    ],
)
def test_without_a_working_npm_it_warns_in_one_line_and_goes_on(
    vendor: Path,
    npm: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
    script: str | None,
    reason: str,
) -> None:
    # given
    if script is not None:
        npm(script)
    # when
    code = main(vendor)
    # then
    assert code == 0
    assert not vendor.exists()
    said = capsys.readouterr().err
    assert said.startswith(f"warning: GraphiQL stays online ({reason})")
    assert said.count("\n") == 1


def test_npm_that_never_ends_is_given_up(
    vendor: Path, npm: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(graphiql_files, "NPM_SECONDS", 0.2)
    npm("exec /bin/sleep 20")
    # when / then
    with pytest.raises(NotFetched, match="took longer"):
        fetch(vendor)


def test_looking_whether_all_is_there_imports_no_more_than_it_must() -> None:
    # given
    heavy = {"aiohttp", "dataclasses", "shutil", "strawberry", "subprocess", "tarfile", "tempfile"}
    look = f"import sys, web.graphiql_files as step; step.missing(); print(sorted({heavy!r} & set(sys.modules)))"
    # when
    ran = subprocess.run([sys.executable, "-S", "-c", look], capture_output=True, text=True, check=True)
    # then
    assert ran.stdout.strip() == "[]"


def test_every_file_names_an_exact_version_and_a_whole_hash() -> None:
    for file in FILES:
        assert all(part.isdigit() for part in file.version.split(".")), file
        assert len(file.sha384) == 64, file
    assert len({file.name for file in FILES}) == len(FILES)
