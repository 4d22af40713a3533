"""Generates the page of docs/reference about limits: costs, rates and sizes."""

import re
from collections.abc import Iterator
from typing import Any

from catalogue import limits
from catalogue.limits import LIMITS, SECOND, Limit
from cli.markdown import page, table
from execution import cost
from schema.fields import Answered, Loaded, kind_of
from schema.lengths import LONGER_TEXTS, MAX_ITEMS, MAX_TEXT
from services.invites import invites
from services.points import ingestion
from settings import HERE, Settings
from web import costs, graphql_request, websocket_connection, websockets


def limits_and_costs() -> str:
    """Return the page."""
    defaults = Settings()
    return page(
        "Limits and costs",
        "Three kinds of limits protect the server: the cost of one operation, the rate of operations, and sizes.",
        "## Cost of an operation",
        "An operation's cost is the number of objects that it may read. It is computed from the document and its "
        "variables, before anything is read. The weights are part of the contract with clients: "
        "[decision 12](../decisions/0012-query-cost.md).",
        table(("Part of an operation", "Cost"), _weights()),
        f"One operation may cost {defaults.max_cost:,} (setting `MAX_COST`); without a credential, half of it. A dearer one "
        "is refused with `QUERY_TOO_COMPLEX` and the facts `cost` and `limit`; nothing is read. Send the header "
        f'`{costs.HEADER}: 1` to get the cost of an operation in `extensions.cost`, as `{{"requested": 112, "limit": 5000}}`.',
        "Some fields do more work than their objects show. They cost more:",
        table(("Field", "Further cost"), sorted(_dear_fields())),
        "## Requests that an operation counts as",
        f"The limit on requests counts an operation once for each {costs.COST_PER_REQUEST_UNIT:,} of its cost, for each "
        f"{costs.CHARACTERS_PER_REQUEST_UNIT:,} characters of its document, for each {costs.VALUES_PER_REQUEST_UNIT:,} values in its variables, or for each "
        f"{1_000 * costs.SECONDS_PER_REQUEST_UNIT:g} ms that it took to prepare: the largest of the four, begun units included. A query that "
        f"ends with errors can count its cost {costs.FALLBACK_FACTOR} times.",
        "## Rates",
        "Each limit allows a number of calls at once. After that one more call is allowed after each pause, up to the "
        "same number again. A request over the limit of requests is answered 429 with `Retry-After`; a mutation over a "
        "limit of its own is answered 200 with `Retry-After` and a `RateLimitError` in its payload. Addresses are IP "
        "addresses; of IPv6, the /64 network. `address+email` counts the pair.",
        table(("Limit", "Counted by", "At once", "Then one per", "Notes"), _rates()),
        "## Sizes",
        table(("What", "Largest"), _sizes(defaults)),
    )


def _weights() -> Iterator[tuple[str, str]]:
    yield "An object", "1"
    yield f"Scalar fields of an object: the first {cost.SCALARS_PER_OBJECT}", "0"
    yield f"Each further {cost.SCALARS_PER_OBJECT} scalar fields of an object", "1"
    yield (
        "A page (`first`, `last`) or short list (`limit`)",
        f"each row; {cost.DEFAULT_PAGE_SIZE} rows if no size is given",
    )
    yield "A neighbourhood (`radius`)", "each of its 2 × radius + 1 rows"
    yield "A list by `ids`", "each item"
    yield "A list without a size argument", f"{cost.UNSIZED_LIST} objects"
    yield "A series (`bucket`)", f"{cost.DEFAULT_BUCKETS} objects; {cost.MAX_BUCKETS} where `since` is given"
    yield "A mutation", f"{cost.MUTATION_COST}, and its payload"
    yield "Introspection", f"1 for each {cost.INTROSPECTION_VALUES_PER_OBJECT} values of the answer"


def _dear_fields() -> Iterator[tuple[str, str]]:
    from schema.graph import build

    for name, kind in build()._schema.type_map.items():
        fields: Any = getattr(kind, "fields", {})
        for field_name, field in fields.items():
            declared = kind_of(field) if hasattr(field, "args") else None
            if isinstance(declared, Answered | Loaded) and declared.work.rows:
                yield f"`{name}.{field_name}`", f"{declared.work.rows} rows"
            elif isinstance(declared, Answered | Loaded) and declared.work.objects > 1:
                given = declared.work.given
                listed = str(field.type).startswith("[")
                yield (
                    f"`{name}.{field_name}`",
                    (f"{cost.UNSIZED_LIST} × " if listed else "")
                    + f"{declared.work.objects}"
                    + (f" when `{given}` is given" if given else ""),
                )


def _rates() -> Iterator[tuple[str, ...]]:
    notes = _notes()
    for operation, each in LIMITS.items():
        for number, limit in enumerate(each):
            yield (
                f"`{operation}`" if number == 0 else "",
                " + ".join(limit.kinds),
                f"{limit.burst:,}",
                _pause(limit),
                notes.get(operation, "") if number == 0 else _shared(operation, limit),
            )


def _shared(operation: str, limit: Limit) -> str:
    bucket = limit.bucket.partition(":")[0]
    return "" if bucket == operation else f"shared as `{bucket}`"


def _pause(limit: Limit) -> str:
    seconds = limit.interval / SECOND
    if seconds < 1:
        return f"{1_000 * seconds:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:g} s"
    minutes = seconds / 60
    return f"{minutes:g} min" if minutes < 60 else f"{minutes / 60:g} h"  # noqa: PLR2004 - an hour


def _notes() -> dict[str, str]:
    """Return the comments above the tables of catalogue/limits.toml, by table."""
    text = (HERE / limits.FILE).read_text("utf-8")
    found = re.findall(r"((?:^# .*\n)+)\[([a-z-]+)\]", text, re.MULTILINE)
    return {name: " ".join(line.removeprefix("# ") for line in comment.splitlines()) for comment, name in found}


def _sizes(defaults: Settings) -> Iterator[tuple[str, str]]:
    yield "A request's body", f"{defaults.max_body:,} bytes (`MAX_BODY`)"
    yield "An uploaded file", f"{defaults.max_upload:,} bytes (`MAX_UPLOAD`)"
    yield "A document", f"{defaults.max_tokens:,} tokens (`MAX_TOKENS`)"
    yield "Fields of a document, each spread counted", f"{defaults.max_fields:,} (`MAX_FIELDS`)"
    yield "Nesting of fields", f"{defaults.max_depth:,} levels (`MAX_DEPTH`)"
    yield "Values in the variables of a request", f"{graphql_request.MAX_VALUES:,}"
    yield "A page", f"{cost.MAX_PAGE_SIZE} rows"
    yield "A text argument", f"{MAX_TEXT:,} characters, unless listed here"
    for name, longest in LONGER_TEXTS.items():
        yield f"Texts of `{name}`" if name[0].isupper() and "." not in name else f"`{name}`", f"{longest:,} characters"
    yield "A list argument", f"{MAX_ITEMS:,} items, unless its description says less"
    yield "Activities of one `recordActivities`", f"{ingestion.MAX_REPORTS_PER_CALL:,}"
    yield "Addresses of one `sendInvites`", f"{invites.MAX_INVITES_PER_CALL:,}"
    yield "WebSockets of one address", f"{websockets.MAX_SOCKETS_PER_ADDRESS}"
    yield "WebSockets of one account", f"{websockets.MAX_SOCKETS_PER_ACCOUNT}"
    yield "Operations of one WebSocket at a time", f"{websocket_connection.MAX_OPERATIONS_PER_SOCKET}"
    yield (
        "Messages of one WebSocket",
        f"{websocket_connection.MESSAGE_BURST} at once, then {websocket_connection.MESSAGES_PER_SECOND} a second",
    )
