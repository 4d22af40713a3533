"""
`export-docs`: writes the pages of docs/reference that are generated from code. `tests/cli/test_reference.py` compares them.

Each page is a function that returns Markdown. Pages that people write, such as import-community.md, are not changed.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from catalogue.scopes import ERRORS, SCOPES, Scope, TokenScopeName
from cli.markdown import page, table
from schema.error_rows import PAYLOAD_ONLY, PLACES
from services.errors import ErrorCode
from settings import HERE, PREFIX, Settings

FOLDER: Final = HERE / "docs" / "reference"

PLACES_TEXT: Final = """\
- **request**: nothing was run. The answer has `errors` and no `data`; the code is in `extensions.code`.
- **top level**: a field failed. The answer has `errors` with a `path`; the code is in `extensions.code`, and facts such
  as `retryAfter` stand beside it. These are for rights, limits and bugs.
- **payload**: a mutation refused and changed nothing. Its payload's `errors` hold `code`, `message` and `path`, the place
  in the input. The description of each mutation lists its codes."""
STATUS: Final[Mapping[str, str]] = {
    "BAD_INPUT": "200; 400, 405, 408, 413 or 415 if the HTTP request is wrong",
    "BAD_QUERY": "400",
    "DOCUMENT_NOT_TRUSTED": "400",
    "FORBIDDEN": "200; 403 for a WebSocket of a foreign origin",
    "INTERNAL": "200; 500 outside of GraphQL",
    "NOT_FOUND": "200; 404 for another path",
    "PERSISTED_QUERY_MISMATCH": "400",
    "QUERY_TOO_COMPLEX": "400",
    "RATE_LIMITED": "429 with `Retry-After`; 200 for a limit of one operation",
    "UNAUTHENTICATED": "200; 401 for an upload",
    "UNAVAILABLE": "503 with `Retry-After`",
}
"""The HTTP status of each code that is not always sent with 200."""


def register(app: typer.Typer) -> None:
    """Add the top-level command."""
    app.command("export-docs")(export_docs)


def export_docs(
    context: typer.Context, folder: Annotated[Path, typer.Argument(help="Folder to write the pages to.")] = FOLDER
) -> None:
    """Write the pages of docs/reference that are generated from code."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(context.find_root().command).items():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(f"Wrote {folder / name}.")


def pages(program: Any) -> dict[str, str]:
    """Return every page by its file name. `program` is the Typer command that contains all others."""
    return {
        "settings.md": settings(),
        "commands.md": commands(program),
        "scopes.md": scopes(),
        "error-codes.md": error_codes(),
        "limits-and-costs.md": limits_and_costs(),
        "personal-data.md": personal_data(),
        "caches.md": caches(),
    }


def settings() -> str:
    """Return the page of all settings with their defaults."""
    rows = []
    for setting in fields(Settings):
        default = f"{setting.default:g}" if isinstance(setting.default, float) else setting.default
        short = setting.name.upper()
        shown = "(empty)" if default == "" else f"`{default}`"
        rows.append((f"`{PREFIX}{short}`", f"`{short}`", shown, setting.metadata["about"]))
    return page(
        "Settings",
        "All settings are environment variables. The server and the commands read them once, at the start: a changed "
        "setting needs a restart. An empty variable counts as not set. A value that cannot be used stops the start with "
        "exit code 2 and a message that names the setting.",
        f"Each setting has two names. Use the long one: other programs may use the short one for something else. When "
        f"both are set, the `{PREFIX}` name wins.",
        table(("Name", "Short name", "Default", "Meaning"), rows),
        "Lists are separated by commas. [The guide for operators](../guides/operators.md) says which settings matter.",
    )


def commands(program: Any) -> str:
    """Return the page of all commands with their arguments and options."""
    named = sorted(_commands_of(program).items())
    listed = [(f"[`{name}`](#{name.replace(' ', '-')})", _first_sentence(command)) for name, command in named]
    return page(
        "Commands",
        "Run a command as `.venv/bin/python -m cli COMMAND`; `--help` describes each one. Commands read the same "
        "[settings](settings.md) as the server. They can run beside a running server: it sees their writes within a second.",
        "Errors go to standard error. Exit codes: 0 done; 1 refused, or the command found something wrong; 2 wrong usage, "
        "a bad setting, or a database that cannot be used; 130 stopped with Ctrl-C.",
        table(("Command", "What it does"), listed),
        *(part for name, command in named for part in _command(name, command)),
    )


def _commands_of(program: Any) -> dict[str, Any]:
    """Return every command by its name, such as `account create`."""
    return dict(_leaves(program))


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield " ".join(path), command
        return
    for name, child in children.items():
        if not child.hidden:
            yield from _leaves(child, (*path, name))


def _first_sentence(command: Any) -> str:
    first = " ".join(_help(command)[0].split())
    head, dot, _ = first.partition(". ")
    return head + "." if dot else first


def _help(command: Any) -> list[str]:
    """Return the paragraphs of a command's help."""
    return [" ".join(each.split()) for each in inspect.cleandoc(command.help or "").split("\n\n")]


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}"
    arguments = [each.name.upper() for each in command.params if each.param_type_name == "argument"]
    options = [_option(each) for each in command.params if each.param_type_name != "argument"]
    yield f"`{' '.join([name, *arguments, *options])}`"
    yield from _help(command)
    rows = [
        (
            f"`{each.name.upper() if each.param_type_name == 'argument' else '`, `'.join(each.opts)}`",
            each.help or "",
            "required" if each.required else _default(each.default),
        )
        for each in command.params
    ]
    if rows:
        yield table(("Argument or option", "Meaning", "Default"), rows)


def _option(option: Any) -> str:
    text = str(max(option.opts, key=len)) + ("" if option.is_flag else f" {option.name.upper()}")
    return text if option.required else f"[{text}]"


def _default(value: Any) -> str:
    if value is None or value is False or value == "":
        return ""
    if isinstance(value, Path):
        return f"`{value.relative_to(HERE)}`" if value.is_relative_to(HERE) else f"`{value}`"
    return f"`{getattr(value, 'value', value)}`"


def scopes() -> str:
    """Return the page of all scopes with the fields that they open."""
    here = [scope for scope in SCOPES.values() if scope.opens]
    elsewhere = [scope for scope in SCOPES.values() if not scope.opens]
    return page(
        "Token scopes",
        "A personal access token reads and changes only what its scopes open, over HTTP as over WebSockets. A field "
        "outside of them is answered with `INSUFFICIENT_SCOPE`, which names the scopes of which any one is enough, for each "
        "refused field; nothing of the document is run then. `{ tokenScopes { name opens } }` answers the same lists. In the "
        "graph scopes are the enum `TokenScopeName`: `MX_LEADERBOARD_READ` is `mx:leaderboard:read`.",
        table(
            ("Scope", "In the graph", "What it is for", "Queries, mutations and subscriptions"),
            [(f"[`{each.name}`](#{_anchor(each.name)})", _in_graph(each), _about(each), _roots(each)) for each in here],
        ),
        "## Scopes of other services",
        "These scopes open nothing here. Other services of the platform accept our tokens, and ask `introspectToken` for "
        "their scopes.",
        table(
            ("Scope", "In the graph", "Service", "What it is for"),
            [(f"`{each.name}`", _in_graph(each), each.group, each.about) for each in elsewhere],
        ),
        *(part for each in here for part in (f"## {each.name}", "Opens these fields:", _opened(each))),
    )


def _in_graph(scope: Scope) -> str:
    return f"`{TokenScopeName(scope.name).name}`"


def _about(scope: Scope) -> str:
    return f"{scope.about} For service accounts only." if scope.service_only else scope.about


def _anchor(name: str) -> str:
    return name.replace(":", "")


def _roots(scope: Scope) -> str:
    roots = ("Query.", "Mutation.", "Subscription.")
    return ", ".join(
        f"`{each.partition('.')[2]}`" for each in sorted(scope.opens, key=_by_root) if each.startswith(roots)
    )


def _by_root(coordinate: str) -> tuple[int, str]:
    kind, _, name = coordinate.partition(".")
    return ("Query", "Mutation", "Subscription").index(kind) if kind in {
        "Query",
        "Mutation",
        "Subscription",
    } else 3, name


def _opened(scope: Scope) -> str:
    by_type: dict[str, list[str]] = {}
    for coordinate in sorted(scope.opens):
        kind, _, name = coordinate.partition(".")
        if kind not in ERRORS:
            by_type.setdefault(kind, []).append(name)
    lines = [
        f"- `{kind}`: " + ("all fields" if "*" in names else ", ".join(f"`{name}`" for name in names))
        for kind, names in by_type.items()
    ]
    if any(coordinate.startswith("Mutation.") for coordinate in scope.opens):
        lines.append("- the errors of its mutations")
    return "\n".join(lines)


def error_codes() -> str:
    """Return the page of all error codes: meaning, places, HTTP status."""
    from schema.graph import build

    types = build()._schema.type_map
    codes: Any = types["ErrorCode"]
    interface: Any = types["UserError"]
    rows = [
        (f"`{name}`", _line(value.description), _places(name), STATUS.get(name, "200"))
        for name, value in sorted(codes.values.items())
    ]
    facts = [
        (
            f"`{each.name}`",
            _line(each.description),
            ", ".join(f"`{name}`" for name in each.fields if name not in interface.fields),
        )
        for each in sorted(build()._schema.get_possible_types(interface), key=lambda each: each.name)
    ]
    return page(
        "Error codes",
        "Each error has a code for programs and a message for people. Codes are added to, never renamed; messages can "
        "change. A code can appear in three places:",
        PLACES_TEXT,
        "The table names the HTTP status. A status of 400 for a GraphQL error is sent to clients that accept "
        "`application/graphql-response+json`; others get the same body with 200. A token or API key that is not valid is "
        'answered 403 with `{"error": ""}`, without a code.',
        table(("Code", "Meaning", "Place", "HTTP status"), rows),
        "## Errors in payloads",
        "All implement `UserError`. Some carry further facts:",
        table(("Type", "Meaning", "Further fields"), facts),
        "[The guide for client developers](../guides/client-developers.md#errors) shows how to handle them.",
    )


def _places(name: str) -> str:
    return ", ".join(each.value for each in PLACES.get(ErrorCode(name), PAYLOAD_ONLY))


def limits_and_costs() -> str:
    """Return the page of costs, rates and sizes."""
    from cli.limits_reference import limits_and_costs as generate

    return generate()


def personal_data() -> str:
    """What merging, deletion and export do to each table with data of people."""
    from cli.tables_reference import personal_data as made

    return made()


def caches() -> str:
    """Keys of all types for normalised caches."""
    from cli.caches_reference import caches as generate

    return generate()


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
