"""
Tortoise prepares its models each time a database is opened: about 20 ms, in thousands of tests. What it prepares depends on the kind
of database alone, so the tests let it do this again only when the kind changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tortoise.apps import Apps


@contextmanager
def models_prepared_once() -> Iterator[None]:
    """While active, the models are prepared only if the database is of another kind than the last one."""
    original: Any = Apps._build_initial_querysets
    prepared_for: Any = None

    def build(apps: Apps) -> None:
        nonlocal prepared_for
        kinds = [(label, app["Account"]._meta.db.executor_class) for label, app in apps.items() if "Account" in app]
        if not kinds or kinds != prepared_for:
            original(apps)
            prepared_for = kinds

    patched: Any = Apps
    patched._build_initial_querysets = build
    try:
        yield
    finally:
        patched._build_initial_querysets = original
