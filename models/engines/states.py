"""Model classes as of each step of a migration, built only when they are used."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model


def no_tables(dialect: str) -> State:
    """The state before the first migration."""
    return _LazyState({}, _LazyApps(default_connections={"models": dialect}))


class _LazyApps(StateApps):
    """
    Model classes by app and name. `refresh` is called before each access. Tortoise finalises all classes again for each step;
    here a class is finalised once, and again if it has other fields since.
    """

    def __init__(self, default_connections: dict[str, str] | None = None, connections: Any = None) -> None:
        self.refresh: Callable[[], None] = lambda: None
        self._finalised: dict[tuple[str, str], tuple[type[Model], tuple[str, ...]]] = {}
        super().__init__(default_connections, connections)

    @property
    def apps(self) -> Any:
        self.refresh()
        return self._by_app

    @apps.setter
    def apps(self, by_app: Any) -> None:
        self._by_app = by_app

    def _build_initial_querysets(self) -> None:
        every = self._by_app
        self._by_app = {app: dict(self._not_finalised(app, models)) for app, models in every.items()}
        try:
            super()._build_initial_querysets()
        finally:
            self._by_app = every

    def _not_finalised(self, app: str, models: dict[str, type[Model]]) -> Iterator[tuple[str, type[Model]]]:
        for name, model in models.items():
            current = (model, tuple(model._meta.fields_map))
            if model._meta._inited and self._finalised.get((app, name)) != current:  # noqa: SLF001 - as Tortoise does
                self._finalised[app, name] = current
                yield name, model


class _LazyState(State):
    """
    Tortoise rebuilds the classes of all models for each step, twice. Most steps use one of them, and steps that are applied
    already use none. Here the states change at once, and classes are built when they are read in `apps`.
    """

    def __init__(self, models: dict[tuple[str, str], ModelState], apps: _LazyApps) -> None:
        super().__init__(models, apps)
        self._lazy, self._stale = apps, set(models)
        apps.refresh = self._refresh

    def _refresh(self) -> None:
        stale, self._stale = self._stale & self.models.keys(), set()
        if stale:
            super().reload_models(stale)

    def reload_model(self, app_label: str, model_name: str) -> None:
        if (app_label, model_name) not in self.models:
            raise LookupError(f"Model state {app_label}.{model_name} is unknown")
        self._stale.add((app_label, model_name))

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        self._stale.update(model_tuples)

    def validate_relations_initialized(self) -> None:
        if not self._stale:  # else the classes were not used: these steps were applied, and validated, before
            super().validate_relations_initialized()

    def clone(self) -> State:
        models = {key: model.clone() for key, model in self.models.items()}
        return _LazyState(models, cast("_LazyApps", self._lazy.clone(model_states={})))
