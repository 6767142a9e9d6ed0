"""What a request for figures names: series by the parts of their keys, a span of periods, a moment, a geography."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from sqlalchemy import Connection

from ingest import period
from ingest.observation import ACCUMULATIONS, SeriesKey
from ingest.period import FREQUENCIES
from ingest.spelling import nearest
from service.api.parameters import Codes, codes, split, unknown
from service.archive import catalogue, geography, groups, series
from service.archive.geography import Geography
from service.archive.series import Selection, Span
from service.asking import Reading, clock
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
Units = Annotated[
    list[str] | None,
    Query(description="codes of reporting units, or `@` and the code of a group (`@ASEAN`); `*` stands for any text"),
]
SeenAs = Annotated[
    str | None,
    Query(
        alias="geography",
        description="as_reported (as without it), current (the reporting units of today), or at:2024-12-31",
        examples=["current"],
    ),
]


def selection(
    connection: Reading,
    indicator: Codes = None,
    reporting_unit: Units = None,
    frequency: Codes = None,
    accumulation: Codes = None,
    source: Codes = None,
    breakdown: Codes = None,
) -> Selection:
    """The series that the parameters name; each code must exist, `*` stands for any text."""
    asked = {
        "indicator": codes("indicator", indicator, lambda: catalogue.codes(connection, "indicator")),
        "reporting_unit": _reporting_units(connection, reporting_unit),
        "source": codes("source", source, lambda: catalogue.codes(connection, "source")),
        "frequency": codes("frequency", frequency, lambda: list(FREQUENCIES)),
        "accumulation": codes("accumulation", accumulation, lambda: list(ACCUMULATIONS)),
        "breakdown": codes("breakdown", breakdown, lambda: series.breakdowns(connection)),
    }
    return Selection({name: wanted for name, wanted in asked.items() if wanted is not None})


Selected = Annotated[Selection, Depends(selection)]


@dataclass(frozen=True, slots=True)
class Sight:
    """Which series, and as whose figures they are to be seen; None as they were reported."""

    selection: Selection
    geography: Geography | None


def sight(
    request: Request,
    connection: Reading,
    selected: Selected,
    reporting_unit: Units = None,
    seen_as: SeenAs = None,
) -> Sight:
    """The selection in the geography asked for: of wildcards and groups the units of its day."""
    seen = seen_in(request, connection, seen_as)
    if seen is None or reporting_unit is None:
        return Sight(selected, seen)
    geography.require(connection, seen, [code.upper() for code in split(reporting_unit) if code.isidentifier()])
    there = set(seen.units)
    wanted = [code for code in _reporting_units(connection, reporting_unit, on=seen.day) or () if code in there]
    return Sight(replace(selected, codes={**selected.codes, "reporting_unit": wanted}), seen)


InSight = Annotated[Sight, Depends(sight)]


def seen_in(request: Request, connection: Connection, written: str | None) -> Geography | None:
    """The geography that `geography=` names; None where figures are asked for as they were reported."""
    match written and written.strip().lower():
        case None | "as_reported":
            return None
        case "current":
            day = clock(request).astimezone(period.LOCAL_ZONE).date()
            return geography.on(connection, day, step="geography:current")
        case str(name) if name.startswith("at:"):
            day = period.day_of(name.removeprefix("at:"))
            return geography.on(connection, day, step=f"geography:at:{day}")
        case _:
            offered = ["as_reported", "current", "at:2024-12-31"]
            near = nearest(written or "", offered) or offered
            sentence = f"There is no geography “{written}”. There are as_reported, current, and at: with a day."
            raise Problem(HTTPStatus.BAD_REQUEST, "unknown-geography", sentence, parameter="geography", nearest=near)


def _reporting_units(
    connection: Connection, written: Sequence[str] | None, *, on: date | None = None
) -> list[str] | None:
    """The reporting units that are asked for; of a group the members of all times, or those of a day."""
    if written is None:
        return None
    of_groups = [each[1:] for each in split(written) if each.startswith("@")]
    alone = [each for each in split(written) if not each.startswith("@")]
    members: list[str] = []
    for code in codes("group", of_groups, lambda: groups.codes(connection)) or () if of_groups else ():
        found = groups.members(connection, code, on=on)
        if not found and code in map(str.upper, of_groups):
            sentence = f"Nobody belongs to the group {code} on {on}. When who did is told at /v1/groups/{code}."
            raise Problem(HTTPStatus.NOT_FOUND, "no-members", sentence, parameter="reporting_unit")
        members += found
    if of_groups and not alone:
        return members
    return members + (codes("reporting_unit", alone, lambda: catalogue.codes(connection, "reporting_unit")) or [])


def span(first: str | None, to: str | None) -> Span:
    """The periods from `first` to `to`, neither of them needed."""
    asked = Span.of(None if first is None else period.parse(first), None if to is None else period.parse(to))
    if asked.start and asked.end and asked.start >= asked.end:
        raise Problem(HTTPStatus.BAD_REQUEST, "empty-span", f"“from” ({first}) lies after “to” ({to}).")
    return asked


def key_in_sight(connection: Connection, key: str, seen: Geography | None) -> SeriesKey:
    """The key, where its series is public, or in another geography one that it is computed from; else a problem."""
    if seen is None:
        return known_key(connection, key)
    wanted = SeriesKey.parse(key)
    geography.require(connection, seen, [wanted.reporting_unit])
    if not geography.has_been_public(connection, Selection.of(wanted), seen):
        known = map(SeriesKey.parse, series.keys(connection, wanted.indicator))
        there = {
            str(replace(key, reporting_unit=unit)) for key in known for unit in seen.instead_of(key.reporting_unit)
        }
        raise unknown("series", key, nearest(str(wanted), sorted(there)))
    return wanted


def known_key(connection: Connection, key: str) -> SeriesKey:
    """The key, where something of its series is or was public; else a problem with the nearest that is."""
    wanted = SeriesKey.parse(key)
    if series.number(connection, wanted) is None:
        known = series.keys(connection, wanted.indicator)
        raise unknown("series", key, nearest(str(wanted), known))
    return wanted
