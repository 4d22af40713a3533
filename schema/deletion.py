"""Deleting an account, and with the last one the profile."""

import strawberry

from resolvers import deletion
from resolvers.base.permissions import Elevated, InSession
from schema.errors import UserError
from schema.fields import Work, answered_by, column, mutation_by
from services.errors import ErrorCode


@strawberry.type(description="Records of one kind that a deletion removes, or takes your name from.")
class DeletionRecords:
    code: str = column("Code of the kind, like `point-entry`: that of the section in `PersonalData.section`.")
    title: str = column("Title of the kind, in the language of the answer.")
    deleted_count: int = column("Records of yours that are deleted.")
    detached_count: int = column(
        "Records that stay without your name: those of other people, who see a deleted user, and those of the audit trail."
    )


@strawberry.type(description="The effect that `deleteAccount` has now. Reading it changes nothing.")
class DeletionPreview:
    hash: str = column("Digest of what is deleted, to pass to `deleteAccount` as `previewHash`.")
    is_last_account: bool = column(
        "True if this is your last account: then your profile goes too, with everything that is stored about you. False "
        "if another account keeps the profile."
    )
    is_last_admin: bool = column(
        "True if your company has other members and no other admin: then `deleteAccount` is refused with `LAST_ADMIN`."
    )
    lost_credits: int = column("Credits of the account, which are lost.")
    refunded_order_count: int = column("Open orders of the account, which are cancelled.")
    records: list[DeletionRecords] = column(
        "The records that are deleted or detached, by title; kinds without any are left out."
    )


@strawberry.type
class DeletionOfViewer:
    deletion_preview: DeletionPreview | None = answered_by(
        deletion.preview,
        "The effect that `deleteAccount` has now. Only for the account that is signed in: null with an error for an API key; tokens may "
        "not read it.",
        allowed=[InSession()],
        work=Work(1_000),
    )


@strawberry.input(description="Confirms what is deleted.")
class DeleteAccountInput:
    preview_hash: str = strawberry.field(
        description="The `hash` of the preview that the person has confirmed. Refused with `PREVIEW_OUTDATED` if something else would be deleted by now."
    )


@strawberry.type(description="Payload of `deleteAccount`.")
class DeleteAccountPayload:
    was_profile_erased: bool | None = column(
        "True if the profile was erased with its last account, false if it stays. Null if refused."
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class DeletionMutation:
    delete_account: DeleteAccountPayload | None = mutation_by(
        deletion.delete_account,
        "Delete the account that is signed in, for good. Its sessions end, its tokens and API keys stop working, and its credits are "
        "lost. With your last account the profile goes too. A mail to the address confirms it.",
        allowed=[Elevated()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.LAST_ADMIN, ErrorCode.NOT_FOUND, ErrorCode.PREVIEW_OUTDATED],
        input=DeleteAccountInput,
    )
