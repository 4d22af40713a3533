"""Challenges: tasks, and the credits for completing them."""

import strawberry

from catalogue.challenges import CHALLENGES
from resolvers import challenges as challenge_resolvers
from resolvers import credits as credit_resolvers
from resolvers.base.permissions import SignedIn
from resolvers.challenges import ChallengeState
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import Work, answered_by, column, loaded_by, mutation_by
from schema.scalars import DateTime
from services.errors import ErrorCode

enum_of(
    ChallengeState,
    "State of a challenge.",
    {
        "UPCOMING": "Not started yet.",
        "OPEN": "Open: activities count now.",
        "ENDED": "Ended: nothing counts any more. Credits of a completed challenge can still be claimed.",
    },
)


@strawberry.type(description="A step of a challenge. Steps can be done in any order.")
class ChallengeStep:
    title: str = column("Title of the step, in the language of the answer.")
    criterion: str = column("Exact condition of the step, in the language of the answer.")


@strawberry.type(description="Several steps, with credits for completing all of them.")
class Challenge:
    code: str = column("Code that never changes.")
    title: str = column("Title, in the language of the answer.")
    description: str = column("Description, in the language of the answer.", read=lambda row: row["about"])
    credits: int = column("Credits that a person can claim once, for completing it.")
    steps: list[ChallengeStep] = column("The 1 to 5 steps.")
    state: ChallengeState = column("Whether the challenge is upcoming, open or ended.")
    starts_at: DateTime | None = column("Start: only later activities count. Null if all earlier activities count too.")
    ends_at: DateTime | None = column("End: later activities do not count. Null if it never ends.")
    seconds_left: int | None = column(
        "Seconds until the end at the time of the answer; 0 after the end. Null if it never ends or has not started."
    )


@strawberry.type(description="Your progress on one step of a challenge.")
class ChallengeStepProgress:
    title: str = column("Title of the step, in the language of the answer.")
    is_done: bool = column("True if the step is done.")
    progress_percent: int = column("Progress in percent: 0 to 99, and 100 only when the step is done.")


@strawberry.type(description="Your progress on a challenge.")
class ChallengeProgress:
    challenge: Challenge = column("The challenge.")
    progress_percent: int = column(
        "Mean progress of the steps in percent: 0 to 99, and 100 only when all steps are done.",
        read=lambda row: row["progress"],
    )
    steps: list[ChallengeStepProgress] = column(
        "Progress of each step. All steps are done once the challenge was completed."
    )
    completed_at: DateTime | None = column(
        "When the challenge was completed, within its time. Null if it is not completed. Also null if everything was "
        "done before the challenge existed: the claim then completes it."
    )
    claimed_at: DateTime | None = column("When the credits were claimed; null if not yet.")
    can_claim: bool = column("True if the credits can be claimed now with `claimChallenge`. There is no deadline.")


@strawberry.type
class ChallengesQuery:
    challenges: list[Challenge] = answered_by(
        challenge_resolvers.catalogue,
        "All challenges, upcoming and ended ones included.",
        work=Work(rows=len(CHALLENGES)),
    )
    featured_challenge: Challenge | None = answered_by(
        challenge_resolvers.featured,
        "The challenge to show first, the same for everyone; null if no challenge is open.",
    )


@strawberry.type
class ChallengesOfViewer:
    challenges: list[ChallengeProgress] = loaded_by(
        challenge_resolvers.of_profiles,
        "Your progress on every challenge.",
        key="profile_id",
        work=Work(rows=len(CHALLENGES)),
    )


@strawberry.input(description="The challenge to claim the credits of.")
class ClaimChallengeInput:
    challenge_code: str = strawberry.field(description="Code of a challenge that you have completed.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "A value of 1 to 128 characters that is new for each claim, like a UUID. The same call within 24 hours "
            "returns the first answer again. Without a key, a second claim returns `wasAlreadyClaimed: true`. Credits "
            "are never given twice."
        ),
    )


@strawberry.type(description="A claim of the credits of a challenge, possible once per person.")
class ChallengeClaim:
    challenge: Challenge | None = column("The challenge; null if it is no longer in the catalogue.")
    credits: int = column("Credits that were given.")
    claimed_at: DateTime = column("When the credits were claimed.")


@strawberry.type(description="Payload of `claimChallenge`.")
class ClaimChallengePayload:
    claim: ChallengeClaim | None = column("The claim, also if it was made earlier; null if refused.")
    was_already_claimed: bool | None = column(
        "True if this or another account of the person had claimed it before; null if refused."
    )
    progress: ChallengeProgress | None = loaded_by(
        challenge_resolvers.of_viewer, "Your current progress on the challenge; null if refused.", key="code"
    )
    credit_balance: int | None = loaded_by(
        credit_resolvers.of_accounts,
        "Credits that the signed-in account has after the claim; null if refused.",
        key="account_id",
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class ChallengesMutation:
    claim_challenge: ClaimChallengePayload | None = mutation_by(
        challenge_resolvers.claim,
        "Claim the credits of a completed challenge for the account that is signed in. Tokens may not do this.",
        allowed=[SignedIn()],
        codes=[
            ErrorCode.ACCOUNT_DEACTIVATED,
            ErrorCode.BAD_INPUT,
            ErrorCode.IDEMPOTENCY_MISMATCH,
            ErrorCode.NOT_COMPLETED,
            ErrorCode.NOT_FOUND,
        ],
        input=ClaimChallengeInput,
    )
