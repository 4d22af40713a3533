"""
Projects of portfolios that the viewer may see: published ones of visible people, and the viewer's own drafts.

Texts, collaborators and pictures are read by the number of a project, which the caller has checked to be visible.
"""

from collections.abc import Sequence

from strawberry import ID

from catalogue.languages import translate
from catalogue.projects import FIELDS
from models.statements import Statement
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, grouped, in_order
from resolvers.profiles import CARD, card_sql
from services.core.visibility import visible_sql
from services.media import picture_addresses

PROJECT = (
    "id",
    "owner_id",
    "title",
    "state",
    "place",
    "started_on",
    "ended_on",
    "created_at",
    "published_at",
    "edited_at",
    "version",
)
COLUMNS = ", ".join(f"j.{name}" for name in PROJECT)
VISIBLE_PROJECT = f"(j.state = 'PUBLISHED' OR j.owner_id = $2) AND {visible_sql('o', '$2')}"
"""Condition on a project j and its owner o; $2 is the viewer's profile."""
# Primary keys.
BY_ID = Statement.of(f"""
    SELECT {COLUMNS}, j.owner_id = $2 AS own FROM project j JOIN profile o ON o.id = j.owner_id
    WHERE j.id = ANY($1) AND {VISIBLE_PROJECT}
""")
TEXTS = Statement.of("""
    SELECT id, NULLIF(description, '') AS description, NULLIF(customer, '') AS customer,
        NULLIF(business_need, '') AS business_need, NULLIF(solution, '') AS solution, NULLIF(results, '') AS results
    FROM project WHERE id = ANY($1)
""")
# Unique (project_id, profile_id); then primary keys. Only the owner sees people whose tag had no effect because they blocked
# the owner.
_VISIBLE_TAGS = f"""
    FROM project_collaborator c JOIN profile p ON p.id = c.profile_id
    WHERE c.project_id = ANY($1) AND {visible_sql("p", "$2")}
        AND (c.untagged_at IS NULL OR (c.untagged_at = c.tagged_at
            AND EXISTS (SELECT 1 FROM project j WHERE j.id = c.project_id AND j.owner_id = $2)))
"""
COLLABORATORS = Statement.of(f"SELECT {card_sql('p')}, c.project_id {_VISIBLE_TAGS} ORDER BY c.id")
# Index (project_id, place, id).
_IMAGES = """
    SELECT i.id, i.project_id, i.image, NULLIF(i.caption, '') AS caption,
        j.owner_id = $2 AND (j.state <> 'PUBLISHED' OR NOT o.listed) AS only_own
    FROM project_image i JOIN project j ON j.id = i.project_id JOIN profile o ON o.id = j.owner_id
"""
IMAGES = Statement.of(f"{_IMAGES} WHERE i.project_id = ANY($1) ORDER BY i.project_id, i.place, i.id")
# Primary keys.
IMAGES_BY_ID = Statement.of(f"{_IMAGES} WHERE i.id = ANY($1) AND {VISIBLE_PROJECT}")


@columns(*PROJECT, "own", positional=True)
async def by_id(project_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Projects by number; None for one that the viewer may not see, as if it never existed."""
    database = context.database
    rows = await database.fetch(BY_ID, project_ids, context.viewer.own_profile)
    return in_order(project_ids, rows, by="id")


async def project(context: Context, *, id: ID) -> Row | None:
    """One project. Raises Refused: BAD_ID."""
    number = ids.number_of("Project", id)
    return None if number is None else (await by_id([number], context))[0]


@columns("id", "description", "customer", "business_need", "solution", "results", positional=True)
async def texts(project_ids: Sequence[int], context: Context) -> list[Row | None]:
    """The long texts of a project, which only its own page shows."""
    database = context.database
    return in_order(project_ids, await database.fetch(TEXTS, project_ids), by="id")


@columns(*CARD, "project_id", positional=True)
async def collaborators(project_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """The collaborators of each project that the viewer may see, in the order they were named."""
    database = context.database
    rows = await database.fetch(COLLABORATORS, project_ids, context.viewer.own_profile)
    return grouped(project_ids, rows, by="project_id")


@columns("id", "project_id", "image", "caption", "only_own", positional=True)
async def images(project_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """The pictures of each project, in their order."""
    database = context.database
    rows = await database.fetch(IMAGES, project_ids, context.viewer.own_profile)
    return grouped(project_ids, rows, by="project_id")


@columns("id", "project_id", "image", "caption", "only_own", positional=True)
async def images_by_id(image_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Pictures by number; None for one whose project the viewer may not see."""
    database = context.database
    rows = await database.fetch(IMAGES_BY_ID, image_ids, context.viewer.own_profile)
    return in_order(image_ids, rows, by="id")


def large(row: Row) -> str:
    """The address of a picture of at most 1600 by 1600 pixels, signed if only the viewer may see it."""
    return _address(row, 1600)


def small(row: Row) -> str:
    """The address of its small version, of at most 400 by 400 pixels, like `large`."""
    return _address(row, 400)


def _address(row: Row, side: int) -> str:
    return picture_addresses.address_of(f"/pictures/{row['image']}/{side}.webp", signed=bool(row["only_own"]))


def is_own(row: Row) -> bool:
    """Return True if the viewer owns the project."""
    return bool(row["own"])


async def fields(context: Context) -> list[Row]:
    """The fields of a project's editor, in its order."""
    return [
        {
            "name": field.name,
            "label": translate(field.label),
            "tip": translate(field.tip),
            "is_required": field.required,
            "max_length": field.longest,
        }
        for field in FIELDS.values()
    ]
