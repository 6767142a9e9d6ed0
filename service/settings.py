"""The settings: one table, read from the environment; nonsense stops the start with a sentence."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


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
)
SECRETS = ("CHISO_DATABASE_URL",)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the programs were told."""

    home: Path
    host: str
    port: int
    database_url: str


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
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise BadSetting(f"CHISO_PORT is “{text}”; it must be a whole number from 1 to 65535.")
    return int(text)


_NAMES = {setting.name for setting in SETTINGS}
_KNOWN = _NAMES | {f"{name}_FILE" for name in SECRETS} | {"CHISO_TEST_DATABASE_URL"}
