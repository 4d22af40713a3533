"""How the list of projects is read: by indexes, in each of its ways."""

from collections.abc import Sequence
from typing import Any

import pytest

from models.database import Database
from resolvers import project_search
from resolvers.base.context import Context
from resolvers.people import search_plan
from resolvers.people.people_search import Search
from resolvers.people.search_filters import Filter, TermFilter, WordFilter
from resolvers.project_search import NEWEST, NotBlockedBy, OwnerCompany
from services.auth.principals import Principal
from tests.helpers.projects import id_of, make_project, people
from tests.helpers.query_plans import plan_of

WORD = WordFilter(b"ber", "project_word", "project_id", lists_hidden=True)
SKILL = TermFilter("project_skill", "skill", "sql", "project_id")
FILTERS: dict[str, list[Filter]] = {
    "all": [],
    "word": [WORD],
    "skill": [SKILL],
    "company": [OwnerCompany(1)],
    "unblocked": [NotBlockedBy(1)],
    "everything": [WORD, SKILL, OwnerCompany(1), NotBlockedBy(1)],
}


@pytest.mark.parametrize("rare", [1_000, 0])
@pytest.mark.parametrize("name", FILTERS)
async def test_an_index_finds_the_projects(
    database: Database, monkeypatch: pytest.MonkeyPatch, name: str, rare: int
) -> None:
    # given: some filters match few projects, or none does
    [ada] = await people("Ada")
    await make_project(ada, skill_codes=["sql"])
    monkeypatch.setattr(search_plan, "RARE_FILTER_MATCHES", rare)
    monkeypatch.setattr(search_plan, "MAX_SORTED_MATCHES", rare)
    ran: list[tuple[Any, Sequence[Any]]] = []
    fetch = Database._fetch

    async def recorded(self: Database, statement: Any, params: Sequence[Any], *, long: bool) -> Any:
        ran.append((statement, params))
        return await fetch(self, statement, params, long=long)

    monkeypatch.setattr(Database, "_fetch", recorded)
    # when
    for by_match in (False, True) if WORD in FILTERS[name] else (False,):
        found = Search(database, FILTERS[name], NEWEST, by_match=by_match, counted=NEWEST)
        await found.page(21, None, backward=False)
        await found.total()
    context = Context(database, Principal(ada.id, id_of(ada)))
    await project_search.of_companies([1, 2], context)
    await project_search.totals([1, 2], context)
    monkeypatch.setattr(Database, "_fetch", fetch)
    # then
    assert len(ran) > 3
    for statement, params in ran:
        text = statement.text(database.dialect)
        plan = "\n".join(await plan_of(database, statement, *params))
        if database.dialect == "postgres":
            assert "Seq Scan" not in plan and "Index" in plan, plan
        else:
            whole = [
                f"SCAN {name}" for name in ("b", "j", "p", "s", "t", "w", *(["o"] if "FROM project o" in text else []))
            ]
            assert not [line for line in plan.splitlines() if line.strip() in whole], plan
