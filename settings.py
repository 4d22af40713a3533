"""All settings: name, default and description. docs/reference/settings.md is generated from this module."""

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
"""Version of this release, read from pyproject.toml: the server runs from a checkout, never from an installed package."""
WORDS = {
    "anonymous": ("read", "none"),
    "documents": ("any", "trusted"),
    "request_limit": ("on", "off"),
    "log_level": ("DEBUG", "INFO", "WARNING", "ERROR"),
}
"""Settings with a fixed set of values."""
SCHEMES = {
    "database_url": ("postgres", "postgresql", "sqlite"),
    "client_url": ("http", "https"),
    "public_url": ("http", "https"),
    "support_url": ("http", "https"),
    "redis_url": ("redis", "rediss", "unix"),
}
"""Settings that are a URL, with their schemes. MAIL_URL, SMS_URL, AVATAR_STORE and EXPORT_STORE are checked where they are used."""
WEB_ADDRESSES = ("client_url", "public_url")
"""Settings that links begin with: a scheme, a host, and a plain path at most."""
PREFIX = "COMMUNITY_"
"""A prefixed name takes precedence over the short one, which other programs may use for something else."""
_WEB_ADDRESS = re.compile(
    r"(?i:https?)://([\w.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*/?"
)


class BadSetting(ValueError):
    """A setting with an invalid value; the message has its name and the valid values."""


def _setting(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Settings:
    """Read once at start: a changed setting needs a restart."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8080, "TCP port to listen on; 0 takes a free one.")
    public_url: str = _setting(
        "", "URL at which people reach this server, like `https://host`; empty: `http://HOST:PORT`."
    )
    client_url: str = _setting(
        "",
        "URL of the client that people use, for the links in mails, invites and command output; empty: PUBLIC_URL, where this server has plain pages for them.",
    )
    support_url: str = _setting(
        "", "URL where people get help, such as a support form; shown where a merge cannot go on. Empty: none."
    )
    database_url: str = _setting(
        "",
        "`postgres://user:password@host/name`, `sqlite:///absolute/path` or `sqlite://relative/path`; empty: SQLite in `var/community.sqlite3`.",
    )
    database_pool: int = _setting(10, "Maximum number of PostgreSQL connections of one process.")
    secret_key: str = _setting(
        "",
        "Key that encrypts secrets in the database: 32 bytes in hex. A database accepts only the key that it was made with. Required on PostgreSQL; empty on SQLite: generated once, stored in `var/secret-key`.",
    )
    credential_key: str = _setting(
        "", "Key that signs badge credentials (Ed25519): 32 bytes in hex; empty: derived from SECRET_KEY."
    )
    credential_old_keys: str = _setting(
        "",
        "Former public keys of badge credentials, separated by commas: the values of `x` in `/.well-known/jwks.json`.",
    )
    credential_issuer: str = _setting(
        "", "Name of the issuer of badge credentials; empty: the host of PUBLIC_URL, if that is a name."
    )
    redis_url: str = _setting(
        "", "`redis://host:6379/0`, to share rate limits between processes; empty: each process counts for itself."
    )
    mail_url: str = _setting(
        "file:var/mail",
        "Where mail is sent: `smtp://user:password@host:587`, `smtps://…`, or `file:` and a folder.",
    )
    mail_from: str = _setting("", "Sender of mail; empty: `no-reply@` and the host of PUBLIC_URL.")
    sms_url: str = _setting(
        "file:var/sms", "Where text messages are sent: an HTTP gateway `https://…`, or `file:` and a folder."
    )
    avatar_store: str = _setting(
        "file:var/avatars",
        "Where images are stored: `file:` and a folder, or `s3://bucket/prefix?region=…&endpoint=…`, with credentials in `AWS_…` variables.",
    )
    export_store: str = _setting(
        "file:var/exports",
        "Where downloads of personal data are stored for seven days, like AVATAR_STORE. They are complete copies of people's data: use a folder or bucket that nothing else reads.",
    )
    origins: str = _setting(
        "", "Origins of clients on other hosts that may send cookies, like `https://app.example`, separated by commas."
    )
    trusted_proxies: str = _setting(
        "", "Addresses or networks of proxies whose `X-Forwarded-For` is trusted, separated by commas."
    )
    session_hours: int = _setting(720, "Hours after which a session ends, even if it is in use.")
    session_idle_hours: int = _setting(168, "Hours without a request after which a session ends.")
    anonymous: str = _setting("read", "What anonymous callers may do: `read` public data, or `none`.")
    documents: str = _setting(
        "any", "Which GraphQL documents run: `any`, or only `trusted` ones, which are in DOCUMENTS_MANIFEST."
    )
    documents_manifest: str = _setting(
        "", "JSON file of trusted documents: an object of ids and documents, or a manifest of Apollo."
    )
    request_limit: str = _setting(
        "on", "`off` disables the rate limit of requests; limits of sign-in, codes and mail always apply."
    )
    max_body: int = _setting(256 * 1024, "Largest request body in bytes; a larger one gets 413.")
    max_upload: int = _setting(5 * 1024 * 1024, "Largest uploaded file in bytes; a larger one gets 413.")
    max_connections: int = _setting(
        10_000, "Maximum number of open connections; fewer if the system limits the open files of the process further."
    )
    max_connections_per_address: int = _setting(
        1_000, "Maximum number of open connections of one address; connections of trusted proxies do not count."
    )
    max_tokens: int = _setting(5_000, "Largest GraphQL document, in lexical tokens.")
    max_depth: int = _setting(20, "Deepest nesting of fields in one document.")
    max_fields: int = _setting(
        2_000, "Maximum number of fields in one document; aliases and spread fragments count each time."
    )
    max_cost: int = _setting(
        10_000, "Highest cost of one operation, in objects that it may request; half of it for anonymous callers."
    )
    drain_seconds: float = _setting(20.0, "Seconds for running requests to finish after SIGTERM.")
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
        for name in WEB_ADDRESSES:
            _check_web_address(name, getattr(self, name).strip())
        if self.secret_key and not re.fullmatch(r"[0-9a-fA-F]{64}", self.secret_key):
            raise BadSetting("SECRET_KEY must be 64 hexadecimal digits.")
        self._check_credential_keys()

    def _check_credential_keys(self) -> None:
        if self.credential_key and not re.fullmatch(r"[0-9a-fA-F]{64}", self.credential_key):
            raise BadSetting("CREDENTIAL_KEY must be 64 hexadecimal digits.")
        if not all(re.fullmatch(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", each) for each in self.old_keys):
            raise BadSetting(
                "CREDENTIAL_OLD_KEYS must be public keys of 43 letters, digits, - and _, separated by commas."
            )

    @property
    def database(self) -> str:
        """URL of the database, or of the default one."""
        return self.database_url.strip() or f"sqlite://{HERE / 'var' / 'community.sqlite3'}"

    @property
    def on_sqlite(self) -> bool:
        """True if the database is SQLite, False if it is PostgreSQL."""
        return self.database.startswith("sqlite:")

    @property
    def address(self) -> str:
        """URL at which people reach this server, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def client_address(self) -> str:
        """URL that links to pages for people begin with, without a trailing slash: CLIENT_URL, or this server's own."""
        return self.client_url.rstrip("/") or self.address

    @property
    def old_keys(self) -> tuple[str, ...]:
        """The public keys in CREDENTIAL_OLD_KEYS."""
        return tuple(each.strip() for each in self.credential_old_keys.split(",") if each.strip())

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """
        Read the settings from variables like `COMMUNITY_PORT` or `PORT`; an empty variable counts as not set. Raises
        BadSetting for the first invalid one.
        """
        texts = {each.name: _read_variable(each.name.upper(), environment) for each in fields(cls)}
        return cls(**{each.name: _parse(each, texts[each.name]) for each in fields(cls) if texts[each.name]})


def _read_variable(name: str, environment: Mapping[str, str]) -> str:
    return environment.get(PREFIX + name, environment.get(name, "")).strip()


def _check_address(name: str, address: str, schemes: tuple[str, ...]) -> None:
    """Raise BadSetting for an invalid URL. The message never contains the value, because it may have a password."""
    if not address.strip():
        return
    try:
        parts = urlsplit(address.strip())
        _ = parts.port
    except ValueError:
        raise BadSetting(
            f"{name.upper()} is not a valid URL; write /, :, @, # in user or password as %2F, %3A, %40, %23."
        ) from None
    if parts.scheme not in schemes:
        prefixes = [f"{scheme}://" for scheme in schemes]
        raise BadSetting(f"{name.upper()} must start with {', '.join(prefixes[:-1])} or {prefixes[-1]}.")


def _check_web_address(name: str, address: str) -> None:
    """
    Raise BadSetting for a URL that links cannot begin with: paths are appended to it, and it stands in mails. The message
    never contains the value, because it may have a password.
    """
    if address and not _WEB_ADDRESS.fullmatch(address):
        raise BadSetting(f"{name.upper()} must be a scheme, a host and a plain path at most, like https://app.example.")


def _parse(setting: Field[Any], text: str) -> Any:
    kind: Any = type(setting.default)
    try:
        return kind(text)
    except ValueError:
        raise BadSetting(f"{setting.name.upper()} is {text!r}; it must be a number.") from None
