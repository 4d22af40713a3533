// People, found by words and skills, and one person's badges: a list that is filtered anew, and a page under a fragment.
import { graphql } from "relay-runtime";

export const found = graphql`
  fragment searchFound on Query
  @refetchable(queryName: "searchFoundQuery")
  @argumentDefinitions(
    words: { type: "String" }
    skillCodes: { type: "[String!]" }
    count: { type: "Int", defaultValue: 20 }
    cursor: { type: "String" }
  ) {
    profiles(search: $words, skillCodes: $skillCodes, first: $count, after: $cursor)
      @connection(key: "searchFound_profiles", filters: ["search", "skillCodes"]) {
      totalCount
      edges {
        node {
          id
          ...boardCard
        }
      }
    }
  }
`;

export const badges = graphql`
  fragment searchBadges on Profile
  @refetchable(queryName: "searchBadgesQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 12 }, cursor: { type: "String" }) {
    badges(first: $count, after: $cursor) @connection(key: "searchBadges_badges") {
      totalCount
      edges {
        node {
          badge {
            code
            name
            rarity
          }
          level {
            number
          }
        }
      }
    }
    badgesInProgress(limit: 3) {
      badge {
        code
      }
      progressPercent
    }
  }
`;

export const page = graphql`
  query searchQuery($words: String, $skillCodes: [String!]) {
    ...searchFound @arguments(words: $words, skillCodes: $skillCodes)
  }
`;

export const events = graphql`
  subscription searchViewerEventsSubscription {
    viewerEvents {
      cursor
      __typename
      recordedAt
      ... on BadgeEvent {
        badge {
          code
        }
        level {
          number
        }
      }
    }
  }
`;
