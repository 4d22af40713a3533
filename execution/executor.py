"""The one way to run a document: a plan where there is one, graphql-core otherwise."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from time import thread_time
from typing import Any, Protocol

import orjson
import strawberry
import structlog
from graphql import GraphQLError

from execution.access import coordinates
from execution.compile import compile_plan
from execution.core import run_in_core
from execution.cost import MAX_COST, Cost, cost_of
from execution.documents import Documents, Operation, Unreadable
from execution.limits import Limits
from execution.plan import Plan
from execution.results import Answer, refused_request, told, too_dear, unavailable
from execution.selection import NotCovered
from execution.subscriptions import NoEvents, events_of, next_of, root_field
from execution.variables import BadVariables, Variables
from schema.fields import Subscribed, types_by_row
from services.errors import ErrorCode, Refused, Unavailable

log = structlog.get_logger(__name__)

BYTES_PER_ANSWER_CHARACTER = 16
"""What a kept answer about the schema holds for each character of its JSON; tests/hostile/test_memory.py measures it."""
UNNOTICED = 0.01
"""Seconds that the event loop may be held without a thought."""
BYTES_PER_PREPARED = 2_048
"""What is known of an operation, beside its plan and the fields that it touches."""
BYTES_PER_COORDINATE = 100

_AT_ONCE = nullcontext()
_NOT_BY_REQUEST = "Subscriptions are not answered to a single request."


class Clearable(Protocol):
    """What a context's `loaders` can do."""

    def clear(self) -> None:
        """Forget everything read so far."""


class Context(Protocol):
    """What the executor needs of a request's context; fields need more of it."""

    @property
    def loaders(self) -> Clearable:
        """The loaders of this request."""

    @property
    def signed_in(self) -> bool:
        """Whether somebody asks: nobody gets half of the cost."""

    def may(self, coordinates: frozenset[str]) -> None:
        """Raise NotAllowed when the viewer may not touch one of these fields (`Type.field`)."""


@dataclass
class Counts:
    """Answers since the start. `fell_back` were begun by a plan and given by graphql-core; `core` had no plan."""

    planned: int = 0
    fell_back: int = 0
    core: int = 0


class _Clock:
    """What the processor does for a request, while nothing else can run; it lets others run in between."""

    __slots__ = ("_before", "_begun")

    def __init__(self) -> None:
        self._before, self._begun = 0.0, thread_time()

    def seconds(self) -> float:
        """Seconds of the processor so far."""
        return self._before + thread_time() - self._begun

    async def breathe(self) -> None:
        """Let others run, if the last step took long enough to be noticed."""
        took = thread_time() - self._begun
        if took > UNNOTICED:
            await asyncio.sleep(0)
            self._before, self._begun = self._before + took, thread_time()


class _NotRun(Exception):
    """Nothing was run; carries the answer that says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(eq=False)
class Prepared:
    """
    What is known of an operation for given values of its directives' variables. `told` is the answer of one that asks
    of the schema alone, once it was given.
    """

    coordinates: frozenset[str]
    cost: Cost
    plan: Plan | None
    told: dict[str, Any] | None = None

    @property
    def size(self) -> int:
        """Bytes that are held by it, without `told`."""
        plan = self.plan.size if self.plan else 0
        return BYTES_PER_PREPARED + BYTES_PER_COORDINATE * len(self.coordinates) + plan


@dataclass(frozen=True, eq=False)
class _Ready:
    """An operation with the variables of a request: as they came, and coerced."""

    operation: Operation
    raw: dict[str, Any]
    values: Variables
    prepared: Prepared
    cost: int
    max_cost: int


class Executor:
    """
    Runs documents against one schema.

    `plans=False` leaves everything to graphql-core. `max_bytes` bounds what is kept of documents: plans and all.
    `concurrent` says whether readers of one level can overlap (PostgreSQL) or not (SQLite in the loop's thread).
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        limits: Limits,
        plans: bool = True,
        max_bytes: int = 48 * 1024 * 1024,
        concurrent: bool = True,
    ) -> None:
        types_by_row(schema)
        self.schema, self.counts = schema, Counts()
        self._core = schema._schema
        self._plans, self._concurrent, self._limits = plans, concurrent, limits
        self.documents = Documents(self._core, limits, max_bytes)
        self._reading = asyncio.Lock()

    @property
    def prepared(self) -> int:
        """How many combinations of an operation and the values of its directives are held, each with its plan."""
        return sum(each.prepared for each in self.documents.held.values())

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
        clock = _Clock()
        try:
            async with self._turn(text):
                operation = self._choose(text, operation_name, allow_mutations=allow_mutations)
                await clock.breathe()
                ready = self._ready(operation, variables or {}, context)
                await clock.breathe()
            self._may(ready, context)
        except _NotRun as refused:
            return replace(refused.answer, seconds=clock.seconds())
        return await self._run(ready, context, seconds=clock.seconds())

    def subscribes(self, text: str, operation_name: str | None) -> bool:
        """Whether this is a subscription, for `subscribe`; whatever cannot be run is not, and `run` says why."""
        try:
            return self.documents.read(text).operation(operation_name).kind == "subscription"
        except Unreadable:
            return False

    async def subscribe(
        self,
        text: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        fresh: Callable[[], Awaitable[Context]],
    ) -> AsyncGenerator[Answer, None]:
        """
        Answer each event of a subscription by itself until there are no more, or say in one answer why there are none.
        Closing it (`aclosing`) ends its source.

        `fresh` makes the context of the source, and then one for each event: rights are asked anew each time. An event
        that the viewer may not see any more is passed over; who may not subscribe any more is told so, and that is the
        end. Raises nothing but a cancellation and what `fresh` raises.
        """
        try:
            context = await fresh()
            async with self._turn(text):
                operation = self._choose(text, operation_name, subscribing=True)
                ready = self._ready(operation, variables or {}, context)
            self._may(ready, context)
            field = self._subscribed(ready)
            async with events_of(self._core, operation, ready.raw, context) as events:
                operation.release_again()
                while one := await next_of(events):
                    [event], context = one, await fresh()
                    self._may(ready, context, field)
                    if field.still_visible(event, context):
                        yield await self._run(ready, context, event)
        except _NotRun as refused:
            yield refused.answer
        except NoEvents as refused:
            yield Answer(refused.body, "subscription", unavailable=refused.unavailable)

    def _turn(self, text: str) -> AbstractAsyncContextManager[Any]:
        """
        Texts that have to be read, or may need another plan, take turns: several that arrive together would hold the event
        loop for as long as all of them take.
        """
        held = self.documents.held.get(text)
        return _AT_ONCE if held is not None and not held.decides else self._reading

    def _choose(
        self, text: str, name: str | None, *, allow_mutations: bool = True, subscribing: bool = False
    ) -> Operation:
        """Find the operation to run. Raises _NotRun."""
        try:
            operation = self.documents.read(text).operation(name)
            kind = operation.kind
        except Unreadable as error:
            raise _NotRun(refused_request(error.errors, error.kind)) from None
        why = None
        if (kind == "subscription") != subscribing:
            why = "Only a subscription has events." if subscribing else _NOT_BY_REQUEST
        elif kind == "mutation" and not allow_mutations:
            why = "A mutation has to be sent with POST."
        if why:
            raise _NotRun(refused_request([GraphQLError(why)], kind))
        return operation

    def _ready(self, operation: Operation, raw: dict[str, Any], context: Context) -> _Ready:
        """Coerce the variables, find the plan, count the cost. Raises _NotRun."""
        try:
            values = operation.variables.read(raw)
        except BadVariables as error:
            raise _NotRun(refused_request(error.errors, operation.kind, code=ErrorCode.BAD_INPUT)) from None
        try:
            prepared = self._prepare(operation, values)
        except Exception as error:  # noqa: BLE001 - a bug: logged and masked by told()
            raise _not_run(error, operation) from None
        cost = min(prepared.cost.of(values.coerced), MAX_COST)
        allowed = self._limits.cost_for(signed_in=context.signed_in)
        if cost > allowed:
            raise _NotRun(too_dear(cost, allowed, operation.kind))
        return _Ready(operation, raw, values, prepared, cost, allowed)

    def _may(self, ready: _Ready, context: Context, field: Subscribed | None = None) -> None:
        """Raise _NotRun when the viewer may not touch what is asked, or may not have the subscription `field`."""
        try:
            context.may(ready.prepared.coordinates)
            if field:
                field.check(context)
        except Exception as error:  # noqa: BLE001 - a refusal is told, a bug is logged and masked: both by told()
            raise _not_run(error, ready.operation) from None

    def _subscribed(self, ready: _Ready) -> Subscribed:
        field = root_field(self._core, ready.prepared.coordinates)
        if field is None:
            nothing = GraphQLError("The subscription leaves out the one field that it has.")
            raise _NotRun(refused_request([nothing], ready.operation.kind))
        return field

    async def _run(self, ready: _Ready, context: Context, event: Any = None, *, seconds: float = 0.0) -> Answer:
        operation, plan = ready.operation, ready.prepared.plan
        answer = partial(Answer, kind=operation.kind, cost=ready.cost, max_cost=ready.max_cost, seconds=seconds)
        if plan is None:
            try:
                body = await self._in_core(ready, context, event)
            except Unavailable as away:
                return unavailable(away, operation.kind)
            asks_rows = self._plans and operation.kind == "query" and bool(ready.prepared.coordinates)
            return answer(body, fell_back=asks_rows)
        try:
            data = await plan.run(context, ready.values, event)
        except Unavailable as away:
            return unavailable(away, operation.kind)  # graphql-core would only wait for it once more
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            reason = "CancelledError"  # a reader's own, not the request's
        except Exception as error:  # noqa: BLE001 - whatever it is, graphql-core meets it again and says it properly
            reason = type(error).__name__
        else:
            self.counts.planned += 1
            return answer({"data": data}, planned=True)
        self.counts.fell_back += 1
        # A plan reads without loaders, but a coroutine may have used them, and may have kept a failure there.
        context.loaders.clear()
        try:
            body = await run_in_core(self._core, operation, ready.raw, context, event)
        except Unavailable as away:
            return unavailable(away, operation.kind)
        finally:
            operation.release_again()
        if "errors" not in body:
            log.warning("plan_gave_up", reason=reason)  # correct, but 10 to 20 times dearer than it should be
        return answer(body, fell_back=True)

    async def _in_core(self, ready: _Ready, context: Context, event: Any) -> dict[str, Any]:
        """What graphql-core answers. What is asked of the schema alone is kept: it is the same for everybody, for good."""
        operation = ready.operation
        schema_alone = operation.kept and operation.kind == "query" and not ready.prepared.coordinates and not ready.raw
        if schema_alone and ready.prepared.told:
            return {**ready.prepared.told}
        self.counts.core += 1
        body = await run_in_core(self._core, operation, ready.raw, context, event)
        if schema_alone and "errors" not in body:
            ready.prepared.told = {**body}
            operation.release()
            self._grow(operation, BYTES_PER_ANSWER_CHARACTER * len(orjson.dumps(body)))
        return body

    def _prepare(self, operation: Operation, values: Variables) -> Prepared:
        key = tuple(map(values.coerced.get, operation.deciding))
        prepared: Prepared | None = operation.prepared.get(key)
        if prepared is None:
            full = values.full()
            prepared = Prepared(
                coordinates=coordinates(self._core, operation, full),
                cost=cost_of(self._core, operation, full),
                plan=self._plan(operation, values),
            )
            if operation.kept:
                operation.prepared[key] = prepared
                if prepared.plan:
                    operation.release()
                self._grow(operation, prepared.size)
            operation.release_again()
        return prepared

    def _grow(self, operation: Operation, size: int) -> None:
        """Count what was made of an operation, and is held with its document."""
        if entry := operation.entry:
            entry.size_of_plans += size
            self.documents.keep(entry)

    def _plan(self, operation: Operation, values: Variables) -> Plan | None:
        # Compiling costs as much as one run in graphql-core: not for a text that is too large to be kept.
        if not self._plans or not operation.kept:
            return None
        try:
            return compile_plan(self.schema, operation, values, concurrent=self._concurrent)
        except (NotCovered, Refused):
            return None
        except Exception as error:  # noqa: BLE001 - an argument that does not convert is graphql-core's to tell
            log.warning("plan_not_made", reason=type(error).__name__)
            return None


def _not_run(error: Exception, operation: Operation) -> _NotRun:
    return _NotRun(
        Answer({"data": None, "errors": told([GraphQLError(str(error), original_error=error)])}, operation.kind)
    )
