"""Who came by a person's link and invites, and the T-shirt for it."""

import strawberry

from models.referrals import ShirtSize, ShirtState
from resolvers import referrals
from resolvers.base.permissions import PersonItself
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.inputs import NothingInput
from schema.scalars import DateTime
from services.invites.sharing import ShareService
from services.invites.tshirts import MAX_CHARACTERS, NEEDED

enum_of(
    ShareService,
    "Where a link can be shared.",
    {
        "X": "A post on X.",
        "LINKEDIN": "A post on LinkedIn; its text is the sharer's own.",
        "FACEBOOK": "A post on Facebook; its text is the sharer's own.",
        "WHATSAPP": "A WhatsApp message.",
        "MAIL": "A mail, written in the sharer's own mail program.",
    },
)
enum_of(
    ShirtSize,
    "Sizes of the T-shirt.",
    {
        "XS": "Extra small.",
        "S": "Small.",
        "M": "Medium.",
        "L": "Large.",
        "XL": "Extra large.",
        "XXL": "Twice extra large.",
        "XXXL": "Three times extra large.",
    },
    name="TshirtSize",
)
enum_of(
    ShirtState,
    "How far a T-shirt is.",
    {"CLAIMED": "It was claimed, and is to be sent.", "SHIPPED": "It is on its way."},
    name="TshirtState",
)


@strawberry.type(description="A ready message with the personal link.")
class ShareUrl:
    service: ShareService = column("Where it is shared.")
    url: str = column("Opens the message, ready to be sent: a web address, or `mailto:`.")


@strawberry.type(description="The T-shirt that a person claimed. Where it goes is shown to nobody.")
class Tshirt:
    size: ShirtSize = column("Its size.")
    state: ShirtState = column("How far it is.")
    claimed_at: DateTime = column("When it was claimed.")
    shipped_at: DateTime | None = column("When it was sent; null while it is CLAIMED.")


@strawberry.type(description="A person's own link, and what it brought. Only they see it.")
class Referral:
    link: str = column("The personal link: who signs up by it counts for you. Made when somebody first asks.")
    share_urls: list[ShareUrl] = column("The link in ready messages, one for each service.")
    signed_up: int = column(
        "How many people signed up by your link or your invites and verified their address; it never falls."
    )
    needed: int = column("How many it takes for the T-shirt.")
    shirt: Tshirt | None = column("The T-shirt; null until you claim it.")
    claimable: bool = column("Whether the T-shirt can be claimed now.")


@strawberry.type
class ReferralsOfViewer:
    referral: Referral | None = loaded_by(
        referrals.of_profiles,
        "Your own link, and who came by it. Null for the account of a service.",
        key="profile_id",
    )


@strawberry.type(description="Answer to `rotateReferralLink`.")
class RotateReferralLinkPayload:
    referral: Referral | None = loaded_by(
        referrals.of_profiles, "With the new link; null when refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="The T-shirt, and where it goes. The address is encrypted, and shown to nobody again.")
class ClaimTshirtInput:
    size: ShirtSize = strawberry.field(description="Its size.")
    name: str = strawberry.field(description=f"Who gets it, up to {MAX_CHARACTERS['name']} characters.")
    street: str = strawberry.field(description=f"Street and number, up to {MAX_CHARACTERS['street']} characters.")
    town: str = strawberry.field(description=f"The town, up to {MAX_CHARACTERS['town']} characters.")
    postal_code: str = strawberry.field(
        description=f"Up to {MAX_CHARACTERS['postal_code']} characters; empty where the country has none."
    )
    country: str = strawberry.field(description="Two letters of ISO 3166-1.")


@strawberry.type(description="Answer to `claimTshirt`.")
class ClaimTshirtPayload:
    referral: Referral | None = loaded_by(
        referrals.of_profiles, "With the T-shirt; null when refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class ReferralsMutation:
    rotate_referral_link: RotateReferralLinkPayload = mutation_by(
        referrals.rotate,
        "Get a new personal link; the one before leads nobody to you any more. Never by a token.",
        allowed=[PersonItself()],
        input=NothingInput,
    )
    claim_tshirt: ClaimTshirtPayload = mutation_by(
        referrals.claim,
        f"Claim your T-shirt, once, when {NEEDED} people have signed up through you. Never by a token.",
        allowed=[PersonItself()],
        input=ClaimTshirtInput,
    )
