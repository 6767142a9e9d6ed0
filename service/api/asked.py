"""What a request for figures names: series by the parts of their keys, a span of periods, a moment, a geography."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Literal, get_args

from fastapi import Depends, Path, Query, Request
from sqlalchemy import Connection

from ingest import period
from ingest.indicator import Level
from ingest.observation import ACCUMULATIONS, SeriesKey
from ingest.period import FREQUENCIES, LOCAL_ZONE, NotAPeriod
from ingest.spelling import nearest
from service.api.computed import Wanted
from service.api.parameters import Codes, codes, one_code, split, today, unknown
from service.archive import catalogue, geography, groups, search, series, targets
from service.archive.geography import Geography
from service.archive.question import Question
from service.archive.series import Selection, Span
from service.asking import Reading, as_of_moment, named_day, named_moment, named_period
from service.problems import Problem

From = Annotated[
    str | None, Query(alias="from", description="the first period; what begins earlier is left out", examples=["2018"])
]
To = Annotated[str | None, Query(description="the last period; what ends later is left out", examples=["2024"])]
AsOf = Annotated[
    str | None,
    Query(
        description="the figures as they were known at this moment, in ISO 8601: a day (its end; today is now),"
        " a time (without a zone Viet Nam's), or 2021, 2021-Q1, 2021-01, 2021-W05 (the end of that period); else now",
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
CountOf = Annotated[
    str,
    Path(
        description="the key of a count that was published with its whole",
        examples=["M.ESSENTIAL_SERVICES_LEFT.VN.STOCK.REPORT._T"],
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


def since(written: str | None, parameter: str = "since") -> datetime | None:
    """The moment after which something is asked for; a day means its end, as it does in `as_of`."""
    return None if written is None else named_moment(parameter, written)


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
        "indicator": known_codes(connection, "indicator", indicator),
        "reporting_unit": reporting_units(connection, reporting_unit),
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


def known_code(connection: Connection, word: str, written: str) -> str:
    """The one code of a word of the catalogue that is asked for."""
    return one_code(
        word,
        written,
        lambda: catalogue.codes(connection, word),
        named=lambda name: search.named(connection, word, name),
    )


def promised(
    connection: Reading,
    plan: Codes = None,
    indicator: Codes = None,
    scope: Annotated[list[str] | None, Query(description="whom targets bind: a reporting unit, or a level")] = None,
) -> targets.Wanted:
    """The targets that the parameters name; each code must exist."""
    return targets.Wanted(
        plans=codes("plan", plan, lambda: targets.plans(connection)),
        indicators=known_codes(connection, "indicator", indicator),
        scopes=codes("scope", scope, lambda: [*get_args(Level), *catalogue.codes(connection, "reporting_unit")]),
    )


Promised = Annotated[targets.Wanted, Depends(promised)]
Selected = Annotated[Selection, Depends(selection)]


def seen_in(request: Request, connection: Connection, written: str | None) -> Geography | None:
    """The geography that `geography=` names; None where figures are asked for as they were reported."""
    match written and written.strip().lower():
        case None | "as_reported":
            return None
        case "current":
            return geography.on(connection, today(request), step="geography:current")
        case str(name) if name.startswith("at:"):
            day = named_day("geography", name.removeprefix("at:"))
            return geography.on(connection, day, step=f"geography:at:{day}")
        case _:
            offered = ["as_reported", "current", "at:2024-12-31"]
            near = nearest(written or "", offered) or offered
            sentence = f"There is no geography “{written}”. There are as_reported, current, and at: with a day."
            raise Problem(HTTPStatus.BAD_REQUEST, "unknown-geography", sentence, parameter="geography", nearest=near)


def reporting_units(
    connection: Connection, written: Sequence[str] | None, *, on: date | None = None
) -> list[str] | None:
    """The reporting units that are asked for; of a group the members of all times, or those of a day."""
    if written is None:
        return None
    of_groups = [each for each in split(written) if each.startswith("@")]
    alone = [each for each in split(written) if not each.startswith("@")]
    members: list[str] = []
    there = [f"@{code}" for code in groups.codes(connection)] if of_groups else []
    for name in codes("reporting_unit", of_groups, lambda: there) or () if of_groups else ():
        code = name.removeprefix("@")
        found = groups.members(connection, code, on=on)
        if not found and name in map(str.upper, of_groups):
            sentence = f"Nobody belongs to the group {code} on {on}. When who did is told at /v1/groups/{code}."
            raise Problem(HTTPStatus.NOT_FOUND, "no-members", sentence, parameter="reporting_unit")
        members += found
    if of_groups and not alone:
        return members
    return members + (known_codes(connection, "reporting_unit", alone) or [])


def span(first: str | None, to: str | None) -> Span:
    """The periods from `first` to `to`, neither of them needed."""
    asked = Span.of(
        None if first is None else named_period("from", first), None if to is None else named_period("to", to)
    )
    if asked.start and asked.end and asked.start >= asked.end:
        sentence = f"“from” ({first}) lies after “to” ({to})."
        raise Problem(HTTPStatus.BAD_REQUEST, "empty-span", sentence, parameter="from")
    return asked


@dataclass(frozen=True, slots=True)
class Within:
    """Which periods are asked about, and as of which moment."""

    periods: Span
    as_of: datetime


def within(request: Request, first: From = None, to: To = None, as_of: AsOf = None) -> Within:
    """What `from`, `to` and `as_of` name."""
    return Within(span(first, to), as_of_moment(request, as_of))


AskedWithin = Annotated[Within, Depends(within)]


def figures(
    request: Request,
    connection: Reading,
    wanted: Wanted,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    release: Release = None,
    revised_since: RevisedSince = None,
    seen_as: SeenAs = None,
) -> Question:
    """What the parameters ask of the figures, whatever series they are of."""
    seen = seen_in(request, connection, seen_as)
    if release and (seen or wanted.aggregate or wanted.transform or wanted.carried):
        raise _not_together("release", "first releases are of many vintages, and nothing is computed across vintages")
    if seen and wanted.transform and wanted.transform.name == "within":
        raise _not_together("geography", "“within” takes apart what one reporting unit said in one publication")
    return Question(
        Selection(),
        span(first, to),
        as_of_moment(request, as_of),
        first_release=release == "first",
        revised_since=since(revised_since, "revised_since"),
        geography=seen,
        aggregate=wanted.aggregate,
        transform=wanted.transform,
        carried=wanted.carried,
    )


Asked = Annotated[Question, Depends(figures)]


def _not_together(parameter: str, why: str) -> Problem:
    sentence = f"“{parameter}” does not go with what else is asked: {why}. Leave one of them out."
    return Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter=parameter)


def in_sight(connection: Reading, selected: Selected, asked: Asked, reporting_unit: Units = None) -> Question:
    """The question about the selection; in another geography, wildcards and groups mean the units of its day."""
    seen = asked.geography
    if seen is None or reporting_unit is None:
        return replace(asked, selection=selected)
    for written in split(reporting_unit):
        if not written.startswith("@"):
            geography.require(connection, seen, known_codes(connection, "reporting_unit", [written]) or [])
    there = set(seen.units)
    wanted = [code for code in reporting_units(connection, reporting_unit, on=seen.day) or () if code in there]
    return replace(asked, selection=replace(selected, codes={**selected.codes, "reporting_unit": wanted}))


AskedOfMany = Annotated[Question, Depends(in_sight)]


def edge(parameter: str, written: str, *, end: bool) -> datetime:
    """The beginning of the period that a parameter names, or its last microsecond; a time is itself."""
    try:
        named = period.parse(written)
    except NotAPeriod:
        return named_moment(parameter, written)
    return (named.end - timedelta(microseconds=1) if end else named.start).replace(tzinfo=LOCAL_ZONE)


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
