"""What every resolver gets: who asks, where the data is, and this request's loaders."""

from collections.abc import Hashable, Sequence
from typing import Any

from catalogue import scopes
from catalogue.languages import ENGLISH, Text
from models.database import Database
from resolvers.base import unauthenticated_access
from resolvers.base.loaders import BatchReader, Loaders
from services.auth.principals import ANONYMOUS, NO_CLIENT, Client, Principal
from services.errors import ErrorCode, NotAllowed

MAX_NAMED = 5
"""Fields that a refusal names."""


class Context:
    """One per request, so that two viewers never see each other's loaded rows."""

    __slots__ = ("_asked", "anonymous", "client", "cookie", "database", "loaders", "retry_after", "viewer")

    def __init__(
        self, database: Database, viewer: Principal = ANONYMOUS, *, client: Client = NO_CLIENT, anonymous: bool = True
    ) -> None:
        self.database = database
        self.viewer = viewer
        self.anonymous = anonymous
        self.client = client
        self.loaders = Loaders()
        self._asked: frozenset[str] | None = None  # what `may` was asked; None: it was not called yet
        # What the answer's headers have to say besides: the session's cookie ("" ends it), seconds to wait.
        self.cookie: str | None = None
        self.retry_after: int | None = None

    @property
    def signed_in(self) -> bool:
        """Whether somebody asks."""
        return self.viewer.signed_in

    @property
    def language(self) -> str:
        """The language of the answer: the one that the viewer has chosen, else the one that the request prefers."""
        return self.viewer.language or self.client.language or ENGLISH

    @property
    def asked(self) -> frozenset[str]:
        """
        The fields that the operation asks for, as `Type.field`. The same for a plan and for graphql-core, which share a
        request's context. RuntimeError: `may` was not called first, so that it is not known.
        """
        if self._asked is None:
            raise RuntimeError("Call Context.may before anything that goes by what is asked for.")
        return self._asked

    async def load(self, reader: BatchReader, key: Hashable, arguments: dict[str, Any]) -> Any:
        """One key of a batch reader; all keys asked for in one turn of the loop are read together."""
        return await self.loaders.load(reader, key, arguments, self)

    def may(self, coordinates: frozenset[str]) -> None:
        """
        Whether the viewer may ask for these fields (`Type.field`) at all, before anything is read.

        Raises NotAllowed: INSUFFICIENT_SCOPE (with `required` and `given`), PASSWORD_EXPIRED, UNAUTHENTICATED (nobody
        may read here).
        """
        self._asked = coordinates
        if self.viewer.scopes is not None:
            if closed := scopes.closed(coordinates, self.viewer.scopes):
                raise NotAllowed(
                    ErrorCode.INSUFFICIENT_SCOPE,
                    Text(
                        "This token's scopes do not open {fields}.",
                        fields=_few(closed),
                    ),
                    required=scopes.opening(closed),
                    given=sorted(self.viewer.scopes),
                )
        elif self.viewer.password_expired:
            self.check_password()
        elif (
            not self.anonymous
            and not self.viewer.signed_in
            and coordinates
            and not unauthenticated_access.only(coordinates, unauthenticated_access.ENTRANCES)
        ):
            raise NotAllowed(ErrorCode.UNAUTHENTICATED, "Sign in or send a token: nobody may read here without.")

    def check_password(self) -> None:
        """
        Raise NotAllowed, PASSWORD_EXPIRED, when the viewer's password has expired and this request asks for more than
        is open then. Asked again where an earlier mutation of the same request may have signed somebody in.

        RuntimeError: `may` was not called first, so that it is not known what the request asks for.
        """
        if self._asked is None:
            raise RuntimeError("Call Context.may before anything that checks who may.")
        if self.viewer.password_expired and not unauthenticated_access.with_expired_password(self._asked):
            raise NotAllowed(
                ErrorCode.PASSWORD_EXPIRED, "Your password is too old: change it first (`changePassword`)."
            )


def _few(names: Sequence[str]) -> str:
    """The first of these names."""
    return ", ".join([*names[:MAX_NAMED], *(["…"] if len(names) > MAX_NAMED else [])])
