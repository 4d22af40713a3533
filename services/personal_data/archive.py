"""
Writes the archive of a person's data: one JSON file per section, the pictures, and a readable page.

Records are read in batches and written at once, in a thread, so that neither memory nor the event loop depends on how many there
are. All names of files are made here: none is a person's text.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import orjson

from models.accounts import Account
from models.portfolio import ProjectImage
from models.profiles import Profile
from models.transactions import forbid_transaction
from services.core import clock
from services.core.private_files import made_private
from services.media import image_store
from services.media.images import PICTURE_SIZES, PROJECT_IMAGE_SIZES
from services.messages import mail_languages
from services.personal_data import records
from services.personal_data.readable_index import MAX_RECORDS_SHOWN, PICTURES, Origin, Page
from services.personal_data.sections import SECTIONS, Owner, Section
from services.personal_data.values import AVATAR_FILE, Reader, Value, image_file
from services.profiles import profile_changes

INDEX, MANIFEST = "index.html", "manifest.json"
IMAGES_PER_READ: Final = 100


async def write(account_id: int, file: Path) -> None:
    """
    Write the archive of the account's person to a new file. On failure the file may be incomplete. Raises DoesNotExist if the
    account is gone.
    Must not run in a transaction.
    """
    forbid_transaction()
    account = await Account.get(id=account_id)
    profile = await Profile.get(id=account.own_profile_id)
    owner = Owner(account.id, profile.id)
    language = await mail_languages.of_person(profile.id)
    origin = Origin(account.email, clock.now(), await profile_changes.tracked_since(profile))
    page_file = file.with_suffix(".html.part")
    try:
        with made_private():
            archive, page = await asyncio.to_thread(_opened, file, page_file)
        try:
            await _Writer(archive, page, Reader(owner, language, whole=True), origin).write(profile)
        finally:
            page.close()
        await asyncio.to_thread(_finish, archive, page_file)
    finally:
        await asyncio.to_thread(page_file.unlink, missing_ok=True)


def _opened(file: Path, page_file: Path) -> tuple[ZipFile, IO[str]]:
    return ZipFile(file, "w", ZIP_DEFLATED), page_file.open("w", encoding="utf-8")


def _finish(archive: ZipFile, page_file: Path) -> None:
    with page_file.open("rb") as page, archive.open(_entry(INDEX), "w", force_zip64=True) as entry:
        while chunk := page.read(1024 * 1024):
            entry.write(chunk)
    archive.close()


def _entry(name: str, *, packed: bool = True) -> ZipInfo:
    entry = ZipInfo(name, clock.now().astimezone(UTC).timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED if packed else ZIP_STORED
    entry.external_attr = 0o600 << 16
    return entry


class _Writer:
    """Writes the parts of one archive, one after the other."""

    def __init__(self, archive: ZipFile, page: IO[str], reader: Reader, origin: Origin) -> None:
        self._archive, self._page_file, self._reader, self._origin = archive, page, reader, origin
        self._page = Page(reader.language)
        self._pictures: set[str] = set()

    async def write(self, profile: Profile) -> None:
        sections = list(SECTIONS.values())
        await self._put_pictures(profile)
        await self._show(self._page.head(self._origin, sections))
        counts = {section.code: await self._put_section(section) for section in sections}
        await self._show(self._page.end())
        await self._put(MANIFEST, orjson.dumps(self._manifest(counts), option=orjson.OPT_INDENT_2))

    async def _put_section(self, section: Section) -> int:
        """Write the JSON file of a section, and its first records to the page; returns the number of records."""
        await self._show(self._page.section(section))
        entry = await asyncio.to_thread(
            lambda: self._archive.open(_entry(f"{section.code}.json"), "w", force_zip64=True)
        )
        count = 0
        async for batch in self._batches(section):
            first = b",\n" if count else b"[\n"
            rows = [orjson.dumps({each.name: each.json for each in record}) for record in batch]
            await asyncio.to_thread(entry.write, first + b",\n".join(rows))
            shown = batch[: max(MAX_RECORDS_SHOWN - count, 0)]
            if shown:
                head = "" if count else self._page.header(shown[0])
                await self._show(head + "".join(self._page.rows(shown)))
            count += len(batch)
        await asyncio.to_thread(entry.write, b"\n]\n" if count else b"[]\n")
        await asyncio.to_thread(entry.close)
        await self._show(self._page.end_of_section(count))
        return count

    async def _batches(self, section: Section) -> AsyncIterator[list[list[Value]]]:
        async for batch in records.every_batch(section, self._reader):
            yield [[self._without_lost_picture(value) for value in record] for record in batch]

    def _without_lost_picture(self, value: Value) -> Value:
        lost = value.name in PICTURES and value.json not in self._pictures
        return value._replace(json=None, text=None) if lost else value

    async def _put_pictures(self, profile: Profile) -> None:
        if profile.avatar:
            await self._put_picture(AVATAR_FILE, profile.avatar, max(PICTURE_SIZES))
        last = 0
        while rows := await self._images(profile.id, last):
            for number, key in rows:
                await self._put_picture(image_file(number), key, max(PROJECT_IMAGE_SIZES))
            last = rows[-1][0]

    async def _images(self, profile_id: int, after: int) -> list[tuple[int, str]]:
        rows: Any = ProjectImage.filter(project__owner_id=profile_id, id__gt=after).order_by("id")
        return list(await rows.limit(IMAGES_PER_READ).values_list("id", "image"))

    async def _put_picture(self, name: str, key: str, size: int) -> None:
        content = await image_store.get(key, size) if image_store.KEY.fullmatch(key) else None
        if content is not None:
            await self._put(name, content, packed=False)
            self._pictures.add(name)

    async def _put(self, name: str, content: bytes, *, packed: bool = True) -> None:
        await asyncio.to_thread(self._archive.writestr, _entry(name, packed=packed), content)

    async def _show(self, html: str) -> None:
        await asyncio.to_thread(self._page_file.write, html)

    def _manifest(self, counts: dict[str, int]) -> dict[str, Any]:
        return {
            "account": self._origin.account,
            "createdAt": self._origin.made_at.isoformat(),
            "trackedSince": self._origin.tracked_since.isoformat(),
            "sections": [
                {"code": code, "title": SECTIONS[code].title, "file": f"{code}.json", "records": count}
                for code, count in counts.items()
            ],
        }
