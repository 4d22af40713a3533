"""Challenges: things to do, and credits for having done them."""

import strawberry

from resolvers import challenges as reads
from resolvers import credits as balances
from resolvers.base.permissions import SignedIn
from resolvers.challenges import ChallengeState
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import answered_by, column, loaded_by, mutation_by
from schema.scalars import DateTime

enum_of(
    ChallengeState,
    "Whether what one does now counts.",
    {
        "UPCOMING": "It has not begun.",
        "OPEN": "It counts.",
        "ENDED": "It counts no more; what is completed can be claimed.",
    },
)


@strawberry.type(description="A step of a challenge. Steps may be done in any order.")
class ChallengeStep:
    title: str = column("What to do.")
    criterion: str = column("What exactly it takes, in the language of the answer.")


@strawberry.type(description="Things to do, and the credits for having done them all.")
class Challenge:
    code: str = column("Its fixed code.")
    title: str = column("What it is called.")
    description: str = column("What it is about.", read=lambda row: row["about"])
    credits: int = column("What completing it gives, once per person.")
    steps: list[ChallengeStep] = column("Its 1 to 5 steps.")
    state: ChallengeState = column("Whether what one does now counts.")
    starts_at: DateTime | None = column("From when on things count; null: all that one ever did counts.")
    ends_at: DateTime | None = column("From when on nothing counts any more; null: it never ends.")
    seconds_left: int | None = column(
        "Seconds from `now` to its end, 0 when it has ended; null when it never ends or has not begun."
    )
    now: DateTime = column("The server's clock at this answer, to count down by.")


@strawberry.type(description="How far the viewer is with a step of a challenge.")
class ChallengeStepProgress:
    title: str = column("What to do.")
    done: bool = column("Whether it is done.")
    percent: int = column("Percent of the way, 0 to 99; 100 exactly when it is done.")


@strawberry.type(description="How far the viewer is with a challenge.")
class ChallengeProgress:
    challenge: Challenge = column("The challenge.")
    progress_percent: int = column(
        "Percent of the way, 0 to 99: the mean of the steps'; 100 exactly when all are done.",
        read=lambda row: row["progress"],
    )
    steps: list[ChallengeStepProgress] = column("Each step; all are done once the challenge was completed.")
    completed_at: DateTime | None = column(
        "When it was completed, in time; null: it is not, or was done before the challenge was there and is completed by the claim."
    )
    claimed_at: DateTime | None = column("When its credits were claimed; null: they were not.")
    claimable: bool = column("Whether its credits are there to be claimed: by `claimChallenge`, at any time.")


@strawberry.type
class ChallengesQuery:
    challenges: list[Challenge] = answered_by(reads.catalogue, "Every challenge, also those that are over or to come.")
    featured_challenge: Challenge | None = answered_by(
        reads.featured,
        "The challenge that is shown before all others, the same for everybody; null: none is open.",
    )


@strawberry.type
class ChallengesOfViewer:
    challenges: list[ChallengeProgress] | None = loaded_by(
        reads.of_profiles,
        "How far the person is with every challenge; null for the account of a service.",
        key="profile_id",
    )


@strawberry.input(description="Whose credits to claim.")
class ClaimChallengeInput:
    challenge: str = strawberry.field(description="Code of a challenge that the viewer has completed.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="1 to 128 characters that are new for each claim, like a UUID: the same call again within 24 hours is "
        "answered like the first. Without one a second claim says `alreadyClaimed`; nothing is ever given twice.",
    )


@strawberry.type(description="The credits of a challenge, claimed once per person.")
class ChallengeClaim:
    code: str = column("Code of the challenge.")
    credits: int = column("What it gave.")
    claimed_at: DateTime = column("When they were claimed.")


@strawberry.type(description="Answer to `claimChallenge`.")
class ClaimChallengePayload:
    claim: ChallengeClaim | None = column("The claim, also an earlier one; null when refused.")
    already_claimed: bool | None = column(
        "True when it had been claimed before, by this or another account of the person; null when refused."
    )
    progress: ChallengeProgress | None = loaded_by(
        reads.of_viewer, "The challenge, as it stands with the viewer now; null when refused.", key="code"
    )
    credit_balance: int | None = loaded_by(
        balances.of_accounts, "What the account that is signed in has now; null when refused.", key="account_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class ChallengesMutation:
    claim_challenge: ClaimChallengePayload = mutation_by(
        reads.claim,
        "Claim the credits of a completed challenge for the account that is signed in. Never by a token.",
        allowed=[SignedIn()],
        input=ClaimChallengeInput,
    )
