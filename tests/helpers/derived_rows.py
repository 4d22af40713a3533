"""Figures that follow from rows: for tests that insert rows without the services that count them."""

from collections.abc import Collection

from tortoise.transactions import in_transaction

from models.badges import BadgeAward
from models.portfolio import Project, ProjectState, ProjectWord
from models.statements import Statement, execute
from services.achievements.badges import update_superseded
from services.points.ledger_consistency import differences
from services.portfolio import listing
from services.profiles.profiles import refresh_visibility
from services.progress import search_words

# As services/portfolio/listing.py writes it.
_LIST_PROJECTS = Statement.of("""
    UPDATE project SET listed = (state = 'PUBLISHED'
        AND EXISTS (SELECT 1 FROM profile p WHERE p.id = project.owner_id AND p.listed)) WHERE owner_id = ANY($1)
""")


async def settle(profile_ids: Collection[int]) -> None:
    """Make everything right that is derived from the rows of these profiles; sums and counters of everyone."""
    ids = sorted(set(profile_ids))
    async with in_transaction():
        await refresh_visibility(ids)
        awards = await BadgeAward.filter(profile_id__in=ids)
        await update_superseded({(each.profile_id, each.badge) for each in awards})
        await execute(_LIST_PROJECTS, ids)
        await ProjectWord.filter(project__owner_id__in=ids).delete()
        shown = await Project.filter(owner_id__in=ids, state=ProjectState.PUBLISHED)
        await listing.add_words([listing.Found(each.id, each.title, each.description) for each in shown])
        await search_words.index(ids)
    _ = [each async for each in differences(repair=True)]
