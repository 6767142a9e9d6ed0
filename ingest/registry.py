"""The catalogue in the database: loaded from its files by set, and read back as the same words.

What figures hang on is never removed: an entry that ended has its last day. What nothing hangs on (codes, spellings,
lineage, groups, mappings, layouts, rules) is what the files say now. Targets keep their vintages (`targets`).
"""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, text

from ingest import audit, targets
from ingest.authority import Actor
from ingest.catalogue import Catalogue
from ingest.dataset import Dataset
from ingest.group import Group
from ingest.indicator import Indicator, Source, UnitOfMeasure
from ingest.layout import Layout
from ingest.mapping import Mapping
from ingest.reporting_unit import Lineage, ReportingUnit, ReportingUnits, Spelling, UnitCode
from ingest.rule import Rule
from ingest.spelling import alphabetical

Word = TypeVar("Word")

_KEPT = 4  # catalogues in memory: one, and for a moment its successor; more only where tests have many databases
_read: dict[Row[Any] | None, Catalogue] = {}

_REPLACED = (
    "reporting_unit_code",
    "reporting_unit_spelling",
    "lineage",
    "reporting_unit_group",
    "mapping",
    "layout",
    "rule",
)

# Each table with its key, in the order in which references allow them to be loaded.
_KEYS: dict[str, Sequence[str]] = {
    "unit_of_measure": ("code",),
    "source": ("code",),
    "reporting_unit": ("code",),
    "reporting_unit_code": ("scheme", "code", "reporting_unit"),
    "reporting_unit_spelling": ("spelling", "reporting_unit"),
    "lineage": ("predecessor", "successor", "on_date"),
    "reporting_unit_group": ("code",),
    "indicator": ("code",),
    "dataset": ("code",),
    "mapping": ("code",),
    "layout": ("code",),
    "rule": ("code",),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """That a catalogue was loaded, and which corrections of promises it left out, because their time is over."""

    left_out: list[dict[str, Any]]


def load(connection: Connection, catalogue: Catalogue, *, by: Actor) -> Loaded | None:
    """Bring the database's catalogue to this one; None where it was this version before."""
    before = version(connection)
    if before == catalogue.version:
        return None
    tables = _tables(catalogue)
    for table, key in _KEYS.items():
        if table in _REPLACED:
            connection.execute(text(f"delete from {table}"))
        _upsert(connection, table, key, tables[table])
    left_out = targets.load(connection, catalogue.targets, catalogue.indicators)
    connection.execute(
        text(
            # After the targets: as of this moment what this load promised stands.
            "insert into catalogue_version (version, loaded_at, loaded_by) values (:version, clock_timestamp(), :by)"
            " on conflict (version) do update set loaded_at = excluded.loaded_at, loaded_by = excluded.loaded_by"
        ),
        {"version": catalogue.version, "by": by.name},
    )
    audit.record(
        connection,
        by,
        "load",
        f"catalogue {catalogue.version}",
        before={"version": before},
        after={"version": catalogue.version},
    )
    return Loaded(left_out)


def version(connection: Connection) -> str | None:
    """The version that was loaded last, or None where none ever was."""
    return connection.execute(text("select version from catalogue_version order by loaded_at desc limit 1")).scalar()


def ever_loaded(connection: Connection, version: str) -> bool:
    """Whether this version was loaded at any time."""
    return connection.execute(
        text("select exists (select from catalogue_version where version = :version)"), {"version": version}
    ).scalar_one()


def read(connection: Connection) -> Catalogue:
    """The catalogue as the database has it; its figures are observations by then, so it lists no files of them.

    Reading it takes 50 ms and every request wants it, so it is kept in memory under the moment at which it was loaded:
    nothing but `load` changes it, and each `load` has its own.
    """
    loaded = connection.execute(
        text("select current_database(), version, loaded_at from catalogue_version order by loaded_at desc limit 1")
    ).one_or_none()
    known = _read.get(loaded)
    if known is None:
        known = _from_tables(connection)
        while len(_read) >= _KEPT:
            _read.pop(next(iter(_read)), None)
        _read[loaded] = known
    return known


def _from_tables(connection: Connection) -> Catalogue:
    units_of_measure = _words(connection, UnitOfMeasure, "unit_of_measure")
    codes = _words(connection, UnitCode, "reporting_unit_code")
    spellings = _words(connection, Spelling, "reporting_unit_spelling")
    return Catalogue(
        version=version(connection) or "",
        indicators=_by_code(_words(connection, Indicator, "indicator")),
        units_of_measure=_by_code(units_of_measure),
        sources=_by_code(_words(connection, Source, "source")),
        reporting_units=ReportingUnits(_words(connection, ReportingUnit, "reporting_unit"), codes, spellings),
        codes=tuple(codes),
        spellings=tuple(spellings),
        lineage=tuple(_words(connection, Lineage, "lineage")),
        groups=_by_code(_defined(connection, Group, "reporting_unit_group")),
        datasets=_by_code(_words(connection, Dataset, "dataset")),
        targets=targets.read(connection),
        mappings=_by_code(_defined(connection, Mapping, "mapping")),
        layouts=_by_code(_defined(connection, Layout, "layout")),
        rules=_by_code(_defined(connection, Rule, "rule")),
        figures=(),
    )


def _tables(catalogue: Catalogue) -> dict[str, list[dict[str, Any]]]:
    units = list(catalogue.reporting_units)
    in_order = sorted(units, key=lambda unit: (alphabetical(unit.short_vi), unit.code))
    position = {unit.code: place for place, unit in enumerate(in_order)}
    return {
        "unit_of_measure": _rows(catalogue.units_of_measure.values()),
        "source": _rows(catalogue.sources.values()),
        "reporting_unit": [row | {"position": position[row["code"]]} for row in _rows(units)],
        "reporting_unit_code": _rows(catalogue.codes),
        "reporting_unit_spelling": _rows(catalogue.spellings),
        "lineage": _rows(catalogue.lineage),
        "reporting_unit_group": _definitions(catalogue.groups.values()),
        "indicator": _rows(catalogue.indicators.values()),
        "dataset": _rows(catalogue.datasets.values()),
        "mapping": _definitions(catalogue.mappings.values()),
        "layout": _definitions(catalogue.layouts.values()),
        "rule": _definitions(catalogue.rules.values()),
    }


def _rows(words: Iterable[Any]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(word) for word in words]


def _definitions(words: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"code": row["code"], "definition": row} for row in _rows(words)]


def _upsert(connection: Connection, table: str, key: Sequence[str], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    columns = list(rows[0])
    news = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    connection.execute(
        text(
            f"insert into {table} ({', '.join(columns)})"
            f" select {', '.join(columns)} from jsonb_populate_recordset(null::{table}, cast(:rows as jsonb))"
            f" on conflict ({', '.join(key)}) do {f'update set {news}' if news else 'nothing'}"
        ),
        {"rows": json.dumps(rows, default=_plain)},
    )


def _words(connection: Connection, word: type[Word], table: str) -> list[Word]:
    columns = ", ".join(field.name for field in dataclasses.fields(word))  # type: ignore[arg-type]
    rows = connection.execute(text(f"select {columns} from {table} order by {', '.join(_KEYS[table])}"))
    adapter: TypeAdapter[Word] = TypeAdapter(word)
    return [adapter.validate_python(dict(row)) for row in rows.mappings()]


def _defined(connection: Connection, word: type[Word], table: str) -> list[Word]:
    rows = connection.execute(text(f"select definition from {table} order by code"))
    adapter: TypeAdapter[Word] = TypeAdapter(word)
    return [adapter.validate_python(definition) for definition in rows.scalars()]


def _by_code(words: Iterable[Any]) -> dict[str, Any]:
    return {word.code: word for word in words}


def _plain(value: Any) -> str:
    if isinstance(value, date | Decimal):
        return str(value)
    raise TypeError(type(value))
