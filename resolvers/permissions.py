"""Who may ask a field: what each mutation declares. Scopes of tokens are asked before, by the field's name."""

from resolvers.context import Context
from services.errors import ErrorCode, NotAllowed


class Anyone:
    """Everybody, signed in or not. Tokens still need a scope."""

    def check(self, context: Context) -> None:
        """Let everybody."""


class SignedIn:
    """Whoever is somebody, by whatever credential."""

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

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN, ELEVATION_REQUIRED."""
        super().check(context)
        if not context.viewer.elevated:
            raise NotAllowed(ErrorCode.ELEVATION_REQUIRED, "Confirm that it is you: see `elevateSession`.")


class CompanyAdmin(InSession):
    """The admin of a company, signed in here."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if not context.viewer.company_admin:
            raise NotAllowed(ErrorCode.FORBIDDEN, "Only for the admin of a company.")


class ServiceAccount(SignedIn):
    """The account of another service: it reports under its own name."""

    def check(self, context: Context) -> None:
        """Raise NotAllowed: UNAUTHENTICATED, FORBIDDEN."""
        super().check(context)
        if not context.viewer.service:
            raise NotAllowed(ErrorCode.FORBIDDEN, "Only for the accounts of services.")
