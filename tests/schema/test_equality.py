"""Plans and graphql-core give the same answers for the whole schema and every kind of viewer, over a small community."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product
from random import Random
from typing import Any

import pytest
from graphql import FieldNode, Visitor, parse, print_ast, visit
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from catalogue.languages import LANGUAGES, using_language
from catalogue.points import Category
from execution.executor import Executor
from execution.limits import Limits
from models.accounts import Account
from models.database import Database
from models.points import PointEntry
from resolvers.base.context import Context
from schema.graph import build, sdl
from services.auth.principals import ANONYMOUS, Principal
from services.core import clock
from services.points.corrections import penalize
from services.points.ledger import record_many
from services.points.opening_balances import OpeningBalance, record_opening_balances
from tests.helpers.equality import same_answer
from tests.helpers.factories import NOON, event, make_company, make_person, make_profile
from tests.helpers.graph_ids import graph_id
from tests.helpers.rewriter import Rewriter
from web.graphiql import EXAMPLES

GRAPH = build()
ROOMY = Limits(max_tokens=50_000, max_depth=100, max_fields=50_000, max_cost=300_000)
"""More than a client may ask for, and little enough that no document takes long."""
SCALARS = {"DateTime": st.just(nodes.String("2026-01-02T03:04:05Z")), "Date": st.just(nodes.String("2026-01-02"))}


async def make_community() -> tuple[Principal, list[str]]:
    """People of every sort; the viewer, and ids that exist or do not."""
    company = await make_company()
    account = await make_person(
        "ada@people.example", public=False, name="Ada", skills=["python"], details={"country": "NL", "about": "Hello"}
    )
    ada = account.own_profile_id
    others = [
        await make_profile(f"P{n}", company_id=company.id if n % 2 else None, public=n % 5 > 0, industries=["banking"])
        for n in range(12)
    ]
    await record_many([event(who, "ANSWER_ACCEPTED") for n, who in enumerate([ada, *others]) for _ in range(n % 4)])
    await record_many([event(ada) for _ in range(6)])
    await record_opening_balances(
        [OpeningBalance(who, Category.LEARNING, 40, "archive", str(who)) for who in others[:6]]
    )
    await penalize(ada, Category.FORUM, 1, reason="Shown", shown=True, external_id="1")
    entry = await PointEntry.filter(profile_id=ada).first()
    assert entry is not None
    ids = [
        graph_id("prf", ada),
        graph_id("prf", others[0]),
        *(graph_id("prf", other) for other in others[1:]),
        graph_id("acc", account.id),
        graph_id("cmp", company.id),
        graph_id("pnt", entry.id),
        graph_id("prf", 999_999),
        graph_id("pat", 1),
        "nonsense",
    ]
    account.company_id, account.company_admin = company.id, True
    await account.save()
    # Signed in as an admin: graphql-core answers refused requests, so that they compare nothing.
    viewer = Principal(
        account.id,
        ada,
        session_id=1,
        elevated_until=NOON + timedelta(hours=8),
        company_id=company.id,
        company_admin=True,
    )
    return viewer, ids


class Settled(Visitor):
    """
    Gives arguments that can be answered: what is made up at random is mostly no id and no page. Unless `all_of_them`, only to inputs of
    which exactly one field must be given, which the generator does not know.
    """

    def __init__(self, random: Random, ids: list[str], *, all_of_them: bool) -> None:
        super().__init__()
        self._random, self._ids, self._all = random, ids, all_of_them

    def leave_field(self, node: FieldNode, *_: object) -> FieldNode:
        name = node.name.value
        if name == "profile" and node.arguments:
            return self._with(node, f'by: {{id: "{self._random.choice(self._ids)}"}}')
        if not self._all:
            return node
        if name == "node" and node.arguments:
            return self._with(node, f'id: "{self._random.choice(self._ids)}"')
        if name == "nodes" and node.arguments:
            return self._with(node, f'ids: ["{self._random.choice(self._ids)}", "{self._random.choice(self._ids)}"]')
        if any(each.name.value in {"first", "after", "last", "before"} for each in node.arguments or ()):
            return self._with(node, f"first: {self._random.randint(1, 9)}")
        return node

    def _with(self, node: FieldNode, arguments: str) -> FieldNode:
        [made] = parse(f"{{ x({arguments}) }}").definitions
        return replace(node, arguments=made.selection_set.selections[0].arguments)  # type: ignore[attr-defined]


@pytest.fixture
def executor(database: Database) -> Executor:
    return Executor(GRAPH, limits=ROOMY, concurrent=database.dialect == "postgres")


async def test_generated_documents_are_answered_alike(database: Database, executor: Executor) -> None:
    # given
    owner, ids = await make_community()
    assert await Account.all().count() == 1
    tally = Counter[str]()

    # Not shrunk: that takes longer than a test may, and would hide what failed.
    @settings(
        max_examples=60,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(
        text=queries(sdl(), custom_scalars=SCALARS),
        random=st.randoms(use_true_random=False),
        viewer=st.sampled_from([ANONYMOUS, owner]),
        language=st.sampled_from(LANGUAGES),
    )
    async def each(text: str, random: Random, viewer: Principal, language: str) -> None:
        settled = Settled(random, ids[:-1], all_of_them=random.random() < 0.7)
        text = print_ast(visit(parse(text), settled))
        rewritten, variables = Rewriter(GRAPH._schema, random, ids=ids[:-1]).rewrite(text)
        with clock.frozen(NOON), using_language(language):
            compared = await same_answer(executor, rewritten, variables, lambda: Context(database, viewer))
        tally["all"] += 1
        tally["planned"] += compared.planned

    # when
    await run_in_loop(each)
    # then
    assert tally["all"] >= 60 and tally["planned"] > 0.2 * tally["all"], tally


async def run_in_loop(test: Any) -> None:
    """Let hypothesis drive a coroutine from a thread, in this loop: the database lives here."""
    import asyncio

    loop, inner = asyncio.get_running_loop(), test.hypothesis.inner_test

    def drive(*args: Any, **kwargs: Any) -> None:
        asyncio.run_coroutine_threadsafe(inner(*args, **kwargs), loop).result()

    test.hypothesis.inner_test = drive
    await asyncio.to_thread(test)


DOCUMENTS = {
    "board": "query Q($n: Int) { leaderboard(board: OVERALL) { board asOf entries(first: $n) { totalCount edges { cursor node { rank points profile { id name company { name } score { level { number } } } } } pageInfo { endCursor } } } }",
    "places": "query Q($id: ID!) { leaderboard(board: OVERALL, period: YEAR) { startsOn endsOn asOf entries(first: 3) { edges { node { rank movement isHidden } } } viewerEntry { rank isHidden profile { name } } around(profileId: $id, radius: 2) { rank movement profile { id } } } }",
    "people": "query Q($id: ID!) { node(id: $id) { __typename ... on Profile { ...P } } profile(by: {id: $id}) { ...P } } fragment P on Profile { id name about joinedOn socials { service handle url isVerified } lookingFor country { code name } skills { name } industries { code } score { points categories { category points } } pointHistory { edges { node { id occurredAt outcome activity { title } } } } }",
    "viewer": "{ viewer { account { id email createdAt status company { name } profile { name } } profile { handle visibility } recoveryEmail language { code name } profileVersion publishChecklist { item isDone } creditTotal allowsMarketing shouldSuggestPublishing } }",
    "texts": "{ activities { title } badges { name description levels { criterion } } challenges { title description steps { title criterion } } shop { name description } projectFields { label tip } skills { name } industries { name } countries { name } languages { name } }",
    "tables": "{ activities { code isOncePerPerson dailyCap category } levels { number points } a: __typename }",
}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_the_documents_of_every_day_are_planned_and_alike(
    database: Database, executor: Executor, name: str
) -> None:
    owner, ids = await make_community()
    for viewer, language in product((ANONYMOUS, owner), LANGUAGES):
        for key in ids[:3]:
            with clock.frozen(NOON), using_language(language):
                chosen: dict[str, dict[str, Any]] = {"people": {"id": key}, "places": {"id": key}, "board": {"n": 5}}
                variables = chosen.get(name, {})
                compared = await same_answer(executor, DOCUMENTS[name], variables, partial(Context, database, viewer))
            assert compared.planned


QUERIES = [
    file
    for file in sorted(EXAMPLES.glob("*.graphql"))
    if "\nquery" in file.read_text("utf-8") and "\nmutation" not in file.read_text("utf-8")
]


@pytest.mark.parametrize("file", QUERIES, ids=lambda file: file.stem)
async def test_the_examples_of_graphiql_are_planned_and_alike(
    database: Database, executor: Executor, file: Any
) -> None:
    await make_community()
    with clock.frozen(NOON):
        compared = await same_answer(executor, file.read_text("utf-8"), {}, lambda: Context(database))
    assert compared.planned and "errors" not in compared.answer.body
