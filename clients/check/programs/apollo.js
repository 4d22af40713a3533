// Apollo Client, version 3 or 4 by the argument: persisted queries, a normalised cache, and errors beside data.
import { createHash } from "node:crypto";

import { check, collectWarnings, GRAPHQL, pageFetch } from "./common.js";
import { APOLLO } from "./keys.js";

const VERSION = process.argv[2];
const [core, links] =
  VERSION === "3"
    ? ["apollo-client-3/core/index.js", "apollo-client-3/link/persisted-queries/index.js"]
    : ["@apollo/client", "@apollo/client/link/persisted-queries"];
const { ApolloClient, HttpLink, InMemoryCache, gql } = await import(core);
const { createPersistedQueryLink, PersistedQueryLink } = await import(links);

const warnings = collectWarnings();
const fetchAsPage = pageFetch();
const options = {
  sha256: (text) => createHash("sha256").update(text).digest("hex"),
  useGETForHashedQueries: true,
};
const persisted = VERSION === "3" ? createPersistedQueryLink(options) : new PersistedQueryLink(options);

function newClient() {
  return new ApolloClient({
    cache: new InMemoryCache(APOLLO),
    link: persisted.concat(new HttpLink({ uri: GRAPHQL, fetch: fetchAsPage, credentials: "include" })),
  });
}

const BOARD = gql`
  query Board($first: Int, $after: String, $asOf: DateTime) {
    leaderboard(board: OVERALL, asOf: $asOf) {
      asOf
      entries(first: $first, after: $after) {
        totalCount
        nodes {
          rank
          points
          profile {
            id
            handle
            name
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`;

// given a first page that is not registered: Apollo sends the hash, then the text
const client = newClient();
const first = await client.query({ query: BOARD, variables: { first: 2 } });
const { asOf, entries } = first.data.leaderboard;
check("an unknown document is sent again with its text", fetchAsPage.sent.length === 2, fetchAsPage.sent);
check("the first page has its places", entries.nodes.length === 2 && entries.totalCount > 2, first.data);

// when the next page is read the natural way
const second = await client.query({
  query: BOARD,
  variables: { first: 2, after: entries.pageInfo.endCursor, asOf },
});
check("the second page goes on in the same board", second.data.leaderboard.asOf === asOf, second.data);
const last = fetchAsPage.sent.at(-1);
check("a known document is read by its hash with GET", last.method === "GET" && !last.url.includes("query="), last);
check("it took one request", fetchAsPage.sent.length === 3);

// then another client of the same document needs no text
const sentBefore = fetchAsPage.sent.length;
await newClient().query({ query: BOARD, variables: { first: 1 } });
check("a registered document serves other clients", fetchAsPage.sent.length === sentBefore + 1);

// given a person of the board, read again by the id
const [{ profile }] = entries.nodes;
const PERSON = gql`
  query Person($id: ID!) {
    node(id: $id) {
      id
      ... on Profile {
        name
        score {
          points
          level {
            number
          }
        }
        badges(first: 3) {
          totalCount
          nodes {
            badge {
              code
              name
            }
          }
        }
      }
    }
  }
`;
const person = await client.query({ query: PERSON, variables: { id: profile.id } });
check("node answers the same person", person.data.node.name === profile.name, person.data);
const cached = client.cache.extract();
check("the cache holds one object for both", Boolean(cached[`Profile:${profile.id}`]?.score), Object.keys(cached));

// a refusal in one root field leaves the others
const MIXED = gql`
  query Mixed($id: ID!) {
    node(id: $id) {
      id
    }
    leaderboard(board: OVERALL) {
      entries(after: "invented") {
        totalCount
      }
    }
  }
`;
const mixed = await client.query({ query: MIXED, variables: { id: profile.id }, errorPolicy: "all" });
const refused = (mixed.errors ?? mixed.error?.errors ?? [])[0];
check("a refused field has a code and a path", refused?.extensions?.code === "BAD_CURSOR", mixed);
check("the other field is answered", mixed.data.node.id === profile.id && mixed.data.leaderboard === null, mixed.data);

check("Apollo warned of nothing", warnings.length === 0, warnings);
client.stop();
