"""Nothing that must not run in a transaction is called inside one, however many calls lie between."""

import ast
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent.parent.parent
ROOMS = ("models", "services", "resolvers", "web", "cli")


@dataclass
class Functions(ast.NodeVisitor):
    """Names of functions as `module.function`, and the names that each uses: in a block `in_transaction()`, or outside of one."""

    module: str = ""
    imported: dict[str, str] = field(default_factory=dict)
    inside: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    outside: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    path: tuple[str, ...] = ()
    blocks: int = 0

    def read(self, module: str, text: str) -> None:
        tree = ast.parse(text)
        froms = (each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom))
        self.imported = {
            name.asname or name.name: f"{each.module}.{name.name}" for each in froms for name in each.names
        }
        self.module = module
        self.visit(tree)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        path, blocks = self.path, self.blocks
        self.path, self.blocks = (*path, node.name), 0
        self.generic_visit(node)
        self.path, self.blocks = path, blocks

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast's name

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        opens = any("in_transaction(" in ast.unparse(item.context_expr) for item in node.items)
        self.blocks += opens
        self.generic_visit(node)
        self.blocks -= opens

    def visit_Name(self, node: ast.Name) -> None:
        own = {".".join((self.module, *self.path[:depth], node.id)) for depth in range(len(self.path) + 1)}
        self.use({self.imported[node.id]} if node.id in self.imported else own)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and node.value.id in self.imported:
            self.use({f"{self.imported[node.value.id]}.{node.attr}"})
        self.generic_visit(node)

    def use(self, names: set[str]) -> None:
        if self.path:
            (self.inside if self.blocks else self.outside)[".".join((self.module, *self.path))] |= names


def test_nothing_forbidden_is_called_in_a_transaction() -> None:
    # given
    functions = Functions()
    for file in sorted(each for room in ROOMS for each in (HERE / room).rglob("*.py")):
        module = ".".join(file.relative_to(HERE).with_suffix("").parts)
        functions.read(module, file.read_text("utf-8"))
    # when a function uses a forbidden one outside of a transaction of its own, it is forbidden itself
    direct = {name for name, used in functions.outside.items() if "models.transactions.forbid_transaction" in used}
    forbidden: set[str] = set()
    more = direct
    while more:
        forbidden |= more
        more = {name for name, used in functions.outside.items() if used & forbidden} - forbidden
    # then
    wrong = {name: used & forbidden for name, used in functions.inside.items() if used & forbidden}
    assert not wrong
    assert len(direct) > 5 and "services.sign_in.password_reset.reset" in forbidden  # the search works
