"""Documents about badges, as a client sends them."""

from collections.abc import Iterable
from typing import Any

PAGE = """
query Badges($id: ID!, $first: Int) {
  profile(by: {id: $id}) {
    badges(first: $first) {
      totalCount
      nodes {
        level { number criterion } awardedAt origin levels { level { number } awardedAt }
        badge { code name description rarity levels { number criterion } awardedPercent awardedAsOf isGrantedByHandOnly }
      }
    }
    featuredBadges { badge { code } level { number } }
    badgesInProgress { badge { code name description rarity } level { number criterion } progressPercent }
    nextBadges { badge { code } level { number } progressPercent }
  }
}
"""


SHARE = "query Share($code: String!) { badge(code: $code) { awardedPercent awardedAsOf } }"


def codes_of(rows: Iterable[Any]) -> list[str]:
    """The codes of the badges of these rows, in order."""
    return [each["badge"]["code"] for each in rows]


def levels_of(rows: Iterable[Any]) -> dict[str, int]:
    """The numbers of the levels of these rows, by badge."""
    return {each["badge"]["code"]: each["level"]["number"] for each in rows}


def one_of(rows: Iterable[Any], code: str) -> Any:
    """The only row of this badge."""
    [found] = [each for each in rows if each["badge"]["code"] == code]
    return found
