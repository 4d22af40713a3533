"""The page of docs/reference about tables with data of people: what merging, deletion and export do to each."""

from collections.abc import Sequence

from cli.markdown import page, table
from models.ownership import NOT_PERSONAL, OWNERSHIP
from models.ownership.rules import (
    Anonymised,
    Cleared,
    Combined,
    Deleted,
    DeletionRule,
    Exported,
    ExportRule,
    MergeRule,
    Moved,
    Rebuilt,
)


def personal_data() -> str:
    """Return the page: every table of models/ownership, and those without data of people."""
    rows = [
        (f"`{each.table}`", _merging(each.merge), _deletion(each.deletion), _export(each.export))
        for each in sorted(OWNERSHIP, key=lambda each: each.table)
    ]
    others = sorted((str(model._meta.db_table), text) for model, text in NOT_PERSONAL.items())
    return page(
        "Tables with data of people",
        "Each table says what happens to its rows when two profiles are [merged](../rules/accounts.md#merging), when an account or a "
        "profile is [deleted](../rules/accounts.md#deleting-an-account), and when a person reads or downloads "
        "[their data](../rules/accounts.md#personal-data). The declarations are in `models/ownership/`; a test fails for a table "
        "without one.",
        table(("Table", "Merging", "Deletion", "Personal data"), rows),
        "Tables without data of people:",
        table(("Table", "Content"), [(f"`{name}`", text) for name, text in others]),
    )


def _merging(rules: Sequence[MergeRule]) -> str:
    return " ".join(_one_merge(each) for each in rules)


def _one_merge(rule: MergeRule) -> str:
    if isinstance(rule, Moved):
        unless = f", unless the survivor has one with the same {_listed(rule.unless_same)}" if rule.unless_same else ""
        return f"The rows move to the survivor (`{rule.column}`){unless}."
    if isinstance(rule, Combined):
        return rule.rule
    if isinstance(rule, Rebuilt):
        return "Made again for the survivor, from other tables."
    return f"Unchanged. {rule.why}"


def _deletion(rules: Sequence[DeletionRule]) -> str:
    return " ".join(_one_deletion(each) for each in rules)


def _one_deletion(rule: DeletionRule) -> str:
    if isinstance(rule, Deleted):
        deleted = f"Rows of the person are deleted ({_listed(rule.columns)})." if rule.columns else ""
        return f"{deleted} {rule.rule}".strip()
    if isinstance(rule, Cleared):
        return f"Rows of others stay, and name a deleted user: {_listed(rule.columns)} becomes null."
    if isinstance(rule, Anonymised):
        return rule.rule
    return f"Rows stay. {rule.why}"


def _export(rule: ExportRule) -> str:
    if isinstance(rule, Exported):
        return f"“{rule.title}”: {_listed(rule.columns)}"
    return f"Not shown. {rule.why}"


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f"`{each}`" for each in columns)
