"""Writing one's own projects, and taking one's name off those of others."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import portfolio, profiles, project_editing
from resolvers.base.permissions import Person
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.portfolio import Project
from schema.scalars import Day, Upload

if TYPE_CHECKING:
    from schema.profiles import Profile

SomeProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]
Text = strawberry.Maybe[str | None]
Date = strawberry.Maybe[Day | None]
People = strawberry.Maybe[list[strawberry.ID] | None]

DESCRIPTION = "What the app is, up to 5000 characters, on several lines."
CUSTOMER = "Whom it was built for, up to 200 characters."
BUSINESS_NEED = "What it was needed for, up to 5000 characters, on several lines."
SOLUTION = "How the app answers that need, up to 5000 characters, on several lines."
RESULTS = "What has changed since, up to 5000 characters, on several lines."
STARTED_ON = "When work began."
ENDED_ON = "When it was done, not before it began."
COLLABORATORS = (
    "Profiles of up to 30 people who worked on it too; they replace those that you see named. They hear of it once it is published, "
    "and may take their names off, which is for good."
)
KEY = (
    "1 to 128 characters that are new for each project, like a UUID: the same call again within 24 hours is answered with "
    "the first one's project."
)
VERSION = "The project's `version` that you saw: at any other one nothing is changed. Left out: whatever it is now."
REFUSED = "Everything that is wrong, once for each field; empty when nothing is."


@strawberry.input(
    description="A new project. All texts are plain and kept as typed, without the white space around them."
)
class CreateProjectInput:
    title: str = strawberry.field(description="What it is called, up to 120 characters.")
    description: Text = strawberry.field(description=DESCRIPTION)
    customer: Text = strawberry.field(description=CUSTOMER)
    business_need: Text = strawberry.field(description=BUSINESS_NEED)
    solution: Text = strawberry.field(description=SOLUTION)
    results: Text = strawberry.field(description=RESULTS)
    started_on: Date = strawberry.field(description=STARTED_ON)
    ended_on: Date = strawberry.field(description=ENDED_ON)
    collaborators: People = strawberry.field(description=COLLABORATORS)
    submit: bool = strawberry.field(
        default=False,
        description="Publish it at once, which takes every text; else it is a draft, which you alone see.",
    )
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=KEY)


@strawberry.input(
    description="What to change about a project. What is left out stays as it is; null or an empty text clears."
)
class UpdateProjectInput:
    project: strawberry.ID = strawberry.field(description="A project of yours.")
    title: Text = strawberry.field(description="What it is called, up to 120 characters; it cannot be cleared.")
    description: Text = strawberry.field(description=DESCRIPTION)
    customer: Text = strawberry.field(description=CUSTOMER)
    business_need: Text = strawberry.field(description=BUSINESS_NEED)
    solution: Text = strawberry.field(description=SOLUTION)
    results: Text = strawberry.field(description=RESULTS)
    started_on: Date = strawberry.field(description=STARTED_ON)
    ended_on: Date = strawberry.field(description=ENDED_ON)
    collaborators: People = strawberry.field(description=COLLABORATORS)
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(
    description="What to keep for later. What is left out stays as it is, or blank in a new draft; null or an empty text clears."
)
class SaveProjectDraftInput:
    project: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A draft of yours; left out: a new one."
    )
    title: Text = strawberry.field(
        description="What it is called, up to 120 characters; a draft needs it, and nothing else."
    )
    description: Text = strawberry.field(description=DESCRIPTION)
    customer: Text = strawberry.field(description=CUSTOMER)
    business_need: Text = strawberry.field(description=BUSINESS_NEED)
    solution: Text = strawberry.field(description=SOLUTION)
    results: Text = strawberry.field(description=RESULTS)
    started_on: Date = strawberry.field(description=STARTED_ON)
    ended_on: Date = strawberry.field(description=ENDED_ON)
    collaborators: People = strawberry.field(description=COLLABORATORS)
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET, description=f"{VERSION} Of no meaning for a new draft."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"{KEY} Of no meaning for a draft that is there already."
    )


@strawberry.input(description="Which project to publish.")
class SubmitProjectInput:
    project: strawberry.ID = strawberry.field(description="A draft of yours in which every text is given.")
    expected_version: int | None = strawberry.field(default=strawberry.UNSET, description=VERSION)


@strawberry.input(description="Which project to make a draft again.")
class UnpublishProjectInput:
    project: strawberry.ID = strawberry.field(description="A project of yours.")


@strawberry.input(description="Which project to delete.")
class DeleteProjectInput:
    project: strawberry.ID = strawberry.field(description="A project of yours, draft or published.")


@strawberry.input(description="The order of your portfolio.")
class OrderProjectsInput:
    projects: list[strawberry.ID] = strawberry.field(
        description="Projects of yours, drafts or published, in the order they are shown in; those left out follow as they are. A new "
        "project comes before all."
    )


@strawberry.input(description="Which project to take your name off.")
class UntagFromProjectInput:
    project: strawberry.ID = strawberry.field(description="A published project that you are named on.")


@strawberry.input(description="A picture for a project.")
class AddProjectImageInput:
    project: strawberry.ID = strawberry.field(description="A project of yours with fewer than six pictures.")
    image: Upload = strawberry.field(
        description="A PNG, JPEG, WebP or GIF of up to 25 million pixels. It keeps its shape; nothing else of the file is kept."
    )
    caption: str | None = strawberry.field(
        default=strawberry.UNSET, description="What there is to see, up to 200 characters."
    )


@strawberry.input(description="Which picture to delete.")
class RemoveProjectImageInput:
    image: strawberry.ID = strawberry.field(description="A picture of a project of yours.")


@strawberry.type(description="Answer to `createProject`.")
class CreateProjectPayload:
    project: Project | None = loaded_by(
        portfolio.by_id, "The project; null when refused, or deleted since the first call.", key="project_id"
    )
    errors: list[UserError] = column(REFUSED)


@strawberry.type(description="Answer to `updateProject`.")
class UpdateProjectPayload:
    project: Project | None = loaded_by(portfolio.by_id, "The project; null when refused.", key="project_id")
    errors: list[UserError] = column(REFUSED)


@strawberry.type(description="Answer to `saveProjectDraft`.")
class SaveProjectDraftPayload:
    project: Project | None = loaded_by(portfolio.by_id, "The draft; null when refused.", key="project_id")
    errors: list[UserError] = column(REFUSED)


@strawberry.type(description="Answer to `submitProject`.")
class SubmitProjectPayload:
    project: Project | None = loaded_by(portfolio.by_id, "The project, published; null when refused.", key="project_id")
    errors: list[UserError] = column("What is missing, once for each field; empty when nothing is.")


@strawberry.type(description="Answer to `unpublishProject`.")
class UnpublishProjectPayload:
    project: Project | None = loaded_by(portfolio.by_id, "The project, a draft; null when refused.", key="project_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `deleteProject`.")
class DeleteProjectPayload:
    deleted_id: strawberry.ID | None = column("The id that the project had; null when refused.")
    profile: SomeProfile | None = loaded_by(profiles.by_id, "You; null when refused.", key="profile_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `orderProjects`.")
class OrderProjectsPayload:
    profile: SomeProfile | None = loaded_by(
        profiles.by_id, "You, with your projects in their new order; null when refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `untagFromProject`.")
class UntagFromProjectPayload:
    project: Project | None = loaded_by(
        portfolio.by_id, "The project, without your name; null when refused.", key="project_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `addProjectImage`.")
class AddProjectImagePayload:
    project: Project | None = loaded_by(
        portfolio.by_id, "The project, with the picture; null when refused.", key="project_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `removeProjectImage`.")
class RemoveProjectImagePayload:
    project: Project | None = loaded_by(
        portfolio.by_id, "The project, without the picture; null when refused.", key="project_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class ProjectEditingMutation:
    create_project: CreateProjectPayload = mutation_by(
        project_editing.create,
        "Begin a project in your portfolio: a draft, or published at once.",
        allowed=[Person()],
        input=CreateProjectInput,
    )
    update_project: UpdateProjectPayload = mutation_by(
        project_editing.update,
        "Change a project of yours: all that you name, or nothing when something is wrong with it. A published one keeps every "
        "text that it has.",
        allowed=[Person()],
        input=UpdateProjectInput,
    )
    save_project_draft: SaveProjectDraftPayload = mutation_by(
        project_editing.save_draft,
        "Keep a project for later, new or begun. Refused for one that is published.",
        allowed=[Person()],
        input=SaveProjectDraftInput,
    )
    submit_project: SubmitProjectPayload = mutation_by(
        project_editing.submit,
        "Publish a project, which takes every text. Collaborators hear of it. Nothing happens to a published one.",
        allowed=[Person()],
        input=SubmitProjectInput,
    )
    unpublish_project: UnpublishProjectPayload = mutation_by(
        project_editing.unpublish,
        "Make a published project a draft again: for everyone else it is gone.",
        allowed=[Person()],
        input=UnpublishProjectInput,
    )
    delete_project: DeleteProjectPayload = mutation_by(
        project_editing.delete,
        "Delete a project for good, with its pictures.",
        allowed=[Person()],
        input=DeleteProjectInput,
    )
    order_projects: OrderProjectsPayload = mutation_by(
        project_editing.order, "Choose the order of your portfolio.", allowed=[Person()], input=OrderProjectsInput
    )
    untag_from_project: UntagFromProjectPayload = mutation_by(
        project_editing.untag,
        "Take your name off somebody's project, for good: its owner cannot put it on again.",
        allowed=[Person()],
        input=UntagFromProjectInput,
    )
    add_project_image: AddProjectImagePayload = mutation_by(
        project_editing.add_image,
        "Add a picture to a project of yours. Sent as a multipart request, with the header `GraphQL-Require-Preflight`.",
        allowed=[Person()],
        input=AddProjectImageInput,
    )
    remove_project_image: RemoveProjectImagePayload = mutation_by(
        project_editing.remove_image,
        "Delete a picture of a project of yours.",
        allowed=[Person()],
        input=RemoveProjectImageInput,
    )
