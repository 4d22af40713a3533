"""Runs documents: with a plan if there is one, otherwise with graphql-core. All requests take this way."""

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
from execution.results import Answer, format_errors, refused_request, too_expensive, unavailable
from execution.selection import NotCovered
from execution.subscriptions import NoEvents, events_of, next_of, root_field
from execution.variables import BadVariables, Variables
from schema.fields import Subscribed, types_by_row
from services.errors import ErrorCode, NotAllowed, Refused, Unavailable

log = structlog.get_logger(__name__)

BYTES_PER_ANSWER_CHARACTER = 16
"""Bytes of a cached introspection answer for each character of its JSON; measured in tests/hostile/test_memory.py."""
YIELD_AFTER = 0.01
"""Seconds of one step after which the event loop gets a turn."""
BYTES_PER_PREPARED = 2_048
"""Bytes of a prepared operation, beside its plan and the fields that it touches."""
BYTES_PER_COORDINATE = 100

_NO_LOCK = nullcontext()
_NO_SUBSCRIPTIONS = "Subscriptions are not answered to a single request."


class Clearable(Protocol):
    """The `loaders` of a context."""

    def clear(self) -> None:
        """Drop everything read so far."""


class ExecutionContext(Protocol):
    """The part of a request's context that the executor uses; fields use more of it."""

    @property
    def loaders(self) -> Clearable:
        """Return the loaders of this request."""

    @property
    def signed_in(self) -> bool:
        """Return True if the caller is not anonymous: an anonymous caller gets half of the maximum cost."""

    async def follow_merges(self) -> bool:
        """Return True if what failed may succeed now, because profiles were merged meanwhile. Raises Refused."""

    def check_access(self, coordinates: frozenset[str]) -> None:
        """Raise NotAllowed if the viewer may not touch one of these fields (`Type.field`)."""


@dataclass
class Counts:
    """Answers since the start: by a plan, by graphql-core after a plan failed, and by graphql-core without a plan."""

    planned: int = 0
    fell_back: int = 0
    core: int = 0


class _Clock:
    """Measures the processor time of a request, and gives the event loop a turn after a long step."""

    __slots__ = ("_before", "_started")

    def __init__(self) -> None:
        self._before, self._started = 0.0, thread_time()

    def seconds(self) -> float:
        """Return the seconds of processor time so far."""
        return self._before + thread_time() - self._started

    async def yield_if_long(self) -> None:
        """Give the event loop a turn if the last step took longer than YIELD_AFTER."""
        took = thread_time() - self._started
        if took > YIELD_AFTER:
            await asyncio.sleep(0)
            self._before, self._started = self._before + took, thread_time()


class _NotRun(Exception):
    """The operation was not run. Carries the answer that says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(eq=False)
class Prepared:
    """
    An operation prepared for one set of values of the variables in its directives. `introspection_answer` is the cached
    body of an operation that reads the schema alone.
    """

    coordinates: frozenset[str]
    cost: Cost
    plan: Plan | None
    introspection_answer: dict[str, Any] | None = None

    @property
    def size(self) -> int:
        """Bytes of memory that it occupies, without `introspection_answer`."""
        plan = self.plan.size if self.plan else 0
        return BYTES_PER_PREPARED + BYTES_PER_COORDINATE * len(self.coordinates) + plan


@dataclass(frozen=True, eq=False)
class _ReadyOperation:
    """An operation with the variables of a request: `raw` as sent, `values` coerced."""

    operation: Operation
    raw: dict[str, Any]
    values: Variables
    prepared: Prepared
    cost: int
    max_cost: int


class Executor:
    """
    Runs documents against one schema.

    With `plans=False` graphql-core runs everything. `max_bytes` bounds the cache of documents, including their plans.
    `concurrent` is true if readers of one level can overlap (PostgreSQL; not SQLite in the event loop's thread).
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
        self._preparing = asyncio.Lock()

    @property
    def prepared(self) -> int:
        """Return the number of cached pairs of an operation and the values of its directives."""
        return sum(each.prepared for each in self.documents.cached.values())

    async def run(
        self,
        text: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        context: ExecutionContext,
        *,
        allow_mutations: bool = True,
    ) -> Answer:
        """
        Run one operation of a document and return its answer, including errors. Raises only a cancellation.

        The rights on all fields are checked with the context's `may` before anything is read or written.
        """
        clock = _Clock()
        try:
            async with self._preparation_lock(text):
                operation = self._choose(text, operation_name, allow_mutations=allow_mutations)
                await clock.yield_if_long()
                ready = self._prepare_request(operation, variables or {}, context)
                await clock.yield_if_long()
            self._authorize(ready, context)
        except _NotRun as refused:
            return replace(refused.answer, seconds=clock.seconds())
        return await self._answer(ready, context, seconds=clock.seconds())

    def subscribes(self, text: str, operation_name: str | None) -> bool:
        """Return True for a subscription, which needs `subscribe`. False if it cannot be run: `run` then says why."""
        try:
            return self.documents.read(text).operation(operation_name).kind == "subscription"
        except Unreadable:
            return False

    async def subscribe(
        self,
        text: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        make_context: Callable[[], Awaitable[ExecutionContext]],
    ) -> AsyncGenerator[Answer, None]:
        """
        Yield one answer for each event of a subscription, or one answer with the reason why there are none. Closing the
        generator (`aclosing`) closes the source.

        `make_context` makes the context of the source, and then one for each event: rights are checked again each time. An
        event that the viewer may no longer see is skipped. If the viewer may no longer subscribe, the last answer says
        so. Raises only a cancellation and the exceptions of `make_context`.
        """
        try:
            context = await make_context()
            async with self._preparation_lock(text):
                operation = self._choose(text, operation_name, subscribing=True)
                ready = self._prepare_request(operation, variables or {}, context)
            self._authorize(ready, context)
            field = self._subscribed_field(ready)
            async with events_of(self._core, operation, ready.raw, context) as events:
                operation.release_again()
                while following := await next_of(events):
                    [event], context = following, await make_context()
                    self._authorize(ready, context, field)
                    if field.still_visible(event, context):
                        yield await self._answer(ready, context, event)
        except _NotRun as refused:
            yield refused.answer
        except NoEvents as refused:
            yield Answer(refused.body, "subscription", unavailable=refused.unavailable)

    def _preparation_lock(self, text: str) -> AbstractAsyncContextManager[Any]:
        """
        Return the lock to hold while this text is prepared. Texts that must be parsed, or may need another plan, are
        prepared one at a time: several together would block the event loop for the sum of their times.
        """
        document = self.documents.cached.get(text)
        return _NO_LOCK if document is not None and not document.decides else self._preparing

    def _choose(
        self, text: str, name: str | None, *, allow_mutations: bool = True, subscribing: bool = False
    ) -> Operation:
        """Return the operation to run. Raises _NotRun."""
        try:
            operation = self.documents.read(text).operation(name)
            kind = operation.kind
        except Unreadable as error:
            raise _NotRun(refused_request(error.errors, error.kind)) from None
        message = None
        if (kind == "subscription") != subscribing:
            message = "Only a subscription has events." if subscribing else _NO_SUBSCRIPTIONS
        elif kind == "mutation" and not allow_mutations:
            message = "A mutation has to be sent with POST."
        if message:
            raise _NotRun(refused_request([GraphQLError(message)], kind))
        return operation

    def _prepare_request(self, operation: Operation, raw: dict[str, Any], context: ExecutionContext) -> _ReadyOperation:
        """Coerce the variables, find the plan, compute the cost. Raises _NotRun."""
        try:
            values = operation.variables.coerce(raw)
        except BadVariables as error:
            raise _NotRun(refused_request(error.errors, operation.kind, code=ErrorCode.BAD_INPUT)) from None
        try:
            prepared = self._prepared(operation, values)
        except Exception as error:  # noqa: BLE001 - a bug: format_errors() logs and masks it
            raise _not_run_because(error, operation) from None
        cost = min(prepared.cost.of(values.coerced), MAX_COST)
        allowed = self._limits.cost_for(signed_in=context.signed_in)
        if cost > allowed:
            raise _NotRun(too_expensive(cost, allowed, operation.kind))
        return _ReadyOperation(operation, raw, values, prepared, cost, allowed)

    def _authorize(self, ready: _ReadyOperation, context: ExecutionContext, field: Subscribed | None = None) -> None:
        """Raise _NotRun if the viewer may not touch the requested fields, or may not subscribe to `field`."""
        try:
            context.check_access(ready.prepared.coordinates)
            if field:
                field.check(context)
        except Exception as error:  # noqa: BLE001 - format_errors() reports a refusal, and logs and masks a bug
            raise _not_run_because(error, ready.operation) from None

    def _subscribed_field(self, ready: _ReadyOperation) -> Subscribed:
        field = root_field(self._core, ready.prepared.coordinates)
        if field is None:
            error = GraphQLError("A subscription must select exactly one field.")
            raise _NotRun(refused_request([error], ready.operation.kind))
        return field

    async def _answer(
        self, ready: _ReadyOperation, context: ExecutionContext, event: Any = None, *, seconds: float = 0.0
    ) -> Answer:
        operation, plan = ready.operation, ready.prepared.plan
        answer = partial(Answer, kind=operation.kind, cost=ready.cost, max_cost=ready.max_cost, seconds=seconds)
        if plan is None:
            try:
                body = await self._run_without_plan(ready, context, event)
            except Unavailable as error:
                return unavailable(error, operation.kind)
            reads_rows = self._plans and operation.kind == "query" and bool(ready.prepared.coordinates)
            return answer(body, fell_back=reads_rows)
        try:
            data = await plan.run(context, ready.values, event)
        except Unavailable as error:
            return unavailable(error, operation.kind)  # graphql-core would only wait for the same thing again
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            failure: BaseException = error  # of a reader, not of the request
        except Exception as error:  # noqa: BLE001 - graphql-core meets the same error again and reports it
            failure = error
        else:
            self.counts.planned += 1
            return answer({"data": data}, planned=True)
        self.counts.fell_back += 1
        try:
            return answer(await self._fall_back(ready, context, event, failure), fell_back=True)
        except Unavailable as error:
            return unavailable(error, operation.kind)

    async def _fall_back(
        self, ready: _ReadyOperation, context: ExecutionContext, event: Any, failure: BaseException
    ) -> dict[str, Any]:
        """Run in graphql-core after this failure of the plan. If the viewer's profile was merged meanwhile: for the merged one."""
        # A plan does not use the loaders, but a coroutine may have used them, and they may have cached a failure.
        context.loaders.clear()
        try:
            if not isinstance(failure, Refused):
                await context.follow_merges()
            body = await run_in_core(self._core, ready.operation, ready.raw, context, event)
        except NotAllowed as gone:
            return _not_run_because(gone, ready.operation).answer.body
        finally:
            ready.operation.release_again()
        if "errors" not in body:
            # The answer is correct, but took 10 to 20 times as long.
            log.warning("plan.abandoned", reason=type(failure).__name__)
        return body

    async def _run_without_plan(self, ready: _ReadyOperation, context: ExecutionContext, event: Any) -> dict[str, Any]:
        """Run in graphql-core. Answers that read the schema alone are cached: they never change and depend on no viewer."""
        operation = ready.operation
        reads_schema_alone = operation.kind == "query" and not ready.prepared.coordinates
        is_cacheable = reads_schema_alone and operation.is_cacheable and not ready.raw
        if is_cacheable and ready.prepared.introspection_answer:
            return {**ready.prepared.introspection_answer}
        self.counts.core += 1
        body = await run_in_core(self._core, operation, ready.raw, context, event, in_thread=reads_schema_alone)
        if is_cacheable and "errors" not in body:
            ready.prepared.introspection_answer = {**body}
            operation.release()
            self._add_size(operation, BYTES_PER_ANSWER_CHARACTER * len(orjson.dumps(body)))
        return body

    def _prepared(self, operation: Operation, values: Variables) -> Prepared:
        key = tuple(map(values.coerced.get, operation.deciding))
        prepared: Prepared | None = operation.prepared.get(key)
        if prepared is None:
            full = values.full()
            prepared = Prepared(
                coordinates=coordinates(self._core, operation, full),
                cost=cost_of(self._core, operation, full),
                plan=self._compile(operation, values),
            )
            if operation.is_cacheable:
                operation.prepared[key] = prepared
                if prepared.plan:
                    operation.release()
                self._add_size(operation, prepared.size)
            operation.release_again()
        return prepared

    def _add_size(self, operation: Operation, size: int) -> None:
        """Add the bytes of something that is cached with the operation's document."""
        if entry := operation.entry:
            entry.size_of_plans += size
            self.documents.put(entry)

    def _compile(self, operation: Operation, values: Variables) -> Plan | None:
        # Compiling costs as much as one run in graphql-core, so it does not pay for a text that is too large for the cache.
        if not self._plans or not operation.is_cacheable:
            return None
        try:
            return compile_plan(self.schema, operation, values, concurrent=self._concurrent)
        except (NotCovered, Refused):
            return None
        except Exception as error:  # noqa: BLE001 - graphql-core reports an argument that does not convert
            log.warning("plan.not_compiled", reason=type(error).__name__)
            return None


def _not_run_because(error: Exception, operation: Operation) -> _NotRun:
    return _NotRun(
        Answer(
            {"data": None, "errors": format_errors([GraphQLError(str(error), original_error=error)])}, operation.kind
        )
    )
