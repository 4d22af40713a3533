"""
The error codes that a function can raise, found in the source: those that it and the functions that it refers to name.

A reference counts as a call, so the codes of a function that is only passed on are found too. Annotations are not
references. What is called through an object (`self.x()`) is not followed.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from services.errors import ErrorCode
from settings import HERE

LAYERS = ("resolvers", "services", "catalogue")
LEDGER = "services.points.ledger"
"""Records points. Its refusals are about events of services; those that the rules record themselves are always good."""

Place = tuple[str, str]


@dataclass
class Module:
    """Definitions of a module by name, and what its imports refer to."""

    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    names: dict[str, Place] = field(default_factory=dict)


def reachable_codes(module: str, function: str, *, through_ledger: bool = False) -> set[ErrorCode]:
    """Return the codes that this function can raise, by itself and through others."""
    seen: set[Place] = set()
    todo, codes = [(module, function)], set[ErrorCode]()
    while todo:
        place = todo.pop()
        if place in seen or (place[0] == LEDGER and not through_ledger):
            continue
        seen.add(place)
        own, following = _named_in(*place)
        codes |= own
        todo += following
    return codes


@cache
def _named_in(module: str, name: str) -> tuple[frozenset[ErrorCode], tuple[Place, ...]]:
    """The codes that one definition names, and the definitions that it refers to."""
    codes: set[ErrorCode] = set()
    following: set[Place] = set()
    of = _modules()[module]
    for node in _walk(of.definitions[name]):
        match node:
            case ast.Attribute(value=ast.Name(id="ErrorCode"), attr=code):
                codes.add(ErrorCode[code])
            case ast.Attribute(value=ast.Name(id=alias), attr=attribute) if alias in of.modules:
                following.add((of.modules[alias], attribute))
            case ast.Name(id=local) if local in of.definitions:
                following.add((module, local))
            case ast.Name(id=imported) if imported in of.names:
                following.add(of.names[imported])
    known = _modules()
    return frozenset(codes), tuple(each for each in following if each[1] in known[each[0]].definitions)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it, without annotations."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns"}:
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST):
                yield from _walk(each)


@cache
def _modules() -> dict[str, Module]:
    paths = {_module_name(path): path for layer in LAYERS for path in Path(HERE, layer).rglob("*.py")}
    return {name: _read(path, set(paths)) for name, path in paths.items()}


def _module_name(path: Path) -> str:
    return ".".join(path.relative_to(HERE).with_suffix("").parts).removesuffix(".__init__")


def _read(path: Path, known: set[str]) -> Module:
    tree, made = ast.parse(path.read_text("utf-8")), Module()
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                made.definitions[name] = node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                made.definitions[name] = node
    for each in ast.walk(tree):
        if isinstance(each, ast.ImportFrom) and each.module:
            for alias in each.names:
                full, name = f"{each.module}.{alias.name}", alias.asname or alias.name
                if full in known:
                    made.modules[name] = full
                elif each.module in known:
                    made.names[name] = (each.module, alias.name)
    return made
