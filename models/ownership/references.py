"""Which columns name a person, with or without a foreign key."""

from enum import Enum
from typing import Any, Final

from tortoise.models import Model


class Owner(Enum):
    """What a column names."""

    ACCOUNT = "ACCOUNT"
    PROFILE = "PROFILE"
    PROJECT = "PROJECT"


_MODELS: Final = {
    "models.Account": Owner.ACCOUNT,
    "models.Profile": Owner.PROFILE,
    "models.Project": Owner.PROJECT,
}
LOOSE: Final = {
    "account_id": Owner.ACCOUNT,
    "actor_id": Owner.ACCOUNT,
    "profile_id": Owner.PROFILE,
    "about_profile_id": Owner.PROFILE,
    "source_id": Owner.PROFILE,
    "survivor_id": Owner.PROFILE,
}
"""Columns without a foreign key, because their rows outlive what they name."""
_OWN_IDS: Final = {"account": Owner.ACCOUNT, "profile": Owner.PROFILE, "project": Owner.PROJECT}


def references_of(model: type[Model]) -> dict[str, Owner]:
    """Return the columns of a table that name an account, a profile or a project, in the order of their names."""
    meta: Any = model._meta
    keys = {name: meta.fields_map[name] for name in meta.fk_fields | meta.o2o_fields}
    found = {
        key.source_field or f"{name}_id": _MODELS[key.model_name]
        for name, key in keys.items()
        if key.model_name in _MODELS
    }
    loose = {name: of for name, of in LOOSE.items() if name in meta.fields_db_projection.values()}
    return dict(sorted((loose | found).items()))


def owner_of(model: type[Model], column: str) -> Owner:
    """Return what a column names; `id` of a table of accounts, profiles or projects names itself. Raises KeyError."""
    meta: Any = model._meta
    return _OWN_IDS[meta.db_table] if column == "id" else references_of(model)[column]
