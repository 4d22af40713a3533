"""An import in a process of its own, while a server takes in events of the same people."""

import asyncio
import dataclasses
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from models.database import Database
from models.imports import ImportedPerson
from models.points import Outcome, PointEntry
from services.points.ledger import record
from services.points.ledger_consistency import differences
from settings import HERE, Settings
from tests.helpers.factories import event, outcomes, total

VOTES = 400
DAY = datetime(2020, 5, 31, tzinfo=UTC)


def write_dump(folder: Path, votes: int) -> None:
    """A forum of one person with one question, and this many upvotes on one day."""
    folder.mkdir(exist_ok=True)
    rows = {
        "Users": ['<row Id="7" DisplayName="Ada" CreationDate="2019-01-01T00:00:00.000" />'],
        "Posts": ['<row Id="1" PostTypeId="1" OwnerUserId="7" />'],
        "Votes": [
            f'<row Id="{n}" PostId="1" VoteTypeId="2" CreationDate="2020-05-31T00:00:00.000" />' for n in range(votes)
        ],
    }
    for name, lines in rows.items():
        text = "\n".join(lines)
        (folder / f"{name}.xml").write_text(
            f'<?xml version="1.0"?>\n<{name.lower()}>\n{text}\n</{name.lower()}>\n', "utf-8"
        )


async def start_import(settings: Settings, folder: Path) -> asyncio.subprocess.Process:
    chosen = {field.name.upper(): str(getattr(settings, field.name)) for field in dataclasses.fields(settings)}
    command = [sys.executable, "-m", "cli", "import", "forum", str(folder), "--site", "small"]
    return await asyncio.create_subprocess_exec(
        *command, cwd=HERE, env=os.environ | chosen, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


async def test_the_cap_is_exact_with_an_import_beside_the_server(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    # given
    write_dump(tmp_path / "dump", 0)
    first = await start_import(settings, tmp_path / "dump")
    assert (await first.communicate(), first.returncode)[1] == 0
    ada: int = (await ImportedPerson.get(key="7")).profile_id
    write_dump(tmp_path / "dump", VOTES)
    # when
    second = await start_import(settings, tmp_path / "dump")
    written = asyncio.create_task(second.communicate())
    taken = 0
    while not written.done():
        recorded = await asyncio.gather(*(record(event(ada, occurred_at=DAY)) for _ in range(5)))
        taken += len(recorded)
    # then
    assert second.returncode == 0, written.result()
    assert taken > 5 and await PointEntry.filter(source="forum:small").count() == VOTES
    assert await total(ada) == 50
    assert (await outcomes(ada))[Outcome.AWARDED] == 5
    assert [each async for each in differences()] == []
