"""What a page shows: figures together with the names, the unit of measure and the document that a person needs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

# A figure as a page shows it.
FIGURE_COLUMNS = (
    "series",
    "frequency",
    "indicator",
    "reporting_unit",
    "accumulation",
    "source",
    "breakdown",
    "unit_measure",
    "symbol_vi",
    "symbol_en",
    "indicator_vi",
    "indicator_en",
    "reporting_unit_vi",
    "reporting_unit_en",
    "source_vi",
    "source_en",
    "level",
    "position",
    "period",
    "value",
    "status",
    "published_at",
    "data_from",
    "data_to",
    "reason",
    "comment",
    "document",
)


def latest(connection: Connection, series: Sequence[int], *, as_of: datetime) -> list[dict[str, Any]]:
    """The latest figures of these series as of a moment, with FIGURE_COLUMNS, by indicator and then by reporting unit.

    Sources come in the order in which the catalogue names them for the indicator, demonstration figures last.

    Series that differ in frequency only are asked together, and the one whose period ends last answers; periods that
    end together (a year and its fourth quarter) both do. Every source and every accumulation answers for itself.
    """
    place = (
        "rank() over (partition by series.indicator, series.reporting_unit, series.accumulation, series.source,"
        " series.breakdown order by vintage.period_start + period_length(series.frequency) desc)"
    )
    rows = connection.execute(
        text(
            f"""
            {_FIGURE.format(place=place)}
            where place = 1
            order by indicator, position, source_place, accumulation, breakdown <> '_T', breakdown, frequency_place
            """
        ),
        {"series": list(series), "as_of": as_of},
    )
    return [dict(row) for row in rows.mappings()]


def recent(connection: Connection, series: Sequence[int], *, as_of: datetime, limit: int) -> list[dict[str, Any]]:
    """The newest periods of each of these series as of a moment, newest first, with FIGURE_COLUMNS and `known`.

    `known` counts the periods that the series has, however many of them are given.
    """
    place = "row_number() over (partition by series.id order by vintage.period_start desc)"
    rows = connection.execute(
        text(
            f"""
            {_FIGURE.format(place=place)}
            where place <= :limit
            order by breakdown <> '_T', breakdown, source_place, accumulation, frequency_place, series, place
            """
        ),
        {"series": list(series), "as_of": as_of, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def names(connection: Connection, codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The names of these reporting units, by code: `code`, `name_vi`, `name_en`."""
    rows = connection.execute(
        text("select code, name_vi, name_en from reporting_unit where code = any(cast(:codes as text[]))"),
        {"codes": list(codes)},
    )
    return {row["code"]: dict(row) for row in rows.mappings()}


def unit_of_measure(connection: Connection, code: str) -> dict[str, Any]:
    """The names and symbols of a unit of measure."""
    row = connection.execute(
        text("select name_vi, name_en, symbol_vi, symbol_en from unit_of_measure where code = :code"), {"code": code}
    )
    return dict(row.mappings().one())


_FIGURE = f"""
select {", ".join(FIGURE_COLUMNS)}, known
from (
    select
        series.key as series, series.frequency, series.indicator, series.reporting_unit, series.accumulation,
        series.source, series.breakdown,
        unit_of_measure.code as unit_measure, indicator.name_vi as indicator_vi, indicator.name_en as indicator_en,
        unit_of_measure.symbol_vi, unit_of_measure.symbol_en,
        reporting_unit.name_vi as reporting_unit_vi, reporting_unit.name_en as reporting_unit_en,
        reporting_unit.level, reporting_unit.position,
        source.name_vi as source_vi, source.name_en as source_en,
        period_text(series.frequency, vintage.period_start) as period,
        vintage.value, vintage.status, vintage.valid_from as published_at, vintage.data_from, vintage.data_to,
        vintage.reason, vintage.comment, document.reference as document,
        array_position(indicator.sources, series.source) as source_place,
        strpos('ASQMWDH', series.frequency) as frequency_place,
        count(*) over (partition by series.id) as known,
        {{place}} as place
    from observation_as_of(:as_of) as vintage
    join series on series.id = vintage.series_id
    join indicator on indicator.code = series.indicator
    join unit_of_measure on unit_of_measure.code = unit_of(series.breakdown, indicator.unit_measure)
    join reporting_unit on reporting_unit.code = series.reporting_unit
    join source on source.code = series.source
    left join document on document.id = vintage.document_id
    where vintage.series_id = any(cast(:series as integer[]))
) as figure
"""
