"""Merging two profiles of one person."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from catalogue.points import Category, CertificationLevel
from models.accounts import AccountStatus
from models.second_factors import SecondFactorMethod
from resolvers import events, merging, profiles
from resolvers.base.permissions import Elevated, InSession
from schema import accounts as _accounts  # noqa: F401 - names the enum
from schema import second_factors as _second_factors  # noqa: F401 - names the enum
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import Work, answered_by, column, loaded_by, mutation_by
from schema.learning import Academy
from schema.nodes import Node, id_of
from schema.points import Activity, Score
from schema.scalars import DateTime
from services.errors import ErrorCode
from services.merging.operations import MergeStatus
from services.merging.plan import CompensationReason, Kept, MergedFieldName
from services.merging.preview import CredentialKind, MergeWarning

if TYPE_CHECKING:
    from schema.profiles import Profile

LazyProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]

enum_of(
    MergeStatus,
    "How far a merge has come.",
    {
        "STARTED": "Choose an address: a code can be sent.",
        "CODE_SENT": "A code was sent, if the address belongs to a profile.",
        "VERIFIED": "The code was verified: the preview can be read, after a code of the second factor if one is needed.",
        "DONE": "The profiles were merged.",
        "CANCELLED": "It was cancelled: by you, by a link in its email, by a later merge, or because one of the profiles changed.",
        "EXPIRED": "It was not finished within one hour.",
        "FAILED": "Five wrong codes were entered.",
    },
    name="ProfileMergeState",
)
enum_of(
    MergedFieldName,
    "A field of the profile that a preview shows.",
    {
        "NAME": "Name.",
        "AVATAR": "Avatar. Values say only that there is a picture.",
        "JOB_TITLE": "Job title.",
        "DEPARTMENT": "Department.",
        "COUNTRY": "Country of residence, as its code.",
        "LOCATION": "Location.",
        "ABOUT": "The text about you.",
        "WEBSITE": "Website.",
        "LOOKING_FOR": "Whether you are looking for a job, a project, or neither.",
        "GITHUB": "Name on GitHub.",
        "MEETUP": "Name on Meetup.",
        "TWITTER": "Name on X.",
        "LINKEDIN": "Name on LinkedIn.",
        "SKYPE": "Name on Skype.",
        "JOINED_ON": "Day of sign-up. The earlier one is kept.",
        "LANGUAGE": "Language of emails and answers. Yours is kept, also if you have not chosen one.",
        "VISIBILITY": "Whether the profile is public or private. Yours is kept.",
        "COMPANY": "Company that is displayed: that of the oldest active account.",
    },
)
enum_of(
    Kept,
    "Profile whose value is kept.",
    {"SURVIVOR": "Your profile.", "SOURCE": "The other profile, which goes."},
    name="MergedFieldOrigin",
)
enum_of(
    CompensationReason,
    "Reason why a merge takes points back.",
    {
        "DUPLICATE": "Both profiles had the points of an activity that counts once per person.",
        "SELF": "One of the two profiles had the points for what the other one did.",
    },
    name="MergeCompensationReason",
)
enum_of(
    CredentialKind,
    "Kind of a credential.",
    {"TOKEN": "A personal access token.", "API_KEY": "An API key."},
    name="MergeCredentialKind",
)
enum_of(
    MergeWarning,
    "Something about a merge that you may not expect.",
    {
        "NO_LONGER_VISIBLE": "Others can see the other profile now. They cannot see the merged one, because yours is private.",
        "RECOVERY_EMAIL_LOST": "The recovery email of the other profile is not kept: only yours is, if you have one.",
    },
)


@strawberry.type(
    description="An address that the code can be sent to. It is only shown in part, and its length is not shown."
)
class MergeAddress:
    address_id: strawberry.ID = column("Id of the address within this merge, for `sendMergeCode`.")
    masked: str = column("The address with most characters hidden, like `j•••@e•••.com` or `j•••@•••`.")


@strawberry.type(description="A field of the profiles that at least one of them has filled in.")
class MergedField:
    field: MergedFieldName = column("The field.")
    title: str = column("Title of the field, in the language of the answer.")
    kept_from: Kept = column("Profile whose value is kept.")
    kept: str = column("The value that is kept, as text.")
    lost: str | None = column("The value that is lost, as text; null if none is.")


@strawberry.type(description="Effect of a merge on one kind of data.")
class MergedTable:
    title: str = column("Title of the data, in the language of the answer.")
    kept: int = column("Number of rows of your profile that stay as they are.")
    moved: int = column("Number of rows of the other profile that become yours.")
    combined: int = column("Number of rows of the other profile that become one with a row of yours.")
    lost: int = column("Number of rows that disappear, such as a connection between the two profiles.")
    added: int = column("Number of new rows, such as entries that take points back.")


@strawberry.type(description="Points that are taken back, because the two profiles are one person.")
class MergeCompensation:
    reason: CompensationReason = column("Why they are taken back.")
    category: Category = column("Category of the points.")
    activity: Activity | None = column(
        "Activity that gave them; null if it is no longer in the catalogue.", read=events.activity
    )
    points: int = column("Number of points that are taken back; below 0 where negative points are given back.")


@strawberry.type(description="An account that the merged profile will have.")
class MergedAccount:
    email: str = column("Email address of the account.")
    status: AccountStatus = column("Status of the account, which stays as it is.")
    is_of_other_profile: bool = column(
        "True if it is an account of the other profile now.", read=lambda row: row["of_source"]
    )
    credit_balance: int = column("Credits of the account. They stay on it.")


@strawberry.type(description="A token or API key that will see the merged profile. Its rights stay as they are.")
class MergedCredential:
    kind: CredentialKind = column("Whether it is a token or an API key.")
    name: str = column("Its name, as its owner entered it.")
    hint: str = column("Last four characters of its secret.")
    account_email: str = column("Email address of the account that it belongs to.", read=lambda row: row["email"])
    is_of_other_profile: bool = column(
        "True if it belongs to an account of the other profile now.", read=lambda row: row["of_source"]
    )


@strawberry.type(description="Points and achievements of one of the profiles, or of the merged one.")
class MergeFigures:
    score: Score = column("Points and level.")
    badge_count: int = column("Number of badges.")
    challenge_count: int = column("Number of completed challenges.")
    certifications: list[CertificationLevel] = column("Levels of the certifications that were passed, lowest first.")
    academy: Academy = column("Progress in the Academy.")


@strawberry.type(description="Preview of a merge. Reading it changes nothing.")
class MergePreview:
    hash: str = column(
        "Pass it to `mergeProfiles` as `previewHash`: the merge is refused if anything of the preview has changed by then."
    )
    fields: list[MergedField] = column("Fields of the profiles. Your value wins; an empty one takes the other's value.")
    tables: list[MergedTable] = column("Kinds of data of which one of the profiles has rows, with the effect on them.")
    own_figures: MergeFigures = column("Points and achievements of your profile now.")
    other_figures: MergeFigures = column("Points and achievements of the other profile now.")
    merged_figures: MergeFigures = column("Points and achievements of your profile after the merge.")
    compensations: list[MergeCompensation] = column("Points that are taken back.")
    accounts: list[MergedAccount] = column("Accounts that the merged profile will have, yours first.")
    credentials: list[MergedCredential] = column("Tokens and API keys of these accounts, oldest first.")
    warnings: list[MergeWarning] = column("Effects that you may not expect; empty if there are none.")


@strawberry.type(
    description=(
        "A merge of another profile of yours into your profile. Visible to the account that started it, in a session only. For an "
        "address without a profile it looks the same: the addresses are then made up, and no code arrives."
    )
)
class ProfileMerge(Node):
    id: strawberry.ID = column("Opaque id of the merge, like `mrg_5k2v9x0qcm`.", read=id_of("ProfileMerge"))
    state: MergeStatus = column("How far the merge has come.")
    addresses: list[MergeAddress] = column(
        "Addresses that a code can be sent to, up to five; the one that you entered comes first."
    )
    attempts_left: int = column("Number of wrong codes after which the merge fails; 0 if it has failed.")
    needs_second_factor: bool | None = column(
        "True if a code of a second factor of the other profile is needed now; null unless the state is VERIFIED."
    )
    second_factor_methods: list[SecondFactorMethod] | None = column(
        "Methods of the second factors of the other profile. A code of any one is enough, and so is a backup code. Null unless the "
        "state is VERIFIED."
    )
    support_url: str | None = column(
        "Page for people who can read none of the addresses: support can help them; null if there is none."
    )
    started_at: DateTime = column("When it was started.")
    expires_at: DateTime = column("When it expires, one hour after it was started.")
    merged_at: DateTime | None = column("When the profiles were merged; null if they were not.")
    preview: MergePreview | None = loaded_by(
        merging.previews,
        "Preview of the merge. Null until the code was verified, and a code of the second factor if one is needed; null after the "
        "merge. Needs an elevated session.",
        key="id",
        work=Work(1_000),
    )
    profile: LazyProfile | None = loaded_by(
        profiles.by_id, "Your profile, which has everything of both; null until the merge is done.", key="profile_id"
    )


@strawberry.type
class MergingOfViewer:
    open_merge: ProfileMerge | None = answered_by(
        merging.open_merge,
        "The merge that your account has started and not finished; null if there is none. In a session only.",
    )


@strawberry.input(description="The profile to merge into yours.")
class StartMergeInput:
    email: str = strawberry.field(description="Email address of an account of the other profile.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "A value of 1 to 128 characters that is new for each merge, like a UUID. The same key and address within 24 "
            "hours return the same merge, so that a call without an answer can be repeated safely."
        ),
    )


@strawberry.input(description="The address to send a code to.")
class SendMergeCodeInput:
    merge_id: strawberry.ID = strawberry.field(description="Id of your merge, like `mrg_5k2v9x0qcm`.")
    address_id: strawberry.ID = strawberry.field(description="The `addressId` of one of the merge's addresses.")


@strawberry.input(description="The code from the email.")
class VerifyMergeCodeInput:
    merge_id: strawberry.ID = strawberry.field(description="Id of your merge, like `mrg_5k2v9x0qcm`.")
    code: str = strawberry.field(description="Six digits, like `042917`, valid for 10 minutes.")


@strawberry.input(description="The merge for which to send a code of the other profile's second factor.")
class SendMergeSecondFactorCodeInput:
    merge_id: strawberry.ID = strawberry.field(description="Id of your merge, like `mrg_5k2v9x0qcm`.")


@strawberry.input(description="A code of a second factor of the other profile.")
class VerifyMergeSecondFactorInput:
    merge_id: strawberry.ID = strawberry.field(description="Id of your merge, like `mrg_5k2v9x0qcm`.")
    code: str = strawberry.field(
        description="Six digits of the authenticator app or text message, like `042917`, or a backup code."
    )


@strawberry.input(description="The merge to cancel.")
class CancelMergeInput:
    merge_id: strawberry.ID = strawberry.field(description="Id of your merge, like `mrg_5k2v9x0qcm`.")


@strawberry.input(description="The merge to carry out.")
class MergeProfilesInput:
    merge_id: strawberry.ID = strawberry.field(description="Id of your merge, like `mrg_5k2v9x0qcm`.")
    preview_hash: str = strawberry.field(description="The `hash` of the preview that the person has seen.")


@strawberry.type(description="Payload of `startMerge`.")
class StartMergePayload:
    merge: ProfileMerge | None = loaded_by(merging.by_id, "The merge; null if refused.", key="merge_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `sendMergeCode`.")
class SendMergeCodePayload:
    merge: ProfileMerge | None = loaded_by(merging.by_id, "The merge; null if refused.", key="merge_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `verifyMergeCode`.")
class VerifyMergeCodePayload:
    merge: ProfileMerge | None = loaded_by(merging.by_id, "The merge; null if refused.", key="merge_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `sendMergeSecondFactorCode`.")
class SendMergeSecondFactorCodePayload:
    merge: ProfileMerge | None = loaded_by(merging.by_id, "The merge; null if refused.", key="merge_id")
    errors: list[UserError] = column("Why the mutation was refused; empty if a code was sent.")


@strawberry.type(description="Payload of `verifyMergeSecondFactor`.")
class VerifyMergeSecondFactorPayload:
    merge: ProfileMerge | None = loaded_by(merging.by_id, "The merge; null if refused.", key="merge_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `cancelMerge`.")
class CancelMergePayload:
    merge: ProfileMerge | None = loaded_by(merging.by_id, "The cancelled merge; null if refused.", key="merge_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `mergeProfiles`.")
class MergeProfilesPayload:
    merge: ProfileMerge | None = loaded_by(
        merging.by_id, "The merge, with your profile; null if refused.", key="merge_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


_STEP = [ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.MERGE_NOT_OPEN, ErrorCode.NOT_FOUND]


@strawberry.type
class MergingMutation:
    start_merge: StartMergePayload | None = mutation_by(
        merging.start,
        "Start to merge another profile of yours into your profile: enter an address of it, then choose where a code is sent. Nothing "
        "is merged before `mergeProfiles`. An earlier open merge of your account is cancelled. The answer does not tell whether the "
        "address exists.",
        allowed=[Elevated()],
        codes=[
            ErrorCode.BAD_INPUT,
            ErrorCode.IDEMPOTENCY_MISMATCH,
            ErrorCode.NOT_FOUND,
            ErrorCode.RATE_LIMITED,
            ErrorCode.SAME_PROFILE,
        ],
        input=StartMergeInput,
    )
    send_merge_code: SendMergeCodePayload | None = mutation_by(
        merging.send_code,
        "Send a code to one of the addresses. It replaces an earlier code of the merge. The answer does not tell whether the address "
        "exists.",
        allowed=[Elevated()],
        codes=[*_STEP, ErrorCode.RATE_LIMITED],
        input=SendMergeCodeInput,
    )
    verify_merge_code: VerifyMergeCodePayload | None = mutation_by(
        merging.verify_code,
        "Verify the code that was sent. The fifth wrong code ends the merge, also if the codes were of several emails.",
        allowed=[Elevated()],
        codes=[*_STEP, ErrorCode.BAD_CODE, ErrorCode.RATE_LIMITED],
        input=VerifyMergeCodeInput,
    )
    send_merge_second_factor_code: SendMergeSecondFactorCodePayload | None = mutation_by(
        merging.send_second_factor_code,
        "Send a code by text message to the accounts of the other profile whose second factor is SMS.",
        allowed=[Elevated()],
        codes=[*_STEP, ErrorCode.MERGE_NOT_VERIFIED, ErrorCode.RATE_LIMITED, ErrorCode.SECOND_FACTOR_OFF],
        input=SendMergeSecondFactorCodeInput,
    )
    verify_merge_second_factor: VerifyMergeSecondFactorPayload | None = mutation_by(
        merging.verify_second_factor,
        "Verify a code of a second factor of the other profile. A wrong one counts like a wrong code of the email.",
        allowed=[Elevated()],
        codes=[
            *_STEP,
            ErrorCode.BAD_CODE,
            ErrorCode.MERGE_NOT_VERIFIED,
            ErrorCode.RATE_LIMITED,
            ErrorCode.SECOND_FACTOR_OFF,
        ],
        input=VerifyMergeSecondFactorInput,
    )
    cancel_merge: CancelMergePayload | None = mutation_by(
        merging.cancel,
        "Cancel your merge. Repeating it changes nothing.",
        allowed=[InSession()],
        codes=_STEP,
        input=CancelMergeInput,
    )
    merge_profiles: MergeProfilesPayload | None = mutation_by(
        merging.merge_profiles,
        "Merge the other profile into yours, exactly as the preview says. It cannot be undone. All accounts of both are notified by "
        "email. Repeating it returns the same merge.",
        allowed=[Elevated()],
        codes=[
            *_STEP,
            ErrorCode.MERGE_IN_PROGRESS,
            ErrorCode.MERGE_NOT_VERIFIED,
            ErrorCode.PREVIEW_OUTDATED,
            ErrorCode.SAME_PROFILE,
            ErrorCode.SECOND_FACTOR_REQUIRED,
        ],
        input=MergeProfilesInput,
    )
