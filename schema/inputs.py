"""Inputs that several mutations share."""

import strawberry


@strawberry.input(description="An empty input: send `{}`.")
class NothingInput:
    client_mutation_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="Ignored; accepted for clients that always send one."
    )
