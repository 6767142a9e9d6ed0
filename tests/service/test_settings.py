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


def test_the_documentation_has_every_setting_with_its_default() -> None:
    documentation = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "none"
        assert f"| `{setting.name}` | {default} | {setting.unit} | {setting.meaning} |" in documentation
    assert documentation.count("| `CHISO_") == len(SETTINGS)
