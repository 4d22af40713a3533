"""
The build step that fetches GraphiQL's files: `python -m web.graphiql_files`.

They come from npm packages, are checked against the SHA-384 hashes below, and go to the ignored folder
`web/static/vendor`. Without them `/graphql` still works: its page loads the same files, with the same hashes, from a CDN.
Only a small part of the standard library is imported, so that a second run, which has nothing to do, ends at once.
"""

import hashlib
import os
import sys
from binascii import b2a_base64
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "static" / "vendor"
MAX_FILE_BYTES = 4 * 1024 * 1024  # the largest file has 1.1 million
NPM_SECONDS = 120


class NotFetched(Exception):
    """The files could not be fetched: no npm, or npm failed. The message is one line for the operator."""


class WrongContent(Exception):
    """A package has other content than expected. Nothing of it was stored."""


class VendoredFile(NamedTuple):
    """One file of one exact package version."""

    name: str
    package: str
    version: str
    path: str
    sha384: str

    @property
    def integrity(self) -> str:
        """The value of an HTML `integrity` attribute."""
        return f"sha384-{self.sha384}"

    @property
    def specifier(self) -> str:
        return f"{self.package}@{self.version}"

    @property
    def archive(self) -> str:
        """The name that `npm pack` gives the package's archive."""
        return f"{self.package.removeprefix('@').replace('/', '-')}-{self.version}.tgz"

    def has_hash(self, content: bytes) -> bool:
        return b2a_base64(hashlib.sha384(content).digest(), newline=False).decode() == self.sha384


# In loading order: each script uses what earlier ones define.
# These are the newest versions with UMD files, which run without a bundler. GraphiQL 5 has none, and its editor writes
# `<style>` elements, which the page's Content-Security-Policy forbids. React 19 has none either.
FILES = (
    VendoredFile(
        name="react.js",
        package="react",
        version="18.3.1",
        path="umd/react.production.min.js",
        sha384="DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    ),
    VendoredFile(
        name="react-dom.js",
        package="react-dom",
        version="18.3.1",
        path="umd/react-dom.production.min.js",
        sha384="gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    ),
    VendoredFile(
        name="graphiql.css",
        package="graphiql",
        version="4.1.2",
        path="graphiql.min.css",
        sha384="1el1QShFBnnXTx9x/Cprg82hZWKt0ry29OAYIXt05swbi0KcZDFoj0CWguMpopJr",
    ),
    VendoredFile(
        name="graphiql.js",
        package="graphiql",
        version="4.1.2",
        path="graphiql.min.js",
        sha384="9XdHu7ajgGJziD4J1zNBKQ842Q/+zZfDv+ib1eMhZWBH6hPAs806x+Jbcf0yNO6B",
    ),
    VendoredFile(
        name="explorer.css",
        package="@graphiql/plugin-explorer",
        version="4.0.6",
        path="dist/style.css",
        sha384="XffIsImDMwexX8UM/Bg3tss0MZOeQmZcnHzk0avUrw9ff0IQ2g9j7QLA6m2lz5D0",
    ),
    VendoredFile(
        name="explorer.js",
        package="@graphiql/plugin-explorer",
        version="4.0.6",
        path="dist/index.umd.js",
        sha384="gXYG2RCFRuAiKUaKTbKxOVlvr0U9z0D/V/l5jdvRSH46vQ+9cpkG2d3ByiggUYvD",
    ),
)


def missing(folder: Path = FOLDER) -> list[VendoredFile]:
    """The files that `folder` lacks, has with other content, or has without their compressed copy."""
    return [file for file in FILES if not _is_complete(file, folder)]


def _is_complete(file: VendoredFile, folder: Path) -> bool:
    try:
        return file.has_hash((folder / file.name).read_bytes()) and _compressed_copy(folder / file.name).is_file()
    except OSError:
        return False


def _compressed_copy(path: Path) -> Path:
    return path.with_name(f"{path.name}.gz")


def fetch(folder: Path = FOLDER) -> list[VendoredFile]:
    """
    Put the missing files into `folder` and return them.

    Raises NotFetched (no npm, npm failed) and WrongContent; both leave `folder` unchanged.
    """
    if not (wanted := missing(folder)):
        return []
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - importing it takes as long as a run without work

    with TemporaryDirectory(prefix="graphiql-") as temporary:
        archives = Path(temporary)
        _pack({file.specifier for file in wanted}, archives)
        contents = [(file, read(file, archives / file.archive)) for file in wanted]
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in contents:
        _store(folder / file.name, content)
    return wanted


def _pack(specifiers: Iterable[str], into: Path) -> None:
    """Download the packages' archives into the folder by npm. Raises NotFetched."""
    import shutil  # noqa: PLC0415 - as above
    import subprocess  # noqa: PLC0415 - as above

    npm = shutil.which("npm")
    if npm is None:
        raise NotFetched("npm is not installed")
    quiet = ("--silent", "--ignore-scripts", "--pack-destination", str(into))
    # An exact version never changes, so npm's cache suffices; and without a network this must fail soon.
    offline_first = ("--prefer-offline", "--fetch-retries=1")
    command = [npm, "pack", *quiet, *offline_first, *sorted(specifiers)]
    try:
        # Run in the empty folder, so that no package.json of a checkout takes effect.
        subprocess.run(command, cwd=into, check=True, capture_output=True, timeout=NPM_SECONDS)  # noqa: S603 - no shell, fixed arguments
    except subprocess.TimeoutExpired:
        raise NotFetched(f"npm pack took longer than {NPM_SECONDS} s") from None
    except subprocess.CalledProcessError as failure:
        raise NotFetched(f"npm pack failed with exit code {failure.returncode}") from None
    except OSError as failure:
        raise NotFetched(f"npm could not be started: {failure.strerror}") from None


def read(file: VendoredFile, archive: Path) -> bytes:
    """
    The file's content, read from the archive. Nothing is unpacked, so names in the archive cannot escape a folder.

    Raises NotFetched (no readable archive) and WrongContent (no such regular file, too large, another hash).
    """
    import tarfile  # noqa: PLC0415 - as above: not needed if nothing is missing

    try:
        with tarfile.open(archive, mode="r:gz") as packed:
            member = packed.getmember(f"package/{file.path}")
            # Links are not followed: extractfile would, within the archive.
            content = packed.extractfile(member) if member.isfile() and member.size <= MAX_FILE_BYTES else None
            found = content.read() if content else b""
    except KeyError:
        raise WrongContent(f"{file.specifier} has no file {file.path}") from None
    except (OSError, EOFError, tarfile.TarError):
        raise NotFetched(f"npm pack left no readable archive of {file.specifier}") from None
    if not file.has_hash(found):
        raise WrongContent(f"{file.path} of {file.specifier} does not have the expected SHA-384")
    return found


def _store(path: Path, content: bytes) -> None:
    import gzip  # noqa: PLC0415 - as above: not needed if nothing is missing

    # The compressed copy first: if the file is there, its copy has the same content.
    for target, data in ((_compressed_copy(path), gzip.compress(content, mtime=0)), (path, content)):
        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        unfinished.write_bytes(data)
        unfinished.replace(target)


def main(folder: Path = FOLDER) -> int:
    """
    Exit code 0 even if npm is missing or fails: the server works without the files, and logs that at its start.

    1 if a package has other content than expected: a person must look at that.
    """
    try:
        fetched = fetch(folder)
    except NotFetched as reason:
        sys.stderr.write(f"warning: GraphiQL stays online ({reason}): /graphql will load its files from a CDN.\n")
        return 0
    except WrongContent as reason:
        sys.stderr.write(f"error: refused: {reason}. Nothing was stored.\n")
        return 1
    for file in fetched:
        sys.stdout.write(f"{folder.name}/{file.name} from {file.specifier}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
