"""Events that services report."""

from typing import Any

from models.points import Outcome
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.rows import Row
from services.errors import Problem, Refused
from services.points.ingestion import ActivityReport, PersonReference, ingest, reverse
from services.points.ledger import Recorded


async def record_activity(context: Context, *, input: Any) -> Row:
    """Record one event."""
    [answer] = await ingest([_report(input)], service_account_id=context.viewer.account_id or 0)
    if isinstance(answer, Problem):
        raise Refused(answer)
    return {"recorded": _recorded(answer)}


async def record_activities(context: Context, *, input: Any) -> Row:
    """Record a batch of events; each has its own outcome or its own errors."""
    reports: list[ActivityReport | Problem] = [_report_or_problem(each) for each in input.activities]
    good = [report for report in reports if isinstance(report, ActivityReport)]
    answers = iter(await ingest(good, service_account_id=context.viewer.account_id or 0))
    return {
        "results": [
            _result(each.external_id, next(answers) if isinstance(report, ActivityReport) else report)
            for each, report in zip(input.activities, reports, strict=True)
        ]
    }


async def reverse_activity(context: Context, *, input: Any) -> Row:
    """Reverse one event that this service reported."""
    reversed_event = await reverse(input.external_id, service_account_id=context.viewer.account_id or 0)
    return {"reversal": {"points_taken_back": -reversed_event.entry.awarded, "is_repeated": reversed_event.repeated}}


def _result(external_id: str, answer: Recorded | Problem) -> Row:
    failed = isinstance(answer, Problem)
    return {
        "external_id": external_id,
        "recorded": None if isinstance(answer, Problem) else _recorded(answer),
        "problems": [answer] if failed else [],
    }


def _recorded(answer: Recorded) -> Row:
    return {"outcome": Outcome(answer.outcome), "points_awarded": answer.awarded, "is_repeated": answer.repeated}


def _report_or_problem(item: Any) -> ActivityReport | Problem:
    try:
        return _report(item)
    except Refused as refusal:
        return refusal.problems[0]


def _report(item: Any) -> ActivityReport:
    return ActivityReport(
        activity=item.activity_code,
        person=_person_reference(item.person, "person"),
        occurred_at=item.occurred_at,
        external_id=item.external_id,
        counterpart=_person_reference(item.counterpart, "counterpart") if item.counterpart else None,
    )


def _person_reference(person: Any, path: str) -> PersonReference:
    """The person of an input; @oneOf has checked that it has exactly one of the two."""
    if isinstance(person.email, str):
        return PersonReference(email=person.email)
    return PersonReference(ids.require_number("Profile", person.profile_id, path, "profileId"))
