"""Who makes a request, and from where."""

from dataclasses import dataclass
from datetime import datetime

from models.audit import Origin
from services.core import clock


@dataclass(frozen=True)
class Viewer:
    """
    Nobody (`account_id` is None), or an account. `scopes` is what its token may do; None: it is no token and has its
    owner's full rights (or nobody's). `session_id`: signed in here, by cookie.
    """

    account_id: int | None = None
    profile_id: int | None = None
    service: bool = False
    scopes: frozenset[str] | None = None
    origin: Origin = Origin.NOBODY
    session_id: int | None = None
    elevated_until: datetime | None = None
    company_id: int | None = None
    company_admin: bool = False
    password_expired: bool = False
    language: str | None = None
    """The language that the person has chosen; None: none was."""

    @property
    def signed_in(self) -> bool:
        """Whether somebody asks, by whatever credential."""
        return self.account_id is not None

    @property
    def elevated(self) -> bool:
        """Whether sensitive operations are open to this session now."""
        return self.elevated_until is not None and clock.now() < self.elevated_until

    @property
    def own_profile(self) -> int:
        """The viewer's profile for comparing in SQL; 0, which no row has, for whoever has none."""
        return self.profile_id or 0


@dataclass(frozen=True)
class Client:
    """
    Where a request comes from: the IP address behind trusted proxies, the browser as it names itself, and the language
    of those there are that it prefers (None: none of them).
    """

    address: str = ""
    device: str = ""
    language: str | None = None


ANONYMOUS = Viewer()
NO_CLIENT = Client()
