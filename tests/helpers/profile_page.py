"""The page about somebody: one document that asks for all of it, and a community for it to show."""

from datetime import timedelta
from typing import Any

from catalogue.badges import BADGES
from models.badges import AwardOrigin
from models.profiles import Profile
from services.achievements import badges
from services.achievements.badges import Award
from services.core import clock
from tests.helpers.connections import connected, member
from tests.helpers.factories import NOON, give
from tests.helpers.projects import make_project
from tests.helpers.transactions import committed

BADGE = "badge { code name rarity } level { number }"
PROFILE_PAGE = f"""
query ProfilePage($handle: String!) {{ profile(by: {{handle: $handle}}) {{
  id handle name avatarUrl large: avatarUrl(size: 512) jobTitle country {{ code name }} department location about website joinedOn
  company {{ id name }} socials {{ service url }} lookingFor
  skills {{ code name }} industries {{ code name }}
  score {{ points level {{ number pointsToNext progressPercent }} categories {{ category points }} }}
  stats {{ categories {{ category points activities {{ activity {{ title }} times points }} }} series {{ startsOn points }} }}
  connectionStatus mutualConnections {{ totalCount profiles(limit: 3) {{ name avatarUrl }} }}
  connections(first: 20) {{ totalCount edges {{ connectedAt node {{
    id handle name avatarUrl score {{ points level {{ number }} }} topBadges(limit: 3) {{ {BADGE} }} }} }} }}
  projects(first: 5) {{ totalCount edges {{ node {{
    id title customer startedOn endedOn collaborators {{ id name avatarUrl }} }} }} }}
  featuredBadges {{ {BADGE} }} badges(first: 12) {{ totalCount nodes {{ {BADGE} awardedAt credentialUrl }} }}
}} }}
"""


async def grant(who: Any, number: int, start: int = 0) -> list[str]:
    """Badges of the catalogue, an hour apart; returns their codes."""
    codes = list(BADGES)[start : start + number]
    awards = [
        Award(who.profile_id, code, 1, NOON + timedelta(hours=nth), AwardOrigin.OPERATOR)
        for nth, code in enumerate(codes, start)
    ]
    await committed(badges.award(awards, notify=False))
    return codes


async def neighbours(zoe: Any, number: int, start: int = 0) -> list[Any]:
    """New people whom Zoe meets a day apart; each has points, badges and a picture's name."""
    found = []
    for nth in range(start, start + number):
        each = await member(f"P{nth}")
        await Profile.filter(id=each.profile_id).update(avatar=f"{nth:032x}")
        await give(each.profile_id, times=1 + nth % 3)
        await grant(each, 5)
        with clock.frozen(NOON + timedelta(days=nth)):
            await connected(zoe, each)
        found.append(each)
    return found


async def works(zoe: Any, with_whom: list[Any], number: int) -> None:
    """Published projects of Zoe, each with three collaborators."""
    for nth in range(number):
        names = [with_whom[(nth + turn) % len(with_whom)].profile_id for turn in range(3)]
        await make_project(zoe, title=f"Project {nth}", collaborator_ids=names)
