"""The one way to run a document: a plan where there is one, graphql-core otherwise."""

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

import strawberry
import structlog
from graphql import GraphQLError

from execution.access import coordinates
from execution.bounded import Bounded
from execution.compile import compile_plan
from execution.core import run_in_core
from execution.documents import Documents, Operation, Unreadable
from execution.limits import Limits
from execution.plan import Plan
from execution.results import Answer, refused_request, told
from execution.selection import NotCovered
from execution.variables import BadVariables, Variables
from schema.fields import types_by_row
from services.errors import ErrorCode

log = structlog.get_logger(__name__)


class Clearable(Protocol):
    """What a context's `loaders` can do."""

    def clear(self) -> None:
        """Forget everything read so far."""


class Context(Protocol):
    """What the executor needs of a request's context; fields need more of it."""

    @property
    def loaders(self) -> Clearable:
        """The loaders of this request."""

    def may(self, coordinates: frozenset[str]) -> None:
        """Raise NotAllowed when the viewer may not touch one of these fields (`Type.field`)."""


@dataclass
class Counts:
    """Answers since the start. `fell_back` were begun by a plan and given by graphql-core; `core` had no plan."""

    planned: int = 0
    fell_back: int = 0
    core: int = 0


@dataclass(frozen=True, eq=False)
class Prepared:
    """What is known of an operation for given values of its directives' variables."""

    coordinates: frozenset[str]
    plan: Plan | None


class Executor:
    """
    Runs documents against one schema.

    `plans=False` leaves everything to graphql-core. `keep` bounds the documents and the plans that are held.
    `concurrent` says whether readers of one level can overlap (PostgreSQL) or not (SQLite in the loop's thread).
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        limits: Limits,
        plans: bool = True,
        keep: int = 1000,
        concurrent: bool = True,
    ) -> None:
        types_by_row(schema)
        self.schema, self.counts = schema, Counts()
        self._core = schema._schema  # noqa: SLF001 - Strawberry has no public way to the built schema
        self._plans, self._concurrent = plans, concurrent
        self.documents = Documents(self._core, limits, keep)
        self.prepared: Bounded[Any, Prepared] = Bounded(keep)

    async def run(
        self,
        text: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        context: Context,
        *,
        allow_mutations: bool = True,
    ) -> Answer:
        """
        Run one operation of a document and answer it, errors included. Raises nothing but a cancellation.

        Rights on fields are asked of the context (`may`) before anything is read or written.
        """
        try:
            operation = self._choose(text, operation_name, allow_mutations=allow_mutations)
        except Unreadable as error:
            return refused_request(error.errors, error.kind)
        kind, raw = operation.kind, variables or {}
        try:
            values = operation.variables.read(raw)
        except BadVariables as error:
            return refused_request(error.errors, kind, code=ErrorCode.BAD_INPUT.value)
        try:
            prepared = self._prepare(operation, values)
            context.may(prepared.coordinates)
        except Exception as error:  # noqa: BLE001 - a refusal is told, a bug is logged and masked: both by told()
            return Answer({"data": None, "errors": told([GraphQLError(str(error), original_error=error)])}, kind)
        return await self._run(prepared.plan, operation, values, raw, context)

    def _choose(self, text: str, name: str | None, *, allow_mutations: bool) -> Operation:
        operation = self.documents.read(text).operation(name)
        kind = operation.kind
        if kind == "subscription":
            raise Unreadable(GraphQLError("Subscriptions are not answered to a single request."), kind=kind)
        if kind == "mutation" and not allow_mutations:
            raise Unreadable(GraphQLError("A mutation has to be sent with POST."), kind=kind)
        return operation

    async def _run(
        self, plan: Plan | None, operation: Operation, values: Variables, raw: dict[str, Any], context: Context
    ) -> Answer:
        kind = operation.kind
        if plan is None:
            self.counts.core += 1
            return Answer(await run_in_core(self._core, operation, raw, context), kind)
        try:
            data = await plan.run(context, values)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            reason = "CancelledError"  # a reader's own, not the request's
        except Exception as error:  # noqa: BLE001 - whatever it is, graphql-core meets it again and says it properly
            reason = type(error).__name__
        else:
            self.counts.planned += 1
            return Answer({"data": data}, kind, planned=True)
        self.counts.fell_back += 1
        # A plan reads without loaders, but a coroutine may have used them, and may have kept a failure there.
        context.loaders.clear()
        body = await run_in_core(self._core, operation, raw, context)
        if "errors" not in body:
            log.warning("plan_gave_up", reason=reason)  # correct, but 10 to 20 times dearer than it should be
        return Answer(body, kind, fell_back=True)

    def _prepare(self, operation: Operation, values: Variables) -> Prepared:
        key = (operation, *map(values.coerced.get, operation.deciding)) if operation.deciding else operation
        prepared = self.prepared.get(key)
        if prepared is None:
            prepared = Prepared(coordinates(self._core, operation, values.full()), self._plan(operation, values))
            if operation.kept:
                self.prepared.put(key, prepared)
        return prepared

    def _plan(self, operation: Operation, values: Variables) -> Plan | None:
        # Compiling costs as much as one run in graphql-core: not for a text that is too large to be kept.
        if not self._plans or not operation.kept:
            return None
        try:
            return compile_plan(self.schema, operation, values, concurrent=self._concurrent)
        except NotCovered:
            return None
        except Exception as error:  # noqa: BLE001 - an argument that does not convert is graphql-core's to tell
            log.warning("plan_not_made", reason=type(error).__name__)
            return None
