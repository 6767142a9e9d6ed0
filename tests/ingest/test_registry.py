"""The catalogue in the database is the catalogue in the files."""

from dataclasses import replace

from sqlalchemy import Connection, text

from ingest import catalogue, registry
from tests.conftest import TEST


def test_what_is_read_back_is_what_the_files_say(connection: Connection) -> None:
    files, stored = catalogue.read(), registry.read(connection)
    assert stored.version == files.version
    for word in ("indicators", "units_of_measure", "sources", "datasets", "mappings"):
        assert getattr(stored, word) == getattr(files, word), word
    assert {unit.code: unit for unit in stored.reporting_units} == {unit.code: unit for unit in files.reporting_units}
    for table in ("codes", "spellings", "lineage"):
        assert set(getattr(stored, table)) == set(getattr(files, table)), table
    assert {repr(target) for target in stored.targets} == {repr(target) for target in files.targets}


def test_loading_the_same_catalogue_again_changes_nothing(connection: Connection) -> None:
    assert not registry.load(connection, catalogue.read(), by=TEST)
    assert connection.execute(text("select count(*) from catalogue_version")).scalar_one() == 1


def test_a_changed_entry_is_another_version_and_takes_the_place_of_the_old(connection: Connection) -> None:
    files = catalogue.read()
    rank = replace(files.indicators["EGDI_RANK"], name_en="Another name")
    changed = replace(files, version="another", indicators=files.indicators | {"EGDI_RANK": rank})
    assert registry.load(connection, changed, by=TEST)
    assert registry.version(connection) == "another"
    assert registry.read(connection).indicators["EGDI_RANK"].name_en == "Another name"
    assert registry.load(connection, files, by=TEST)
    assert registry.read(connection).indicators == files.indicators
