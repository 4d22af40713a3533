"""Documents, read once and kept by their text: parsed, within the limits, valid."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from sys import getsizeof
from typing import Any, Literal, cast
from weakref import ref

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    Location,
    OperationDefinitionNode,
    Source,
    SourceLocation,
    Token,
    specified_rules,
    validate,
)
from graphql.language.parser import Parser
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from execution import limits
from execution.limits import Limits, TooComplex
from execution.variables import Declared, variables_in
from services.core.bounded_cache import BoundedByBytes
from services.errors import ErrorCode

LARGEST_KEPT = 20_000
"""Characters of a text; what is made of a longer one is not kept."""
MAX_ERRORS = 20
"""Errors of a document that are reported; validation stops there."""
MAX_SUGGESTIONS, MAX_TOKENS_FOR_SUGGESTIONS = 3, 1_000
"""Errors with "Did you mean": each compares a name with all names of a type. Larger documents get none."""
MAX_LOCATIONS = 20
"""Places of one error that are reported."""
MAX_MESSAGE = 600
"""Characters of an error message: graphql-core repeats in it what the client sent, however long."""
BYTES_PER_TOKEN = 360
"""What a parsed document holds for each token, without the text; measured in tests/hostile/test_memory.py."""
BYTES_PER_DOCUMENT = 10_240
"""What one holds besides, and what one of its operations does."""
BYTES_PER_ERROR = 4_096
"""What an error holds beside its message."""

OperationKind = Literal["query", "mutation", "subscription"]

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
_END_OF_LINE = re.compile(r"\r\n|[\n\r]")
_PARSER_TOKEN_LIMIT = "tokens. Parsing aborted."  # noqa: S105 - the end of a message of graphql-core's


class Text(Source):
    """
    A document's text that looks for its lines once. graphql-core looks for them again for each error, from the
    beginning: thousands of errors at the end of a long text would take a minute.
    """

    @cached_property
    def _lines(self) -> list[tuple[int, int]]:
        """Where each end of a line begins, and where the next line does."""
        return [match.span() for match in _END_OF_LINE.finditer(self.body)]

    def get_location(self, position: int) -> SourceLocation:
        """Line and column of a position, counted from 1; the same that graphql-core finds."""
        before = bisect_left(self._lines, (position,))
        begin = self._lines[before - 1][1] if before else 0
        return SourceLocation(before + 1, position + 1 - begin)

    def forget_lines(self) -> None:
        """Let go of what `get_location` found out."""
        vars(self).pop("_lines", None)


class _Parser(Parser):
    """Parses without keeping the tokens: each would hold the whole chain of them, as much as the document itself."""

    def loc(self, start_token: Token) -> Location:
        location = Location(start_token, self._lexer.last_token, self._lexer.source)
        location.start_token = location.end_token = cast("Token", None)
        return location

    def parse_and_forget(self) -> DocumentNode:
        """Parse, and take the chain of tokens apart: a chain in both directions waits for the collector of cycles."""
        try:
            return self.parse_document()
        finally:
            token: Token | None = self._lexer.token
            while token is not None:
                before, token.prev, token.next = token.prev, None, None
                token = before


class Unreadable(Exception):
    """The text is not something that could be run; carries the errors to answer, and the operation's kind if known."""

    def __init__(self, *errors: GraphQLError, kind: OperationKind | None = None) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors, self.kind = errors, kind


@dataclass(frozen=True, eq=False)
class Parsed:
    """A document's nodes, and those of one of its operations."""

    document: DocumentNode
    definition: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]


class Operation:
    """
    One operation of a valid document, with all that does not depend on a request.

    `deciding` are its variables in @skip and @include, whose values change what is asked: booleans, as validation
    demands. `common` says that it has no other directives; `kept`, that its text is small enough to be kept, and so is
    what is made of it. `prepared` is the executor's: what it made for each combination of the deciding values.
    """

    def __init__(self, schema: GraphQLSchema, parsed: Parsed, entry: "Document") -> None:
        used = list(_directives_of(parsed))
        deciding = [each for each in used if each.name.value in {"skip", "include"}]
        name = parsed.definition.name
        self.name = name.value if name else None
        self.kind: OperationKind = parsed.definition.operation.value
        self.variables = Declared(schema, parsed.definition)
        self.deciding: tuple[str, ...] = tuple(sorted(set().union(*map(variables_in, deciding))))
        self.common = len(deciding) == len(used)
        self.kept = entry.kept
        self.prepared: dict[tuple[Any, ...], Any] = {}
        self._text, self._parsed = entry.text, cast("Parsed | None", parsed)
        # Weak, so that what leaves the cache is gone at once, without waiting for the collector of cycles.
        self._entry = ref(entry)

    @property
    def parsed(self) -> Parsed:
        """The operation's nodes; parsed again when `release` let go of them."""
        if self._parsed is None:
            self._parsed = _parsed(_Parser(Text(self._text)).parse_and_forget(), self.name)
        return self._parsed

    @property
    def document(self) -> DocumentNode:
        """The whole document."""
        return self.parsed.document

    @property
    def definition(self) -> OperationDefinitionNode:
        """The operation itself."""
        return self.parsed.definition

    @property
    def fragments(self) -> Mapping[str, FragmentDefinitionNode]:
        """The document's fragments by their names."""
        return self.parsed.fragments

    @property
    def entry(self) -> "Document | None":
        """The document that it is of; None when that is held no more."""
        return self._entry()

    def release(self) -> None:
        """Let go of the nodes: a plan does not need them, and graphql-core, which may, has them parsed again."""
        entry = self._entry()
        if entry is not None and entry.kept and entry.alone:
            self._parsed = entry.nodes = None
            entry.size_of_nodes = self.variables.size

    def release_again(self) -> None:
        """Let go of the nodes if they had been let go of before they were needed now."""
        entry = self._entry()
        if entry is not None and entry.nodes is None:
            self._parsed = None


class Document:
    """
    A document's operations by name, or the errors that it always gets.

    `size_of_nodes` and `size_of_plans` are bytes; the executor adds to the latter.
    """

    def __init__(
        self,
        text: str,
        *,
        schema: GraphQLSchema | None = None,
        nodes: DocumentNode | None = None,
        tokens: int = 0,
        errors: tuple[GraphQLError, ...] = (),
    ) -> None:
        self.text, self.errors, self.nodes = text, errors, nodes
        self.kept = len(text) <= LARGEST_KEPT
        self.size_of_nodes = BYTES_PER_TOKEN * tokens
        self.size_of_plans = 0
        self._schema = schema
        self._operations: dict[str | None, Operation] = {}
        self._names = (
            [
                each.name.value if each.name else None
                for each in nodes.definitions
                if isinstance(each, OperationDefinitionNode)
            ]
            if nodes
            else []
        )

    @property
    def alone(self) -> bool:
        """Whether there is one operation, so that nothing else needs the nodes."""
        return len(self._names) == 1

    @property
    def size(self) -> int:
        """Bytes that are held by it."""
        errors = sum(BYTES_PER_ERROR + getsizeof(error.message) for error in self.errors)
        operations = BYTES_PER_DOCUMENT * (1 + len(self._operations))
        texts = 2 * getsizeof(self.text)  # a long literal in it is held again, as a value
        return texts + self.size_of_nodes + self.size_of_plans + operations + errors

    def operation(self, name: str | None) -> Operation:
        """Choose the operation to run; raises Unreadable when there is none of this name, or no name and several."""
        if not name and self.alone:
            name = self._names[0]
        elif not name:
            raise Unreadable(GraphQLError("The document has several operations: name the one to run."))
        if name not in self._names:
            raise Unreadable(GraphQLError("The document has no operation of this name."))
        found = self._operations.get(name)
        if found is None:
            assert self.nodes is not None  # noqa: S101 - for the type checker: only one alone lets go of them
            assert self._schema is not None  # noqa: S101 - the same: errors alone have no operations
            found = self._operations[name] = Operation(self._schema, _parsed(self.nodes, name), self)
        return found

    @property
    def decides(self) -> bool:
        """Whether an operation that was chosen before has variables that choose a plan."""
        return any(each.deciding for each in self._operations.values())

    @property
    def prepared(self) -> int:
        """How many combinations of an operation and its deciding values the executor has prepared."""
        return sum(len(each.prepared) for each in self._operations.values())

    def forget_prepared(self) -> None:
        """Let go of all plans."""
        for each in self._operations.values():
            each.prepared.clear()
        self.size_of_plans = 0


class Documents:
    """Reads texts, and keeps those that were used last within `max_bytes`, with what the executor makes of them."""

    def __init__(self, schema: GraphQLSchema, allowed: Limits, max_bytes: int) -> None:
        self._schema, self._allowed = schema, allowed
        self.held: BoundedByBytes[str, Document] = BoundedByBytes(max_bytes)

    def read(self, text: str) -> Document:
        """Parse, measure and validate a text, once as long as it is kept; raises Unreadable."""
        document = self.held.get(text)
        if document is None:
            document = self._read(text)
            self.keep(document)
        if document.errors:
            raise Unreadable(*document.errors)
        return document

    def keep(self, document: Document) -> None:
        """Keep a document by what it holds now. Where plans have made it too large, they go and it stays."""
        if not document.kept or self.held.put(document.text, document, document.size):
            return
        document.forget_prepared()
        self.held.put(document.text, document, document.size)

    def _read(self, text: str) -> Document:
        try:
            source = Text(text)
            parser = _Parser(source, max_tokens=self._allowed.max_tokens)
            ast = parser.parse_and_forget()
            limits.check(ast, self._allowed)
            errors = self._errors(ast, parser.token_count)
        except TooComplex as error:
            return Document(text, errors=(_too_complex(str(error)),))
        except GraphQLError as error:
            if error.message.endswith(_PARSER_TOKEN_LIMIT):
                allowed = self._allowed.max_tokens
                return Document(text, errors=(_too_complex(f"The query has more than {allowed} tokens."),))
            return Document(text, errors=(_alone(error),))
        except RecursionError:
            return Document(text, errors=(_too_complex("The query is nested too deeply."),))
        if errors:
            return Document(text, errors=tuple(map(_alone, errors)))
        source.forget_lines()
        return Document(text, schema=self._schema, nodes=ast, tokens=parser.token_count)

    def _errors(self, ast: DocumentNode, tokens: int) -> list[GraphQLError]:
        """What is wrong with a document. Suggestions are dear, so they are made only once it is known for how few."""
        errors = validate(self._schema, ast, _RULES, MAX_ERRORS, hide_suggestions=True)
        if 0 < len(errors) <= MAX_SUGGESTIONS and tokens <= MAX_TOKENS_FOR_SUGGESTIONS:
            return validate(self._schema, ast, _RULES, MAX_ERRORS)
        return errors


def shortened(message: str) -> str:
    """The message, or its beginning and its end: what is wrong stands at one of them."""
    if len(message) <= MAX_MESSAGE:
        return message
    return f"{message[: MAX_MESSAGE // 2]} … {message[-MAX_MESSAGE // 4 :]}"


def _parsed(document: DocumentNode, name: str | None) -> Parsed:
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode) and (each.name.value if each.name else None) == name:
            return Parsed(document, each, fragments)
    raise LookupError(name)  # the caller has looked


def _directives_of(parsed: Parsed) -> Iterator[DirectiveNode]:
    """Every use of a directive by an operation: in itself, and in the fragments that it spreads."""
    yield from parsed.definition.directives or ()
    for variable in parsed.definition.variable_definitions or ():
        yield from variable.directives or ()
    waiting, spread = [parsed.definition.selection_set], set[str]()
    while waiting:
        for selection in waiting.pop().selections:
            yield from selection.directives or ()
            if not isinstance(selection, FragmentSpreadNode):
                inner = selection.selection_set  # type: ignore[attr-defined]  # a field or an inline fragment
                waiting += [inner] if inner else []
            elif selection.name.value not in spread:
                spread.add(selection.name.value)
                fragment = parsed.fragments[selection.name.value]
                yield from fragment.directives or ()
                waiting.append(fragment.selection_set)


def _too_complex(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": ErrorCode.QUERY_TOO_COMPLEX.value})


def _alone(error: GraphQLError) -> GraphQLError:
    """The error without the nodes, the text and the frames that it holds on to."""
    alone = GraphQLError(shortened(error.message), extensions=error.extensions)
    alone.locations = error.locations and error.locations[:MAX_LOCATIONS]
    return alone
