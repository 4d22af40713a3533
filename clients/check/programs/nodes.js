// Every type of the schema that is a Node, read again by its id. The account is given by KEY and EMAIL; it has one thing of
// each type, apart from those that only a session or a service sees, which are read with SESSION_* and TOKEN.
import { buildClientSchema, getIntrospectionQuery, isObjectType } from "graphql";

import { check, GRAPHQL } from "./common.js";

const callers = JSON.parse(process.env.CALLERS);
const walks = JSON.parse(process.env.WALKS);

async function ask(headers, query, variables) {
  const response = await fetch(GRAPHQL, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

function idsIn(value, found = new Map()) {
  if (Array.isArray(value)) {
    value.forEach((each) => idsIn(each, found));
  } else if (value && typeof value === "object") {
    if (value.__typename && value.id) {
      found.set(value.__typename, value.id);
    }
    Object.values(value).forEach((each) => idsIn(each, found));
  }
  return found;
}

const { data } = await ask({}, getIntrospectionQuery());
const schema = buildClientSchema(data);
const nodes = schema.getPossibleTypes(schema.getType("Node")).map((each) => each.name);
const withId = Object.values(schema.getTypeMap()).filter((each) => isObjectType(each) && "id" in each.getFields());
check("every type with an id is a Node", withId.every((each) => nodes.includes(each.name)), withId.map(String));

const seen = new Set();
for (const [caller, document] of Object.entries(walks)) {
  const answer = await ask(callers[caller], document);
  check(`the walk of ${caller}`, answer.data && !answer.errors, answer);
  for (const [type, id] of idsIn(answer.data)) {
    const again = await ask(callers[caller], "query ($id: ID!) { node(id: $id) { __typename id } }", { id });
    check(`${type} by its id`, again.data?.node?.__typename === type && again.data.node.id === id, again);
    seen.add(type);
  }
}
const missed = nodes.filter((each) => !seen.has(each));
check("no type was left out", missed.length === 0, missed);
