import re
from pathlib import Path

import pytest

from service import settings
from service.settings import SETTINGS, BadSetting


def test_without_any_setting_everything_is_under_one_folder_on_port_8000() -> None:
    told = settings.read({})
    assert (told.home, told.host, told.port, told.database_url) == (Path(".chiso").absolute(), "127.0.0.1", 8000, "")


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "80.0"])
def test_a_port_that_is_none_stops_the_start_with_a_sentence(port: str) -> None:
    with pytest.raises(BadSetting, match=f"CHISO_PORT is “{port}”; it must be a whole number from 1 to 65535"):
        settings.read({"CHISO_PORT": port})


@pytest.mark.parametrize("written", ["-1", "many", "1.5", "٣", "9" * 10])
def test_a_rate_that_is_no_number_of_requests_stops_the_start_with_a_sentence(written: str) -> None:
    assert settings.read({"CHISO_RATE_PER_TOKEN": "0"}).rates == settings.Rates(per_address=600, per_token=0)
    with pytest.raises(BadSetting, match=f"ADDRESS is “{re.escape(written)}”; it must be a whole number"):
        settings.read({"CHISO_RATE_PER_ADDRESS": written})


def test_a_setting_that_there_is_not_is_refused_and_not_ignored() -> None:
    with pytest.raises(BadSetting, match="CHISO_PROT is no setting of Chiso; there are CHISO_DATABASE_URL"):
        settings.read({"CHISO_PROT": "8001"})


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://chiso@db/chiso\n")
    told = settings.read({"CHISO_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert told.database_url == "postgresql://chiso@db/chiso"
    with pytest.raises(BadSetting, match="cannot be read"):
        settings.read({"CHISO_DATABASE_URL_FILE": str(tmp_path / "nothing")})


def test_only_secrets_can_come_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="CHISO_PORT_FILE is no setting"):
        settings.read({"CHISO_PORT_FILE": str(tmp_path)})


def test_a_database_that_is_no_postgresql_is_refused() -> None:
    with pytest.raises(BadSetting, match="must begin with postgresql://"):
        settings.read({"CHISO_DATABASE_URL": "sqlite:///x"})


OIDC = {
    "CHISO_OIDC_ISSUER": "https://id.example.vn/realms/chiso",
    "CHISO_OIDC_CLIENT_ID": "chiso",
    "CHISO_OIDC_CLIENT_SECRET": "between us",
    "CHISO_PUBLIC_URL": "https://chiso.example.vn/",
}


def test_an_openid_provider_is_set_up_whole_or_not_at_all() -> None:
    assert settings.read({}).provider is None
    told = settings.read(OIDC)
    assert told.public_url == "https://chiso.example.vn"
    assert told.provider == settings.Provider("https://id.example.vn/realms/chiso", "chiso", "between us")
    assert "between us" not in repr(told)
    for name in OIDC:
        with pytest.raises(BadSetting, match=f"half set up: {name} is missing"):
            settings.read({other: value for other, value in OIDC.items() if other != name})
    assert settings.read({"CHISO_PUBLIC_URL": "http://chiso.local:8000"}).provider is None


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CHISO_OIDC_ISSUER", "http://id.example.vn", "must begin with https://"),
        ("CHISO_OIDC_ISSUER", "id.example.vn", "must begin with https://"),
        ("CHISO_OIDC_ISSUER", "https://[", "must begin with https://"),
        ("CHISO_PUBLIC_URL", "chiso.example.vn", "must be like https://chiso.example.gov.vn"),
        ("CHISO_PUBLIC_URL", "https://chiso.example.vn/portal", "with nothing after the host"),
        ("CHISO_PUBLIC_URL", "https://chiso.example.vn?lang=vi", "with nothing after the host"),
        ("CHISO_PUBLIC_URL", "https://", "with nothing after the host"),
    ],
)
def test_an_address_that_is_none_stops_the_start_with_a_sentence(name: str, value: str, sentence: str) -> None:
    with pytest.raises(BadSetting, match=f"{name} is .*{sentence}"):
        settings.read(OIDC | {name: value})


def test_a_provider_on_this_machine_needs_no_encryption() -> None:
    told = settings.read(OIDC | {"CHISO_OIDC_ISSUER": "http://localhost:9000"})
    assert told.provider
    assert told.provider.issuer == "http://localhost:9000"


def test_the_documentation_has_every_setting_with_its_default() -> None:
    documentation = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "none"
        assert f"| `{setting.name}` | {default} | {setting.unit} | {setting.meaning} |" in documentation
    assert documentation.count("| `CHISO_") == len(SETTINGS)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"CHISO_SMTP_URL": "smtp://mail"}, "CHISO_SMTP_URL and CHISO_MAIL_FROM are set together or not at all"),
        ({"CHISO_MAIL_FROM": "a@b"}, "CHISO_SMTP_URL and CHISO_MAIL_FROM are set together or not at all"),
        ({"CHISO_SMTP_URL": "mail:25", "CHISO_MAIL_FROM": "a@b"}, "CHISO_SMTP_URL must be smtps://"),
        ({"CHISO_SMTP_URL": "smtp://mail:mail", "CHISO_MAIL_FROM": "a@b"}, "CHISO_SMTP_URL must be smtps://"),
        ({"CHISO_SMTP_URL": "smtp://mail", "CHISO_MAIL_FROM": "chiso"}, "CHISO_MAIL_FROM is “chiso”; it must be"),
        (
            {"CHISO_REMINDER_HOOK": "https://hook"},
            "CHISO_REMINDER_HOOK and CHISO_REMINDER_HOOK_SECRET are set together",
        ),
        ({"CHISO_REMINDER_HOOK": "hook", "CHISO_REMINDER_HOOK_SECRET": "x"}, "CHISO_REMINDER_HOOK must be https://"),
    ],
)
def test_a_channel_of_reminders_is_whole_or_not_there(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadSetting, match=re.escape(sentence)):
        settings.read(environment)


def test_the_secrets_of_a_channel_are_not_shown() -> None:
    told = settings.read(
        {
            "CHISO_SMTP_URL": "smtps://chiso:hidden@mail",
            "CHISO_MAIL_FROM": "chiso@example.gov.vn",
            "CHISO_REMINDER_HOOK": "https://hook/hidden",
            "CHISO_REMINDER_HOOK_SECRET": "hidden",
        }
    )
    assert told.mail
    assert told.hook
    assert "hidden" not in repr((told.mail, told.hook))
