// urql with its normalised cache and persisted queries, as a newcomer uses it: sign up, fill in the profile from lists of
// the graph alone, and see the cache follow the mutations.
import { Client, fetchExchange, gql } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { persistedExchange } from "@urql/exchange-persisted";

import { check, collectWarnings, GRAPHQL, mailedCode, pageFetch } from "./common.js";
import { URQL } from "./keys.js";

const ADDRESS = "newcomer@people.example";
const warnings = collectWarnings();
const fetchAsPage = pageFetch();
const client = new Client({
  url: GRAPHQL,
  fetch: fetchAsPage,
  preferGetMethod: false,
  exchanges: [
    cacheExchange(URQL),
    persistedExchange({ preferGetForPersistedQueries: true }),
    fetchExchange,
  ],
});

async function ask(document, variables = {}, context = {}) {
  const { data, error } = await client.query(document, variables, context).toPromise();
  check(`query ${document.definitions[0].name.value}`, !error, error);
  return data;
}

async function change(document, variables = {}) {
  const { data, error } = await client.mutation(document, variables).toPromise();
  const name = document.definitions[0].name.value;
  check(`mutation ${name}`, !error && Object.values(data).every((each) => each.errors.length === 0), { data, error });
  return data;
}

// a form from the graph alone
const LISTS = gql`
  query Lists {
    skills {
      code
      name
    }
    industries {
      code
      name
    }
    countries {
      code
      name
    }
    languages {
      code
      name
    }
  }
`;
const lists = await ask(LISTS);
check("there is something to choose from in every list", Object.values(lists).every((each) => each.length > 1));
const sent = fetchAsPage.sent.length;
check("the first request was a hash, the second its text", sent === 2, fetchAsPage.sent);

// sign up with the mailed code
const SIGN_UP = gql`
  mutation SignUp($input: SignUpInput!) {
    signUp(input: $input) {
      signUpToken
      errors {
        code
        path
      }
    }
  }
`;
const { signUp } = await change(SIGN_UP, {
  input: { email: ADDRESS, password: "Correct horse 7 staple!", name: "New Comer", allowsMarketing: false },
});
const VERIFY = gql`
  mutation Verify($input: VerifyEmailInput!) {
    verifyEmail(input: $input) {
      viewer {
        id
        profile {
          id
          name
        }
      }
      errors {
        code
        path
      }
    }
  }
`;
await change(VERIFY, { input: { signUpToken: signUp.signUpToken, code: await mailedCode(ADDRESS) } });

// the profile form
const EDITED = gql`
  fragment Edited on Viewer {
    id
    profileVersion
    publishChecklist {
      item
      isDone
    }
    profile {
      id
      about
      country {
        code
        name
      }
      skills {
        code
        name
      }
      industries {
        code
        name
      }
      lookingFor
      socials {
        service
        handle
        url
      }
    }
  }
`;
const FORM = gql`
  query Form {
    viewer {
      ...Edited
    }
  }
  ${EDITED}
`;
const before = (await ask(FORM)).viewer;
check("a newcomer's profile is empty", before.profile.skills.length === 0 && before.profile.country === null, before);
const SAVE = gql`
  mutation Save($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      viewer {
        ...Edited
      }
      errors {
        code
        message
        path
      }
    }
  }
  ${EDITED}
`;
await change(SAVE, {
  input: {
    about: "I build apps.",
    countryCode: lists.countries[0].code,
    skillCodes: [lists.skills[0].code, lists.skills[1].code],
    industryCodes: [lists.industries[0].code],
    lookingFor: ["JOB"],
    socials: [{ service: "GITHUB", handle: "newcomer" }],
    expectedVersion: before.profileVersion,
  },
});
const requests = fetchAsPage.sent.length;
const after = (await ask(FORM, {}, { requestPolicy: "cache-only" })).viewer;
check("the cache follows the mutation without a request", fetchAsPage.sent.length === requests);
check("the form shows what was saved", after.profile.skills.length === 2 && after.profile.country.code, after);
check("the social account has an address", after.profile.socials[0].url.startsWith("https://"), after.profile.socials);
check("the checklist moved on", after.publishChecklist.filter((each) => each.isDone).length > 0, after);

// a document whose second mutation is refused
const TWO = gql`
  mutation Two($save: UpdateProfileInput!, $report: RecordActivityInput!) {
    updateProfile(input: $save) {
      viewer {
        id
        profile {
          id
          location
        }
      }
      errors {
        code
      }
    }
    recordActivity(input: $report) {
      errors {
        code
      }
    }
  }
`;
const { data, error } = await client
  .mutation(TWO, {
    save: { location: "Here" },
    report: {
      activityCode: "ANSWER_ACCEPTED",
      person: { email: ADDRESS },
      occurredAt: new Date().toISOString(),
      externalId: "1",
    },
  })
  .toPromise();
const [refused] = error.graphQLErrors;
check("the first mutation is told as done", data.updateProfile.viewer.profile.location === "Here", data);
check("the second is null", data.recordActivity === null);
check("its error has a code and a path", refused.extensions.code === "FORBIDDEN", refused);
check("the path leads to it", String(refused.path) === "recordActivity", refused.path);

// a company page, seen from outside
const COMPANY = gql`
  query CompanyPage($id: ID!) {
    node(id: $id) {
      id
      ... on Company {
        name
        domains
        profiles(first: 3) {
          totalCount
          nodes {
            id
            handle
            name
          }
        }
        leaderboard(board: FORUM) {
          entries(first: 3) {
            nodes {
              rank
              points
              profile {
                id
                name
              }
            }
          }
        }
        projects(first: 3) {
          nodes {
            id
            title
          }
        }
      }
    }
  }
`;
const { node } = await ask(COMPANY, { id: process.env.COMPANY });
check("the company shows its people", node.profiles.nodes.length > 0, node);
check("and nothing private", node.domains === null, node);

const MISSING = gql`
  mutation SignOut {
    signOut {
      errors {
        code
      }
    }
  }
`;
await change(MISSING);
check("urql warned of nothing", warnings.length === 0, warnings);
