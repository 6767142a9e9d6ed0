"""Reporting units of one level in the order of one indicator's figures, and who moved most.

Places and changes are the transforms `rank`, `rank_dense` and `chg` of `transforms`, so that they are those of
`/v1/observations`; a place that was published (an indicator that is a rank) stays as it was published, ties included.
A forecast has no place and takes none, and no change is against one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest import registry
from ingest.indicator import Indicator
from ingest.observation import TOTAL
from ingest.period import parse
from ingest.spelling import alphabetical
from service.archive import question
from service.archive.measures import DoesNotApply
from service.archive.question import Question
from service.archive.series import Selection, Span
from service.archive.transforms import Transform

# `place_note` says where not all units of the level have a figure, `change_reason` why there is no change. A change is
# against the period before, in `change_unit`; `improvement` is the same with the sign of the wanted direction.
RANKING_COLUMNS = (
    "place",
    "reporting_unit",
    "series",
    "period",
    "value",
    "unit_measure",
    "status",
    "published_at",
    "place_note",
    "change",
    "change_unit",
    "improvement",
    "change_reason",
)
TIES = ("competition", "dense")  # 1, 2, 2, 4, or 1, 2, 2, 3
ORDERS = ("place", "improvement")


@dataclass(frozen=True, slots=True)
class Field:
    """Whose figures are held against each other: one level, one method, one period.

    `with_figure` of the `expected` units, which are those that there were on its last day, have a figure.
    """

    level: str
    frequency: str
    accumulation: str
    source: str
    period: str
    with_figure: int
    expected: int


def fields(connection: Connection, indicator: str, *, as_of: datetime) -> list[Field]:
    """The fields in which there were figures of an indicator at a moment, the best first.

    By level, the smallest first; then those in which half of the units or more have a figure, else by how many have
    one; then by the indicator's sources, the latest period, the longest periods and its accumulations. The nation alone
    is no field.
    """
    catalogue = registry.read(connection)
    found = catalogue.indicators[indicator]
    rows = connection.execute(text(_FIELDS), {"indicator": indicator, "as_of": as_of, "breakdown": TOTAL})

    def there(level: str, period: str) -> int:
        day = parse(period).last_day
        return sum(unit.level == level and unit.valid_on(day) for unit in catalogue.reporting_units)

    known = [Field(**row, expected=there(row["level"], row["period"])) for row in rows.mappings()]
    return sorted(known, key=lambda each: _preference(each, found))


def is_published(connection: Connection, indicator: str) -> bool:
    """Whether the figures of an indicator are places already."""
    return registry.read(connection).indicators[indicator].unit_measure == "rank"


def ranked(
    connection: Connection, indicator: str, field: Field, *, as_of: datetime, ties: str | None, order: str
) -> list[dict[str, Any]]:
    """The units of a field that have a figure, with RANKING_COLUMNS.

    In the order of their places, or of who improved most first and who cannot be compared last; those that are equal by
    the alphabet. Raises DoesNotApply where the catalogue says of neither direction that it is better, and where the
    places were published and `ties` are asked for.
    """
    catalogue = registry.read(connection)
    units = {unit.code: unit for unit in catalogue.reporting_units if unit.level == field.level}
    measured = catalogue.indicators[indicator]
    is_rank = is_published(connection, indicator)
    if is_rank and ties is not None:
        raise DoesNotApply(
            f"{indicator} is a rank: its places stay as they were published, and so do those that are shared."
            " Leave “ties” out."
        )
    direction = "down" if is_rank else measured.direction

    def asked(transform: str) -> dict[str, dict[str, Any]]:
        wanted = _question(indicator, field, list(units), as_of, Transform.parse(transform))
        return {row["series"]: row for row in question.rows(connection, wanted)}

    figures = {series: row for series, row in asked("lin").items() if row["value"] is not None}
    places = figures if is_rank else asked("rank_dense" if ties == "dense" else "rank")
    try:
        changes, why_none = asked("chg"), None
    except DoesNotApply as reason:
        changes, why_none = {}, str(reason)
    sign = {"up": 1, "down": -1, "none": 0}[direction]
    told = [
        {
            "place": None if places[series]["value"] is None else int(places[series]["value"]),
            "reporting_unit": series.split(".")[2],
            **{name: row[name] for name in ("series", "period", "value", "unit_measure", "status", "published_at")},
            "place_note": None if is_rank else places[series]["reason"],
            "change": changes[series]["value"] if series in changes else None,
            "change_unit": changes[series]["unit_measure"] if series in changes else None,
            "improvement": _times(changes[series]["value"], sign) if series in changes else None,
            "change_reason": changes[series]["reason"] if series in changes else why_none,
        }
        for series, row in figures.items()
    ]

    def place(row: dict[str, Any]) -> Any:
        unit = units[row["reporting_unit"]]
        by = row["place"] if order == "place" else _times(row["improvement"], -1)
        return (by is None, by or 0, alphabetical(unit.short_vi), unit.code)

    return sorted(told, key=place)


def _question(
    indicator: str, field: Field, units: Sequence[str], as_of: datetime, transform: Transform | None
) -> Question:
    period = parse(field.period)
    codes = {
        "indicator": [indicator],
        "reporting_unit": units,
        "frequency": [field.frequency],
        "accumulation": [field.accumulation],
        "source": [field.source],
        "breakdown": [TOTAL],
    }
    return Question(Selection(codes), Span.of(period, period), as_of, without_forecasts=True, transform=transform)


def _times(value: Any, sign: int) -> Any:
    return None if value is None or sign == 0 else value * sign + 0  # no minus before a zero


def _preference(each: Field, indicator: Indicator) -> tuple[Any, ...]:
    def place(code: str, known: Sequence[str]) -> int:
        return known.index(code) if code in known else len(known)

    return (
        _SMALLEST_FIRST.index(each.level),
        -1 if 2 * each.with_figure >= each.expected else 1 / each.with_figure,
        place(each.source, indicator.sources),
        each.source,
        -parse(each.period).last_day.toordinal(),
        "ASQMWDH".index(each.frequency),
        place(each.accumulation, indicator.accumulations),
    )


_SMALLEST_FIRST = ("province", "ministry", "country", "group")
_FIELDS = """
-- In which levels, methods and periods are there figures to be held against each other?
select
    reporting_unit.level, series.frequency, series.accumulation, series.source,
    period_text(series.frequency, vintage.period_start) as period, count(*) as with_figure
from observation_as_of(:as_of) as vintage
join series on series.id = vintage.series_id
join reporting_unit on reporting_unit.code = series.reporting_unit
where series.indicator = :indicator and series.breakdown = :breakdown and reporting_unit.level <> 'nation'
    and vintage.series_id in (select id from series where indicator = :indicator and breakdown = :breakdown)
    and vintage.value is not null and vintage.status <> 'F'
group by reporting_unit.level, series.frequency, series.accumulation, series.source, vintage.period_start
"""
