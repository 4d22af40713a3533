"""The context of a request: viewer, client, database, and the request's loaders."""

from collections.abc import Hashable, Sequence
from functools import reduce
from typing import Any

from catalogue import scopes
from catalogue.languages import ENGLISH, Text
from models.database import Database
from resolvers.base import unauthenticated_access
from resolvers.base.loaders import BatchReader, Loaders
from services.auth import principals
from services.auth.principals import ANONYMOUS, NO_CLIENT, Client, Principal
from services.core import merged_profiles
from services.errors import ErrorCode, NotAllowed

MAX_FIELDS_IN_REFUSAL = 5


class Context:
    """
    One per request, so that viewers never share loaded rows. `anonymous`: this server answers anonymous callers.
    `cookie_possible`: the browser would store a session's cookie.
    """

    __slots__ = (
        "_requested_fields", "anonymous", "client", "cookie", "cookie_possible", "database", "loaders", "named_profiles", "retry_after", "viewer"
    )  # fmt: skip

    def __init__(
        self,
        database: Database,
        viewer: Principal = ANONYMOUS,
        *,
        client: Client = NO_CLIENT,
        anonymous: bool = True,
        cookie_possible: bool = True,
    ) -> None:
        self.database = database
        self.viewer = viewer
        self.anonymous = anonymous
        self.client = client
        self.cookie_possible = cookie_possible
        self.loaders = Loaders()
        self.named_profiles: dict[int, int] = {}
        """Profiles that the input of a mutation names, with those that they lead to: see resolvers/base/current_profiles.py."""
        self._requested_fields: frozenset[str] | None = None  # None until check_access is called
        # For the response's headers: the session's cookie ("" deletes it), and seconds to wait.
        self.cookie: str | None = None
        self.retry_after: int | None = None

    @property
    def signed_in(self) -> bool:
        """True if the viewer is not anonymous."""
        return self.viewer.signed_in

    @property
    def language(self) -> str:
        """The language of the answer: the viewer's choice, else the one that the request prefers, else English."""
        return self.viewer.language or self.client.language or ENGLISH

    @property
    def requested_fields(self) -> frozenset[str]:
        """
        The fields that the operation requests, as `Type.field`. A plan and graphql-core share a request's context, so
        they get the same ones. RuntimeError: `check_access` was not called before.
        """
        if self._requested_fields is None:
            raise RuntimeError("Call Context.check_access before anything that depends on the requested fields.")
        return self._requested_fields

    async def load(self, reader: BatchReader, key: Hashable, arguments: dict[str, Any]) -> Any:
        """One key of a batch reader; all keys requested in one turn of the loop are read together."""
        return await self.loaders.load(reader, key, arguments, self)

    async def follow_merges(self) -> bool:
        """
        Return True if a call that has just failed may succeed now, because profiles were merged while it ran: the viewer's, which is
        then the one that it was merged into, or one that the input names. Two statements at most.

        Raises NotAllowed: UNAUTHENTICATED (the viewer's account was deleted meanwhile).
        """
        before = self.viewer
        if before.signed_in:
            viewer = await principals.renewed(before)
            if viewer is None:
                raise NotAllowed(ErrorCode.UNAUTHENTICATED, "Your account no longer exists.")
            self.viewer = viewer
        merged = self.viewer.profile_id != before.profile_id
        if self.named_profiles and not merged:
            current = await merged_profiles.current_ids(self.named_profiles)
            merged = any(current.get(number, number) != found for number, found in self.named_profiles.items())
        self.named_profiles.clear()
        return merged

    def check_access(self, coordinates: frozenset[str]) -> None:
        """
        Check that the viewer may request these fields (`Type.field`), before anything is read.

        Raises NotAllowed: INSUFFICIENT_SCOPE (with the refused `fields`, each with the scopes of which `anyOf` is enough, and
        the `given` scopes), PASSWORD_EXPIRED, UNAUTHENTICATED (this server does not answer anonymous callers).
        """
        self._requested_fields = coordinates
        if self.viewer.scopes is not None:
            if closed := scopes.closed(coordinates, self.viewer.scopes):
                raise _insufficient_scope(closed, self.viewer)
        elif self.viewer.password_expired:
            self.check_password()
        elif (
            not self.anonymous
            and not self.viewer.signed_in
            and coordinates
            and not unauthenticated_access.has_only_roots(coordinates, unauthenticated_access.SIGN_IN_MUTATIONS)
        ):
            raise NotAllowed(
                ErrorCode.UNAUTHENTICATED, "Sign in or send a token: this server does not answer anonymous requests."
            )

    def check_password(self) -> None:
        """
        Raise NotAllowed, PASSWORD_EXPIRED, if the viewer's password has expired and this request needs a valid one.
        Called again where an earlier mutation of the same request may have signed the viewer in.

        RuntimeError: `check_access` was not called before.
        """
        fields = self.requested_fields
        if self.viewer.password_expired and not unauthenticated_access.works_with_expired_password(fields):
            raise NotAllowed(
                ErrorCode.PASSWORD_EXPIRED, "Your password has expired. Change it first with `changePassword`."
            )


def _insufficient_scope(closed: Sequence[str], viewer: Principal) -> NotAllowed:
    """The refusal of these fields to a token: which scopes open each, of those that the token's account can have."""
    opening = {field: scopes.opening(field, service=viewer.service) for field in closed}
    shown: list[str] = [_needs(field, opening[field]) for field in closed[:MAX_FIELDS_IN_REFUSAL]]
    if len(closed) > MAX_FIELDS_IN_REFUSAL:
        shown.append("…")
    listed = reduce(lambda first, more: Text("{first}, {more}", first=first, more=more), shown)
    return NotAllowed(
        ErrorCode.INSUFFICIENT_SCOPE,
        Text("The scopes of this token do not allow {fields}.", fields=listed),
        fields=[
            {"field": field, "anyOf": [scopes.TokenScopeName(name).name for name in names]}
            for field, names in opening.items()
        ],
        given=[each.name for each in scopes.names_of(viewer.scopes or ())],
    )


def _needs(field: str, names: Sequence[str]) -> Text:
    if not names:
        return Text("{field} (closed to tokens of this account)", field=field)
    either = reduce(lambda first, more: Text("{first} or {more}", first=first, more=more), names)
    return Text("{field} (needs {scopes})", field=field, scopes=either)
