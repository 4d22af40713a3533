"""Documents, read once and kept by their text: parsed, within the limits, valid."""

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Source,
    SourceLocation,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from execution import limits
from execution.bounded import Bounded
from execution.limits import Limits, TooComplex
from execution.variables import Declared, directives, variables_in

LARGEST_KEPT = 20_000  # characters; a larger text is read each time, so that a thousand of them fit in memory

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


class Unreadable(Exception):
    """The text is not something that could be run; carries the errors to answer, and the operation's kind if known."""

    def __init__(self, *errors: GraphQLError, kind: OperationKind | None = None) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors, self.kind = errors, kind


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of a valid document, with all that does not depend on a request."""

    document: DocumentNode
    definition: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    variables: Declared
    deciding: tuple[str, ...]  # variables in @skip and @include: their values change what is asked
    common: bool  # only @skip and @include are used
    kept: bool  # its text is small enough to be kept, and so is what is made of it

    @property
    def kind(self) -> OperationKind:
        """Query, mutation or subscription."""
        return self.definition.operation.value


@dataclass(frozen=True)
class Document:
    """A document's operations by name, or the errors that it always gets."""

    operations: dict[str | None, Operation] = field(default_factory=dict)
    errors: tuple[GraphQLError, ...] = ()

    def operation(self, name: str | None) -> Operation:
        """Choose the operation to run; raises Unreadable when there is none of this name, or no name and several."""
        if not name and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if not name:
            raise Unreadable(GraphQLError("The document has several operations: name the one to run."))
        if name not in self.operations:
            raise Unreadable(GraphQLError("The document has no operation of this name."))
        return self.operations[name]


class Documents:
    """Reads texts, and keeps the last `keep` of them that are not too large."""

    def __init__(self, schema: GraphQLSchema, allowed: Limits, keep: int) -> None:
        self._schema, self._allowed = schema, allowed
        self.held: Bounded[str, Document] = Bounded(keep)

    def read(self, text: str) -> Document:
        """Parse, measure and validate a text, once as long as it is kept; raises Unreadable."""
        document = self.held.get(text)
        if document is None:
            document = self._read(text)
            if len(text) <= LARGEST_KEPT:
                self.held.put(text, document)
        if document.errors:
            raise Unreadable(*document.errors)
        return document

    def _read(self, text: str) -> Document:
        try:
            ast = parse(Text(text), max_tokens=self._allowed.max_tokens)
            limits.check(ast, self._allowed)
            errors = validate(self._schema, ast, _RULES)
        except TooComplex as error:
            return Document(errors=(_too_complex(str(error)),))
        except GraphQLError as error:
            if error.message.endswith(_PARSER_TOKEN_LIMIT):
                allowed = self._allowed.max_tokens
                return Document(errors=(_too_complex(f"The query has more than {allowed} tokens."),))
            return Document(errors=(_without_trace(error),))
        except RecursionError:
            return Document(errors=(_too_complex("The query is nested too deeply."),))
        if errors:
            return Document(errors=tuple(map(_without_trace, errors)))
        return Document(operations=self._operations(ast, kept=len(text) <= LARGEST_KEPT))

    def _operations(self, ast: DocumentNode, *, kept: bool) -> dict[str | None, Operation]:
        used = list(directives(ast))
        deciding = [each for each in used if each.name.value in {"skip", "include"}]
        fragments = {each.name.value: each for each in ast.definitions if isinstance(each, FragmentDefinitionNode)}
        return {
            each.name.value if each.name else None: Operation(
                document=ast,
                definition=each,
                fragments=fragments,
                variables=Declared(self._schema, each),
                deciding=tuple(sorted(set().union(*map(variables_in, deciding)))),
                common=len(deciding) == len(used),
                kept=kept,
            )
            for each in ast.definitions
            if isinstance(each, OperationDefinitionNode)
        }


def _too_complex(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "QUERY_TOO_COMPLEX"})


def _without_trace(error: GraphQLError) -> GraphQLError:
    """Let go of the frames, which hold on to everything that was being read."""
    return error.with_traceback(None)
