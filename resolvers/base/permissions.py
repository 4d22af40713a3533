"""
Who may ask a field: what each mutation declares. Scopes of tokens are checked before, by the field's name.

`note` is what a permission adds to the description of the mutation that declares it. Rule: docs/rules/sign-in.md#elevation.
"""

from resolvers.base.context import Context
from services.errors import ErrorCode, NotAllowed


class Anyone:
    """Everybody, signed in or not. Tokens still need a scope."""

    note = ""

    def check(self, context: Context) -> None:
        """Let everybody."""


class SignedIn:
    """Whoever is somebody, by whatever credential."""

    note = ""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, PASSWORD_EXPIRED."""
        if not context.viewer.signed_in:
            raise NotAllowed(ErrorCode.UNAUTHENTICATED, "Sign in or send a token.")
        context.check_password()


class Person(SignedIn):
    """A person, by whatever credential; services have no profile."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if context.viewer.profile_id is None:
            raise NotAllowed(ErrorCode.FORBIDDEN, "Only for people: a service has no profile.")


class PersonItself(Person):
    """A person who signed in here, or their API key: never a token, whatever its scopes."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if context.viewer.scopes is not None:
            raise NotAllowed(ErrorCode.FORBIDDEN, "Only for somebody signed in here, or an API key; tokens may not.")


class InSession(SignedIn):
    """A person who signed in here: never a token, never an API key."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if context.viewer.session_id is None:
            raise NotAllowed(ErrorCode.FORBIDDEN, "Only for somebody signed in here; tokens and API keys may not.")


class Elevated(InSession):
    """A person who signed in here and confirmed it in this session within the last 8 hours."""

    note = "Needs an elevated session."

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN, ELEVATION_REQUIRED."""
        super().check(context)
        _require_elevation(context)


class CompanyAdmin(PersonItself):
    """The admin of a company, signed in here or by an API key: never by a token."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if not context.viewer.company_admin:
            raise NotAllowed(ErrorCode.FORBIDDEN, "Only for the admin of a company.")


class ElevatedCompanyAdmin(CompanyAdmin):
    """
    The admin of a company, in an elevated session. An API key needs no elevation: its secret comes with each request, so
    there is no session that somebody could have left open.
    """

    note = "Needs an elevated session; an API key of an admin needs none."

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN, ELEVATION_REQUIRED."""
        super().check(context)
        if context.viewer.session_id is not None:
            _require_elevation(context)


class ServiceAccount(SignedIn):
    """The account of another service: it reports under its own name."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if not context.viewer.service:
            raise NotAllowed(ErrorCode.FORBIDDEN, "Only for the accounts of services.")


def _require_elevation(context: Context) -> None:
    if not context.viewer.elevated:
        raise NotAllowed(ErrorCode.ELEVATION_REQUIRED, "Confirm that it is you: see `elevateSession`.")
