"""The server: where everything meets. `python server.py` serves, without installing or migrating anything."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from catalogue import languages
from execution.executor import Executor
from execution.limits import Limits
from models.database import Database, NoDatabase, opened
from models.versions import WrongSchema
from schema.graph import build
from services.achievements import badge_rarity
from services.auth import credential_last_used, sessions, verification_codes
from services.connections import connections
from services.core import audit, change_feed, clock, idempotency, rate_limits
from services.core.private_files import VAR, made_private, make_private_folder
from services.core.runtime import Runtime
from services.leaderboards import boards, moments
from services.leaderboards.keys import Board
from services.media import image_store
from services.media.image_cleanup import sweep
from services.messages import outbox_worker
from services.messages.outbox_worker import sending
from services.sign_in import password_expiry, registration
from settings import BadSetting, Settings
from web import avatars, graphiql, invites, logs, open_badges, recipients
from web.background import Job, background
from web.bodies import HANDLER_ARGUMENTS
from web.connections import WatchedRunner
from web.failures import Handler, answer_failures
from web.graphql import GraphQLEndpoint
from web.health import Health

try:
    import uvloop
except ImportError:  # there is none for Windows
    uvloop = None  # type: ignore[assignment]

log = structlog.get_logger()
DATABASE = web.AppKey("database", Database)
EXECUTOR = web.AppKey("executor", Executor)
RUNTIME = web.AppKey("runtime", Runtime)


async def _sweep_pictures() -> None:
    await sweep(clock.now())


COMMAND_SECONDS = 60.0
"""Time for one statement on PostgreSQL. Building the boards of a large community takes several seconds."""
HOUR, DAY = 3_600.0, 86_400.0
CHORES: dict[str, Callable[[datetime], Awaitable[object]]] = {
    "mail_expiring_passwords": password_expiry.mail_expiring,
    "forget_ended_sessions": sessions.forget_ended,
    "forget_abandoned_sign_ups": registration.forget_abandoned,
    "forget_expired_codes": verification_codes.forget_expired,
    "forget_old_audit_entries": audit.forget_old,
    "forget_old_notices": change_feed.forget_old,
    "forget_old_board_moments": moments.forget_old,
    "forget_old_idempotency_keys": idempotency.forget_old,
    "forget_withdrawn_requests": connections.forget_withdrawn,
}
"""What a day brings. Each of these settles in the database that it is done once, whichever process does it."""


def _chore(work: Callable[[datetime], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    return lambda: work(clock.now())


DAILY = (
    # A job each: one that fails keeps none of the others from being done. Hourly: a server that did not run at midnight
    # does them later.
    *(Job(name, HOUR, _chore(work)) for name, work in CHORES.items()),
    # Lists every file there is, so not at each start of each process.
    Job("sweep_pictures", DAY, _sweep_pictures, first_after=HOUR),
)


class CannotListen(Exception):
    """The address is taken, or not one of this machine."""


async def make_app(settings: Settings, database: Database) -> web.Application:
    """
    The whole application on an open database, whose runtime uses these settings from now on; the caller closes the
    database. Raises BadSetting.
    """
    outbox_worker.check(settings)
    image_store.check(settings)
    languages.load()
    runtime = database.runtime or Runtime(settings, database)
    runtime.settings = settings
    app = web.Application(
        client_max_size=settings.max_body,
        middlewares=[_in_runtime(runtime), answer_failures],
        handler_args=HANDLER_ARGUMENTS,
    )
    bounds = Limits(
        max_depth=settings.max_depth,
        max_fields=settings.max_fields,
        max_tokens=settings.max_tokens,
        max_cost=settings.max_cost,
    )
    executor = Executor(build(), limits=bounds, concurrent=database.dialect == "postgres")
    endpoint = GraphQLEndpoint(executor, database, settings)
    health = Health(database)
    app[DATABASE], app[EXECUTOR], app[RUNTIME] = database, executor, runtime
    endpoint.install(app)
    app.router.add_get("/healthz", health.alive)
    app.router.add_get("/readyz", health.ready)
    app.router.add_get("/", _to_graphiql)
    graphiql.install(app)
    avatars.install(app, settings)
    open_badges.install(app, settings)
    recipients.install(app, settings)
    invites.install(app, settings)
    app.on_response_prepare.append(_safe_headers)
    app.cleanup_ctx.append(lambda _app: _counting(runtime))
    app.cleanup_ctx.append(lambda _app: _noting_uses())
    app.cleanup_ctx.append(lambda _app: _following(database))
    return app


def _in_runtime(runtime: Runtime) -> Middleware:
    """Every request uses the runtime of its own application, also when a process has two."""

    @web.middleware
    async def run(request: web.Request, handler: Handler) -> web.StreamResponse:
        with runtime.active():
            return await handler(request)

    return run


async def _counting(runtime: Runtime) -> AsyncIterator[None]:
    async with rate_limits.opened(runtime):
        yield


async def _noting_uses() -> AsyncIterator[None]:
    """Write down every half minute, and at the end, when tokens and API keys were last used."""
    async with background(
        [Job("credential_uses", credential_last_used.WRITE_INTERVAL_SECONDS, credential_last_used.write_down)]
    ):
        yield
    with contextlib.suppress(Exception):  # the database may be what ended the server; nothing that matters is lost
        await credential_last_used.write_down()


async def _following(database: Database) -> AsyncIterator[None]:
    """Read what any process has written, for what is kept in memory and for subscribers; boards follow at once."""

    async def keep_up() -> None:
        await change_feed.follower(database).keep_up()
        await boards.for_database(database).catch_up_early()

    async with background([Job("notices", change_feed.POLL_SECONDS, keep_up)]):
        yield


async def _to_graphiql(_request: web.Request) -> web.Response:
    return web.Response(status=302, headers={hdrs.LOCATION: "/graphql"})


async def _safe_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall(hdrs.SERVER, None)  # tells an attacker the versions, and nobody else anything
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[web.AppRunner]:
    """Serve inside the block. Leaving it takes no new requests, and lets those under way finish."""
    with made_private():
        make_private_folder(VAR)
        async with opened(settings, command_seconds=COMMAND_SECONDS) as database:
            app = await make_app(settings, database)
            gc.collect()
            gc.freeze()  # what is there now stays: the schema's many objects need not be looked through again and again
            jobs = (
                *DAILY,
                Job("boards", HOUR, lambda: _have_boards(database)),
                Job("badge_rarity", badge_rarity.SETTLE_SECONDS, lambda: badge_rarity.settle(database)),
            )
            # Stopped in this order: requests under way end, then the worker that sends what they wrote.
            with app[RUNTIME].active():
                async with sending(settings), _listening(app, settings) as runner, background(jobs):
                    yield runner


async def _have_boards(database: Database) -> None:
    """Have the all-time boards in memory before anybody asks: making those of a large community takes seconds."""
    for board in Board:
        await boards.for_database(database).ranking(board)


@contextlib.asynccontextmanager
async def _listening(app: web.Application, settings: Settings) -> AsyncIterator[web.AppRunner]:
    runner = WatchedRunner(
        app, settings, handle_signals=False, access_log=None, shutdown_timeout=settings.drain_seconds
    )
    await runner.setup()
    try:
        async with runner.watching():
            await _listen(runner, settings)
            yield runner
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as failed:
        raise CannotListen(f"Cannot listen on {settings.host}:{settings.port}: {failed.strerror}") from failed


@contextlib.asynccontextmanager
async def stopping() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM or SIGINT sets, inside the block."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for each in signals:
        loop.add_signal_handler(each, stop.set)
    try:
        yield stop
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


async def serve(settings: Settings, stop: asyncio.Event, ready: Callable[[str], None] | None = None) -> None:
    """Serve until `stop` is set; `ready` is called with the address of /graphql once it answers."""
    async with serving(settings) as runner:
        host, port = runner.addresses[0][:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/graphql"
        log.info("serving", address=address, database=settings.database.partition(":")[0])
        if ready:
            ready(address)
        await stop.wait()
        log.info("stopping", patience=settings.drain_seconds)
    log.info("stopped")


async def _serve_until_stopped(settings: Settings) -> None:
    async with stopping() as stop:
        await serve(settings, stop)


def main() -> int:
    """Serve with the settings of the environment; 2 when they or the database are not fit to start with."""
    try:
        settings = Settings.from_environment()
        logs.set_up(settings.log_level)
        run(_serve_until_stopped(settings))
    except (BadSetting, CannotListen, NoDatabase, WrongSchema) as why:
        sys.stderr.write(f"{why}\n")
        return 2
    return 0


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end in the fastest loop there is."""
    if uvloop is None:
        asyncio.run(work)
    else:
        uvloop.run(work)


if __name__ == "__main__":
    sys.exit(main())
