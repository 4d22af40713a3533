// A board that is scrolled: a place in a list, a page that is refetched, a person's card that is shared.
import { graphql } from "relay-runtime";

export const card = graphql`
  fragment boardCard on Profile {
    id
    handle
    name
    avatarUrl
    jobTitle
    company {
      id
      name
    }
    score {
      points
      level {
        number
      }
    }
  }
`;

export const places = graphql`
  fragment boardPlaces on Query
  @refetchable(queryName: "boardPlacesQuery")
  @argumentDefinitions(
    board: { type: "LeaderboardBoard!" }
    count: { type: "Int", defaultValue: 20 }
    cursor: { type: "String" }
  ) {
    leaderboard(board: $board) {
      asOf
      entries(first: $count, after: $cursor) @connection(key: "boardPlaces_entries") {
        totalCount
        edges {
          node {
            rank
            points
            profile {
              ...boardCard
            }
          }
        }
      }
    }
  }
`;

export const page = graphql`
  query boardQuery($board: LeaderboardBoard!) {
    ...boardPlaces @arguments(board: $board)
  }
`;
