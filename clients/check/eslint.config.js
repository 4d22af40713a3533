// What graphql-eslint asks of a schema and of documents. A rule that is not asked for says why.
import graphql from "@graphql-eslint/eslint-plugin";

const { configs, parser } = graphql;
const schema = "build/schema.graphql";

export default [
  {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: { parser, parserOptions: { graphQLConfig: { schema, documents: "build/documents/*.graphql" } } },
  },
  {
    files: [schema],
    rules: {
      ...configs["flat/schema-recommended"].rules,
      ...configs["flat/schema-relay"].rules,
      // Off: values (a level, somebody's points, a payload) have no identity that a client could fetch or keep them by.
      // What has one implements Node, and the graph itself then holds it to `id: ID!`.
      "@graphql-eslint/strict-id-in-types": "off",
      // Not of directives: `@oneOf` is GraphQL's own, and is printed without its description.
      "@graphql-eslint/require-description": ["error", { types: true, DirectiveDefinition: false, rootField: true }],
      "@graphql-eslint/relay-edge-types": [
        "error",
        {
          withEdgeSuffix: true,
          // Relay's specification asks for neither. A place on a board and an entry of an audit trail cannot be fetched
          // by an id, on purpose: clients must not probe ids of objects that only some may see.
          shouldImplementNode: false,
          // Lists that are short by their nature (levels, categories, errors, one's tokens) are lists, not pages.
          listTypeCanWrapOnlyEdgeType: false,
        },
      ],
    },
  },
  {
    files: ["build/documents/*.graphql"],
    rules: {
      ...configs["flat/operations-recommended"].rules,
      // Off: the boards nest nine deep (`entries edges node profile points level …`); the server's own limits on depth
      // and cost are what holds a document.
      "@graphql-eslint/selection-set-depth": "off",
      // Off: the examples are read by people, who need no ids; clients with a store of their own ask for `id`.
      "@graphql-eslint/require-selections": "off",
    },
  },
];
