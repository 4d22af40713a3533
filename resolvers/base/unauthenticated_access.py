"""Operations for anonymous callers of a closed server, and for viewers whose password has expired."""

from typing import Final

SIGN_IN_MUTATIONS: Final = frozenset(
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
"""Mutations by which a person signs in or up. They answer only what belongs to that person."""
EXPIRED_PASSWORD_MUTATIONS: Final = SIGN_IN_MUTATIONS | {
    "Mutation.changePassword",
    "Mutation.elevateSession",
    "Mutation.sendElevationCode",
    "Mutation.signOut",
}
"""
Mutations that work with an expired password: those that change it, which needs an elevated session.
Rule: docs/rules/sign-in.md#password-expiry.
"""
EXPIRED_PASSWORD_FIELDS: Final = frozenset(
    {
        "Query.viewer",
        "Viewer.account",
        "Viewer.elevatedUntil",
        "Viewer.elevationProofs",
        "Viewer.passwordExpiresAt",
        "Node.id",
        "Viewer.id",
        "Account.id",
        "Account.email",
        "Account.name",
        "PersonAccount.id",
        "PersonAccount.email",
        "PersonAccount.name",
    }
)
"""Fields that a viewer can read with an expired password."""
_ROOTS = ("Query.", "Mutation.", "Subscription.")


def has_only_roots(coordinates: frozenset[str], allowed: frozenset[str]) -> bool:
    """Return True if all root fields of an operation are allowed; `coordinates` are all of its fields."""
    return all(each in allowed for each in coordinates if each.startswith(_ROOTS))


def works_with_expired_password(coordinates: frozenset[str]) -> bool:
    """Return True if an operation with these fields works although the viewer's password has expired."""
    return coordinates <= EXPIRED_PASSWORD_FIELDS or has_only_roots(coordinates, EXPIRED_PASSWORD_MUTATIONS)
