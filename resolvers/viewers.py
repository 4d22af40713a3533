"""Who makes a request."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Viewer:
    """
    Nobody (`account_id` is None), or an account. `scopes` is what its token may do; None: it is no token and has its
    owner's full rights (or nobody's).
    """

    account_id: int | None = None
    profile_id: int | None = None
    service: bool = False
    scopes: frozenset[str] | None = None

    @property
    def signed_in(self) -> bool:
        """Whether somebody asks, by whatever credential."""
        return self.account_id is not None

    @property
    def own_profile(self) -> int:
        """The viewer's profile for comparing in SQL; 0, which no row has, for whoever has none."""
        return self.profile_id or 0


NOBODY = Viewer()
