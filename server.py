"""The server: application, background jobs and main program. `python server.py` serves; it migrates nothing."""

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

from catalogue import languages, terms
from execution.executor import Executor
from execution.limits import Limits
from models.database import Database, NoDatabase, opened
from models.versions import WrongSchema
from schema.graph import build
from services.achievements import badge_rarity
from services.auth import credential_last_used, sessions, verification_codes
from services.connections import connections
from services.core import audit, change_feed, clock, idempotency, rate_limits, secret_key
from services.core.background_jobs import Job, background
from services.core.private_files import VAR, made_private, make_private_folder
from services.core.runtime import Runtime
from services.leaderboards import boards, moments
from services.leaderboards.keys import Board
from services.media import image_store
from services.media.image_cleanup import sweep
from services.merging import operations
from services.messages import outbox_worker
from services.messages.outbox_worker import sending
from services.personal_data import downloads, export_store
from services.sign_in import password_expiry, pending_sign_ups
from settings import VERSION, BadSetting, Settings
from web import (
    graphiql,
    images,
    invites,
    join_pages,
    logs,
    merge_pages,
    open_badges,
    password_pages,
    personal_data_pages,
    recipients,
    request_ids,
    second_factor_pages,
    sign_in_pages,
    trusted_documents,
)
from web.bodies import HANDLER_ARGUMENTS
from web.connections import WatchedRunner
from web.failures import Handler, answer_failures
from web.graphql import GraphQLEndpoint
from web.health import Health
from web.page_visits import Visits

try:
    import uvloop
except ImportError:  # not on Windows
    uvloop = None  # type: ignore[assignment]

log = structlog.get_logger()
DATABASE = web.AppKey("database", Database)
EXECUTOR = web.AppKey("executor", Executor)
RUNTIME = web.AppKey("runtime", Runtime)


async def _sweep_images() -> None:
    await sweep(clock.now())


COMMAND_SECONDS = 60.0
"""Timeout of one statement on PostgreSQL. Building the boards of a large community takes several seconds."""
HOUR, DAY = 3_600.0, 86_400.0
MAINTENANCE: dict[str, Callable[[datetime], Awaitable[object]]] = {
    "mail_expiring_passwords": password_expiry.mail_expiring,
    "forget_ended_sessions": sessions.forget_ended,
    "forget_abandoned_sign_ups": pending_sign_ups.forget_abandoned,
    "forget_expired_codes": verification_codes.forget_expired,
    "forget_old_audit_entries": audit.forget_old,
    "forget_old_notices": change_feed.forget_old,
    "forget_old_board_moments": moments.forget_old,
    "forget_old_idempotency_keys": idempotency.forget_old,
    "forget_old_merges": operations.forget_old,
    "forget_withdrawn_requests": connections.delete_withdrawn,
    "forget_expired_downloads": downloads.forget_expired,
}
"""Name to work. Each of these coordinates in the database, so that several processes do the work once."""


def _at_current_time(work: Callable[[datetime], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    return lambda: work(clock.now())


MAINTENANCE_JOBS = (
    # One job each, so that a failing one does not stop the others. Hourly, so that a server that was down at midnight does
    # the daily work later.
    *(Job(name, HOUR, _at_current_time(work)) for name, work in MAINTENANCE.items()),
    # Lists all stored files, so it does not run at each start of each process.
    Job("sweep_pictures", DAY, _sweep_images, first_after=HOUR),
    Job("sweep_downloads", DAY, _at_current_time(export_store.sweep), first_after=HOUR),
    Job("make_downloads", downloads.POLL_SECONDS, downloads.make_due),
)


class CannotListen(Exception):
    """The address is in use, or does not belong to this machine."""


async def make_app(settings: Settings, database: Database) -> web.Application:
    """
    The application on an open database, which the caller closes; the database's runtime uses these settings from now on.
    Raises BadSetting.
    """
    outbox_worker.check(settings)
    image_store.check(settings)
    export_store.check(settings)
    languages.load()
    terms.load()
    runtime = database.runtime or Runtime(settings, database)
    runtime.settings = settings
    app = web.Application(
        client_max_size=settings.max_body,
        middlewares=[request_ids.identify, _in_runtime(runtime), answer_failures],
        handler_args=HANDLER_ARGUMENTS,
    )
    bounds = Limits(
        max_depth=settings.max_depth,
        max_fields=settings.max_fields,
        max_tokens=settings.max_tokens,
        max_cost=settings.max_cost,
    )
    executor = Executor(build(), limits=bounds, concurrent=database.dialect == "postgres")
    trusted_documents.load(runtime, settings)
    endpoint = GraphQLEndpoint(executor, database, settings)
    health = Health(database)
    app[DATABASE], app[EXECUTOR], app[RUNTIME] = database, executor, runtime
    endpoint.install(app)
    app.router.add_get("/healthz", health.alive)
    app.router.add_get("/readyz", health.ready)
    app.router.add_get("/", _to_graphiql)
    graphiql.install(app)
    images.install(app, settings)
    open_badges.install(app, settings)
    recipients.install(app, settings)
    invites.install(app, settings)
    visits = Visits(settings)
    personal_data_pages.install(app, settings, visits)
    for pages in (join_pages, merge_pages, password_pages, second_factor_pages, sign_in_pages):
        pages.install(app, visits)
    app.on_response_prepare.append(_safe_headers)
    app.on_response_prepare.append(request_ids.add_header)
    app.cleanup_ctx.append(lambda _app: _rate_limits(runtime))
    app.cleanup_ctx.append(lambda _app: _credential_uses())
    app.cleanup_ctx.append(lambda _app: _change_feed(database))
    return app


def _in_runtime(runtime: Runtime) -> Middleware:
    """Run every request with the runtime of its own application: a process may have two."""

    @web.middleware
    async def run(request: web.Request, handler: Handler) -> web.StreamResponse:
        with runtime.active():
            return await handler(request)

    return run


async def _rate_limits(runtime: Runtime) -> AsyncIterator[None]:
    async with rate_limits.opened(runtime):
        yield


async def _credential_uses() -> AsyncIterator[None]:
    """Write every half minute, and at the end, when tokens and API keys were last used."""
    async with background(
        [Job("credential_uses", credential_last_used.WRITE_INTERVAL_SECONDS, credential_last_used.write_uses)]
    ):
        yield
    with contextlib.suppress(Exception):  # the database may be unavailable; at most half a minute of it is lost
        await credential_last_used.write_uses()


async def _change_feed(database: Database) -> AsyncIterator[None]:
    """Poll the change feed, for caches and subscribers, and update the cached boards at once."""

    async def poll() -> None:
        await change_feed.follower(database).keep_up()
        await boards.for_database(database).catch_up_early()

    async with background([Job("change_feed", change_feed.POLL_SECONDS, poll)]):
        yield


async def _to_graphiql(_request: web.Request) -> web.Response:
    return web.Response(status=302, headers={hdrs.LOCATION: "/graphql"})


async def _safe_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall(hdrs.SERVER, None)  # the versions would help only attackers
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[web.AppRunner]:
    """Serve inside the block. Leaving it stops accepting requests, and lets running ones finish."""
    with made_private():
        make_private_folder(VAR)
        async with opened(settings, command_seconds=COMMAND_SECONDS) as database:
            with Runtime(settings, database).active():
                await secret_key.verify()
            app = await make_app(settings, database)
            gc.collect()
            gc.freeze()  # the schema's many objects stay: the collector need not scan them each time
            jobs = (
                *MAINTENANCE_JOBS,
                Job("boards", HOUR, lambda: _load_boards(database)),
                Job("badge_rarity", badge_rarity.SETTLE_SECONDS, lambda: badge_rarity.settle(database)),
            )
            # Stopped in this order: running requests end, then the worker that sends the messages they wrote.
            with app[RUNTIME].active():
                async with sending(settings), _listening(app, settings) as runner, background(jobs):
                    yield runner


async def _load_boards(database: Database) -> None:
    """Cache the all-time boards before the first request: building those of a large community takes seconds."""
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
    """Serve until `stop` is set; `ready` is called with the URL of /graphql once it answers."""
    async with serving(settings) as runner:
        host, port = runner.addresses[0][:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/graphql"
        log.info("server.started", version=VERSION, address=address, database=settings.database.partition(":")[0])
        if ready:
            ready(address)
        await stop.wait()
        log.info("server.stopping", drain_seconds=settings.drain_seconds)
    log.info("server.stopped")


async def _serve_until_stopped(settings: Settings) -> None:
    async with stopping() as stop:
        await serve(settings, stop)


def main() -> int:
    """Serve with the settings of the environment. Returns 2 if the settings or the database do not allow a start."""
    try:
        settings = Settings.from_environment()
        logs.set_up(settings.log_level)
        run(_serve_until_stopped(settings))
    except (BadSetting, CannotListen, NoDatabase, WrongSchema) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end, in uvloop if it is installed."""
    if uvloop is None:
        asyncio.run(work)
    else:
        uvloop.run(work)


if __name__ == "__main__":
    sys.exit(main())
