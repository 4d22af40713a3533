// A profile: its history is a connection that turns in both directions, refetched through `node(id:)`.
import { graphql } from "relay-runtime";

export const history = graphql`
  fragment profileHistory on Profile
  @refetchable(queryName: "profileHistoryQuery")
  @argumentDefinitions(
    first: { type: "Int" }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
  ) {
    pointHistory(first: $first, after: $after, last: $last, before: $before)
      @connection(key: "profileHistory_pointHistory") {
      edges {
        node {
          id
          occurredAt
          pointsAwarded
          activity {
            title
          }
        }
      }
    }
  }
`;

export const head = graphql`
  fragment profileHead on Profile @refetchable(queryName: "profileHeadQuery") {
    ...boardCard
    about
    joinedOn
    skills {
      code
      name
    }
  }
`;

export const page = graphql`
  query profileQuery($handle: String!) {
    profile(by: { handle: $handle }) {
      ...profileHead
      ...profileHistory @arguments(first: 20)
    }
  }
`;

export const anything = graphql`
  query profileNodesQuery($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      ... on Profile {
        ...boardCard @alias(as: "card")
      }
      ... on Company {
        name
      }
    }
  }
`;
