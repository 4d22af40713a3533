"""What hostile tests share with those of the web, and a whole server on a port of its own."""

import dataclasses
from collections.abc import AsyncIterator

import pytest

from settings import Settings
from tests.helpers.servers import Server, running
from tests.web.conftest import checked_client

__all__ = ["checked_client"]


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    """A server with the settings of the test."""
    async with running(dataclasses.replace(settings, request_limit="off")) as started:
        yield started
