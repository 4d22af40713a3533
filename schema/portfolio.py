"""Projects and their collaborators."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from catalogue.projects import ProjectFieldName
from models.portfolio import ProjectState
from resolvers import portfolio, portfolio_pages, profiles, project_search
from resolvers import terms as term_resolvers
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import Work, answered_by, column, loaded_by
from schema.nodes import PAGE_ARGUMENTS, Node, PageInfo, id_of, nodes_by
from schema.scalars import DateTime, Day
from schema.terms import Skill

if TYPE_CHECKING:
    from schema.profiles import Profile

LazyProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]

enum_of(
    ProjectState,
    "State of a project, which decides who sees it.",
    {
        "DRAFT": "Visible to its owner only; for everyone else it does not exist.",
        "PUBLISHED": "Visible to everyone who can see its owner.",
    },
)
enum_of(
    project_search.ProjectOrder,
    "Order of a list of projects.",
    {
        "RELEVANCE": "Best match of the words first, then published last first. Without `search` the same as NEWEST.",
        "NEWEST": "Published last first.",
    },
)
enum_of(
    ProjectFieldName,
    "A field of the project editor.",
    {
        "TITLE": "Title of the project.",
        "DESCRIPTION": "Description of the app.",
        "CUSTOMER": "The customer it was built for.",
        "BUSINESS_NEED": "The business need behind it.",
        "SOLUTION": "How the app meets the business need.",
        "RESULTS": "Improvements since the app went live.",
        "SKILLS": "Skills that the project required.",
        "COLLABORATORS": "Other people who worked on it.",
        "STARTED_ON": "Day the work started.",
        "ENDED_ON": "Day the work ended.",
        "IMAGES": "Pictures of the project.",
    },
)


@strawberry.type(description="A field of the project editor, with its tip.")
class ProjectField:
    name: ProjectFieldName = column("Name of the field.")
    label: str = column("Label of the field, in the language of the answer.")
    tip: str = column("Advice on filling in the field, in the language of the answer.")
    is_required: bool = column("True if a project needs it to be published. A draft needs a title only.")
    max_length: int | None = column("Maximum number of characters; null if the field is not a text.")


@strawberry.type(description="A project needs this field: it is missing, or an edit would clear it.")
class ProjectFieldError(UserError):
    field: ProjectFieldName = column("The field that is missing.")


@strawberry.type(description="A picture of a project.")
class ProjectImage(Node):
    id: strawberry.ID = column("Opaque id of the picture, like `img_5k2v9x0qcm`.", read=id_of("ProjectImage"))
    url: str = column(
        "URL of the picture, a WebP file; it keeps its proportions and has at most 1600 pixels per side. While only you can "
        "see the project, it works for about an hour, for everyone who has it.",
        read=portfolio.large,
    )
    thumbnail_url: str = column(
        "URL of a smaller version, at most 400 pixels per side; as `url`.", read=portfolio.small
    )
    caption: str | None = column("Description of the picture, plain text; null if there is none.")


@strawberry.type(description="A project in a person's portfolio. All texts are plain text, as typed.")
class Project(Node):
    id: strawberry.ID = column("Opaque id of the project, like `prj_5k2v9x0qcm`.", read=id_of("Project"))
    title: str = column("Title of the project.")
    description: str | None = loaded_by(
        portfolio.texts, "Description of the app; null if not given.", read="description"
    )
    customer: str | None = loaded_by(
        portfolio.texts, "The customer it was built for; null if not given.", read="customer"
    )
    business_need: str | None = loaded_by(
        portfolio.texts, "The business need behind it; null if not given.", read="business_need"
    )
    solution: str | None = loaded_by(
        portfolio.texts, "How the app meets the business need; null if not given.", read="solution"
    )
    results: str | None = loaded_by(
        portfolio.texts, "Improvements since the app went live; null if not given.", read="results"
    )
    started_on: Day | None = column("Day the work started; null if unknown.")
    ended_on: Day | None = column("Day the work ended; null if it goes on, or if the day is unknown.")
    state: ProjectState = column("Whether the project is a draft or published. Drafts are visible to their owner only.")
    owner: LazyProfile | None = loaded_by(
        profiles.by_id,
        "The person whose portfolio contains the project; null if their profile became hidden in the meantime.",
        key="owner_id",
    )
    skills: list[Skill] = loaded_by(
        term_resolvers.skills_of_projects, "Up to ten skills that the project required, ordered by name."
    )
    collaborators: list[LazyProfile] = loaded_by(
        portfolio.collaborators,
        "Other people who worked on the project, without hidden profiles, in the order in which the owner tagged them.",
    )
    images: list[ProjectImage] = loaded_by(portfolio.images, "Up to six pictures, in the order they were added.")
    created_at: DateTime = column("When the project was created.")
    published_at: DateTime | None = column("When it was published; null for a draft.")
    edited_at: DateTime | None = column("When it was last edited; null if never.")
    version: int = column(
        "Version number that grows with every change by the owner; pass it to `updateProject` as `expectedVersion`."
    )
    can_edit: bool = column("True if you may edit it: you are the owner.", read=portfolio.is_own)


@strawberry.type(description="A project on a page of a portfolio.")
class PortfolioEdge:
    cursor: str = column("Cursor of this project, for `after` and `before`.", read=portfolio_pages.cursor_of)
    node: Project = column("The project.", itself=True)


@strawberry.type(description="A page of a portfolio, in the order that its owner chose.")
class PortfolioConnection:
    edges: list[PortfolioEdge] = column("The projects on this page, with their cursors.")
    nodes: list[Project] = nodes_by("The projects on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(
        portfolio_pages.totals, "Number of projects in the whole list.", key=portfolio_pages.list_of
    )


@strawberry.type(description="A project on a page of collaborations.")
class CollaborationEdge:
    cursor: str = column(
        "Cursor of this project, for `after` and `before`.", read=portfolio_pages.collaboration_cursor_of
    )
    node: Project = column("The project.", itself=True)


@strawberry.type(description="A page of other people's published projects on which a person is tagged, newest first.")
class CollaborationConnection:
    edges: list[CollaborationEdge] = column("The projects on this page, with their cursors.")
    nodes: list[Project] = nodes_by("The projects on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(
        portfolio_pages.collaboration_totals, "Number of projects in the whole list.", key="profile_id"
    )


@strawberry.type(description="A project on a page of published projects.")
class ProjectEdge:
    cursor: str = column("Cursor of this project, for `after` and `before`; valid in this list only.")
    node: Project = column("The project.", read=project_search.project_of)


@strawberry.type(description="A page of published projects of many people.")
class ProjectConnection:
    edges: list[ProjectEdge] = column("The projects on this page, with their cursors.")
    nodes: list[Project] = nodes_by("The projects on this page.", project_search.project_of)
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(project_search.totals, "Number of projects in the whole list.", key="listing")


@strawberry.type
class ProjectsOfCompany:
    projects: ProjectConnection | None = loaded_by(
        project_search.of_companies,
        "Published projects of the people who work at the company, published last first. Projects of hidden profiles and "
        "of people that you have blocked are left out.",
        arguments=PAGE_ARGUMENTS,
        work=Work(100),
    )


@strawberry.type
class PortfolioOfProfile:
    projects: PortfolioConnection = loaded_by(
        portfolio_pages.of_profiles,
        "Projects of the person, in the order the person chose. Drafts are included for the person only.",
        arguments={
            **PAGE_ARGUMENTS,
            "state": "Only drafts or only published projects; by default all that you may see.",
        },
    )
    collaborations: CollaborationConnection = loaded_by(
        portfolio_pages.collaborations,
        "Other people's published projects on which the person is tagged as a collaborator, newest first.",
        arguments=PAGE_ARGUMENTS,
    )


@strawberry.type
class PortfolioQuery:
    project: Project | None = answered_by(
        portfolio.project,
        "One project by its id; null if it does not exist or you may not see it.",
        arguments={"id": "Id of the project, like `prj_5k2v9x0qcm`."},
    )
    projects: ProjectConnection | None = answered_by(
        project_search.projects,
        "Published projects that match all conditions. Projects of hidden profiles, your own included, and of people that "
        "you have blocked are left out.",
        arguments={
            "search": (
                "Words of the title or the description. Each word must be the beginning of one of them; case and accents "
                "are ignored. Matches of whole words come before beginnings, and matches of the title before the "
                "description, of which the first 150 different words count. Up to 10 words and 200 characters; a blank "
                "text is ignored."
            ),
            "skill_codes": "Codes or English names of up to 10 of `Query.skills`. Projects must have all of them.",
            "company_id": "Id of the company where the owners of the projects work, like `cmp_5k2v9x0qcm`.",
            "order_by": "Order of the list; RELEVANCE by default.",
            **PAGE_ARGUMENTS,
        },
        work=Work(100),
    )
    project_fields: list[ProjectField] = answered_by(
        portfolio.fields, "Fields of the project editor in display order, with tips."
    )
