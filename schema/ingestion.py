"""Activities that services report."""

import strawberry

from models.points import Outcome
from resolvers import ingestion
from resolvers.base.permissions import ServiceAccount
from schema import points as _points  # noqa: F401 - names the enums
from schema.errors import UserError
from schema.fields import column, error_row, mutation_by
from schema.scalars import DateTime


@strawberry.input(description="Something a person did. Name the person by `profile` or by `email`, one of them.")
class RecordActivityInput:
    activity: str = strawberry.field(description="Code of a row of the point tables: see `activities`.")
    occurred_at: DateTime = strawberry.field(description="When it happened; its UTC day is the day of the cap.")
    external_id: str = strawberry.field(
        description="Your own id of the event, 1 to 200 characters. The same id again answers the first outcome."
    )
    profile: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The person, by profile.")
    email: str | None = strawberry.field(
        default=strawberry.UNSET, description="The person, by a verified address of theirs."
    )
    counterpart: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Who else took part (who voted, who asked), by profile: nothing is given for oneself.",
    )
    counterpart_email: str | None = strawberry.field(
        default=strawberry.UNSET, description="Who else took part, by address."
    )


@strawberry.input(description="A batch of activities.")
class RecordActivitiesInput:
    activities: list[RecordActivityInput] = strawberry.field(description="Up to 500.")


@strawberry.type(description="What became of a reported activity.")
class RecordedActivity:
    outcome: Outcome = column("Whether it gave points, and if not, why.")
    points_awarded: int = column("Points given, after caps.")
    repeated: bool = column("True when it had been reported before: this is the first answer again.")


@strawberry.type(description="Answer to `recordActivity`.")
class RecordActivityPayload:
    recorded: RecordedActivity | None = column("What became of it; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="What became of one activity of a batch.")
class RecordActivityResult:
    external_id: str = column("Your id of the event.")
    recorded: RecordedActivity | None = column("What became of it; null when refused.")
    errors: list[UserError] = column(
        "Why it was refused; empty when it was not.",
        read=lambda row: [error_row(problem) for problem in row["problems"]],
    )


@strawberry.type(description="Answer to `recordActivities`.")
class RecordActivitiesPayload:
    results: list[RecordActivityResult] | None = column(
        "One for each activity, in order; null when the batch was refused."
    )
    errors: list[UserError] = column("Why the batch as a whole was refused; empty when it was not.")


@strawberry.input(description="An activity to take back.")
class ReverseActivityInput:
    external_id: str = strawberry.field(description="Your own id of the event, as you reported it.")


@strawberry.type(description="What taking back an activity did.")
class ActivityReversal:
    points_taken_back: int = column(
        "Exactly the points that it had given: 0 for one that gave none, below 0 for one that had taken points away."
    )
    repeated: bool = column("True when it had been taken back before: this is the first answer again.")


@strawberry.type(description="Answer to `reverseActivity`.")
class ReverseActivityPayload:
    reversal: ActivityReversal | None = column("What was taken back; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class IngestionMutation:
    reverse_activity: ReverseActivityPayload = mutation_by(
        ingestion.reverse_activity,
        "Take back an activity that you reported, and the points it gave; doing it again changes nothing. For service "
        "accounts, under `mx:points:ingest`; what another service reported is not found.",
        allowed=[ServiceAccount()],
        input=ReverseActivityInput,
    )
    record_activity: RecordActivityPayload = mutation_by(
        ingestion.record_activity,
        "Report something a person did. For service accounts, under `mx:points:ingest`.",
        allowed=[ServiceAccount()],
        input=RecordActivityInput,
    )
    record_activities: RecordActivitiesPayload = mutation_by(
        ingestion.record_activities,
        "Report up to 500 activities at once; each has its own outcome, and a refused one does not hinder the others.",
        allowed=[ServiceAccount()],
        input=RecordActivitiesInput,
    )
