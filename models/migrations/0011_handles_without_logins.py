"""
Handles that ended in the local part of a login get another end.

A namesake's handle was the name and up to twelve letters of the login, and a name without Latin letters became
`person-LOGIN`: handles are public and logins are not. The handle before leads on to the profile, as after any change.
"""

import re
import secrets
import unicodedata
from datetime import UTC, datetime
from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

ROWS_PER_BATCH = 5_000
APART = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)


def slug(text: str) -> str:
    """Text as handles were made of it."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(APART)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-") or "person"


def login_in(handle: str, name: str, email: str) -> str:
    """The end of a handle that was made from a login; empty: there is none. What stands in the name is the name's."""
    end = slug(email.rpartition("@")[0])[:12]
    return end if handle == f"{slug(name)[:50]}-{end}" else ""


async def rename(_apps: Any, editor: Any) -> None:
    """Give these profiles another handle, in the migration's transaction."""
    client, last = editor.client, 0
    sqlite = client.capabilities.dialect == "sqlite"

    async def run(text: str, *values: Any) -> list[dict[str, Any]]:
        return list(await client.execute_query_dict(text.replace("$", "?") if sqlite else text, list(values)))

    while True:
        batch = await run(
            "SELECT a.id, a.email, p.id AS profile_id, p.handle, p.name, p.listed FROM account a "
            f"JOIN profile p ON p.id = a.profile_id WHERE a.id > $1 ORDER BY a.id LIMIT {ROWS_PER_BATCH}",
            last,
        )
        for row in batch:
            if end := login_in(row["handle"], row["name"], row["email"]):
                await _rename(run, row, end, sqlite=sqlite)
        if len(batch) < ROWS_PER_BATCH:
            return
        last = batch[-1]["id"]


async def _rename(run: Any, row: dict[str, Any], end: str, *, sqlite: bool) -> None:
    base = row["handle"].removesuffix(f"-{end}")
    fresh = secrets.token_hex(6)
    handle = f"{'member' if base == 'person' else base}-{fresh}"
    now = datetime.now(UTC)
    await run("UPDATE profile SET handle = $1 WHERE id = $2", handle, row["profile_id"])
    for each in (row["handle"], handle):
        await run(
            "INSERT INTO profile_handle (profile_id, handle, noted_at) VALUES ($1, $2, $3)",
            row["profile_id"],
            each,
            now.isoformat(" ") if sqlite else now,
        )
    named = {*slug(row["name"]).split("-")}
    for word in {*end.split("-")} - named:
        await run("DELETE FROM profile_word WHERE profile_id = $1 AND word = $2", row["profile_id"], word.encode())
    if row["listed"]:
        await run(
            "INSERT INTO profile_word (profile_id, word, place) VALUES ($1, $2, 0)", row["profile_id"], fresh.encode()
        )


class Migration(migrations.Migration):
    dependencies = [("models", "0010_revoked_credentials")]

    initial = False

    operations = [ops.RunPython(rename)]
