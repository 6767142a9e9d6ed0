"""The settings: one table, read from the environment; nonsense stops the start with a sentence."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit


class BadSetting(Exception):
    """A setting has a value that means nothing."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: its name in the environment, its default, its unit and its meaning."""

    name: str
    default: str
    unit: str
    meaning: str


SETTINGS = (
    Setting("CHISO_HOME", ".chiso", "folder", "all state: the embedded database and its log"),
    Setting("CHISO_HOST", "127.0.0.1", "address", "the address that the service listens on"),
    Setting("CHISO_PORT", "8000", "port", "the port that the service listens on"),
    Setting(
        "CHISO_DATABASE_URL",
        "",
        "URL",
        "a PostgreSQL 15 or later to use instead of the embedded one: postgresql://user:password@host/database;"
        " a secret, so also from CHISO_DATABASE_URL_FILE",
    ),
    Setting(
        "CHISO_PUBLIC_URL", "", "URL", "the address under which people reach the service: https://chiso.example.gov.vn"
    ),
    Setting(
        "CHISO_OIDC_ISSUER",
        "",
        "URL",
        "the OpenID provider that people may sign in with; needs the two below and CHISO_PUBLIC_URL",
    ),
    Setting("CHISO_OIDC_CLIENT_ID", "", "name", "what the provider calls this service"),
    Setting(
        "CHISO_OIDC_CLIENT_SECRET",
        "",
        "text",
        "what this service shows the provider; a secret, so also from CHISO_OIDC_CLIENT_SECRET_FILE",
    ),
)
SECRETS = ("CHISO_DATABASE_URL", "CHISO_OIDC_CLIENT_SECRET")
_OIDC = ("CHISO_OIDC_ISSUER", "CHISO_OIDC_CLIENT_ID", "CHISO_OIDC_CLIENT_SECRET")
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Provider:
    """The OpenID provider that people may sign in with, and what this service is to it."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the programs were told."""

    home: Path
    host: str
    port: int
    database_url: str
    public_url: str
    provider: Provider | None


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment gives.

    Raises BadSetting with a sentence that names the setting and what to write.
    """
    unknown = [name for name in environment if name.startswith("CHISO_") and name not in _KNOWN]
    if unknown:
        raise BadSetting(f"{unknown[0]} is no setting of Chiso; there are {', '.join(sorted(_NAMES))}.")
    values = {setting.name: environment.get(setting.name) or setting.default for setting in SETTINGS}
    for name in SECRETS:
        if path := environment.get(f"{name}_FILE"):
            try:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as fault:
                raise BadSetting(f"{name}_FILE: {path} cannot be read ({fault.strerror}).") from fault
    url = values["CHISO_DATABASE_URL"]
    if url and not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        raise BadSetting("CHISO_DATABASE_URL must begin with postgresql://, as in postgresql://user@host/database.")
    return Settings(
        home=Path(values["CHISO_HOME"]).expanduser().absolute(),
        host=values["CHISO_HOST"],
        port=_port(values["CHISO_PORT"]),
        database_url=url,
        public_url=_public_url(values["CHISO_PUBLIC_URL"]),
        provider=_provider(values),
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise BadSetting(f"CHISO_PORT is “{text}”; it must be a whole number from 1 to 65535.")
    return int(text)


def _provider(values: Mapping[str, str]) -> Provider | None:
    told = [values[name] for name in _OIDC]
    if not any(told):
        return None
    missing = [name for name in (*_OIDC, "CHISO_PUBLIC_URL") if not values[name]]
    if missing:
        raise BadSetting(
            f"Signing in with an OpenID provider is half set up: {', '.join(missing)} is missing. Set it, or none of"
            f" {', '.join(_OIDC)}."
        )
    return Provider(_issuer(told[0]), told[1], told[2])


def _issuer(text: str) -> str:
    address = _split(text)
    if address.scheme != "https" and (address.scheme != "http" or address.hostname not in _LOCAL):
        raise BadSetting(f"CHISO_OIDC_ISSUER is “{text}”; it must begin with https://, unless it is on this machine.")
    return text


def _public_url(text: str) -> str:
    address, bare = _split(text), text.rstrip("/")
    if text and (address.scheme not in ("https", "http") or bare != f"{address.scheme}://{address.netloc}"):
        raise BadSetting(
            f"CHISO_PUBLIC_URL is “{text}”; it must be like https://chiso.example.gov.vn, with nothing after the host."
        )
    return bare


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:  # a bracket that is not closed
        return urlsplit("")


_NAMES = {setting.name for setting in SETTINGS}
_KNOWN = _NAMES | {f"{name}_FILE" for name in SECRETS} | {"CHISO_TEST_DATABASE_URL"}
