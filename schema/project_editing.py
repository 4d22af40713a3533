"""Editing the viewer's own projects, and removing one's tag from others' projects."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import portfolio, profiles, project_editing
from resolvers.base.permissions import Person
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.portfolio import Project
from schema.scalars import Day, Upload
from services.errors import ErrorCode

if TYPE_CHECKING:
    from schema.profiles import Profile

LazyProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]
MaybeText = strawberry.Maybe[str | None]
MaybeDay = strawberry.Maybe[Day | None]
MaybeIds = strawberry.Maybe[list[strawberry.ID] | None]
MaybeCodes = strawberry.Maybe[list[str] | None]

DESCRIPTION = "Description of the app, up to 5000 characters, with line breaks."
CUSTOMER = "The customer it was built for, up to 200 characters."
BUSINESS_NEED = "The business need behind it, up to 5000 characters, with line breaks."
SOLUTION = "How the app meets the business need, up to 5000 characters, with line breaks."
RESULTS = "Improvements since the app went live, up to 5000 characters, with line breaks."
STARTED_ON = "Day the work started."
ENDED_ON = "Day the work ended, not before it started."
SKILL_CODES = "Codes of up to 10 of `Query.skills` that the project required."
COLLABORATOR_IDS = (
    "Profile ids of up to 30 other people who worked on it, like `prf_5k2v9x0qcm`, to tag on the project. "
    "They are notified when the project is published, and each can remove their tag for "
    "good."
)
IDEMPOTENCY_KEY = (
    "A value of 1 to 128 characters that is new for each project, like a UUID. The same call within 24 hours returns "
    "the project of the first call."
)
VERSION = (
    "The `version` of the project that you edited. If it has changed since, the mutation is refused with "
    "VERSION_CONFLICT. Omit it to skip the check."
)
PROBLEMS = (
    "Why the mutation was refused: one error for each field that is not valid, or another error. Empty on success."
)


@strawberry.input(
    description=(
        "The project to create. All texts are plain text and stored as typed, without leading and trailing white space."
    )
)
class CreateProjectInput:
    title: str = strawberry.field(description="Title of the project, up to 120 characters.")
    description: MaybeText = strawberry.field(description=DESCRIPTION)
    customer: MaybeText = strawberry.field(description=CUSTOMER)
    business_need: MaybeText = strawberry.field(description=BUSINESS_NEED)
    solution: MaybeText = strawberry.field(description=SOLUTION)
    results: MaybeText = strawberry.field(description=RESULTS)
    started_on: MaybeDay = strawberry.field(description=STARTED_ON)
    ended_on: MaybeDay = strawberry.field(description=ENDED_ON)
    skill_codes: MaybeCodes = strawberry.field(description=SKILL_CODES)
    collaborator_ids: MaybeIds = strawberry.field(description=COLLABORATOR_IDS)
    publish: bool = strawberry.field(
        default=False,
        description=(
            "True to publish the project at once, which requires all texts. False, the default, to create a draft that "
            "only you can see: it needs a title only."
        ),
    )
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(
    description="The fields of a project to change. Omitted fields do not change; null or an empty text clears a field."
)
class UpdateProjectInput:
    project_id: strawberry.ID = strawberry.field(description="Id of your project, like `prj_5k2v9x0qcm`.")
    title: MaybeText = strawberry.field(description="Title of the project, up to 120 characters. It cannot be cleared.")
    description: MaybeText = strawberry.field(description=DESCRIPTION)
    customer: MaybeText = strawberry.field(description=CUSTOMER)
    business_need: MaybeText = strawberry.field(description=BUSINESS_NEED)
    solution: MaybeText = strawberry.field(description=SOLUTION)
    results: MaybeText = strawberry.field(description=RESULTS)
    started_on: MaybeDay = strawberry.field(description=STARTED_ON)
    ended_on: MaybeDay = strawberry.field(description=ENDED_ON)
    skill_codes: MaybeCodes = strawberry.field(description=f"{SKILL_CODES} They replace its skills.")
    collaborator_ids: MaybeIds = strawberry.field(
        description=f"{COLLABORATOR_IDS} They replace the collaborators that you can see."
    )
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(description="The project to publish.")
class PublishProjectInput:
    project_id: strawberry.ID = strawberry.field(
        description="Id of your project, like `prj_5k2v9x0qcm`; all texts must be filled in."
    )
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(description="The published project to turn into a draft.")
class UnpublishProjectInput:
    project_id: strawberry.ID = strawberry.field(description="Id of your project, like `prj_5k2v9x0qcm`.")


@strawberry.input(description="The project to delete.")
class DeleteProjectInput:
    project_id: strawberry.ID = strawberry.field(
        description="Id of your project, like `prj_5k2v9x0qcm`; draft or published."
    )


@strawberry.input(description="The order of the projects in your portfolio.")
class ReorderProjectsInput:
    project_ids: list[strawberry.ID] = strawberry.field(
        description=(
            "Ids of your projects, drafts or published, in display order. Projects that you omit follow in their "
            "present order. A new project is placed first."
        )
    )


@strawberry.input(description="The project to remove your tag from.")
class UntagFromProjectInput:
    project_id: strawberry.ID = strawberry.field(
        description="Id of a published project on which you are tagged, like `prj_5k2v9x0qcm`."
    )


@strawberry.input(description="The picture to add to a project.")
class AddProjectImageInput:
    project_id: strawberry.ID = strawberry.field(
        description="Id of your project, like `prj_5k2v9x0qcm`; it must have fewer than six pictures."
    )
    image: Upload = strawberry.field(
        description=(
            "A PNG, JPEG, WebP or GIF file of up to 25 million pixels. It keeps its proportions and is stored again "
            "without metadata."
        )
    )
    caption: str | None = strawberry.field(
        default=strawberry.UNSET, description="Description of the picture, up to 200 characters."
    )


@strawberry.input(description="The picture to delete.")
class RemoveProjectImageInput:
    image_id: strawberry.ID = strawberry.field(description="Id of a picture of your project, like `img_5k2v9x0qcm`.")


@strawberry.type(description="Payload of `createProject`.")
class CreateProjectPayload:
    project: Project | None = loaded_by(
        portfolio.by_id,
        "The project; null if refused, or if it was deleted since the first call with this key.",
        key="project_id",
    )
    errors: list[UserError] = column(PROBLEMS)


@strawberry.type(description="Payload of `updateProject`.")
class UpdateProjectPayload:
    project: Project | None = loaded_by(portfolio.by_id, "The project; null if refused.", key="project_id")
    errors: list[UserError] = column(PROBLEMS)


@strawberry.type(description="Payload of `publishProject`.")
class PublishProjectPayload:
    project: Project | None = loaded_by(portfolio.by_id, "The published project; null if refused.", key="project_id")
    errors: list[UserError] = column(
        "Why the mutation was refused: a `ProjectFieldError` for each missing field, or another error. Empty on success."
    )


@strawberry.type(description="Payload of `unpublishProject`.")
class UnpublishProjectPayload:
    project: Project | None = loaded_by(portfolio.by_id, "The project, now a draft; null if refused.", key="project_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `deleteProject`.")
class DeleteProjectPayload:
    deleted_project_id: strawberry.ID | None = column("Former id of the project; null if refused.")
    profile: LazyProfile | None = loaded_by(profiles.by_id, "Your profile; null if refused.", key="profile_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `reorderProjects`.")
class ReorderProjectsPayload:
    profile: LazyProfile | None = loaded_by(
        profiles.by_id, "Your profile, with the projects in their new order; null if refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `untagFromProject`.")
class UntagFromProjectPayload:
    project: Project | None = loaded_by(
        portfolio.by_id, "The project, without your tag; null if refused.", key="project_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `addProjectImage`.")
class AddProjectImagePayload:
    project: Project | None = loaded_by(
        portfolio.by_id, "The project, with the picture; null if refused.", key="project_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `removeProjectImage`.")
class RemoveProjectImagePayload:
    project: Project | None = loaded_by(
        portfolio.by_id, "The project, without the picture; null if refused.", key="project_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class ProjectEditingMutation:
    create_project: CreateProjectPayload | None = mutation_by(
        project_editing.create,
        "Create a project in your portfolio: a draft that only you can see, or a published project.",
        allowed=[Person()],
        codes=[
            ErrorCode.BAD_ID,
            ErrorCode.BAD_INPUT,
            ErrorCode.BLOCKED,
            ErrorCode.IDEMPOTENCY_MISMATCH,
            ErrorCode.NOT_FOUND,
            ErrorCode.NOT_TAGGABLE,
            ErrorCode.NOT_YOURSELF,
            ErrorCode.PROJECT_FIELD_MISSING,
            ErrorCode.RATE_LIMITED,
            ErrorCode.TOO_MANY_ITEMS,
            ErrorCode.UNKNOWN_TERM,
        ],
        input=CreateProjectInput,
    )
    update_project: UpdateProjectPayload | None = mutation_by(
        project_editing.update,
        "Change your project, draft or published. Either all fields of the input are changed, or none if one of them is "
        "not valid. The texts of a published project cannot be cleared.",
        allowed=[Person()],
        codes=[
            ErrorCode.BAD_ID,
            ErrorCode.BAD_INPUT,
            ErrorCode.BLOCKED,
            ErrorCode.NOT_FOUND,
            ErrorCode.NOT_TAGGABLE,
            ErrorCode.NOT_YOURSELF,
            ErrorCode.PROJECT_FIELD_MISSING,
            ErrorCode.PROJECT_FIELD_REQUIRED,
            ErrorCode.RATE_LIMITED,
            ErrorCode.TOO_MANY_ITEMS,
            ErrorCode.UNKNOWN_TERM,
            ErrorCode.VERSION_CONFLICT,
        ],
        input=UpdateProjectInput,
    )
    publish_project: PublishProjectPayload | None = mutation_by(
        project_editing.publish,
        "Publish your project; all texts are required. Its collaborators are notified. Nothing changes if it is published "
        "already.",
        allowed=[Person()],
        codes=[
            ErrorCode.BAD_ID,
            ErrorCode.BAD_INPUT,
            ErrorCode.NOT_FOUND,
            ErrorCode.PROJECT_FIELD_MISSING,
            ErrorCode.RATE_LIMITED,
            ErrorCode.VERSION_CONFLICT,
        ],
        input=PublishProjectInput,
    )
    unpublish_project: UnpublishProjectPayload | None = mutation_by(
        project_editing.unpublish,
        "Turn a published project into a draft; other people can no longer see it.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=UnpublishProjectInput,
    )
    delete_project: DeleteProjectPayload | None = mutation_by(
        project_editing.delete,
        "Delete a project and its pictures for good.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=DeleteProjectInput,
    )
    reorder_projects: ReorderProjectsPayload | None = mutation_by(
        project_editing.order,
        "Set the order of the projects in your portfolio.",
        allowed=[Person()],
        codes=[
            ErrorCode.BAD_ID,
            ErrorCode.BAD_INPUT,
            ErrorCode.NOT_FOUND,
            ErrorCode.RATE_LIMITED,
            ErrorCode.TOO_MANY_ITEMS,
        ],
        input=ReorderProjectsInput,
    )
    untag_from_project: UntagFromProjectPayload | None = mutation_by(
        project_editing.untag,
        "Remove your tag from another person's project, for good: its owner cannot tag you on it again.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=UntagFromProjectInput,
    )
    add_project_image: AddProjectImagePayload | None = mutation_by(
        project_editing.add_image,
        "Add a picture to your project. Send a multipart request with the header `GraphQL-Require-Preflight`.",
        allowed=[Person()],
        codes=[
            ErrorCode.BAD_ID,
            ErrorCode.BAD_INPUT,
            ErrorCode.BAD_PICTURE,
            ErrorCode.NOT_FOUND,
            ErrorCode.PICTURE_TOO_LARGE,
            ErrorCode.RATE_LIMITED,
            ErrorCode.TOO_MANY_ITEMS,
        ],
        input=AddProjectImageInput,
    )
    remove_project_image: RemoveProjectImagePayload | None = mutation_by(
        project_editing.remove_image,
        "Delete a picture of your project.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=RemoveProjectImageInput,
    )
