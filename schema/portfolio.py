"""Projects that people show, and who worked on them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from catalogue.projects import ProjectFieldName
from models.portfolio import ProjectState
from resolvers import portfolio, profiles
from resolvers import portfolio_pages as pages
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import answered_as, answered_by, column, loaded_by
from schema.nodes import PAGE, Node, PageInfo, id_of
from schema.scalars import DateTime, Day
from services.errors import ErrorCode

if TYPE_CHECKING:
    from schema.profiles import Profile

SomeProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]

enum_of(
    ProjectState,
    "Who sees a project.",
    {"DRAFT": "Its owner alone: for everyone else it does not exist.", "PUBLISHED": "Whoever sees its owner."},
)
enum_of(
    ProjectFieldName,
    "A field of a project's editor.",
    {
        "TITLE": "What the project is called.",
        "DESCRIPTION": "What the app is.",
        "CUSTOMER": "Whom it was built for.",
        "BUSINESS_NEED": "What it was needed for.",
        "SOLUTION": "How the app answers that need.",
        "RESULTS": "What has changed since.",
        "COLLABORATORS": "Who worked on it too.",
        "STARTED_ON": "When work began.",
        "ENDED_ON": "When it was done.",
        "IMAGES": "Pictures of it.",
    },
)


@strawberry.type(description="A field of a project's editor, and the tip that stands beside it.")
class ProjectField:
    name: ProjectFieldName = column("Which field it is.")
    label: str = column("What it is called, in the language of the answer.")
    tip: str = column("What to write there, in the language of the answer.")
    required: bool = column("Whether a project needs it to be published. A draft needs only a title.")
    max_length: int | None = column("Characters at most; null for what is no text.")


@strawberry.type(description="A project needs a field: it is missing, or an edit would blank it.")
class ProjectFieldError(UserError):
    field: ProjectFieldName = column("Which field it is.")


answered_as(ErrorCode.PROJECT_FIELD_MISSING, "ProjectFieldError")
answered_as(ErrorCode.PROJECT_FIELD_REQUIRED, "ProjectFieldError")


@strawberry.type(description="A picture of a project.")
class ProjectImage:
    id: strawberry.ID = column("Opaque id of the picture.", read=id_of("ProjectImage"))
    url: str = column("Address on this server, in its own shape, at most 1600 pixels each way.", read=portfolio.large)
    thumbnail_url: str = column("Address of a small one, at most 400 pixels each way.", read=portfolio.small)
    caption: str | None = column("What there is to see, plain text; null where nothing was said.")


@strawberry.type(description="A project that somebody shows. All of its texts are plain, and as they were typed.")
class Project(Node):
    id: strawberry.ID = column("Opaque id of the project.", read=id_of("Project"))
    title: str = column("What it is called.")
    description: str | None = loaded_by(portfolio.texts, "What the app is.", read="description")
    customer: str | None = loaded_by(portfolio.texts, "Whom it was built for.", read="customer")
    business_need: str | None = loaded_by(portfolio.texts, "What it was needed for.", read="business_need")
    solution: str | None = loaded_by(portfolio.texts, "How the app answers that need.", read="solution")
    results: str | None = loaded_by(portfolio.texts, "What has changed since.", read="results")
    started_on: Day | None = column("When work began.")
    ended_on: Day | None = column("When it was done.")
    state: ProjectState = column("Who sees it. Nobody but the owner ever meets a draft.")
    owner: SomeProfile | None = loaded_by(profiles.by_id, "Whose portfolio it is in.", key="owner_id")
    collaborators: list[SomeProfile] = loaded_by(
        portfolio.collaborators, "Whom you may see of those who worked on it too, in the order they were named."
    )
    collaborator_count: int = loaded_by(portfolio.collaborator_counts, "How many `collaborators` lists.")
    images: list[ProjectImage] = loaded_by(portfolio.images, "Up to six pictures, in the order they were added.")
    created_at: DateTime = column("When it was begun here.")
    published_at: DateTime | None = column("When it was published; null for a draft.")
    edited_at: DateTime | None = column("When it was last edited; null when it never was.")
    version: int = column("Grows with every change by its owner; `updateProject` can expect it.")
    viewer_can_edit: bool = column("Whether it is yours.", read=portfolio.is_own)


@strawberry.type(description="A project in a page of somebody's portfolio.")
class ProjectEdge:
    cursor: str = column("Where the project stands in the portfolio.", read=pages.cursor_of)
    node: Project = column("The project.", itself=True)


@strawberry.type(description="A page of somebody's portfolio, in the order its owner chose.")
class ProjectConnection:
    edges: list[ProjectEdge] = column("The projects of this page.")
    page_info: PageInfo = column("Where the page lies.")
    total_count: int = loaded_by(pages.totals, "How many projects there are in the list.", key=pages.listed_by)


@strawberry.type(description="A project in a page of those that somebody is named on.")
class CollaborationEdge:
    cursor: str = column("Where the project stands in the list.", read=pages.collaboration_cursor_of)
    node: Project = column("The project.", itself=True)


@strawberry.type(description="A page of published projects of others that somebody is named on, the newest first.")
class CollaborationConnection:
    edges: list[CollaborationEdge] = column("The projects of this page.")
    page_info: PageInfo = column("Where the page lies.")
    total_count: int = loaded_by(
        pages.collaboration_totals, "How many projects there are in the list.", key="profile_id"
    )


@strawberry.type
class PortfolioOfProfile:
    projects: ProjectConnection = loaded_by(
        pages.of_profiles,
        "The person's portfolio, in the order they chose. Drafts are there for the person alone.",
        arguments={**PAGE, "state": "Only drafts, or only what is published; all that you may see, unless asked."},
    )
    project_count: int = loaded_by(pages.counts, "How many projects the person has published.")
    collaborations: CollaborationConnection = loaded_by(
        pages.collaborations,
        "Published projects of others that the person is named on as a collaborator, the newest first.",
        arguments=PAGE,
    )


@strawberry.type
class PortfolioQuery:
    project: Project | None = answered_by(
        portfolio.project,
        "One project. Null for one that you may not see, as for one that never was.",
        arguments={"id": "The opaque id."},
    )
    project_fields: list[ProjectField] = answered_by(
        portfolio.fields, "The fields of a project's editor in their order, and the tips beside them."
    )
