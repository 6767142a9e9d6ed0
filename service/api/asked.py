"""What a request for figures names: series by the parts of their keys, a span of periods, a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Query
from sqlalchemy import Connection

from ingest import period
from ingest.observation import ACCUMULATIONS, SeriesKey
from ingest.period import FREQUENCIES
from ingest.spelling import nearest
from service.api.parameters import Codes, codes, unknown
from service.archive import aggregation, catalogue, series
from service.archive.aggregation import Aggregate
from service.archive.series import Selection, Span
from service.archive.transforms import Transform
from service.asking import Reading
from service.problems import Problem

From = Annotated[str | None, Query(alias="from", description="the first period, of any frequency", examples=["2018"])]
To = Annotated[str | None, Query(description="the last period; what ends later is left out", examples=["2024"])]
AsOf = Annotated[
    str | None,
    Query(
        description="the figures as they were known at this moment: a day (its end), or a time with its zone; else now",
        examples=["2021-01-01"],
    ),
]
Key = Annotated[
    str,
    Path(
        description="frequency.indicator.reporting_unit.accumulation.source.breakdown",
        examples=["A.EGDI_RANK.VN.PERIOD.UN._T"],
    ),
]
AggregateTo = Annotated[
    str | None,
    Query(
        alias="aggregate",
        description="a lower frequency (A, S, Q, M, W, D), by the indicator's own rule; before any transform",
    ),
]
Incomplete = Annotated[
    str | None,
    Query(
        description="flag: a lower period that lacks some parts is computed from those that are there, and says so;"
        " else it is missing"
    ),
]
TransformBy = Annotated[
    str | None,
    Query(
        alias="transform",
        description="lin, chg, ch1, pch, pc1, pca, cch, cca, log, index, ytd, cumulative, within, ma:N, share,"
        " contribution, rank, rank_dense: see docs/transforms.md",
        examples=["ch1"],
    ),
]
Base = Annotated[str | None, Query(description="the period that is 100 in transform=index, as 2010")]
Relative = Annotated[
    bool | None, Query(description="the change of a rate in percent of itself, and not in percentage points")
]
Fill = Annotated[
    str | None, Query(description="forward: the last figure is carried over a gap, marked as carried with status E")
]
YearToDate = Annotated[
    str, Path(description="the key of a series with YTD", examples=["S.ICT_REVENUE.VN.YTD.REPORT._T"])
]


def selection(
    connection: Reading,
    indicator: Codes = None,
    reporting_unit: Codes = None,
    frequency: Codes = None,
    accumulation: Codes = None,
    source: Codes = None,
    breakdown: Codes = None,
) -> Selection:
    """The series that the parameters name; each code must exist, `*` stands for any text."""
    asked = {
        "indicator": codes("indicator", indicator, lambda: catalogue.codes(connection, "indicator")),
        "reporting_unit": codes(
            "reporting_unit", reporting_unit, lambda: catalogue.codes(connection, "reporting_unit")
        ),
        "source": codes("source", source, lambda: catalogue.codes(connection, "source")),
        "frequency": codes("frequency", frequency, lambda: list(FREQUENCIES)),
        "accumulation": codes("accumulation", accumulation, lambda: list(ACCUMULATIONS)),
        "breakdown": codes("breakdown", breakdown, lambda: series.breakdowns(connection)),
    }
    return Selection({name: wanted for name, wanted in asked.items() if wanted is not None})


Selected = Annotated[Selection, Depends(selection)]


def span(first: str | None, to: str | None) -> Span:
    """The periods from `first` to `to`, neither of them needed."""
    asked = Span.of(None if first is None else period.parse(first), None if to is None else period.parse(to))
    if asked.start and asked.end and asked.start >= asked.end:
        raise Problem(HTTPStatus.BAD_REQUEST, "empty-span", f"“from” ({first}) lies after “to” ({to}).")
    return asked


@dataclass(frozen=True, slots=True)
class Computed:
    """What is to be computed from the figures before they are answered."""

    aggregate: Aggregate | None
    transform: Transform | None
    carried: bool


def computed(
    aggregate: AggregateTo = None,
    incomplete: Incomplete = None,
    transform: TransformBy = None,
    base: Base = None,
    relative: Relative = None,
    fill: Fill = None,
) -> Computed:
    """What the parameters want computed; those that say nothing without another are refused without it."""
    lower = None if aggregate is None else _one_of("aggregate", aggregate.upper(), aggregation.FREQUENCIES)
    if incomplete is not None:
        _one_of("incomplete", incomplete.lower(), ("flag",))
        if lower is None:
            raise _idle("incomplete", "aggregate")
    if transform is None:
        for name, value in (("base", base), ("relative", relative)):
            if value is not None:
                raise _idle(name, "transform")
    wanted = transform and Transform.parse(
        transform, base=None if base is None else period.parse(base), relative=bool(relative)
    )
    if fill is not None:
        _one_of("fill", fill.lower(), ("forward",))
        if wanted:
            sentence = "“fill” goes without a transform: the change of a figure that was carried is no change."
            raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="fill")
    if wanted and wanted.name == "within" and lower:
        sentence = (
            "“within” takes apart what one publication said, so it goes without “aggregate”: ask for it by the"
            " frequency that was published."
        )
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="aggregate")
    chosen = None if lower is None else Aggregate(lower, incomplete=incomplete is not None)
    return Computed(chosen, wanted or None, fill is not None)


Computing = Annotated[Computed, Depends(computed)]


def _one_of(parameter: str, written: str, known: Sequence[str]) -> str:
    if written not in known:
        sentence = f"“{written}” is no value of “{parameter}”. There are: {', '.join(known)}."
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter=parameter)
    return written


def _idle(parameter: str, without: str) -> Problem:
    sentence = f"“{parameter}” says nothing without “{without}”; add that, or leave it out."
    return Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter=parameter)


def known_key(connection: Connection, key: str) -> SeriesKey:
    """The key, where something of its series is or was public; else a problem with the nearest that is."""
    wanted = SeriesKey.parse(key)
    if series.number(connection, wanted) is None:
        known = series.keys(connection, wanted.indicator)
        raise unknown("series", key, nearest(str(wanted), known))
    return wanted
