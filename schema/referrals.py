"""Referral links, and the T-shirt for successful referrals."""

import strawberry

from models.referrals import ShirtSize, ShirtState
from resolvers import referrals
from resolvers.base.permissions import PersonItself
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.scalars import DateTime
from services.errors import ErrorCode
from services.invites.sharing import ShareService
from services.invites.tshirts import MAX_CHARACTERS, REQUIRED_REFERRALS

enum_of(
    ShareService,
    "Service on which a link can be shared.",
    {
        "X": "A post on X.",
        "LINKEDIN": "A post on LinkedIn; you write the text there.",
        "FACEBOOK": "A post on Facebook; you write the text there.",
        "WHATSAPP": "A WhatsApp message.",
        "MAIL": "An email in your own mail program.",
    },
)
enum_of(
    ShirtSize,
    "Size of the T-shirt.",
    {
        "XS": "Extra small.",
        "S": "Small.",
        "M": "Medium.",
        "L": "Large.",
        "XL": "Extra large.",
        "XXL": "Double extra large.",
        "XXXL": "Triple extra large.",
    },
    name="TshirtSize",
)
enum_of(
    ShirtState,
    "State of a T-shirt.",
    {"CLAIMED": "It was claimed and is not sent yet.", "SHIPPED": "It was sent."},
    name="TshirtState",
)


@strawberry.type(description="A prepared message with your referral link.")
class ShareUrl:
    service: ShareService = column("Service for which the message is prepared.")
    url: str = column("URL that opens the message, ready to send: `https:` or `mailto:`.")


@strawberry.type(description="The T-shirt that you claimed. The postal address is never returned.")
class Tshirt:
    size: ShirtSize = column("Size of the T-shirt.")
    state: ShirtState = column("Whether it was claimed or shipped.")
    claimed_at: DateTime = column("When it was claimed.")
    shipped_at: DateTime | None = column("When it was sent; null while the state is CLAIMED.")


@strawberry.type(description="Your referral link and its results.")
class Referral:
    link: str = column(
        "Your referral link: people who sign up with it count for you. It is created the first time you request it."
    )
    share_urls: list[ShareUrl] = column("Prepared messages with the link, one per service.")
    sign_ups: int = column(
        "Number of people who signed up with your link or invites and verified their address. It never decreases."
    )
    sign_ups_needed: int = column("Number of sign-ups needed for the T-shirt.")
    tshirt: Tshirt | None = column("Your T-shirt; null until you claim it.")
    can_claim: bool = column("True if you can claim the T-shirt now.")


@strawberry.type
class ReferralsOfViewer:
    referral: Referral = loaded_by(
        referrals.of_profiles,
        "Your referral link and its results.",
        key="profile_id",
    )


@strawberry.type(description="Payload of `rotateReferralLink`.")
class RotateReferralLinkPayload:
    referral: Referral | None = loaded_by(
        referrals.of_profiles, "The new link and its results; null if refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(
    description="The size of the T-shirt and the postal address. The address is stored encrypted and never returned."
)
class ClaimTshirtInput:
    size: ShirtSize = strawberry.field(description="Size of the T-shirt.")
    name: str = strawberry.field(description=f"Name of the recipient, up to {MAX_CHARACTERS['name']} characters.")
    street: str = strawberry.field(description=f"Street and house number, up to {MAX_CHARACTERS['street']} characters.")
    town: str = strawberry.field(description=f"Town, up to {MAX_CHARACTERS['town']} characters.")
    postal_code: str = strawberry.field(
        description=f"Postal code, up to {MAX_CHARACTERS['postal_code']} characters; empty if the country has none."
    )
    country_code: str = strawberry.field(description="Code of one of `Query.countries`, like `NL`.")


@strawberry.type(description="Payload of `claimTshirt`.")
class ClaimTshirtPayload:
    referral: Referral | None = loaded_by(
        referrals.of_profiles,
        "Your referral link and its results, with the T-shirt; null if refused.",
        key="profile_id",
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class ReferralsMutation:
    rotate_referral_link: RotateReferralLinkPayload | None = mutation_by(
        referrals.rotate,
        "Replace your referral link with a new one; the old one no longer counts for you. Tokens may not do this.",
        allowed=[PersonItself()],
        codes=[ErrorCode.RATE_LIMITED],
    )
    claim_tshirt: ClaimTshirtPayload | None = mutation_by(
        referrals.claim,
        f"Claim your T-shirt, once, after {REQUIRED_REFERRALS} people have signed up with your link or invites. Tokens may not do this.",
        allowed=[PersonItself()],
        codes=[ErrorCode.ALREADY_EXISTS, ErrorCode.BAD_INPUT, ErrorCode.TOO_FEW_REFERRALS],
        input=ClaimTshirtInput,
    )
