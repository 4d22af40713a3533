"""
The programs of `clients/check/programs` on a running server: what urql, Apollo 3 and 4, relay-runtime and a partner's script
do with the graph. A program ends with exit code 1 at the first thing that is not as its author expects.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from models.audit import Origin
from models.companies import Company
from models.database import Database
from models.portfolio import ProjectImage
from models.sessions import Session
from resolvers.base import ids
from services.auth import api_keys
from services.core.audit import OPERATOR, Actor
from services.credits import shop
from services.credits.credit_ledger import correct
from services.merging import operations
from services.merging.operations import Initiator
from settings import HERE, Settings
from tests.helpers.connections import asked
from tests.helpers.document_examples import client_page
from tests.helpers.factories import give, make_person, make_profile, make_service, make_token
from tests.helpers.invites import invite
from tests.helpers.people import Headers, in_session, make_company_with_admin, make_member
from tests.helpers.personal_data import make_download
from tests.helpers.projects import make_project
from tests.helpers.servers import running

CHECK = HERE / "clients" / "check"
pytestmark = pytest.mark.sqlite_only
Environment = dict[str, str]


@pytest.fixture
async def environment(settings: Settings, database: Database) -> AsyncIterator[Environment]:
    """A server with a small community, and what the programs must know of it."""
    company, _ = await make_company_with_admin()
    people = [await make_profile(name) for name in ("Ada Okafor", "Lakshmi Joshi", "Katharina Sommer", "Li Wei")]
    member = await make_member(company, "member@harbor.example")
    for times, profile_id in enumerate([*people, member.own_profile_id], start=1):
        await give(profile_id, times=times)
    token = await make_token(await make_service("partner@tools.example"), "mx:leaderboard:read", "mx:points:ingest")
    session = await one_of_each(company)
    async with (
        client_page() as origin,
        running(replace(settings, public_url="", origins=origin)) as server,
    ):
        yield {
            "SERVER": f"http://{server.host}:{server.port}",
            "ORIGIN": origin,
            "MAIL": settings.mail_url.removeprefix("file:"),
            "TOKEN": token,
            "CALLERS": json.dumps({"session": session, "service": {"Authorization": f"mxtoken {token}"}}),
            "WALKS": json.dumps({"session": SIGNED_IN, "service": A_SERVICE}),
            "COMPANY": ids.encode("Company", company.id),
        }


SIGNED_IN = """
{ viewer { __typename id account { __typename id } company { __typename id } profile { __typename id
      pointHistory(first: 1) { nodes { __typename id } }
      projects(first: 1) { nodes { __typename id images { __typename id } } } }
    sessions { __typename id } personalAccessTokens { __typename id } apiKeys { __typename id }
    orders(first: 1) { nodes { __typename id } } creditHistory(first: 1) { nodes { __typename id } }
    invites(first: 1) { nodes { __typename id } } connectionRequestsReceived(first: 1) { nodes { __typename id } }
    auditTrail(first: 1) { nodes { __typename id } }
    openMerge { __typename id } personalData { downloads { __typename id } } } }
"""
A_SERVICE = "{ serviceAccount { __typename id } }"


async def one_of_each(company: Company) -> Headers:
    """The session of a person who has one thing of each type."""
    ada = await make_member(company, "ada@harbor.example")
    await give(ada.own_profile_id)
    await make_token(ada, "mx:leaderboard:read")
    await api_keys.create(ada.id, name="A script", actor=OPERATOR)
    await correct(ada.email, 200, reason="A prize")
    await shop.order(ada.id, "MUG", "k")
    await invite(ada, "guest@people.example")
    await asked(await make_person(), ada)
    await ProjectImage.create(project_id=await make_project(ada), image="a" * 32, caption="", place=1)
    await make_download(ada)
    headers = await in_session(ada, elevated=True)
    session = await Session.get(account_id=ada.id)
    by = Initiator(ada.id, session.id, Actor(ada.id, Origin.SESSION, "192.0.2.7"))
    await operations.start(by, "someone@people.example")
    return headers


async def run(environment: Environment, *words: str) -> str:
    """What a program printed. Fails if its exit code is not 0."""
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=CHECK,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_a_partner_pulls_a_whole_board(environment: Environment) -> None:
    said = await run(environment, sys.executable, "programs/partner.py")
    assert said.count("ok    ") == 2


@pytest.mark.parametrize(
    "words",
    [("nodes.js",), ("urql.js",), ("apollo.js", "3"), ("apollo.js", "4"), ("relay.js",)],
    ids="-".join,
)
@pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="there is no npm here")
@pytest.mark.skipif(not (CHECK / "node_modules").is_dir(), reason="its tools are not installed: make schema-check")
async def test_a_client_finds_what_it_expects(environment: Environment, words: tuple[str, ...]) -> None:
    said = await run(environment, "node", f"programs/{words[0]}", *words[1:])
    assert "FAILED" not in said and said.count("ok    ") > 5, said
