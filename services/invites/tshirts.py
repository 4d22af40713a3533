"""
The T-shirt for a profile that referred five accounts: claimed once, with a postal address that only operators can read.

An account counts as soon as its email address is verified, even if it is deleted later.
Rule: docs/rules/invites.md#t-shirt.
"""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.terms import country
from models.referrals import ShirtClaim, ShirtSize, ShirtState
from services.core import audit, clock, ids
from services.core.audit import OPERATOR, Actor, Change
from services.core.crypto import SHIRT_ADDRESS, CannotOpen, seal, unseal
from services.errors import ErrorCode, Problem, Refused, refused
from services.invites.referrals import signed_up
from services.media.text_rules import NotFit, plain
from services.progress.scores import lock_score_rows

REQUIRED_REFERRALS: Final = 5
MAX_CLAIMS_LISTED: Final = 200
MAX_CHARACTERS: Final = {"name": 120, "street": 200, "town": 100, "postal_code": 20}
WORDS: Final = {
    "name": Text("A name"),
    "street": Text("A street"),
    "town": Text("A town"),
    "postal_code": Text("A postal code"),
}
PATHS: Final = {"postal_code": "postalCode", "country": "countryCode"}


@dataclass(frozen=True)
class Destination:
    """Postal address of a claim. `postal_code` is empty if the country has none; `country` is ISO 3166-1 alpha-2."""

    name: str
    street: str
    town: str
    postal_code: str
    country: str

    def __repr__(self) -> str:
        return "Destination(…)"


@dataclass(frozen=True)
class Parcel:
    """A claim as an operator sees it. `to` is None if it was encrypted with another key."""

    row: ShirtClaim
    to: Destination | None


async def claim(profile_id: int, size: ShirtSize, to: Destination, *, actor: Actor) -> None:
    """
    Claim the one T-shirt of a profile.

    Raises Refused: BAD_INPUT (all problems of the address at once), TOO_FEW_REFERRALS, ALREADY_EXISTS (claimed before).
    """
    destination = _check_destination(to)
    try:
        async with in_transaction():
            await lock_score_rows([profile_id])
            if await ShirtClaim.exists(profile_id=profile_id):
                raise _already_claimed()
            referrals = (await signed_up([profile_id])).get(profile_id, 0)
            if referrals < REQUIRED_REFERRALS:
                text = Text(
                    "{needed} people must sign up with your link or invites; so far {people} have.",
                    needed=REQUIRED_REFERRALS,
                    people=referrals,
                )
                raise refused(ErrorCode.TOO_FEW_REFERRALS, text)
            sealed = seal(SHIRT_ADDRESS, orjson.dumps(asdict(destination)).decode())
            await ShirtClaim.create(profile_id=profile_id, size=size, sealed=sealed, claimed_at=clock.now())
            await audit.record("shirt.claimed", actor=actor, account_id=actor.account_id, size=size.value)
    except IntegrityError:
        raise _already_claimed() from None


async def claims(profile_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Claims by profile, with the columns that their owner may see. Unique (profile_id)."""
    rows: Any = ShirtClaim.filter(profile_id__in=list(profile_ids)).values(
        "profile_id", "size", "state", "claimed_at", "shipped_at"
    )
    return {row["profile_id"]: row for row in await rows}


async def parcels(state: ShirtState | None = None) -> Sequence[Parcel]:
    """
    The oldest 200 claims of one state, or the newest 200 of all, with their addresses; recorded in the audit trail.
    Index (state, id).
    """
    found = ShirtClaim.all().order_by("-id") if state is None else ShirtClaim.filter(state=state).order_by("id")
    async with in_transaction():
        rows = await found.limit(MAX_CLAIMS_LISTED).prefetch_related("profile")
        await audit.record("shirt.listed", actor=OPERATOR, claims=[str(row.id) for row in rows])
    return [Parcel(row, _decrypt_destination(row)) for row in rows]


async def ship(claim_id: int) -> ShirtClaim:
    """Mark a claim as shipped. Raises Refused: NOT_FOUND, ORDER_NOT_OPEN (shipped before)."""
    async with in_transaction():
        found, claim = await ShirtClaim.select_for_update().get_or_none(id=claim_id), ids.encode("ShirtClaim", claim_id)
        if found is None:
            raise refused(ErrorCode.NOT_FOUND, Text("There is no claim {claim}.", claim=claim), path=("id",))
        if found.state is not ShirtState.CLAIMED:
            raise refused(
                ErrorCode.ORDER_NOT_OPEN, Text("Claim {claim} was already shipped.", claim=claim), path=("id",)
            )
        found.state, found.shipped_at = ShirtState.SHIPPED, clock.now()
        await found.save(update_fields=["state", "shipped_at"])
        state = Change(ShirtState.CLAIMED.value, ShirtState.SHIPPED.value)
        await audit.record("shirt.shipped", actor=OPERATOR, claim=claim_id, state=state)
        return found


def _check_destination(to: Destination) -> Destination:
    problems: list[Problem] = []
    checked: dict[str, str] = {}
    for field, longest in MAX_CHARACTERS.items():
        try:
            typed = unicodedata.normalize("NFC", getattr(to, field))
            checked[field] = plain(typed, WORDS[field], longest, lines=False)
        except NotFit as error:
            problems.append(_bad_input(field, error.message))
        else:
            if not checked[field] and field != "postal_code":
                problems.append(
                    _bad_input(
                        field, Text("{word} must have 1 to {longest} characters.", word=WORDS[field], longest=longest)
                    )
                )
    code = to.country.strip()
    # Only ASCII: "ß".upper() is "SS", which is South Sudan.
    if not (code.isascii() and country(code := code.upper())):
        problems.append(_bad_input("country", Text("That is not a country. Use its ISO 3166-1 alpha-2 code, like NL.")))
    if problems:
        raise Refused(*problems)
    return Destination(**checked, country=code)


def _bad_input(field: str, text: str) -> Problem:
    return Problem(ErrorCode.BAD_INPUT, text, (PATHS.get(field, field),))


def _decrypt_destination(row: ShirtClaim) -> Destination | None:
    try:
        return Destination(**orjson.loads(unseal(SHIRT_ADDRESS, row.sealed)))
    except CannotOpen:
        return None


def _already_claimed() -> Refused:
    return refused(ErrorCode.ALREADY_EXISTS, "Your T-shirt is already claimed.")
