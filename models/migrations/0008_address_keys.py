"""
Addresses get the one key that services/core/email_addresses.py makes, recovery addresses too.

The keys before folded different mailboxes into one (ß and ss, final sigma, ligatures), so no two rows become alike, unless
somebody wrote keys by hand: then the migration is refused and names the rows. Of two attempts to sign up that become
alike the newest stays. Links for a new password that went to another address than the account's own are deleted: they
may have been mailed to somebody else.
"""

import unicodedata
from collections import defaultdict
from typing import Any

import idna
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

ROWS_PER_BATCH = 5_000
LISTED = 20


def key_of(email: str) -> str | None:
    """What an address is compared by; None for a text that is none."""
    local, at, domain = email.strip().rpartition("@")
    if not at:
        return None
    try:
        domain = idna.encode(domain, uts46=True, transitional=False).decode()
    except UnicodeError:
        domain = domain.lower()
    small = "".join(letter.lower() for letter in unicodedata.normalize("NFC", local))
    return f"{unicodedata.normalize('NFC', small)}@{domain.lower()}"


async def fill(_apps: Any, editor: Any) -> None:
    """Write the keys of every table, in the migration's transaction."""
    rows = _Rows(editor.client)
    await rows.run(
        "DELETE FROM mailed_link WHERE purpose = 'RESET_PASSWORD' AND target <> "
        "(SELECT a.email_key FROM account a WHERE a.id = mailed_link.account_id)"
    )
    await rows.drop_older_sign_ups()
    for table, scope in (("account", ""), ("sign_up", ""), ("invite", "sender_id")):
        await rows.rekey(table, scope)
    await rows.run(
        "UPDATE mailed_link SET target = (SELECT a.email_key FROM account a WHERE a.id = mailed_link.account_id) "
        "WHERE purpose = 'RESET_PASSWORD'"
    )
    async for row in rows.read("profile", "recovery_email"):
        if row["recovery_email"]:
            await rows.update("profile", "recovery_email_key", row["id"], key_of(row["recovery_email"]))


class _Rows:
    """Tables of the database that is migrated."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._sqlite = client.capabilities.dialect == "sqlite"

    async def run(self, text: str, *values: Any) -> list[dict[str, Any]]:
        """One statement; parameters are written `$1`."""
        if self._sqlite:
            text = text.replace("$", "?")
        return list(await self._client.execute_query_dict(text, list(values)))

    async def read(self, table: str, *columns: str) -> Any:
        """The rows of a table by id, a batch at a time."""
        last = 0
        while True:
            names = ", ".join(("id", *columns))
            batch = await self.run(
                f"SELECT {names} FROM {table} WHERE id > $1 ORDER BY id LIMIT {ROWS_PER_BATCH}", last
            )
            for row in batch:
                yield row
            if len(batch) < ROWS_PER_BATCH:
                return
            last = batch[-1]["id"]

    async def update(self, table: str, column: str, row_id: int, value: str | None) -> None:
        """Write one column of one row."""
        await self.run(f"UPDATE {table} SET {column} = $1 WHERE id = $2", value, row_id)

    async def rekey(self, table: str, scope: str) -> None:
        """Write the keys that differ. Raises ValueError, and names the rows, when two of one `scope` become alike."""
        changed = {}
        async for row in self.read(table, "email", "email_key", *([scope] if scope else [])):
            if (key := key_of(row["email"])) is not None and key != row["email_key"]:
                changed[row["id"]] = (row[scope] if scope else None, key)
        await self._refuse_clashes(table, scope, changed)
        for row_id in changed:  # out of the way, so that rows may change places
            await self.update(table, "email_key", row_id, f"rekeyed:{row_id}")
        for row_id, (_, key) in changed.items():
            await self.update(table, "email_key", row_id, key)

    async def _refuse_clashes(self, table: str, scope: str, changed: dict[int, tuple[Any, str]]) -> None:
        owners: dict[tuple[Any, str], set[int]] = defaultdict(set)
        for row_id, place in changed.items():
            owners[place].add(row_id)
        for (value, key), ids in owners.items():
            within = f" AND {scope} = $2" if scope else ""
            found = await self.run(
                f"SELECT id FROM {table} WHERE email_key = $1{within}", key, *([value] if scope else [])
            )
            ids |= {row["id"] for row in found if row["id"] not in changed}
        clashes = [sorted(ids) for ids in owners.values() if len(ids) > 1]
        if clashes:
            listed = "; ".join(", ".join(map(str, ids)) for ids in clashes[:LISTED])
            more = f"; and {len(clashes) - LISTED} more" if len(clashes) > LISTED else ""
            raise ValueError(f"Rows of {table} would have one address, by id: {listed}{more}. Keep one of each.")

    async def drop_older_sign_ups(self) -> None:
        """Delete the attempts to sign up whose address has a newer one."""
        newest: dict[str, tuple[str, int]] = {}
        async for row in self.read("sign_up", "email", "created_at"):
            key, made = key_of(row["email"]), (str(row["created_at"]), row["id"])
            if key is None:
                continue
            if key in newest:
                older = min(newest[key], made)
                await self.run("DELETE FROM sign_up WHERE id = $1", older[1])
                made = max(newest[key], made)
            newest[key] = made


class Migration(migrations.Migration):
    dependencies = [("models", "0007_award_unmet")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Profile",
            name="recovery_email_key",
            field=fields.CharField(null=True, db_index=True, max_length=254),
        ),
        ops.RunPython(fill),
    ]
