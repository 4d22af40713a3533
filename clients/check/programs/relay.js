// relay-runtime with what relay-compiler wrote: pages of a board and a profile's history, objects by their ids, and a store
// in which one id is one thing.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import relay from "relay-runtime";
import ts from "typescript";

import { check, collectWarnings, GRAPHQL, pageFetch } from "./common.js";

const { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery, getRequest } = relay;
const CHECK = join(dirname(fileURLToPath(import.meta.url)), "..");
const FOLDER = mkdtempSync(join(CHECK, "build-"));
process.on("exit", () => rmSync(FOLDER, { recursive: true }));
const fetchAsPage = pageFetch();
const warnings = collectWarnings();

function compile() {
  const config = JSON.parse(readFileSync(join(CHECK, "relay.config.json"), "utf8"));
  const moved = {
    ...config,
    src: relative(FOLDER, join(CHECK, "relay")),
    schema: relative(FOLDER, join(CHECK, "..", "..", "schema.graphql")),
    artifactDirectory: ".",
  };
  writeFileSync(join(FOLDER, "relay.config.json"), JSON.stringify(moved));
  const tool = join(CHECK, "node_modules", ".bin", "relay-compiler");
  // The compiler adds what it writes to git where it finds a repository: it must not look above this folder.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: CHECK };
  const done = spawnSync(tool, ["relay.config.json"], { cwd: FOLDER, encoding: "utf8", env });
  check("relay-compiler", done.status === 0, done.stdout + done.stderr);
}

// An artifact is TypeScript whose only import is of types.
async function compiled(name) {
  const text = readFileSync(join(FOLDER, `${name}.graphql.ts`), "utf8");
  const { outputText } = ts.transpileModule(text, { compilerOptions: { module: "ESNext", target: "ES2022" } });
  const bare = outputText.replace(/^import .*\.graphql["'];$/gm, "");
  return (await import(`data:text/javascript;base64,${Buffer.from(bare).toString("base64")}`)).default;
}

async function network(request, variables) {
  const response = await fetchAsPage(GRAPHQL, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...JSON.parse(process.env.HEADERS ?? "{}") },
    body: JSON.stringify({ query: request.text, variables }),
  });
  return response.json();
}

const environment = new Environment({
  network: Network.create(network),
  store: new Store(new RecordSource()),
});

async function read(name, variables) {
  const query = await compiled(name);
  const data = await fetchQuery(environment, query, variables).toPromise();
  environment.retain(createOperationDescriptor(getRequest(query), variables));
  return data;
}

const store = () => environment.getStore().getSource().toJSON();
const ofType = (type) => Object.values(store()).filter((each) => each.__typename === type);

compile();
await read("boardPlacesQuery", { board: "FORUM", count: 2 });
const [entries] = ofType("LeaderboardEntryConnection");
const cursor = store()[entries.pageInfo.__ref].endCursor;
check("the first page has its two people", ofType("Profile").length === 2);
await read("boardPlacesQuery", { board: "FORUM", count: 2, cursor });
const people = ofType("Profile");
check("the next page goes on", people.length === 4, people);

await read("profileQuery", { handle: people[0].handle });
const [profile] = ofType("Profile").filter((each) => each.id === people[0].id);
check("one id is one record", profile && "joinedOn" in profile, profile);
await read("profileHistoryQuery", { id: profile.id, first: 1 });
check("its history is refetched through its id", ofType("PointEntry").length > 0);

const companies = ofType("Company").map((each) => each.id);
await read("profileNodesQuery", { ids: [profile.id, ...companies] });
check("a company keeps its type", ofType("Company").length === companies.length && companies.length > 0, companies);

await read("viewerQuery", {});
check("the viewer's company is that company", ofType("Company").every((each) => each.name), ofType("Company"));
check("Relay warned of nothing", warnings.length === 0, warnings);
