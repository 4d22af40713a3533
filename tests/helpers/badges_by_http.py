"""Documents about badges, as a client sends them."""

PAGE = """
query Badges($id: ID!, $first: Int) {
  profile(id: $id) {
    badgeCount
    badges(first: $first) {
      code name description rarity level awardedAt origin levels { level awardedAt }
      badge { code levels { number criterion } awardedPercent awardedAsOf byHandOnly }
    }
    featuredBadges { code level }
    badgesInProgress { code level percent criterion rarity name description badge { code } }
    nextBadges { code level percent }
  }
}
"""


SHARE = "query Share($code: String!) { badge(code: $code) { awardedPercent awardedAsOf } }"
