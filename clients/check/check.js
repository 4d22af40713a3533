// The schema as the tools of client developers see it: relay-compiler, graphql-eslint, graphql-inspector, a generated
// client under tsc. `make schema-check` runs it; exit code 1 when one of them finds something wrong. Another schema than
// the one in schema.graphql can be named as the argument.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { CriticalityLevel, coverage, DiffRule, diff, validate } from "@graphql-inspector/core";
import { buildSchema, Source } from "graphql";

const HERE = dirname(fileURLToPath(import.meta.url));
const HOUSE = join(HERE, "..", "..");
const EXAMPLES = join(HOUSE, "web", "static", "graphiql", "examples");
const GIVEN = resolve(process.argv[2] ?? join(HOUSE, "schema.graphql"));
process.chdir(HERE);

// The tools look into one folder that is made anew: the schema, and every document that we publish.
function gather() {
  rmSync("build", { recursive: true, force: true });
  for (const folder of ["build/documents", "build/artifacts", "build/typed"]) {
    mkdirSync(folder, { recursive: true });
  }
  cpSync(GIVEN, "build/schema.graphql");
  for (const folder of ["documents", EXAMPLES]) {
    for (const name of readdirSync(folder).filter((each) => each.endsWith(".graphql")).sort()) {
      cpSync(join(folder, name), join("build/documents", basename(name)));
    }
  }
}

// relay-compiler adds what it writes to git where it finds a repository: it is not to look above this folder.
const ALONE = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(HERE) };

function run(tool, ...words) {
  const done = spawnSync(join("node_modules", ".bin", tool), words, { encoding: "utf8", env: ALONE });
  return { wrong: done.status !== 0, text: done.status === 0 ? "" : `${done.stdout}${done.stderr}${done.error ?? ""}` };
}

function sources() {
  return readdirSync("build/documents")
    .sort()
    .map((name) => new Source(readFileSync(join("build/documents", name), "utf8"), name));
}

function validated() {
  const invalid = validate(SCHEMA, sources());
  const text = invalid.flatMap(({ source, errors }) => errors.map((each) => `${source.name}: ${each.message}`));
  const { types } = coverage(SCHEMA, sources());
  const fields = Object.values(types).flatMap((type) => Object.values(type.children ?? {}));
  const asked = fields.filter((field) => field.hits > 0).length;
  return { wrong: invalid.length > 0, text: text.join("\n"), more: `they ask for ${asked} of ${fields.length} fields` };
}

function git(...words) {
  return execFileSync("git", words, { cwd: HOUSE, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

// The last release, or before there is one the last commit. What breaks clients is told; from 1.0 on it is refused.
async function compared() {
  let base = "HEAD";
  let old;
  try {
    base = git("tag", "--list", "v*", "--sort=-version:refname").split("\n")[0] || base;
    old = buildSchema(git("show", `${base}:schema.graphql`));
  } catch {
    return { wrong: false, text: "", more: "nothing to compare with: no git history here" };
  }
  // What was deprecated may leave: tests/schema/test_deprecations.py checks that it was for long enough.
  const changes = await diff(old, SCHEMA, [DiffRule.suppressRemovalOfDeprecatedField]);
  const breaking = changes.filter((each) => each.criticality.level === CriticalityLevel.Breaking);
  const stable = /^v[1-9]/.test(base);
  const told = breaking.map((each) => `${stable ? "" : "breaks clients: "}${each.message}`).join("\n");
  return {
    wrong: stable && breaking.length > 0,
    text: told,
    more: `against ${base}: ${changes.length} changes, ${breaking.length} of them break clients`,
  };
}

gather();
const SCHEMA = buildSchema(readFileSync("build/schema.graphql", "utf8"));
const STEPS = {
  "relay-compiler: fragments, connections, refetching": () => run("relay-compiler", "relay.config.json"),
  "graphql-eslint: the schema and the documents": () =>
    run("eslint", "--no-color", "--max-warnings=0", "build/schema.graphql", "build/documents"),
  "graphql-inspector: the documents": validated,
  "graphql-inspector: what has changed": compared,
  "graphql-codegen: a typed client": () => run("graphql-codegen", "--config", "codegen.json"),
  "tsc --strict: a program that uses it": () => run("tsc", "--project", "tsconfig.json"),
};

let failed = false;
for (const [name, step] of Object.entries(STEPS)) {
  const { wrong, text, more } = await step();
  failed ||= wrong;
  console.log(`${wrong ? "FAILED" : "ok    "} ${name}${more ? ` (${more})` : ""}`);
  if (text) {
    console.log(text.replace(/^/gm, "       "));
  }
}
process.exit(failed ? 1 : 0);
