"""How public figures were changed: each change with its size, reason and author, and what can be counted of many.

The size of a revision is the one place where two vintages are subtracted: what was said later of a period, less what
was said before of the same period.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from service.archive import points, question, series, vintages
from service.archive.points import Statement, significant
from service.archive.question import IN_SPAN, KEYED
from service.archive.series import Selection, Span
from service.archive.vintages import After

# `number` counts the changes of one period from 1.
REVISION_COLUMNS = (
    "series",
    "period",
    "number",
    "kind",
    "previous_value",
    "value",
    "size",
    "size_percent",
    "previous_status",
    "status",
    "unit_measure",
    "previous_published_at",
    "published_at",
    "recorded_at",
    "reason",
    "author",
    "author_kind",
    "submission",
    "document",
    "comment",
    "data_from",
    "data_to",
)
_OF_SIZES = (
    "count",
    "mean",
    "mean_absolute",
    "largest",
    "largest_series",
    "largest_period",
    "up",
    "down",
    "mean_percent",
    "mean_absolute_percent",
)
SERIES_STATISTIC_COLUMNS = (
    "series",
    "unit_measure",
    "measure",
    "periods",
    "periods_revised",
    "share_revised_percent",
    *(name for name in _OF_SIZES if name != "largest_series"),
)
RELEASE_COLUMNS = (
    "published_at",
    "submission",
    "dataset",
    "reporting_unit",
    "documents",
    "series",
    "new",
    "revised",
    "reflagged",
    "withdrawn",
    "restored",
)
RELEASE_STATISTIC_COLUMNS = (
    "published_at",
    "submission",
    "indicator",
    "unit_measure",
    "figures",
    "new",
    "revised",
    "share_revised_percent",
    *_OF_SIZES,
)


def rows(
    connection: Connection,
    selection: Selection,
    span: Span,
    *,
    as_of: datetime,
    since: datetime | None = None,
    after: After | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Each change of a figure that was public by a moment, by key, period and publication, with REVISION_COLUMNS.

    Only those after `since`, where that is said.
    """
    return question.paged(
        connection,
        series.numbers(connection, selection, since=after and after[0]),
        lambda some: _changes(some, span, as_of, since, after),
        limit=limit,
    )


def whole(
    connection: Connection, selection: Selection, span: Span, *, as_of: datetime, since: datetime | None = None
) -> Statement:
    """The statement that gives all of it, for who streams it."""
    return _changes(series.numbers(connection, selection), span, as_of, since, None)


def of_series(connection: Connection, selection: Selection, span: Span, *, as_of: datetime) -> list[dict[str, Any]]:
    """What the revisions of each series are like, with SERIES_STATISTIC_COLUMNS, by key: two rows each.

    `measure` is `step` (from each figure to the next that differs) or `first_to_latest` (from the first figure of a
    period to the one that stands, 0 where it never changed). The formulas are in docs/vintages.md.
    """
    return _statistics(connection, _OF_SERIES, SERIES_STATISTIC_COLUMNS, selection, span, as_of)


def of_releases(connection: Connection, selection: Selection, span: Span, *, as_of: datetime) -> list[dict[str, Any]]:
    """What the revisions of each release are like, with RELEASE_STATISTIC_COLUMNS, the latest release first.

    A release is what one submission made public at one moment; each indicator answers for itself, because sizes in
    different units of measure have no mean.
    """
    return _statistics(connection, _OF_RELEASES, RELEASE_STATISTIC_COLUMNS, selection, span, as_of)


def releases(
    connection: Connection,
    selection: Selection,
    *,
    as_of: datetime,
    since: datetime | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """What was made public when, the latest first, with RELEASE_COLUMNS; those before a moment and submission."""
    before_moment, before_submission = before or (None, None)
    statement = _steps(series.numbers(connection, selection), as_of).within(
        _RELEASES, since=since, before_moment=before_moment, before_submission=before_submission, limit=limit
    )
    return _told(connection, statement, RELEASE_COLUMNS)


def _statistics(
    connection: Connection, sql: str, columns: Sequence[str], selection: Selection, span: Span, as_of: datetime
) -> list[dict[str, Any]]:
    steps = _steps(series.numbers(connection, selection), as_of)
    return _told(connection, steps.within(sql, start=span.start, end=span.end), columns)


def _told(connection: Connection, statement: Statement, columns: Sequence[str]) -> list[dict[str, Any]]:
    found = connection.execute(text(statement.sql), statement.values)
    return [{name: row[name] for name in columns} for row in found.mappings()]


def _changes(
    chosen: Sequence[int], span: Span, as_of: datetime, since: datetime | None, after: After | None
) -> Statement:
    changes = _steps(chosen, as_of).within(_CHANGES, since=since)
    return vintages.ended(changes, REVISION_COLUMNS, span, after=after)


def _steps(chosen: Sequence[int], as_of: datetime) -> Statement:
    steps = points.described(_BESIDE_THE_ONE_BEFORE, chosen, as_of=as_of, also=_STEP)
    return steps.within(_SIZED)


# Every vintage beside the one before it of the same period; the first has none, and the number 0.
_BESIDE_THE_ONE_BEFORE = """(
    select
        *,
        lag(value) over earlier as previous_value,
        lag(status) over earlier as previous_status,
        lag(withdrawn) over earlier as was_withdrawn,
        lag(valid_from) over earlier as previous_published_at,
        row_number() over earlier - 1 as number
    from vintage
    where series_id = any(cast(:series as integer[])) and valid_from <= :as_of
    window earlier as (partition by series_id, period_start order by valid_from)
)"""
_STEP = (
    "vintage.number",
    "vintage.previous_value",
    "case when not vintage.was_withdrawn then vintage.previous_status end as previous_status",
    "vintage.previous_published_at",
    "vintage.withdrawn",
    """case
        when vintage.number = 0 then 'new'
        when vintage.withdrawn then 'withdrawn'
        when vintage.was_withdrawn then 'restored'
        when vintage.value is distinct from vintage.previous_value then 'revised'
        else 'reflagged'
    end as kind""",
)
_SIZED = f"""
select
    points.*,
    points.value - points.previous_value as size,
    case
        -- 86 is not 1.2 times as far as 71.
        when unit_measure <> 'rank' and previous_value <> 0
            then {significant("100 * (points.value - points.previous_value) / abs(points.previous_value)")}
    end as size_percent
from points
"""

# Who answers for a change: the reporting unit that returned it or, where the figure was collected from a document, the
# source whose figure it is. The account that sent it is a person's name and is shown to those who may read submissions.
_CHANGES = """
select
    points.*,
    coalesce(sent.reporting_unit, points.source) as author,
    case when sent.reporting_unit is null then 'source' else 'reporting_unit' end as author_kind
from points
join submission as sent on sent.id = points.submission
where number > 0 and (cast(:since as timestamptz) is null or points.published_at > :since)
"""

# A revision is measured where there was a value before and is one after. Of sizes that are equally large the earliest
# is the largest.
_MEASURED = f"""
    count(size) as count,
    {significant("avg(size)")} as mean,
    {significant("avg(abs(size))")} as mean_absolute,
    (array_agg(size order by abs(size) desc nulls last, series, period_start, published_at))[1] as largest,
    (array_agg(series order by abs(size) desc nulls last, series, period_start, published_at)
        filter (where size is not null))[1] as largest_series,
    (array_agg(period_text(frequency, period_start) order by abs(size) desc nulls last, series, period_start,
        published_at) filter (where size is not null))[1] as largest_period,
    count(*) filter (where size > 0) as up,
    count(*) filter (where size < 0) as down,
    {significant("avg(size_percent)")} as mean_percent,
    {significant("avg(abs(size_percent))")} as mean_absolute_percent
"""

_OF_SERIES = f"""
, said as (
    select points.*, key.series
    from points
    {KEYED}
    where {IN_SPAN}
),
period as (
    select
        series, frequency, unit_measure, period_start, max(published_at) as published_at,
        (array_agg(value order by published_at) filter (where value is not null))[1] as first,
        (array_agg(value order by published_at desc))[1] as latest
    from said
    group by series, frequency, unit_measure, period_start
),
measured as (
    select 'step' as measure, series, frequency, unit_measure, period_start, published_at, size, size_percent
    from said
    where size <> 0
    union all
    select
        'first_to_latest', series, frequency, unit_measure, period_start, published_at, latest - first,
        case
            when unit_measure <> 'rank' and first <> 0
                then {significant("100 * (latest - first) / abs(first)")}
        end
    from period
    where latest is not null
),
counted as (
    select series, unit_measure, count(first) as periods
    from period
    group by series, unit_measure
)
select
    counted.*,
    of_sizes.*,
    {significant("100.0 * of_sizes.periods_revised / nullif(counted.periods, 0)")} as share_revised_percent
from counted
cross join (values ('first_to_latest'), ('step')) as kind (measure)
cross join lateral (
    select
        kind.measure,
        count(distinct period_start) filter (where size <> 0) as periods_revised,
        {_MEASURED}
    from measured
    where measured.series = counted.series and measured.measure = kind.measure
) as of_sizes
order by counted.series, kind.measure
"""

_OF_RELEASES = f"""
, said as (
    select
        published_at, submission, indicator, unit_measure, kind, key.series, frequency, period_start,
        nullif(size, 0) as size,
        nullif(size_percent, 0) as size_percent
    from points
    {KEYED}
    where {IN_SPAN}
)
select
    published_at,
    submission,
    indicator,
    unit_measure,
    count(*) as figures,
    count(*) filter (where kind = 'new') as new,
    count(*) filter (where kind = 'revised') as revised,
    {significant("100.0 * count(*) filter (where kind = 'revised') / count(*)")} as share_revised_percent,
    {_MEASURED}
from said
group by published_at, submission, indicator, unit_measure
order by published_at desc, submission desc, indicator, unit_measure
"""

_RELEASES = f"""
select
    points.published_at,
    points.submission,
    max(sent.dataset) as dataset,
    max(sent.reporting_unit) as reporting_unit,
    coalesce(array_agg(distinct points.document) filter (where points.document is not null), '{{}}') as documents,
    count(distinct key.series) as series,
    count(*) filter (where kind = 'new') as new,
    count(*) filter (where kind = 'revised') as revised,
    count(*) filter (where kind = 'reflagged') as reflagged,
    count(*) filter (where kind = 'withdrawn') as withdrawn,
    count(*) filter (where kind = 'restored') as restored
from points
{KEYED}
join submission as sent on sent.id = points.submission
where (cast(:since as timestamptz) is null or points.published_at > :since)
    and (
        cast(:before_moment as timestamptz) is null
        or (points.published_at, points.submission) < (:before_moment, cast(:before_submission as bigint))
    )
group by points.published_at, points.submission
order by points.published_at desc, points.submission desc
limit :limit
"""
