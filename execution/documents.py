"""Documents, parsed, measured and validated once, and cached by their text."""

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
from execution.variables import DeclaredVariables, variables_in
from services.core.bounded_cache import BoundedByBytes
from services.errors import ErrorCode

MAX_CACHED_TEXT = 20_000
"""Characters of a text that can be cached."""
MAX_ERRORS = 20
"""Errors of a document that are reported. Validation stops there."""
MAX_SUGGESTIONS, MAX_TOKENS_FOR_SUGGESTIONS = 3, 1_000
"""Only documents with so few errors and tokens get "Did you mean": each compares a name with all names of a type."""
MAX_LOCATIONS = 20
"""Locations of one error that are reported."""
MAX_MESSAGE = 600
"""Characters of an error message: graphql-core copies text of the client into it, however long."""
BYTES_PER_TOKEN = 360
"""Bytes of a parsed document for each token, without its text; measured in tests/hostile/test_memory.py."""
BYTES_PER_DOCUMENT = 10_240
"""Bytes of a document beside its tokens and text, and of each of its operations."""
BYTES_PER_ERROR = 4_096
"""Bytes of an error beside its message."""

OperationKind = Literal["query", "mutation", "subscription"]

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
_END_OF_LINE = re.compile(r"\r\n|[\n\r]")
_PARSER_TOKEN_LIMIT = "tokens. Parsing aborted."  # noqa: S105 - the end of an error message of graphql-core


class Text(Source):
    """
    The text of a document that finds its lines once. graphql-core searches them again for each error, from the start:
    thousands of errors at the end of a long text would take a minute.
    """

    @cached_property
    def _lines(self) -> list[tuple[int, int]]:
        """The start and end of each line break."""
        return [match.span() for match in _END_OF_LINE.finditer(self.body)]

    def get_location(self, position: int) -> SourceLocation:
        """Return line and column of a position, counted from 1, as graphql-core would."""
        before = bisect_left(self._lines, (position,))
        begin = self._lines[before - 1][1] if before else 0
        return SourceLocation(before + 1, position + 1 - begin)

    def forget_lines(self) -> None:
        """Free the memory of the lines that `get_location` found."""
        vars(self).pop("_lines", None)


class _Parser(Parser):
    """Parses without keeping tokens in the nodes: each refers to the whole chain of them, as large as the document."""

    def loc(self, start_token: Token) -> Location:
        location = Location(start_token, self._lexer.last_token, self._lexer.source)
        location.start_token = location.end_token = cast("Token", None)
        return location

    def parse_and_unlink(self) -> DocumentNode:
        """Parse, and unlink the tokens: a chain linked in both directions is freed only by the garbage collector."""
        try:
            return self.parse_document()
        finally:
            token: Token | None = self._lexer.token
            while token is not None:
                before, token.prev, token.next = token.prev, None, None
                token = before


class Unreadable(Exception):
    """The text cannot be run. Carries the errors to answer, and the operation's kind if it is known."""

    def __init__(self, *errors: GraphQLError, kind: OperationKind | None = None) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors, self.kind = errors, kind


@dataclass(frozen=True, eq=False)
class Parsed:
    """The nodes of a document, and of one of its operations."""

    document: DocumentNode
    definition: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]


class Operation:
    """
    One operation of a valid document, with everything that does not depend on a request.

    `deciding` are its variables in @skip and @include; their values, which are booleans, change the requested fields.
    `has_only_skip_and_include` is true if it has no other directives. `is_cacheable` is true if its text is short
    enough for the cache. `prepared` belongs to the executor: one entry for each combination of the deciding values.
    """

    def __init__(self, schema: GraphQLSchema, parsed: Parsed, entry: "Document") -> None:
        used = list(_directives_of(parsed))
        deciding = [each for each in used if each.name.value in {"skip", "include"}]
        name = parsed.definition.name
        self.name = name.value if name else None
        self.kind: OperationKind = parsed.definition.operation.value
        self.variables = DeclaredVariables(schema, parsed.definition)
        self.deciding: tuple[str, ...] = tuple(sorted(set().union(*map(variables_in, deciding))))
        self.has_only_skip_and_include = len(deciding) == len(used)
        self.is_cacheable = entry.is_cacheable
        self.prepared: dict[tuple[Any, ...], Any] = {}
        self._text, self._parsed = entry.text, cast("Parsed | None", parsed)
        # Weak, so that a document that leaves the cache is freed at once, without the garbage collector.
        self._entry = ref(entry)

    @property
    def parsed(self) -> Parsed:
        """Return the operation's nodes; parses them again if `release` freed them."""
        if self._parsed is None:
            self._parsed = _parsed_of(_Parser(Text(self._text)).parse_and_unlink(), self.name)
        return self._parsed

    @property
    def document(self) -> DocumentNode:
        """Return the whole document."""
        return self.parsed.document

    @property
    def definition(self) -> OperationDefinitionNode:
        """Return the operation's node."""
        return self.parsed.definition

    @property
    def fragments(self) -> Mapping[str, FragmentDefinitionNode]:
        """Return the document's fragments by name."""
        return self.parsed.fragments

    @property
    def entry(self) -> "Document | None":
        """Return its document; None if that is no longer cached."""
        return self._entry()

    def release(self) -> None:
        """Free the nodes. A plan does not need them; if graphql-core does, they are parsed again."""
        entry = self._entry()
        if entry is not None and entry.is_cacheable and entry.has_one_operation:
            self._parsed = entry.nodes = None
            entry.size_of_nodes = self.variables.size

    def release_again(self) -> None:
        """Free the nodes if they had been freed and were then parsed again."""
        entry = self._entry()
        if entry is not None and entry.nodes is None:
            self._parsed = None


class Document:
    """
    A valid document and its operations by name, or an invalid one and its errors.

    `size_of_nodes` and `size_of_plans` are in bytes; the executor adds to the latter.
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
        self.is_cacheable = len(text) <= MAX_CACHED_TEXT
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
    def has_one_operation(self) -> bool:
        """Return True if there is one operation, so that no other needs the nodes."""
        return len(self._names) == 1

    @property
    def size(self) -> int:
        """Bytes of memory that the document occupies."""
        errors = sum(BYTES_PER_ERROR + getsizeof(error.message) for error in self.errors)
        operations = BYTES_PER_DOCUMENT * (1 + len(self._operations))
        texts = 2 * getsizeof(self.text)  # a long literal in the text exists once more, as a value
        return texts + self.size_of_nodes + self.size_of_plans + operations + errors

    def operation(self, name: str | None) -> Operation:
        """Return the operation to run. Raises Unreadable if none has this name, or if there is no name and several exist."""
        if not name and self.has_one_operation:
            name = self._names[0]
        elif not name:
            raise Unreadable(GraphQLError("The document has several operations: name the one to run."))
        if name not in self._names:
            raise Unreadable(GraphQLError("The document has no operation of this name."))
        found = self._operations.get(name)
        if found is None:
            assert self.nodes is not None  # noqa: S101 - for the type checker: only a single operation frees them
            assert self._schema is not None  # noqa: S101 - for the type checker: an invalid document has no operations
            found = self._operations[name] = Operation(self._schema, _parsed_of(self.nodes, name), self)
        return found

    @property
    def decides(self) -> bool:
        """Return True if an operation that ran before has variables that decide on its plan."""
        return any(each.deciding for each in self._operations.values())

    @property
    def prepared(self) -> int:
        """Return the number of pairs of an operation and its deciding values that the executor has prepared."""
        return sum(len(each.prepared) for each in self._operations.values())

    def forget_prepared(self) -> None:
        """Drop all plans."""
        for each in self._operations.values():
            each.prepared.clear()
        self.size_of_plans = 0


class Documents:
    """Reads texts. Caches the most recently used documents, with their plans, within `max_bytes`."""

    def __init__(self, schema: GraphQLSchema, allowed: Limits, max_bytes: int) -> None:
        self._schema, self._allowed = schema, allowed
        self.cached: BoundedByBytes[str, Document] = BoundedByBytes(max_bytes)

    def read(self, text: str) -> Document:
        """Return the parsed and valid document, from the cache if it is there. Raises Unreadable."""
        document = self.cached.get(text)
        if document is None:
            document = self._parse(text)
            self.put(document)
        if document.errors:
            raise Unreadable(*document.errors)
        return document

    def put(self, document: Document) -> None:
        """Store a document with its present size. If its plans have made it too large for the cache, they are dropped."""
        if not document.is_cacheable or self.cached.put(document.text, document, document.size):
            return
        document.forget_prepared()
        self.cached.put(document.text, document, document.size)

    def _parse(self, text: str) -> Document:
        try:
            source = Text(text)
            parser = _Parser(source, max_tokens=self._allowed.max_tokens)
            ast = parser.parse_and_unlink()
            limits.check(ast, self._allowed)
            errors = self._validate(ast, parser.token_count)
        except TooComplex as error:
            return Document(text, errors=(_too_complex(str(error)),))
        except GraphQLError as error:
            if error.message.endswith(_PARSER_TOKEN_LIMIT):
                allowed = self._allowed.max_tokens
                return Document(text, errors=(_too_complex(f"The query has more than {allowed} tokens."),))
            return Document(text, errors=(_detached(error),))
        except RecursionError:
            return Document(text, errors=(_too_complex("The query is nested too deeply."),))
        if errors:
            return Document(text, errors=tuple(map(_detached, errors)))
        source.forget_lines()
        return Document(text, schema=self._schema, nodes=ast, tokens=parser.token_count)

    def _validate(self, ast: DocumentNode, tokens: int) -> list[GraphQLError]:
        """Return the errors of a document. Suggestions are expensive, so they are made only if there are few errors."""
        errors = validate(self._schema, ast, _RULES, MAX_ERRORS, hide_suggestions=True)
        if 0 < len(errors) <= MAX_SUGGESTIONS and tokens <= MAX_TOKENS_FOR_SUGGESTIONS:
            return validate(self._schema, ast, _RULES, MAX_ERRORS)
        return errors


def shortened(message: str) -> str:
    """Return the message, or its beginning and end if it is too long: the reason stands at one of them."""
    if len(message) <= MAX_MESSAGE:
        return message
    return f"{message[: MAX_MESSAGE // 2]} … {message[-MAX_MESSAGE // 4 :]}"


def _parsed_of(document: DocumentNode, name: str | None) -> Parsed:
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode) and (each.name.value if each.name else None) == name:
            return Parsed(document, each, fragments)
    raise LookupError(name)  # cannot happen: the caller has checked


def _directives_of(parsed: Parsed) -> Iterator[DirectiveNode]:
    """Yield every directive in an operation and in the fragments that it spreads."""
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


def _detached(error: GraphQLError) -> GraphQLError:
    """Return a copy of the error without references to nodes, text and stack frames."""
    detached = GraphQLError(shortened(error.message), extensions=error.extensions)
    detached.locations = error.locations and error.locations[:MAX_LOCATIONS]
    return detached
