"""How the house is built: which room may know which, how long a file is, what a commit may not hold."""

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from models.audit import AuditAction

HERE = Path(__file__).parent.parent
LEAVES = {"settings", "catalogue"}
MAY_KNOW = {
    "settings": set(),
    "catalogue": set(),
    "models": {"services", *LEAVES},
    "services": {"models", *LEAVES},
    "resolvers": {"services", "models", *LEAVES},
    "schema": {"resolvers", "services", "models", *LEAVES},
    "execution": {"schema", "services", "catalogue"},
    "web": {"execution", "schema", "resolvers", "services", "models", *LEAVES},
    "server": {"web", "execution", "schema", "resolvers", "services", "models", *LEAVES},
    "cli": {"server", "web", "execution", "schema", "resolvers", "services", "models", *LEAVES},
}
NARROWER = {
    # execution/ knows graphql-core, Strawberry and the kinds of field, nothing of the domain
    "execution": {
        "catalogue.languages",
        "schema.fields",
        "schema.lengths",
        "services.core.bounded_cache",
        "services.errors",
    },
    # models/ take only the words that they store, and the failures that they may raise
    "models": {"services.errors", *LEAVES},
}
OUTSIDE = {
    # What only some rooms (or single files) may import from outside
    "aiohttp": {"web", "server", "services/messages/sms_transport.py"},
    "typer": {"cli"},
    "rich": {"cli"},
    "graphql": {"execution", "schema", "web"},
}


SUBJECTS = (
    "errors", "core", "messages", "media", "auth", "progress", "credits", "open_badges", "achievements", "points", "portfolio",
    "profiles", "leaderboards", "connections", "accounts", "invites", "sign_in", "personal_data", "deletion", "merging", "imports",
)  # fmt: skip
"""The folders of services/, lowest first: a subject may know those before it and none behind it."""
SAY_NOTHING = {
    "ALL", "ANY", "AT_ONCE", "BATCH", "CHUNK", "EARLIEST", "EVERY", "FEW", "KEPT", "LARGEST", "LIVES", "LONG", "LONGEST", "MANY",
    "MOST", "NOTHING", "PATIENCE", "PAUSE", "SHOWN", "SOME", "STEP", "WAITING",
}  # fmt: skip
"""Names of constants that do not say what of."""
CONTAINERS = {
    "Counter", "OrderedDict", "WeakKeyDictionary", "WeakSet", "WeakValueDictionary", "defaultdict", "deque", "dict", "list", "set",
}  # fmt: skip
MODULE_REGISTRIES = {
    "execution/introspection.py: _sizes_of_schemas": "figures of a schema object, which never change; freed with the schema",
}
"""Mutable containers that may stand in a module, and why they are no state of a server."""


def sources() -> list[Path]:
    return [
        file
        for room in MAY_KNOW
        for file in ([HERE / f"{room}.py"] if (HERE / f"{room}.py").exists() else sorted((HERE / room).rglob("*.py")))
    ]


def imports(file: Path) -> set[str]:
    found = set()
    tree = ast.parse(file.read_text("utf-8"))
    for_the_type_checker = {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for each in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_the_type_checker:
            continue
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def room(file: Path) -> str:
    return file.relative_to(HERE).parts[0].removesuffix(".py")


def test_imports_run_one_way() -> None:
    wrong = []
    for file in sources():
        own = room(file)
        for name in imports(file):
            top = name.partition(".")[0]
            if top in MAY_KNOW and top != own and top not in MAY_KNOW[own]:
                wrong.append(f"{file.relative_to(HERE)} imports {name}")
            narrow = NARROWER.get(own)
            if (
                narrow
                and top in MAY_KNOW
                and top != own
                and not any(
                    name == each or name.startswith(f"{each}.") or each.startswith(f"{name}.") or each == name
                    for each in narrow
                )
            ):
                wrong.append(f"{file.relative_to(HERE)} imports {name}")
            if top in OUTSIDE and not {own, str(file.relative_to(HERE))} & OUTSIDE[top]:
                wrong.append(f"{file.relative_to(HERE)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_the_checker_sees_what_it_looks_for(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text("import aiohttp\nfrom schema import graph\ndef f():\n    from web.app import x\n")
    assert imports(file) == {"aiohttp", "schema", "schema.graph", "web.app", "web.app.x"}
    assert len(sources()) > 60


def test_no_circles_inside_a_room() -> None:
    known = {".".join(file.relative_to(HERE).with_suffix("").parts): file for file in sources()}
    edges = {name: {each for each in imports(file) if each in known and each != name} for name, file in known.items()}
    state: dict[str, int] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if state.get(name) == 2:
            return
        assert state.get(name) != 1, f"circle: {' -> '.join((*path, name))}"
        state[name] = 1
        for each in sorted(edges[name]):
            visit(each, (*path, name))
        state[name] = 2

    for name in known:
        visit(name, ())


def test_subjects_of_services_know_only_those_below_them() -> None:
    wrong = []
    for file in sorted((HERE / "services").rglob("*.py")):
        parts = file.relative_to(HERE / "services").parts
        own = parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        assert own in SUBJECTS, f"{file.name}: put it into a folder of services/, or name its subject in SUBJECTS"
        for name in imports(file):
            top, _, rest = name.partition(".")
            other = rest.partition(".")[0]
            if top == "services" and other in SUBJECTS and SUBJECTS.index(other) > SUBJECTS.index(own):
                wrong.append(f"{file.relative_to(HERE)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_what_tests_share_is_in_helpers() -> None:
    borrowed = [
        f"{file.relative_to(HERE)}: {name}"
        for file in sorted((HERE / "tests").rglob("*.py"))
        for name in sorted(imports(file))
        if name.startswith("tests.") and name.split(".")[-1].startswith("test_")
    ]
    assert borrowed == [], "Move what several tests need to tests/helpers/."


def test_constants_say_what_of() -> None:
    wrong = []
    for file in sources():
        for node in ast.parse(file.read_text("utf-8")).body:
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            named = {each.id for each in targets if isinstance(each, ast.Name)} & SAY_NOTHING
            wrong += [f"{file.relative_to(HERE)}: {name}" for name in named]
    assert not wrong


def registries(tree: ast.Module) -> list[str]:
    """Names of containers that a module creates empty, or under a name that is no constant's; and globals it reassigns."""
    found = []
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value: Any = getattr(node, "value", None)
        made = isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in CONTAINERS
        literal = isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp)
        empty = (made and not value.args) or (literal and ast.unparse(value) in {"{}", "[]"})
        if made or literal:
            names = [ast.unparse(each) for each in targets]
            found += [each for each in names if (empty or not each.strip("_").isupper()) and not each.startswith("__")]
    return found + [name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names]


def test_what_a_server_keeps_in_memory_is_in_its_runtime() -> None:
    found = {
        f"{file.relative_to(HERE)}: {name}"
        for file in sources()
        for name in registries(ast.parse(file.read_text("utf-8")))
    }
    assert found == MODULE_REGISTRIES.keys(), (
        "Make it a part of services/core/runtime.py, or say why it need not be one."
    )


def test_the_checker_sees_registries() -> None:
    text = """
_boards: WeakKeyDictionary[int, int] = WeakKeyDictionary()
seen = set()
names = {"a": 1}
KNOWN = {}
FIGURES = {"a": 1}
__all__ = ["f"]
def f():
    global count
"""
    assert registries(ast.parse(text)) == ["_boards", "seen", "names", "KNOWN", "count"]


def test_log_events_are_a_subject_and_a_verb() -> None:
    wrong = []
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log")), args=[ast.Constant(value=str(event)), *_]):
                    if not re.fullmatch(r"[a-z_]+\.[a-z_]+", event):
                        wrong.append(f"{file.relative_to(HERE)}: {event}")
    assert not wrong


def test_files_stay_short() -> None:
    long = {
        str(file.relative_to(HERE)): lines
        for file in HERE.rglob("*.py")
        if not {".venv", "migrations", "var"} & set(file.parts) and (lines := file.read_text("utf-8").count("\n")) > 400
    }
    assert not long


TRACKED = subprocess.run(
    ["git", "ls-files", "-co", "--exclude-standard"], cwd=HERE, capture_output=True, text=True, check=False
).stdout.split("\n")


@pytest.mark.skipif(len(TRACKED) < 10, reason="not a git checkout")
def test_nothing_names_a_registry_or_a_machine() -> None:
    hosts = re.compile(
        "|".join(
            [
                r"pythonhosted\.",
                r"pypi\.",
                r"registry\.np",
                r"registry\.yarn",
                r"deb\.debian",
                r"/ro" + r"ot/",
                r"/wo" + r"rk/",
            ]
        )
    )
    wrong = []
    for name in TRACKED:
        file = HERE / name
        if not name or not file.is_file() or file == Path(__file__):
            continue
        text = file.read_bytes().decode("utf-8", "replace")
        wrong += [f"{name}: {line[:100]}" for line in text.splitlines() if hosts.search(line)]
    assert not wrong, "\n".join(wrong)


def test_every_action_of_the_audit_trail_can_be_named_by_its_readers() -> None:
    named = {each.value for each in AuditAction}
    written = {
        argument.value
        for file in sources()
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in {"audit.record", "audit.record_refusal", "_note", "_record_change"}
        for argument in call.args[:1]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    assert len(written) > len(named) / 2
    assert written <= named, "Enter the action in models/audit.py, and its sentence in schema/audit.py."
