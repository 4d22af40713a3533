// The viewer: private fields, and a mutation with typed errors.
import { graphql } from "relay-runtime";

export const trail = graphql`
  fragment viewerTrail on Viewer
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    auditTrail(first: $count, after: $cursor) @connection(key: "viewerTrail_auditTrail") {
      edges {
        node {
          occurredAt
          action
          facts {
            name
            new
          }
        }
      }
    }
  }
`;

export const page = graphql`
  query viewerQuery($count: Int, $cursor: String) {
    viewer {
      account {
        id
        email
      }
      profile {
        ...boardCard
      }
      personalAccessTokens {
        id
        name
        problem
      }
      ...viewerTrail @arguments(count: $count, cursor: $cursor)
    }
  }
`;

export const create = graphql`
  mutation viewerCreateTokenMutation($input: CreatePersonalAccessTokenInput!) {
    createPersonalAccessToken(input: $input) {
      secret
      token {
        id
        name
      }
      errors {
        __typename
        code
        message
        path
        ... on RateLimitError {
          retryAfter
        }
      }
    }
  }
`;
