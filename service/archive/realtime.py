"""What the public was told of one series, day by day: the real-time periods of ALFRED.

A day is the country's. Of several vintages of one day the last stands; a figure stands until the day before the next;
what was withdrawn stays as a row without a value, as in ALFRED's own data.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import Connection, text

from ingest.observation import SeriesKey
from ingest.period import LOCAL_ZONE
from service.archive import question
from service.archive.question import Question

FOR_EVER = date.max


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of the period that begins on `day`, from the first to the last day on which it was said.

    `value` is None where it is missing, and `status` too where it was withdrawn. What still stands ends FOR_EVER.
    """

    day: date
    value: Decimal | None
    status: str | None
    first: date
    last: date


def told(connection: Connection, key: SeriesKey) -> list[Told]:
    """Everything that was ever public of a series, by period and then by day."""
    rows = connection.execute(text(_TOLD), {"key": str(key), "zone": LOCAL_ZONE.key})
    return [Told(row.day, row.value, row.status, row.first, FOR_EVER if row.last is None else row.last) for row in rows]


def computed(connection: Connection, asked: Question, days: Sequence[date], reported: Sequence[Told]) -> list[Told]:
    """What a question that computes answers on each of these days, every vintage by itself, as rows of `told`.

    A period that is among the `reported` rows of a day and of which nothing can be computed is there without a value.
    """
    answers = ((day, _without_value(reported, day) | answer) for day, answer in _answers(connection, asked, days))
    return sorted(_spans(answers), key=lambda row: (row.day, row.first))


def standing(rows: Iterable[Told], first: date, last: date) -> list[Told]:
    """Those that stood on a day of this span, their own spans clipped to it."""
    return [
        replace(row, first=max(row.first, first), last=min(row.last, last))
        for row in rows
        if row.first <= last and row.last >= first
    ]


def standing_on(rows: Iterable[Told], days: Sequence[date]) -> list[Told]:
    """Those that stood on one of these days, from the first to the last of the days on which they did."""
    named = ((row, [day for day in days if row.first <= day <= row.last]) for row in rows)
    return [replace(row, first=on[0], last=on[-1]) for row, on in named if on]


def vintage_dates(rows: Iterable[Told]) -> list[date]:
    """The days on which something new was said, in order."""
    return sorted({row.first for row in rows})


def publication_days(connection: Connection, numbers: Sequence[int]) -> list[date]:
    """The days on which something new was said of these series, in order."""
    found = connection.execute(
        text(
            "select distinct cast(valid_from at time zone :zone as date) from vintage"
            " where series_id = any(cast(:numbers as integer[])) order by 1"
        ),
        {"numbers": list(numbers), "zone": LOCAL_ZONE.key},
    )
    return list(found.scalars())


def first_releases(rows: Iterable[Told]) -> list[Told]:
    """The first figure of each period that was published when it was the news, by period.

    As ALFRED has it: a period that was filled in when later ones were known has no first release, and what the first
    vintage says of several periods is history that nobody saw come out.
    """
    with_value = sorted((row for row in rows if row.value is not None), key=lambda row: (row.first, row.day))
    latest = date.min
    told: list[Told] = []
    for _, vintage in itertools.groupby(with_value, key=lambda row: row.first):
        news = [row for row in vintage if row.day > latest]
        if latest > date.min or len(news) == 1:
            told += news
        latest = max([latest, *(row.day for row in news)])
    return told


def by_day(rows: Iterable[Told], days: Sequence[date]) -> Iterator[tuple[date, list[Told | None]]]:
    """One line a period: what stood on each of these days, None where nothing was known yet."""
    for day, of_period in itertools.groupby(rows, key=lambda row: row.day):
        spans = list(of_period)
        yield day, [next((row for row in spans if row.first <= on <= row.last), None) for on in days]


def end_of(day: date) -> datetime:
    """The last moment of a day of the country."""
    return datetime.combine(day, time.max, LOCAL_ZONE)


def _without_value(reported: Iterable[Told], day: date) -> dict[date, tuple[Decimal | None, str | None]]:
    return {row.day: (None, None) for row in reported if row.first <= day <= row.last}


def _answers(
    connection: Connection, asked: Question, days: Sequence[date]
) -> Iterator[tuple[date, dict[date, tuple[Decimal | None, str | None]]]]:
    """What is answered on each of these days, in their order; of some there may be nothing."""
    found = question.at_each(connection, asked, [end_of(day) for day in days])
    vintages = itertools.groupby(found, key=lambda row: row[0].astimezone(LOCAL_ZONE).date())
    vintage = next(vintages, None)
    for day in days:
        if vintage is None or vintage[0] != day:
            yield day, {}
            continue
        yield day, {start.date(): (value, status) for _, start, value, status in vintage[1]}
        vintage = next(vintages, None)


def _spans(answers: Iterable[tuple[date, dict[date, tuple[Decimal | None, str | None]]]]) -> Iterator[Told]:
    """The answers of one day after the other, each standing until another is given for its period."""
    open_spans: dict[date, Told] = {}
    for on, answer in answers:
        for day in {**open_spans, **answer}:
            value, status = answer.get(day, (None, None))
            before = open_spans.get(day)
            if before is None or (before.value, before.status) != (value, status):
                if before is not None:
                    yield replace(before, last=on - timedelta(1))
                open_spans[day] = Told(day, value, status, on, FOR_EVER)
    yield from open_spans.values()


# What did the public know of a series, from which day to which? Only what was public at the end of a day is withdrawn.
_TOLD = """
with last_of_day as (
    select distinct on (vintage.period_start, day_of.publication)
        vintage.period_start, vintage.value, vintage.withdrawn, day_of.publication,
        case when not vintage.withdrawn then vintage.status end as status
    from vintage
    join series on series.id = vintage.series_id
    cross join lateral (select (vintage.valid_from at time zone :zone)::date as publication) as day_of
    where vintage.series_id = (select id from series where key = :key) and series.key = :key
    order by vintage.period_start, day_of.publication, vintage.valid_from desc
), changed as (
    select
        *,
        lag(withdrawn, 1, true) over earlier as was_withdrawn,
        lag(value) over earlier as was_value,
        lag(status) over earlier as was_status
    from last_of_day
    window earlier as (partition by period_start order by publication)
)
select
    period_start::date as day, value, status, publication as first,
    lead(publication) over (partition by period_start order by publication) - 1 as last
from changed
where withdrawn <> was_withdrawn
    or not withdrawn and (value, status) is distinct from (was_value, was_status)
order by period_start, publication
"""
