"""What is open where nothing else is: to nobody on a closed server, and to somebody whose password has expired."""

from typing import Final

ENTRANCES: Final = frozenset(
    {
        "Mutation.completeSignIn",
        "Mutation.requestPasswordReset",
        "Mutation.resendSignUpCode",
        "Mutation.resetPassword",
        "Mutation.signIn",
        "Mutation.signUp",
        "Mutation.verifyEmail",
    }
)
"""How somebody gets in. What these answer is about whoever has just come in."""
EVEN_EXPIRED: Final = ENTRANCES | {
    "Mutation.changePassword",
    "Mutation.elevateSession",
    "Mutation.sendElevationCode",
    "Mutation.signOut",
}
"""What an expired password still opens: changing it, which needs an elevated session. Rule: docs/rules/sign-in.md#password-expiry."""
WHO_IT_IS: Final = frozenset(
    {
        "Query.viewer",
        "Viewer.account",
        "Viewer.elevatedUntil",
        "Viewer.elevationProofs",
        "Viewer.passwordExpiresAt",
        "Node.id",
        "Account.id",
        "Account.email",
        "Account.name",
    }
)
"""What an expired password still lets its owner read, field by field."""
_ROOTS = ("Query.", "Mutation.", "Subscription.")


def only(coordinates: frozenset[str], opened: frozenset[str]) -> bool:
    """Whether an operation begins at these root fields alone."""
    return all(each in opened for each in coordinates if each.startswith(_ROOTS))


def with_expired_password(coordinates: frozenset[str]) -> bool:
    """Whether an operation asks for no more than an expired password opens."""
    return coordinates <= WHO_IT_IS or only(coordinates, EVEN_EXPIRED)
