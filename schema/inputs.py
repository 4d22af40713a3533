"""Inputs that several mutations share."""

import strawberry


@strawberry.input(description="For what needs no further word: send `{}`.")
class NothingInput:
    client_mutation_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="For clients that send one; it is not looked at."
    )
