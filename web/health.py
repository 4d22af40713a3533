"""Liveness and readiness of the process."""

import asyncio

from aiohttp import web

from models import versions
from models.database import Database
from settings import VERSION

CHECK_TIMEOUT_SECONDS = 2.0
"""Timeout of the database check."""


class Health:
    """Answers /healthz and /readyz."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def alive(self, _request: web.Request) -> web.Response:
        """200 while the process runs, with the version."""
        return web.json_response({"status": "ok", "version": VERSION})

    async def ready(self, _request: web.Request) -> web.Response:
        """200 if the database answers and its schema is current; 503 with the reason otherwise."""
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                missing = await versions.pending(self._database)
        except Exception:  # noqa: BLE001 - whatever failed, this process cannot serve now
            return _not_ready("database unreachable")
        return _not_ready("schema not current") if missing else web.json_response({"status": "ok"})


def _not_ready(reason: str) -> web.Response:
    return web.json_response({"status": "not ready", "reason": reason}, status=503)
