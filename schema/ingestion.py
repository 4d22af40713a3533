"""Activities that services report."""

import strawberry

from models.points import Outcome
from resolvers import ingestion
from resolvers.base.permissions import ServiceAccount
from schema import points as _points  # noqa: F401 - names the enums
from schema.error_rows import error_row
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.scalars import DateTime
from services.errors import ErrorCode


@strawberry.input(one_of=True, description="A person, by a profile id or an email address: exactly one of the two.")
class PersonInput:
    profile_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Id of the person's profile, like `prf_5k2v9x0qcm`."
    )
    email: str | None = strawberry.field(
        default=strawberry.UNSET, description="A verified email address of the person."
    )


@strawberry.input(description="An activity of a person.")
class RecordActivityInput:
    activity_code: str = strawberry.field(description="Code of the activity: see `Query.activities`.")
    person: PersonInput = strawberry.field(description="The person who did it.")
    occurred_at: DateTime = strawberry.field(
        description="When it happened; not in the future. The daily cap counts per UTC day of this moment."
    )
    external_id: str = strawberry.field(
        description="Your own id of the event, 1 to 200 characters. Reporting the same id again returns the first outcome."
    )
    counterpart: PersonInput | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The other person who took part, like the voter or the asker. An activity with oneself gives no points."
        ),
    )


@strawberry.input(description="The activities to record.")
class RecordActivitiesInput:
    activities: list[RecordActivityInput] = strawberry.field(description="Up to 500 activities.")


@strawberry.type(description="Outcome of a reported activity.")
class RecordedActivity:
    outcome: Outcome = column("Whether it gave points, or why not.")
    points_awarded: int = column("Points that were given, after the daily cap.")
    is_repeated: bool = column("True if it was reported before; the outcome is that of the first report.")


@strawberry.type(description="Payload of `recordActivity`.")
class RecordActivityPayload:
    recorded: RecordedActivity | None = column("Outcome of the activity; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Result for one activity of a batch.")
class RecordActivityResult:
    external_id: str = column("Your own id of the event.")
    recorded: RecordedActivity | None = column("Outcome of the activity; null if refused.")
    errors: list[UserError] = column(
        "Why the activity was refused; empty on success.",
        read=lambda row: [error_row(problem) for problem in row["problems"]],
    )


@strawberry.type(description="Payload of `recordActivities`.")
class RecordActivitiesPayload:
    results: list[RecordActivityResult] | None = column(
        "One result per activity, in the same order; null if the whole batch was refused."
    )
    errors: list[UserError] = column("Why the whole batch was refused; empty on success.")


@strawberry.input(description="The reported activity to reverse.")
class ReverseActivityInput:
    external_id: str = strawberry.field(description="Your own id of the event, as you reported it.")


@strawberry.type(description="Result of reversing an activity.")
class ActivityReversal:
    points_taken_back: int = column(
        "Points that the person lost again: 0 if the activity gave none, negative if it had taken points away."
    )
    is_repeated: bool = column("True if it was reversed before; the result is that of the first reversal.")


@strawberry.type(description="Payload of `reverseActivity`.")
class ReverseActivityPayload:
    reversal: ActivityReversal | None = column("Result of the reversal; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class IngestionMutation:
    reverse_activity: ReverseActivityPayload | None = mutation_by(
        ingestion.reverse_activity,
        "Reverse an activity that you reported, and the points that it gave. A repeated call changes nothing. Needs "
        "a service account with the scope `MX_POINTS_INGEST`. Activities reported by another service are answered "
        "with NOT_FOUND.",
        allowed=[ServiceAccount()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=ReverseActivityInput,
    )
    record_activity: RecordActivityPayload | None = mutation_by(
        ingestion.record_activity,
        "Report an activity of a person. Needs a service account with the scope `MX_POINTS_INGEST`.",
        allowed=[ServiceAccount()],
        codes=[
            ErrorCode.BAD_ID,
            ErrorCode.BAD_INPUT,
            ErrorCode.EVENT_CONFLICT,
            ErrorCode.IN_THE_FUTURE,
            ErrorCode.NOT_FOUND,
            ErrorCode.NOT_REPORTABLE,
            ErrorCode.UNKNOWN_ACTIVITY,
        ],
        input=RecordActivityInput,
    )
    record_activities: RecordActivitiesPayload | None = mutation_by(
        ingestion.record_activities,
        "Report up to 500 activities in one call. Each has its own outcome; one that is refused does not stop the "
        "others. But an input that does not have the form of its type refuses the whole call, like any GraphQL input: "
        "a person without `profileId` and `email`, or with both. Needs a service account with the scope `MX_POINTS_INGEST`.",
        allowed=[ServiceAccount()],
        codes=[
            ErrorCode.BAD_ID,
            ErrorCode.BAD_INPUT,
            ErrorCode.EVENT_CONFLICT,
            ErrorCode.IN_THE_FUTURE,
            ErrorCode.NOT_FOUND,
            ErrorCode.NOT_REPORTABLE,
            ErrorCode.TOO_MANY_ITEMS,
            ErrorCode.UNKNOWN_ACTIVITY,
        ],
        input=RecordActivitiesInput,
    )
