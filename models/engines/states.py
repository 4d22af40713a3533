"""What tables are like between two steps of a migration, as classes that are made only when they are looked at."""

from collections.abc import Iterable

from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps

Names = set[tuple[str, str]]


def no_tables(dialect: str) -> State:
    """The state before the first migration."""
    return _LazyState({}, StateApps(default_connections={"models": dialect}))


class _LazyState(State):
    """
    Tortoise makes the classes of all models anew for each step, and once more as they were before it. Most steps look at
    one of them, and steps that were applied before at none: so descriptions are changed at once, and classes made when
    `apps` is read.
    """

    def __init__(self, models: dict[tuple[str, str], ModelState], apps: StateApps) -> None:
        self.models, self._made, self._stale = models, apps, set(models)

    @property
    def apps(self) -> StateApps:  # type: ignore[override]  # read only: nothing sets it
        stale, self._stale = self._stale & self.models.keys(), set()
        if stale:
            super().reload_models(stale)
        return self._made

    def reload_model(self, app_label: str, model_name: str) -> None:
        if (app_label, model_name) not in self.models:
            raise LookupError(f"Model state {app_label}.{model_name} is unknown")
        self._stale.add((app_label, model_name))

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        self._stale.update(model_tuples)

    def validate_relations_initialized(self) -> None:
        if not self._stale:  # else nothing looked at the classes: these steps were applied, and looked at, before
            super().validate_relations_initialized()

    def clone(self) -> State:
        models = {key: model.clone() for key, model in self.models.items()}
        return _LazyState(models, self._made.clone(model_states={}))
