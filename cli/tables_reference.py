"""The page of docs/reference about tables that belong to people: what deleting a profile or an account touches."""

from typing import Any

from cli.markdown import page, table
from models import tables

PEOPLE = {"models.Account": "account", "models.Profile": "profile"}
LOOSE_REFERENCES = ("account_id", "actor_id", "profile_id", "email", "recovery_email")
"""Columns that name a person without a foreign key."""
ON_DELETE = {
    "CASCADE": "deletes the row",
    "RESTRICT": "is refused while the row exists",
    "SET NULL": "clears the column",
}


def personal_data() -> str:
    """Every table with a reference to a profile or an account, and what deleting that does to its rows."""
    named = {each._meta.db_table: each for each in (getattr(tables, name) for name in tables.__all__)}
    rows = [row for name, model in sorted(named.items()) for row in _references(name, model)]
    listed = {row[0].strip("`") for row in rows}
    return page(
        "Tables with data of people",
        "Every column that refers to a profile or an account. The models are in `models/`, one file per subject. Nothing deletes "
        "profiles or accounts today; the [rules](../rules/accounts.md#deleting-an-account) say what deleting must do.",
        table(("Table", "Column", "Refers to", "Deleting that"), rows),
        "Tables without such a column: "
        + ", ".join(f"`{name}`" for name in sorted(set(named) - listed))
        + ". Some of them hold "
        "keyed hashes of addresses, or encrypted texts: `mailed_code`, `invite_opt_out`, `outbox_message`.",
    )


def _references(name: str, model: Any) -> list[tuple[str, str, str, str]]:
    meta = model._meta
    keys = {each: meta.fields_map[each] for each in sorted(meta.fk_fields | meta.o2o_fields)}
    found = [
        (f"`{name}`", f"`{key.source_field or each + '_id'}`", PEOPLE[key.model_name], ON_DELETE[key.on_delete.value])
        for each, key in keys.items()
        if key.model_name in PEOPLE
    ]
    columns = set(meta.fields_db_projection.values()) - {f"{each}_id" for each in keys}
    loose = sorted(columns & set(LOOSE_REFERENCES))
    return [*found, *((f"`{name}`", f"`{column}`", _named_by(column), "leaves the value") for column in loose)]


def _named_by(column: str) -> str:
    if "email" in column:
        return "an email address"
    return "profile" if column == "profile_id" else "account"
