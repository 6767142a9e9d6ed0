"""What a request for figures names: series by the parts of their keys, a span of periods, a moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Request
from sqlalchemy import Connection

from ingest import period
from ingest.observation import ACCUMULATIONS, SeriesKey
from ingest.period import FREQUENCIES, LOCAL_ZONE, NotAPeriod
from ingest.spelling import nearest
from service.api.computed import Wanted
from service.api.parameters import Codes, codes, unknown
from service.archive import catalogue, search, series
from service.archive.question import Question
from service.archive.series import Selection, Span
from service.asking import Reading, as_of_moment
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
YearToDate = Annotated[
    str, Path(description="the key of a series with YTD", examples=["S.ICT_REVENUE.VN.YTD.REPORT._T"])
]
Since = Annotated[
    str | None,
    Query(
        alias="since",
        description="only what was published after this moment: a day (its end), or a time with its zone",
        examples=["2021-01-01"],
    ),
]


Release = Annotated[
    Literal["first"] | None,
    Query(description="`first`: the first figure that each period ever had, also where it was withdrawn later"),
]
RevisedSince = Annotated[
    str | None,
    Query(
        description="only figures that are new or revised after this moment: a day (its end, so that it goes on where"
        " `as_of` of that day stopped), or a time with its zone; withdrawals are in `/v1/revisions`",
        examples=["2021-01-01"],
    ),
]


def since(written: str | None) -> datetime | None:
    """The moment after which something is asked for; a day means its end, as it does in `as_of`."""
    return None if written is None else period.moment(written, end_of_day=True)


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
        "indicator": known_codes(connection, "indicator", indicator),
        "reporting_unit": known_codes(connection, "reporting_unit", reporting_unit),
        "source": codes("source", source, lambda: catalogue.codes(connection, "source")),
        "frequency": codes("frequency", frequency, lambda: list(FREQUENCIES)),
        "accumulation": codes("accumulation", accumulation, lambda: list(ACCUMULATIONS)),
        "breakdown": codes("breakdown", breakdown, lambda: series.breakdowns(connection)),
    }
    return Selection({name: wanted for name, wanted in asked.items() if wanted is not None})


def known_codes(connection: Connection, word: str, written: Sequence[str] | None) -> list[str] | None:
    """The codes of a word of the catalogue; where a name stands in the place of one, the problem tells its code."""
    return codes(
        word,
        written,
        lambda: catalogue.codes(connection, word),
        named=lambda name: search.named(connection, word, name),
    )


Selected = Annotated[Selection, Depends(selection)]


def span(first: str | None, to: str | None) -> Span:
    """The periods from `first` to `to`, neither of them needed."""
    asked = Span.of(None if first is None else period.parse(first), None if to is None else period.parse(to))
    if asked.start and asked.end and asked.start >= asked.end:
        raise Problem(HTTPStatus.BAD_REQUEST, "empty-span", f"“from” ({first}) lies after “to” ({to}).")
    return asked


def figures(
    request: Request,
    wanted: Wanted,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    release: Release = None,
    revised_since: RevisedSince = None,
) -> Question:
    """What the parameters ask of the figures, whatever series they are of."""
    return Question(
        Selection(),
        span(first, to),
        as_of_moment(request, as_of),
        first_release=release == "first",
        revised_since=since(revised_since),
        aggregate=wanted.aggregate,
        transform=wanted.transform,
        carried=wanted.carried,
    )


Asked = Annotated[Question, Depends(figures)]


def edge(written: str, *, end: bool) -> datetime:
    """The beginning of the period that is written, or its last microsecond; a time is itself."""
    try:
        named = period.parse(written)
    except NotAPeriod:
        return period.moment(written)
    return (named.end - timedelta(microseconds=1) if end else named.start).replace(tzinfo=LOCAL_ZONE)


def known_key(connection: Connection, key: str) -> SeriesKey:
    """The key, where something of its series is or was public; else a problem with the nearest that is."""
    wanted = SeriesKey.parse(key)
    if series.number(connection, wanted) is None:
        known = series.keys(connection, wanted.indicator)
        raise unknown("series", key, nearest(str(wanted), known))
    return wanted
