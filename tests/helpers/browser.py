"""A real browser for tests: what it asked for, and what it complained about."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Page, async_playwright

CHROMIUM = shutil.which("chromium")
# Only this machine has a name or an address for it: what a page loads from elsewhere fails, as it would offline.
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
QUIETLY = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # tests may run as root
)


@dataclass
class Visit:
    """A page that was opened, with the addresses it asked for and the errors, warnings and refusals of its console."""

    page: Page
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def elsewhere(self, base: str) -> list[str]:
        """The addresses asked for that are not this server's; what is inside the page itself (data:) does not count."""
        socket = base.replace("http", "ws", 1)
        return [each for each in self.requested if not each.startswith((f"{base}/", f"{socket}/", "data:"))]


@asynccontextmanager
async def a_browser() -> AsyncIterator[Visit]:
    """A fresh browser with a new profile and one empty page; everything of it is gone afterwards."""
    assert CHROMIUM is not None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[ALONE, *QUIETLY])
        try:
            visit = Visit(await browser.new_page(viewport={"width": 1400, "height": 900}))
            context = visit.page.context
            context.set_default_timeout(8_000)
            context.on("request", lambda request: visit.requested.append(request.url))
            context.on("requestfailed", lambda request: visit.complaints.append(f"failed: {request.url}"))
            visit.page.on("websocket", lambda socket: visit.requested.append(socket.url))
            visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
            visit.page.on(
                "console",
                lambda said: visit.complaints.append(said.text) if said.type in {"error", "warning"} else None,
            )
            yield visit
        finally:
            await browser.close()
