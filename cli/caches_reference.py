"""Generates the page of docs/reference about normalised caches: the key of each type, and ready configurations."""

import re
from collections.abc import Iterable

import orjson

from cli.markdown import page, table
from schema.cache_keys import possible_types, types_by_key

PAGE_TYPE = re.compile(r"PageInfo|\w+(Connection|Edge)")
PAYLOAD = re.compile(r"\w+Payload")
"""Types for which graphcache needs no entry: it knows that pages and the results of mutations have no key."""


def caches() -> str:
    """Return the page."""
    found = types_by_key()
    pages = [name for name in found[None] if PAGE_TYPE.fullmatch(name)]
    payloads = [name for name in found[None] if PAYLOAD.fullmatch(name)]
    parts = [name for name in found[None] if name not in {*pages, *payloads}]
    return page(
        "Keys for normalised caches",
        "A normalised cache stores each object once, under its type and its key. "
        "[The guide for client developers](../guides/client-developers.md#normalised-caches) explains how to use this.",
        table(
            ("Key", "Types"),
            [
                ("`id`; unique over all types", _names(found["id"])),
                ("`code`; unique in its type", _names(found["code"])),
                ("none: a part of the object that contains it", _names(parts)),
                ("none: pages of lists", _names(pages)),
                ("none: payloads of mutations", _names(payloads)),
            ],
        ),
        "## Apollo Client",
        "Types with an `id` need no entry. With a `code` as key, each selection of such a type must contain `code`.",
        _apollo(found["code"]),
        "## urql",
        "For `@urql/exchange-graphcache`. Types with an `id` need no entry, nor do pages and payloads.",
        _graphcache(found["code"], parts),
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _apollo(coded: list[str]) -> str:
    return "\n".join(
        [
            "```js",
            'import { InMemoryCache } from "@apollo/client";',
            "",
            "export const cache = new InMemoryCache({",
            "  possibleTypes: {",
            *(f"    {name}: {orjson.dumps(kinds).decode()}," for name, kinds in possible_types().items()),
            "  },",
            "  typePolicies: {",
            *(f'    {name}: {{ keyFields: ["code"] }},' for name in coded),
            "  },",
            "});",
            "```",
        ]
    )


def _graphcache(coded: list[str], parts: list[str]) -> str:
    return "\n".join(
        [
            "```js",
            'import { cacheExchange } from "@urql/exchange-graphcache";',
            "",
            "const byCode = (data) => data.code;",
            "const withoutKey = () => null;",
            "",
            "export const cache = cacheExchange({",
            "  keys: {",
            *(f"    {name}: byCode," for name in coded),
            *(f"    {name}: withoutKey," for name in parts),
            "  },",
            "});",
            "```",
        ]
    )
