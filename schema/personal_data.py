"""The personal data of the viewer: everything that is stored, and its history."""

import strawberry

from models.audit import Origin
from models.personal_data_exports import ExportState
from models.profile_changes import ChangedField
from resolvers import accounts, personal_data
from resolvers.base.permissions import Elevated, PersonItself
from schema.accounts import PersonAccount
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import Work, answered_by, column, loaded_by, mutation_by
from schema.nodes import PAGE_ARGUMENTS, Node, PageInfo, id_of, nodes_by
from schema.scalars import DateTime
from services.errors import ErrorCode

enum_of(
    ChangedField,
    "A part of your personal data whose changes are recorded.",
    {
        "ABOUT": "The text about you.",
        "ACCOUNT": "An account of your profile, by its email address.",
        "AVATAR": "Your avatar. Values say only that there is a picture.",
        "COUNTRY": "Country of residence.",
        "DEPARTMENT": "Department.",
        "GITHUB": "Name on GitHub.",
        "HANDLE": "Handle.",
        "INDUSTRIES": "Industries, separated by commas.",
        "JOB_TITLE": "Job title.",
        "LANGUAGE": "Language of emails and answers.",
        "LINKEDIN": "Name on LinkedIn.",
        "LOCATION": "Location.",
        "LOOKING_FOR": "Whether you are looking for a job, a project, or neither.",
        "MARKETING": "Whether news may be mailed to an account.",
        "MEETUP": "Name on Meetup.",
        "NAME": "Name.",
        "RECOVERY_EMAIL": "Recovery email.",
        "SKILLS": "Skills, separated by commas.",
        "SKYPE": "Name on Skype.",
        "TWITTER": "Name on X.",
        "VISIBILITY": "Whether your profile is public or private.",
        "WEBSITE": "Website.",
    },
    name="PersonalDataField",
)


@strawberry.type(description="One value of a record, as text for people.")
class PersonalDataValue:
    name: str = column("Name of the value for programs, like `connectedAt`; it does not depend on the language.")
    label: str = column("Name of the value for people, in the language of the answer.")
    value: str | None = column(
        "The value, in the language of the answer; null if there is none. Another person is shown by the public name, a hidden "
        "one as `A member`. Phone numbers and postal addresses are masked: they are in the download."
    )


@strawberry.type(description="One record of your personal data.")
class PersonalDataRecord:
    values: list[PersonalDataValue] = column("The values of the record, always in the same order.")


@strawberry.type(description="A record on a page of a section.")
class PersonalDataRecordEdge:
    cursor: str = column("Cursor of this record, for `after` and `before`.", read=personal_data.record_cursor)
    node: PersonalDataRecord = column("The record.", itself=True)


@strawberry.type(description="A page of the records of a section, oldest first.")
class PersonalDataRecordConnection:
    edges: list[PersonalDataRecordEdge] = column("The records on this page, with their cursors.")
    nodes: list[PersonalDataRecord] = nodes_by("The records on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(
        personal_data.totals, "Number of records in the section.", key="code", work=Work(objects=5)
    )


@strawberry.type(description="A part of your personal data: the records of one kind.")
class PersonalDataSection:
    code: str = column("Code of the section, like `point-entry`; also the name of its file in the download.")
    title: str = column("Title of the section, in the language of the answer.")
    description: str = column(
        "Whether the records belong to your profile or to the account that is signed in, in the language of the answer."
    )
    records: PersonalDataRecordConnection = loaded_by(
        personal_data.pages, "The records, oldest first.", key="code", arguments=PAGE_ARGUMENTS
    )


@strawberry.type(
    description="One change of your personal data. Entries never change, and stay as long as your profile."
)
class PersonalDataChange:
    occurred_at: DateTime = column("When it was changed.", read=lambda row: row["at"])
    field: ChangedField = column("The field that was changed.")
    old: str | None = column(
        "Value before, in the language of the answer; null if there was none. Long texts are cut to 1,000 characters."
    )
    new: str | None = column("Value after, like `old`; null if there is none.")
    origin: Origin = column("Credential with which it was changed.")
    ip_address: str | None = column(
        "IP address of the caller; null if unknown, or if another account of yours made the change.",
        read=lambda row: row["address"],
    )
    actor: PersonAccount | None = loaded_by(
        accounts.by_id,
        "The account that made the change; null if it was an operator or the system, or no longer exists.",
        key="actor_id",
    )
    account: PersonAccount | None = loaded_by(
        accounts.by_id,
        "The account that the changed value belongs to; null if it belongs to your profile.",
        key="account_id",
    )


@strawberry.type(description="A change on a page of the history of your personal data.")
class PersonalDataChangeEdge:
    cursor: str = column("Cursor of this change, for `after` and `before`.", read=personal_data.change_cursor)
    node: PersonalDataChange = column("The change.", itself=True)


@strawberry.type(description="A page of the history of your personal data, newest first.")
class PersonalDataChangeConnection:
    edges: list[PersonalDataChangeEdge] = column("The changes on this page, with their cursors.")
    nodes: list[PersonalDataChange] = nodes_by("The changes on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(personal_data.change_totals, "Number of changes in the history.", key="profile_id")


enum_of(
    ExportState,
    "State of a download of your personal data.",
    {
        "PENDING": "It waits, or is being made; this takes from seconds to minutes. You get an email when it is ready.",
        "READY": "It can be fetched until it expires.",
        "FAILED": "It could not be made. Request another one.",
    },
    name="PersonalDataDownloadState",
)


@strawberry.type(
    description="A download of your personal data: a zip archive of JSON files, your pictures and a readable page, `index.html`."
)
class PersonalDataDownload(Node):
    id: strawberry.ID = column("Opaque id of the download, like `dwn_5k2v9x0qcm`.", read=id_of("PersonalDataDownload"))
    state: ExportState = column("State of the download.")
    requested_at: DateTime = column("When it was requested.")
    ready_at: DateTime | None = column("When it became ready; null before.")
    expires_at: DateTime | None = column("When it is deleted, seven days after it became ready or failed; null before.")
    size_in_kilobytes: int | None = column("Size of the archive in units of 1,000 bytes; null if it is not ready.")
    url: str | None = column(
        "Address of the archive, at this server; null if it is not ready. It works only in an elevated session of the account "
        "that requested it."
    )


@strawberry.type(
    description="Everything that is stored about you, without secrets such as passwords, and of other people only their "
    "public names."
)
class PersonalData:
    tracked_since: DateTime = loaded_by(
        personal_data.tracked_since,
        "From when on `changes` is complete; earlier changes were not recorded.",
        key="profile_id",
    )
    sections: list[PersonalDataSection] = answered_by(
        personal_data.sections,
        "The stored data, by kind. Records of an account are those of the account that is signed in. Tokens do not read those about "
        "sessions, tokens, API keys, the second factor and the audit trail.",
        work=Work(rows=40),
    )
    section: PersonalDataSection | None = answered_by(
        personal_data.section,
        "One of the sections, to read it page by page; null if there is none with this code that you may read.",
        arguments={"code": "Code of the section, like `point-entry`."},
    )
    changes: PersonalDataChangeConnection = loaded_by(
        personal_data.changes,
        "The history of your personal data, newest first.",
        key="profile_id",
        arguments=PAGE_ARGUMENTS,
    )

    downloads: list[PersonalDataDownload] = answered_by(
        personal_data.downloads_of_viewer,
        "Downloads that the account that is signed in has requested and that have not expired, newest first. Tokens may not read "
        "them.",
        allowed=[PersonItself()],
        work=Work(rows=3),
    )


@strawberry.type
class PersonalDataOfViewer:
    personal_data: PersonalData = answered_by(
        personal_data.of_viewer, "Everything that is stored about you, and the history of its changes."
    )


@strawberry.input(description="A download to request.")
class RequestPersonalDataDownloadInput:
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A value of 1 to 128 characters that is new for each request, like a UUID. The same call within 24 hours "
        "returns the same download, so that a call without an answer can be repeated safely.",
    )


@strawberry.type(description="Payload of `requestPersonalDataDownload`.")
class RequestPersonalDataDownloadPayload:
    download: PersonalDataDownload | None = loaded_by(
        personal_data.downloads_by_id,
        "The download: a new one, or the one that is still being made; null if refused.",
        key="download_id",
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class PersonalDataMutation:
    request_personal_data_download: RequestPersonalDataDownloadPayload | None = mutation_by(
        personal_data.request_download,
        "Request a download of everything that is stored about you, for the account that is signed in. It is made in the background; "
        "an email says when it is ready. It replaces an earlier one.",
        allowed=[Elevated()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.IDEMPOTENCY_MISMATCH, ErrorCode.NOT_FOUND, ErrorCode.RATE_LIMITED],
        input=RequestPersonalDataDownloadInput,
    )
