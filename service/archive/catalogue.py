"""Questions to the catalogue: indicators, reporting units, datasets; found without diacritics too."""

import itertools
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.spelling import fold
from service.archive import search as finding
from service.archive import targets

INDICATOR_COLUMNS = (
    "code",
    "name_vi",
    "name_en",
    "pillar",
    "unit_measure",
    "decimals",
    "direction",
    "frequencies",
    "accumulations",
    "sources",
    "levels",
    "adds_over_time",
    "adds_over_units",
    "definition_vi",
    "definition_en",
    "formula",
    "numerator_vi",
    "numerator_en",
    "denominator_vi",
    "denominator_en",
    "minimum",
    "maximum",
    "lead",
    "document",
    "reference",
    "valid_from",
    "valid_to",
    "replaced_by",
    "daily_mean_of",
    "note",
)
REPORTING_UNIT_COLUMNS = (
    "code",
    "level",
    "kind",
    "name_vi",
    "name_en",
    "short_vi",
    "valid_from",
    "valid_to",
    "legal_act",
)
DATASET_COLUMNS = (
    "code",
    "name_vi",
    "name_en",
    "frequency",
    "document",
    "items",
    "owed_by",
    "owed_from",
    "due",
    "review",
    "machine",
    "about_others",
    "note",
)
SOURCE_COLUMNS = ("code", "name_vi", "name_en")
RULE_COLUMNS = (
    "code",
    "version",
    "kind",
    "severity",
    "name_vi",
    "name_en",
    "sentence_vi",
    "sentence_en",
    "formula",
    "document",
    "check",
    "scope",
    "example",
    "note",
)


def indicators(
    connection: Connection, *, search: str | None, pillar: str | None, after: str | None, limit: int
) -> list[dict[str, Any]]:
    """Indicators by code, with INDICATOR_COLUMNS; `search` finds as `search.find` does."""
    rows = _sought(connection, "indicator", INDICATOR_COLUMNS, order="code", question=search)
    found = (row for row in rows if pillar in (None, row["pillar"]))
    return _onward(found, "code", after, limit)


def reporting_units(
    connection: Connection,
    *,
    search: str | None,
    level: str | None,
    valid_on: date | None,
    after: int | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Reporting units by the Vietnamese alphabet, with REPORTING_UNIT_COLUMNS and `position`, their place in it.

    Units of all times, unless `valid_on` is given. `search` finds as `search.find` does.
    """
    columns = (*REPORTING_UNIT_COLUMNS, "position")
    rows = _sought(connection, "reporting_unit", columns, order="position", question=search)
    found = (
        row
        for row in rows
        if level in (None, row["level"])
        and (valid_on is None or (row["valid_from"] or date.min) <= valid_on <= (row["valid_to"] or date.max))
    )
    return _onward(found, "position", after, limit)


def datasets(connection: Connection, *, search: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
    """Datasets by code, with DATASET_COLUMNS; `search` finds as `search.find` does."""
    return _onward(_sought(connection, "dataset", DATASET_COLUMNS, order="code", question=search), "code", after, limit)


def rules(connection: Connection, *, search: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
    """Rules by code, with RULE_COLUMNS; `search` is words of its names, sentences or formula."""
    rows = connection.execute(text("select definition from rule order by code")).scalars()
    texts = ("code", "name_vi", "name_en", "sentence_vi", "sentence_en", "formula")
    found = (_rule(row) for row in rows if _found(search, *(row[name] for name in texts)))
    return _onward(found, "code", after, limit)


def sources(connection: Connection) -> list[dict[str, Any]]:
    """By which channels or methods figures are made, by code, with SOURCE_COLUMNS."""
    return _all(connection, "source", SOURCE_COLUMNS, order="code")


def loaded_at(connection: Connection) -> datetime:
    """When the catalogue was loaded for the first time."""
    return connection.execute(text("select min(loaded_at) from catalogue_version")).scalar_one()


def codes(connection: Connection, word: str) -> list[str]:
    """All codes of a word of the catalogue: indicator, reporting_unit, source, dataset, rule."""
    assert word in ("indicator", "reporting_unit", "source", "dataset", "rule")  # noqa: S101 - it is the name of a table
    return list(connection.execute(text(f"select code from {word} order by code")).scalars())


def indicator(connection: Connection, code: str, *, as_of: datetime) -> dict[str, Any] | None:
    """One indicator, with INDICATOR_COLUMNS and the targets that stood at a moment."""
    found = _one(connection, "indicator", INDICATOR_COLUMNS, code)
    if found is None:
        return None
    return found | {"targets": targets.listed(connection, targets.Wanted(indicators=[code]), as_of=as_of)}


def reporting_unit(connection: Connection, code: str) -> dict[str, Any] | None:
    """One reporting unit, with its codes in other schemes, and its predecessors and successors."""
    found = _one(connection, "reporting_unit", REPORTING_UNIT_COLUMNS, code)
    if found is None:
        return None
    codes = connection.execute(
        text(
            "select scheme, code, valid_from, valid_to from reporting_unit_code where reporting_unit = :code"
            " order by scheme, valid_from nulls first"
        ),
        {"code": code},
    )
    lineage = {
        name: [
            dict(row)
            for row in connection.execute(
                text(f"select {other} as reporting_unit, on_date, kind, legal_act from lineage where {own} = :code"),
                {"code": code},
            ).mappings()
        ]
        for name, own, other in (
            ("predecessors", "successor", "predecessor"),
            ("successors", "predecessor", "successor"),
        )
    }
    return found | {"codes": [dict(row) for row in codes.mappings()]} | lineage


def dataset(connection: Connection, code: str) -> dict[str, Any] | None:
    """One dataset, with DATASET_COLUMNS."""
    return _one(connection, "dataset", DATASET_COLUMNS, code)


def rule(connection: Connection, code: str) -> dict[str, Any] | None:
    """One rule, with RULE_COLUMNS."""
    definition = connection.execute(text("select definition from rule where code = :code"), {"code": code}).scalar()
    return None if definition is None else _rule(definition)


def _rule(definition: dict[str, Any]) -> dict[str, Any]:
    told = definition | {"kind": definition["check"]["kind"]}
    return {name: told.get(name) for name in RULE_COLUMNS}


def _one(connection: Connection, table: str, columns: tuple[str, ...], code: str) -> dict[str, Any] | None:
    row = connection.execute(text(f"select {', '.join(columns)} from {table} where code = :code"), {"code": code})
    found = row.mappings().one_or_none()
    return None if found is None else dict(found)


def _all(connection: Connection, table: str, columns: tuple[str, ...], *, order: str) -> list[dict[str, Any]]:
    rows = connection.execute(text(f"select {', '.join(columns)} from {table} order by {order}"))
    return [dict(row) for row in rows.mappings()]


def _sought(
    connection: Connection, word: str, columns: tuple[str, ...], *, order: str, question: str | None
) -> list[dict[str, Any]]:
    """Those rows of a word of the catalogue that the question finds; all of them without one."""
    rows = _all(connection, word, columns, order=order)
    if not question:
        return rows
    chosen = {"type": [word]}
    found = finding.find(connection, question, chosen, language=None, after=0, limit=len(rows))
    codes = {hit["code"] for hit in found.hits}
    return [row for row in rows if row["code"] in codes]


def _found(search: str | None, *texts: str | None) -> bool:
    """Whether every word that is looked for begins a word of the texts, diacritics and case aside."""
    there = " " + fold(" ".join(text for text in texts if text))
    return all(f" {word}" in there for word in fold(search or "").split())


def _onward(rows: Iterable[dict[str, Any]], place: str, after: Any, limit: int) -> list[dict[str, Any]]:
    return list(itertools.islice((row for row in rows if after is None or row[place] > after), limit))
