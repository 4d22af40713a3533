"""The sessions of an account, as its owner sees them."""

import strawberry

from resolvers import passwords, sessions
from resolvers.base.permissions import PersonItself
from schema.fields import answered_by, column
from schema.nodes import id_of
from schema.scalars import DateTime
from services.sign_in.elevation import ElevationProof


@strawberry.type(description="A sign-in of yours that has not ended.")
class Session:
    id: strawberry.ID = column("Opaque id of the session, for `endSession`.", read=id_of("Session"))
    created_at: DateTime = column("When it began.")
    seen_at: DateTime = column("Its last request, at most a minute old.")
    device: str = column("The browser as it names itself; anybody can name themselves anything.")
    address: str = column("IP address it began from.")
    current: bool = column("Whether it is the one that asks.")


@strawberry.type
class SessionsOfViewer:
    elevated_until: DateTime | None = answered_by(
        sessions.elevated_until,
        "Until when sensitive operations are open to this session (`elevateSession`); null: they are not. Null for tokens "
        "and API keys, which cannot elevate.",
    )
    elevation_proofs: list[ElevationProof] | None = answered_by(
        sessions.elevation_proofs,
        "What `elevateSession` takes from this account, any one of them; null for tokens and API keys.",
    )
    sessions: list[Session] = answered_by(
        sessions.live,
        "This account's sessions, the one used last first; tokens may not ask.",
        allowed=[PersonItself()],
    )
    password_expires_at: DateTime | None = answered_by(
        passwords.expires_at, "When this account's password is too old; null: never, or it has none."
    )
