"""Every setting, in one table: name in the environment, default, unit, one sentence. docs/reference/settings.md is made from it."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
VERSION: str = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]["version"]
"""The release that runs. pyproject.toml is its only source: the server runs from its folder, never from a package."""
WORDS = {
    "anonymous": ("read", "none"),
    "request_limit": ("on", "off"),
    "log_level": ("DEBUG", "INFO", "WARNING", "ERROR"),
}
"""Settings that take one of a few words."""
SCHEMES = {
    "database_url": ("postgres", "postgresql", "sqlite"),
    "public_url": ("http", "https"),
    "redis_url": ("redis", "rediss", "unix"),
}
"""Settings that are one address each, and how it may begin. Those of mails, text messages and pictures are read later."""
PREFIX = "COMMUNITY_"
"""A name with it goes before the short one, which other programs may use for something else."""


class BadSetting(ValueError):
    """A setting that cannot be used; the message names it and says what would do."""


def _setting(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Settings:
    """Read once at start and never again: a changed setting needs a restart."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8080, "TCP port to listen on; 0 takes a free one.")
    public_url: str = _setting("", "The address people use, as `https://host`; empty: `http://HOST:PORT`.")
    database_url: str = _setting(
        "",
        "`postgres://user:password@host/name`, `sqlite:///absolute/path` or `sqlite://relative/path`; empty: SQLite in `var/community.sqlite3`.",
    )
    database_pool: int = _setting(10, "PostgreSQL connections of one process, at most.")
    secret_key: str = _setting(
        "",
        "Encrypts what may not be read in the database: 32 bytes in hex; empty: made once, kept in `var/secret-key`.",
    )
    credential_key: str = _setting(
        "", "Signs badge credentials (Ed25519): 32 bytes in hex; empty: a key made from SECRET_KEY."
    )
    credential_old_keys: str = _setting(
        "",
        "Public keys that signed badge credentials before, by commas: `x` as `/.well-known/jwks.json` showed it.",
    )
    credential_issuer: str = _setting(
        "", "Who issues badge credentials, by name; empty: the host of PUBLIC_URL, if that is a name."
    )
    redis_url: str = _setting("", "`redis://host:6379/0` for limits that several processes share; empty: per process.")
    mail_url: str = _setting(
        "file:var/mail", "Where mail goes: `smtp://user:password@host:587`, `smtps://…`, or `file:` and a folder."
    )
    mail_from: str = _setting("", "Sender of mails; empty: `no-reply@` and the host of PUBLIC_URL.")
    sms_url: str = _setting(
        "file:var/sms", "Where text messages go: an HTTP gateway `https://…`, or `file:` and a folder."
    )
    avatar_store: str = _setting(
        "file:var/avatars",
        "Where avatars are kept: `file:` and a folder, or `s3://bucket/prefix?region=…&endpoint=…`, with credentials in `AWS_…` variables.",
    )
    origins: str = _setting(
        "", "Origins of clients on other hosts that may send cookies, as `https://app.example`, by commas."
    )
    trusted_proxies: str = _setting(
        "", "Addresses or networks of proxies whose `X-Forwarded-For` is believed, by commas."
    )
    session_hours: int = _setting(720, "Hours after which a sign-in ends, however busy it is.")
    session_idle_hours: int = _setting(168, "Hours without a request after which a sign-in ends.")
    anonymous: str = _setting("read", "What nobody signed in may do: `read` what is public, or `none`.")
    request_limit: str = _setting(
        "on", "`off` lifts the limit on requests; those on sign-in, codes and mails hold in any case."
    )
    max_body: int = _setting(256 * 1024, "Largest request body in bytes; larger ones get 413.")
    max_upload: int = _setting(5 * 1024 * 1024, "Largest file of an upload in bytes; larger ones get 413.")
    max_connections: int = _setting(
        10_000, "Connections at a time, at most; fewer where the system lets the process open fewer files."
    )
    max_connections_per_address: int = _setting(
        1_000, "Connections of one address at a time, at most; those of trusted proxies are not counted."
    )
    max_tokens: int = _setting(5_000, "Largest GraphQL document, in lexical tokens.")
    max_depth: int = _setting(20, "Deepest nesting of fields in one document.")
    max_fields: int = _setting(2_000, "Most fields in one document, aliases and spread fragments counted each time.")
    max_cost: int = _setting(
        10_000, "Highest cost of one operation, in objects it may ask for; half of it for nobody signed in."
    )
    drain_seconds: float = _setting(20.0, "Seconds that requests under way get to finish after SIGTERM.")
    log_level: str = _setting("INFO", "One of DEBUG, INFO, WARNING, ERROR.")

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:  # noqa: PLR2004 - the range of TCP ports
            raise BadSetting(f"PORT is {self.port}; it must be between 0 and 65535.")
        for name, words in WORDS.items():
            if getattr(self, name) not in words:
                raise BadSetting(f"{name.upper()} is {getattr(self, name)!r}; it must be one of {', '.join(words)}.")
        for name in (
            "session_hours",
            "session_idle_hours",
            "database_pool",
            "max_body",
            "max_upload",
            "max_connections",
            "max_connections_per_address",
            "max_tokens",
            "max_depth",
            "max_fields",
            "max_cost",
        ):
            if getattr(self, name) < 1:
                raise BadSetting(f"{name.upper()} is {getattr(self, name)}; it must be at least 1.")
        if not self.drain_seconds >= 0:
            raise BadSetting(f"DRAIN_SECONDS is {self.drain_seconds}; it must not be negative.")
        for name, schemes in SCHEMES.items():
            _check_address(name, getattr(self, name), schemes)
        if self.secret_key and not re.fullmatch(r"[0-9a-fA-F]{64}", self.secret_key):
            raise BadSetting("SECRET_KEY must be 64 hexadecimal digits.")
        self._check_credential_keys()

    def _check_credential_keys(self) -> None:
        if self.credential_key and not re.fullmatch(r"[0-9a-fA-F]{64}", self.credential_key):
            raise BadSetting("CREDENTIAL_KEY must be 64 hexadecimal digits.")
        if not all(re.fullmatch(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", each) for each in self.old_keys):
            raise BadSetting("CREDENTIAL_OLD_KEYS must be public keys of 43 letters, digits, - and _, by commas.")

    @property
    def database(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url.strip() or f"sqlite://{HERE / 'var' / 'community.sqlite3'}"

    @property
    def address(self) -> str:
        """Where people reach this server, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def old_keys(self) -> tuple[str, ...]:
        """The public keys of CREDENTIAL_OLD_KEYS, one by one."""
        return tuple(each.strip() for each in self.credential_old_keys.split(",") if each.strip())

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """
        Read the settings that are set, as `COMMUNITY_PORT` or `PORT`; an empty one is not set. Raises BadSetting naming
        the first one that cannot be used.
        """
        given = {each.name: _given(each.name.upper(), environment) for each in fields(cls)}
        return cls(**{each.name: _read(each, given[each.name]) for each in fields(cls) if given[each.name]})


def _given(name: str, environment: Mapping[str, str]) -> str:
    return environment.get(PREFIX + name, environment.get(name, "")).strip()


def _check_address(name: str, address: str, schemes: tuple[str, ...]) -> None:
    """Raise BadSetting for an address that cannot be read. Its value is never repeated: it may hold a password."""
    if not address.strip():
        return
    try:
        parts = urlsplit(address.strip())
        _ = parts.port
    except ValueError:
        raise BadSetting(
            f"{name.upper()} cannot be read; write /, :, @, # in user or password as %2F, %3A, %40, %23."
        ) from None
    if parts.scheme not in schemes:
        begins = [f"{scheme}://" for scheme in schemes]
        raise BadSetting(f"{name.upper()} must begin with {', '.join(begins[:-1])} or {begins[-1]}.")


def _read(setting: Field[Any], text: str) -> Any:
    kind: Any = type(setting.default)
    try:
        return kind(text)
    except ValueError:
        raise BadSetting(f"{setting.name.upper()} is {text!r}; it must be a number.") from None
