"""Sessions of an account, as its owner sees them."""

import strawberry

from resolvers import passwords, sessions
from resolvers.base.permissions import PersonItself
from schema.fields import answered_by, column
from schema.nodes import Node, id_of
from schema.scalars import DateTime
from services.sign_in.elevation import ElevationProof


@strawberry.type(description="A session of your account that has not ended.")
class Session(Node):
    id: strawberry.ID = column(
        "Opaque id of the session, like `ses_5k2v9x0qcm`, for `endSession`.", read=id_of("Session")
    )
    created_at: DateTime = column("When it started.")
    last_used_at: DateTime = column("When its last request was made, accurate to one minute.")
    device: str = column("Description of the browser, from its User-Agent header; it is not verified.")
    ip_address: str = column("IP address from which it was started.")
    is_current: bool = column("True if this is the session of this request.")


@strawberry.type
class SessionsOfViewer:
    elevated_until: DateTime | None = answered_by(
        sessions.elevated_until,
        "Until when this session may do sensitive operations (see `elevateSession`); null if it may not. Null with an "
        "API key, which cannot be elevated. Tokens may not read it.",
    )
    elevation_proofs: list[ElevationProof] | None = answered_by(
        sessions.elevation_proofs,
        "Proofs that `elevateSession` accepts from this account; any one is enough. Null with an API key. Tokens may not read them.",
    )
    sessions: list[Session] = answered_by(
        sessions.live,
        "Sessions of this account, most recently used first. Tokens may not read them.",
        allowed=[PersonItself()],
    )
    password_expires_at: DateTime | None = answered_by(
        passwords.expires_at, "When the password of this account expires; null if never or if it has no password."
    )
