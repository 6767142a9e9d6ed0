"""The settings: one table, read from the environment; nonsense stops the start with a sentence."""

import os
import re
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
        "CHISO_RATE_PER_ADDRESS",
        "600",
        "requests a minute",
        "how many requests one address may make, of IPv6 the first 64 bits; 0 for any number",
    ),
    Setting(
        "CHISO_RATE_PER_TOKEN",
        "6000",
        "requests a minute",
        "how many requests a machine may make with its token, from whichever address; 0 for any number",
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
    Setting(
        "CHISO_SMTP_URL",
        "",
        "URL",
        "the mail server for reminders: smtps://user:password@host, or smtp:// on port 587, where a password is sent"
        " after STARTTLS only; a secret, so also from CHISO_SMTP_URL_FILE",
    ),
    Setting("CHISO_MAIL_FROM", "", "address", "the e-mail address that reminders come from"),
    Setting("CHISO_REMINDER_HOOK", "", "URL", "where reminders are posted to as JSON"),
    Setting(
        "CHISO_REMINDER_HOOK_SECRET",
        "",
        "text",
        "what signs the posted reminders; a secret, so also from CHISO_REMINDER_HOOK_SECRET_FILE",
    ),
    Setting(
        "CHISO_HOOKS_INSIDE",
        "no",
        "yes or no",
        "whether web hooks may be on addresses that are not public, and without encryption: for a closed network",
    ),
)
SECRETS = ("CHISO_DATABASE_URL", "CHISO_OIDC_CLIENT_SECRET", "CHISO_SMTP_URL", "CHISO_REMINDER_HOOK_SECRET")
_OIDC = ("CHISO_OIDC_ISSUER", "CHISO_OIDC_CLIENT_ID", "CHISO_OIDC_CLIENT_SECRET")
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Rates:
    """How many requests a minute are answered; 0 is any number."""

    per_address: int
    per_token: int


@dataclass(frozen=True, slots=True)
class Provider:
    """The OpenID provider that people may sign in with, and what this service is to it."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """The server that sends our mail, and the address that it comes from."""

    url: str = field(repr=False)
    sender: str


@dataclass(frozen=True, slots=True)
class Hook:
    """Where reminders are posted to, and what signs them."""

    url: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the programs were told."""

    home: Path
    host: str
    port: int
    database_url: str
    public_url: str
    rates: Rates
    provider: Provider | None
    mail: Mail | None
    hook: Hook | None
    hooks_inside: bool


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
        rates=Rates(_rate("CHISO_RATE_PER_ADDRESS", values), _rate("CHISO_RATE_PER_TOKEN", values)),
        provider=_provider(values),
        mail=_mail(values),
        hook=_hook(values),
        hooks_inside=_yes("CHISO_HOOKS_INSIDE", values["CHISO_HOOKS_INSIDE"]),
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise BadSetting(f"CHISO_PORT is “{text}”; it must be a whole number from 1 to 65535.")
    return int(text)


def _yes(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise BadSetting(f"{name} is “{text}”; it must be yes or no.")
    return text == "yes"


def _rate(name: str, values: Mapping[str, str]) -> int:
    text = values[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadSetting(f"{name} is “{text}”; it must be a whole number of requests a minute, or 0 for any number.")
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


def _mail(values: Mapping[str, str]) -> Mail | None:
    url, sender = values["CHISO_SMTP_URL"], values["CHISO_MAIL_FROM"]
    if not _both("CHISO_SMTP_URL", "CHISO_MAIL_FROM", values):
        return None
    if not _has_host(url, "smtp", "smtps"):
        raise BadSetting("CHISO_SMTP_URL must be smtps://user:password@host, or smtp:// and the host.")
    if not re.fullmatch(r"[!-~]+@[!-~]+", sender):
        raise BadSetting(f"CHISO_MAIL_FROM is “{sender}”; it must be an e-mail address, such as chiso@example.gov.vn.")
    return Mail(url, sender)


def _hook(values: Mapping[str, str]) -> Hook | None:
    if not _both("CHISO_REMINDER_HOOK", "CHISO_REMINDER_HOOK_SECRET", values):
        return None
    if not _has_host(values["CHISO_REMINDER_HOOK"], "http", "https"):
        raise BadSetting("CHISO_REMINDER_HOOK must be https:// and the host.")
    return Hook(values["CHISO_REMINDER_HOOK"], values["CHISO_REMINDER_HOOK_SECRET"])


def _both(one: str, other: str, values: Mapping[str, str]) -> bool:
    if bool(values[one]) != bool(values[other]):
        raise BadSetting(f"{one} and {other} are set together or not at all.")
    return bool(values[one])


def _has_host(url: str, *schemes: str) -> bool:
    try:
        address = urlsplit(url)
        return address.scheme in schemes and bool(address.hostname) and address.port != 0
    except ValueError:  # a port that is no number
        return False


_NAMES = {setting.name for setting in SETTINGS}
_KNOWN = _NAMES | {f"{name}_FILE" for name in SECRETS} | {"CHISO_TEST_DATABASE_URL"}
