"""Activities that services report."""

from typing import Any

from models.points import Outcome
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.rows import Row
from services.errors import ErrorCode, Problem, Refused, refused
from services.points.ingestion import ActivityReport, PersonReference, ingest, reverse
from services.points.ledger import Recorded


async def record_activity(context: Context, *, input: Any) -> Row:
    """One event; what is refused goes into the payload."""
    [answer] = await ingest([_report(input)], service_account_id=context.viewer.account_id or 0)
    if isinstance(answer, Problem):
        raise Refused(answer)
    return {"recorded": _recorded(answer)}


async def record_activities(context: Context, *, input: Any) -> Row:
    """A batch; each event has its own outcome or its own errors."""
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
    """One event that this service reported, taken back."""
    taken = await reverse(input.external_id, service_account_id=context.viewer.account_id or 0)
    return {"reversal": {"points_taken_back": -taken.entry.awarded, "repeated": taken.repeated}}


def _result(external_id: str, answer: Recorded | Problem) -> Row:
    failed = isinstance(answer, Problem)
    return {
        "external_id": external_id,
        "recorded": None if isinstance(answer, Problem) else _recorded(answer),
        "problems": [answer] if failed else [],
    }


def _recorded(answer: Recorded) -> Row:
    return {"outcome": Outcome(answer.outcome), "points_awarded": answer.awarded, "repeated": answer.repeated}


def _report_or_problem(given: Any) -> ActivityReport | Problem:
    try:
        return _report(given)
    except Refused as why:
        return why.problems[0]


def _report(given: Any) -> ActivityReport:
    counterpart = _person_reference(given.counterpart, given.counterpart_email, "counterpart")
    return ActivityReport(
        activity=given.activity,
        person=_person_reference(given.profile, given.email, "profile") or PersonReference(),
        occurred_at=given.occurred_at,
        external_id=given.external_id,
        counterpart=counterpart,
    )


def _person_reference(profile: str | None, email: str | None, path: str) -> PersonReference | None:
    if not profile:  # null, or not given at all
        return PersonReference(email=email) if email else None
    number = ids.number_of("Profile", profile, path)
    if number is None:
        raise refused(ErrorCode.NOT_FOUND, "That is the id of something else.", path=(path,))
    return PersonReference(number, email or None)
