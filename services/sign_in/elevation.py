"""
Elevation: a new proof of identity in a session, which allows it sensitive operations for 8 hours.

An account with a second factor proves it by a code, any other by its password. An account of a company with single
sign-on has no password here and proves it at its identity provider. Rule: docs/rules/sign-in.md#elevation.
"""

from enum import Enum

from tortoise.transactions import in_transaction

from models.second_factors import SecondFactorMethod
from models.verification_codes import Purpose
from services.auth import identity_providers, passwords, second_factors, sessions
from services.core import audit, rate_limits
from services.core.audit import Actor
from services.errors import ErrorCode, Refused, refused
from services.sign_in.authentication import wrong_password


class ElevationProof(Enum):
    """A kind of proof of identity."""

    PASSWORD = "PASSWORD"  # noqa: S105 - a word, no password
    TOTP = "TOTP"
    SMS = "SMS"
    BACKUP_CODE = "BACKUP_CODE"
    IDENTITY_PROVIDER = "IDENTITY_PROVIDER"


_BY_METHOD = {SecondFactorMethod.TOTP: ElevationProof.TOTP, SecondFactorMethod.SMS: ElevationProof.SMS}


async def proofs_of(account_id: int) -> list[ElevationProof]:
    """The proofs that this account can elevate its sessions with: any one of them suffices."""
    if await identity_providers.manages_account(account_id):
        return [ElevationProof.IDENTITY_PROVIDER]
    method = await second_factors.method_of(account_id)
    return [ElevationProof.PASSWORD] if method is None else [_BY_METHOD[method], ElevationProof.BACKUP_CODE]


async def elevate(account_id: int, session_id: int, *, password: str, code: str, actor: Actor) -> str:
    """
    Elevate a session for 8 hours; returns its new secret.

    Raises Refused: PROOF_REQUIRED (with `proofs`, if this account needs another one), BAD_CODE, BAD_CREDENTIALS,
    RATE_LIMITED, UNAUTHENTICATED (the session has ended). A wrong proof is recorded in the audit trail.
    """
    proofs = await proofs_of(account_id)
    proof = password if proofs == [ElevationProof.PASSWORD] else code
    if not proof or proofs == [ElevationProof.IDENTITY_PROVIDER]:
        raise refused(ErrorCode.PROOF_REQUIRED, "This account needs another proof: see `proofs`.", proofs=proofs)
    try:
        if proofs == [ElevationProof.PASSWORD]:
            await rate_limits.spend("confirm-password", by=[f"account:{account_id}"])
            if not await passwords.is_correct(account_id, password):
                raise wrong_password("password")
        else:
            await second_factors.check(account_id, code, purpose=Purpose.ELEVATION_SMS, actor=actor)
    except Refused as why:
        if why.problems[0].code is not ErrorCode.RATE_LIMITED:
            await audit.record_refusal("session.elevated", actor=actor, account_id=account_id)
        raise
    async with in_transaction():
        secret = await sessions.elevate(session_id)
        await audit.record("session.elevated", actor=actor, account_id=account_id)
    return secret


async def send_code(account_id: int) -> None:
    """Text a code for `elevate`. Raises Refused: SECOND_FACTOR_OFF (the account has no SMS factor), RATE_LIMITED."""
    await second_factors.send_code(account_id, purpose=Purpose.ELEVATION_SMS)
