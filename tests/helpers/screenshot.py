"""`python -m tests.helpers.screenshot`: makes docs/images/graphiql.png anew, from the demo in a database of its own."""

import asyncio
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import expect

from cli.demo import load_demo
from models.database import opened
from models.migrate import migrate
from services.core.runtime import Runtime
from settings import HERE, Settings
from tests.helpers.browser import a_browser
from tests.helpers.servers import running

FILE = HERE / "docs" / "images" / "graphiql.png"
WIDTH, HEIGHT = 1_280, 720
COLOURS = 128
"""Colours of the picture: enough for a page, and a third of the bytes."""


async def main() -> None:
    with TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite://{folder}/demo.sqlite3",
            secret_key="5e" * 32,
            mail_url=f"file:{folder}/mail",
            sms_url=f"file:{folder}/sms",
            avatar_store=f"file:{folder}/avatars",
        )
        await migrate(settings)
        async with opened(settings) as database:
            with Runtime(settings, database).active():
                await load_demo(database)
        async with running(settings) as server:
            await save(await picture(f"http://{server.host}:{server.port}/graphql"), FILE)


async def picture(address: str) -> bytes:
    """The page with the answer to its first example."""
    async with a_browser() as visit:
        page = visit.page
        await page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        await page.goto(address)
        await page.locator(".graphiql-execute-button").click()
        await expect(page.locator(".graphiql-response .CodeMirror-code")).to_contain_text("rank")
        await page.mouse.move(0, 0)
        return await page.screenshot()


async def save(content: bytes, file: Path) -> None:
    with Image.open(BytesIO(content)) as opened_picture:
        opened_picture.convert("RGB").quantize(COLOURS).save(file, optimize=True)


if __name__ == "__main__":
    asyncio.run(main())
