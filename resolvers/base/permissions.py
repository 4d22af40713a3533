"""
Permissions: each mutation declares which callers it allows. Scopes of tokens are checked before, by the field's name.

`note` is added to the description of each mutation that declares the permission. Rule: docs/rules/sign-in.md#elevation.
"""

from resolvers.base.context import Context
from services.errors import ErrorCode, NotAllowed


class Anyone:
    """Every caller, anonymous ones included. Tokens still need a scope."""

    note = ""

    def check(self, context: Context) -> None:
        """Allow every caller."""


class SignedIn:
    """Every caller that is not anonymous, with any credential."""

    note = ""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, PASSWORD_EXPIRED."""
        if not context.viewer.signed_in:
            raise NotAllowed(ErrorCode.UNAUTHENTICATED, "Sign in or send a token.")
        context.check_password()


class Person(SignedIn):
    """A person, with any credential; service accounts have no profile."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if context.viewer.profile_id is None:
            raise NotAllowed(ErrorCode.FORBIDDEN, "Only for people: a service account has no profile.")


class PersonItself(Person):
    """A person in a session or with an API key; never a token, whatever its scopes."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if context.viewer.scopes is not None:
            raise NotAllowed(ErrorCode.FORBIDDEN, "This needs a session or an API key; a token is not enough.")


class InSession(SignedIn):
    """A person in a session; never a token or an API key."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if context.viewer.session_id is None:
            raise NotAllowed(ErrorCode.FORBIDDEN, "This needs a session; a token or an API key is not enough.")


class Elevated(InSession):
    """A person in a session that was elevated within the last 8 hours."""

    note = "Needs an elevated session."

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN, ELEVATION_REQUIRED."""
        super().check(context)
        _require_elevation(context)


class CompanyAdmin(PersonItself):
    """The admin of a company, in a session or with an API key; never a token."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if not context.viewer.company_admin:
            raise NotAllowed(ErrorCode.FORBIDDEN, "Only company admins may do this.")


def managed_company(context: Context) -> int | None:
    """The company whose admin the viewer is, in a session or with an API key; None otherwise, and for every token."""
    viewer = context.viewer
    return viewer.company_id if viewer.company_admin and viewer.scopes is None else None


def forbidden_to_members(company_id: int, context: Context) -> NotAllowed | None:
    """The refusal of what only the admins of this company may read; None for them."""
    if managed_company(context) == company_id:
        return None
    return NotAllowed(ErrorCode.FORBIDDEN, "Only company admins may do this.")


class ElevatedCompanyAdmin(CompanyAdmin):
    """
    The admin of a company, in an elevated session or with an API key. An API key needs no elevation: its secret comes with
    each request, so there is no session that could have been left open.
    """

    note = "Needs an elevated session; an API key of an admin needs none."

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN, ELEVATION_REQUIRED."""
        super().check(context)
        if context.viewer.session_id is not None:
            _require_elevation(context)


class ServiceAccount(SignedIn):
    """A service account: it reports events under its own name."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if not context.viewer.service:
            raise NotAllowed(ErrorCode.FORBIDDEN, "Only for service accounts.")


def _require_elevation(context: Context) -> None:
    if not context.viewer.elevated:
        raise NotAllowed(ErrorCode.ELEVATION_REQUIRED, "Confirm that it is you: call `elevateSession` first.")
