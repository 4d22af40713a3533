"""
Measures events per second through `recordActivities`, 500 per call, over HTTP: `python -m benchmarks.ingestion [POSTGRES_URL]`.

Starts its own server on a temporary database: SQLite in a temporary folder, or on the PostgreSQL server of the URL, whose
user must be allowed to create databases. For comparison it also measures bare INSERTs of the same ledger rows, 500 in a
transaction, without rules, sums and change feed: the minimum that the database needs.
"""

import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import asyncpg
from tortoise.transactions import in_transaction

from catalogue.points import ACTIVITIES
from models.database import opened
from models.migrate import migrate
from models.points import PointEntry
from models.profiles import Visibility
from services.accounts.accounts import create_account
from services.auth.access_tokens import create as create_token
from services.core import ids
from services.core.bulk import insert
from services.core.runtime import Runtime
from services.profiles.profiles import NewPerson, create_people
from settings import HERE, Settings

PEOPLE = 2_000
BATCH = 500
SECONDS = 10.0
SENDERS = 2
"""Connections that send concurrently."""
KEY = "ab" * 32
MANY = """mutation M($input: RecordActivitiesInput!) { recordActivities(input: $input) {
  results { recorded { outcome pointsAwarded } errors { code } } errors { code message } } }"""
CODES = [each.code for each in ACTIVITIES.values() if not each.once and not each.system]


async def fill(settings: Settings) -> tuple[list[str], str]:
    """Create people and a service account; return the profile ids and the token."""
    async with opened(settings) as database:
        people: list[int] = []
        for start in range(0, PEOPLE, 1_000):
            async with in_transaction():
                people += await create_people(
                    [
                        NewPerson(f"Person {start + n}", date(2015, 1, 1), visibility=Visibility.PUBLIC)
                        for n in range(1_000)
                    ]
                )
        account = await create_account("meter@services.example", name="Meter", service=True)
        token = await create_token(account.id, name="Meter", scopes=["mx:points:ingest"])
        with Runtime(settings, database).active():
            return [ids.encode("Profile", each) for each in people], token.secret


def batch(chance: random.Random, people: list[str], numbers: Any) -> dict[str, Any]:
    """Return the input of one call: 500 events of random people on random days."""
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    return {
        "activities": [
            {
                "activityCode": chance.choice(CODES),
                "person": {"profileId": chance.choice(people)},
                "externalId": str(next(numbers)),
                "occurredAt": (begin + timedelta(seconds=chance.randrange(6 * 365 * 86_400))).isoformat(),
            }
            for _ in range(BATCH)
        ]
    }


async def through_http(address: str, people: list[str], token: str) -> float:
    """Return the events per second, measured for SECONDS."""
    numbers, recorded, until = count(1), 0, time.perf_counter() + SECONDS

    async def send(session: aiohttp.ClientSession, seed: int) -> None:
        nonlocal recorded
        chance = random.Random(seed)  # noqa: S311 - a benchmark
        while time.perf_counter() < until:
            request = {"query": MANY, "variables": {"input": batch(chance, people, numbers)}}
            async with session.post(address, json=request) as response:
                body = await response.json()
            if body.get("errors") or body["data"]["recordActivities"]["errors"]:
                raise SystemExit(f"Refused: {body}")
            recorded += sum(each["recorded"] is not None for each in body["data"]["recordActivities"]["results"])

    async with aiohttp.ClientSession(headers={"Authorization": f"mxtoken {token}"}) as session:
        began = time.perf_counter()
        await asyncio.gather(*(send(session, seed) for seed in range(SENDERS)))
        return recorded / (time.perf_counter() - began)


async def bare(settings: Settings) -> float:
    """Return the rows per second of inserting the latest ledger rows again under other ids."""
    async with opened(settings):
        rows = await PointEntry.all().order_by("-id").limit(20_000)
        for row in rows:
            row.id = None
            row.source = "bare"
        began = time.perf_counter()
        for start in range(0, len(rows), BATCH):
            async with in_transaction():
                await insert(rows[start : start + BATCH])
        return len(rows) / (time.perf_counter() - began)


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[str]:
    """Run the server in its own process; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": KEY,
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen([sys.executable, str(HERE / "server.py")], env=environment, cwd=HERE)  # noqa: S603, ASYNC220
    try:
        async with aiohttp.ClientSession() as session:
            for _ in range(200):
                try:
                    async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                        if response.ok:
                            break
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        process.terminate()
        process.wait(30)


@asynccontextmanager
async def database(server: str | None) -> AsyncIterator[str]:
    """Yield the URL of an empty database; it is deleted afterwards."""
    if server is None:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        return
    name = f"bench_ingestion_{os.getpid()}"
    admin = await asyncpg.connect(server)
    await admin.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()


async def main() -> None:
    """Measure and print."""
    server = sys.argv[1] if len(sys.argv) > 1 else None
    async with database(server) as url:
        settings = Settings(database_url=url, secret_key=KEY)
        await migrate(settings)
        with Runtime(settings).active():
            people, token = await fill(settings)
            async with served(settings) as address:
                events = await through_http(address, people, token)
            rows = await bare(settings)
    kind = "PostgreSQL" if server else "SQLite"
    print(f"{kind}: {events:,.0f} events/s through HTTP; {rows:,.0f} bare rows/s; ratio 1 : {rows / events:.1f}")


if __name__ == "__main__":
    asyncio.run(main())
