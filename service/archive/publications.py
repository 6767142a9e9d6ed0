"""What was published lately: one row for each batch and for each end of an embargo, the newest first."""

from typing import Any

from sqlalchemy import Connection, text

from service.archive import series
from service.archive.series import Selection


def latest(connection: Connection, selection: Selection, *, limit: int) -> list[dict[str, Any]]:
    """The last publications of which something is about the selection: moment, embargo, submission, figures,
    indicators, reporting_units, reason; of a single figure also period, unit_measure, change, value, previous_value.

    `moment` is when the figures became public here, `embargo` says that it was an embargo's end. `change` is as in
    `lately`; null where a figure was only confirmed.
    """
    chosen = {"chosen": series.numbers(connection, selection), "all": not selection.codes}
    rows = connection.execute(text(_LATEST), {**chosen, "limit": limit}).mappings()
    return [dict(row) for row in rows]


_LATEST = """
with batch_told as (
        select recorded_at as moment, false as embargo
        from batch
        where submission_id is not null and first_published <= recorded_at -- else it is told by its embargo's end
            -- Of all series the last batches are the last: what each of them holds is not looked up.
            and (cast(:all as boolean) or recorded_at in (
                select recorded_at from observation
                where series_id = any(cast(:chosen as integer[])) and published_at <= recorded_at
            ))
        order by recorded_at desc
        limit :limit
    ),
    embargo_ended as (
        select distinct published_at as moment, true as embargo
        from observation
        where published_at > recorded_at and published_at <= now() and series_id = any(cast(:chosen as integer[]))
        order by published_at desc
        limit :limit
    ),
    recent as (
        select * from batch_told
        union all
        select * from embargo_ended
        order by moment desc
        limit :limit
    ),
    told as (
    select
        recent.moment,
        recent.embargo,
        figure.submission_id as submission,
        count(*) as figures,
        array_agg(distinct series.indicator order by series.indicator) as indicators,
        array_agg(distinct series.reporting_unit order by series.reporting_unit) as reporting_units,
        min(figure.reason) as reason,
        min(figure.series_id) as series_id,
        min(figure.period_start) as period_start,
        min(figure.published_at) as published_at
    from recent
    cross join lateral (
        select * from observation
        where not recent.embargo and observation.recorded_at = recent.moment and published_at <= recent.moment
        union all
        select * from observation
        where recent.embargo and observation.published_at = recent.moment and published_at > recorded_at
    ) as figure
    join series on series.id = figure.series_id
    where figure.series_id = any(cast(:chosen as integer[]))
    group by recent.moment, recent.embargo, figure.submission_id
    order by recent.moment desc, figure.submission_id desc
    limit :limit
)
select
    told.moment, told.embargo, told.submission, told.figures, told.indicators, told.reporting_units, told.reason,
    period_text(series.frequency, told.period_start) as period,
    unit_of(series.breakdown, indicator.unit_measure) as unit_measure,
    case
        when said.series_id is null then null
        when said.withdrawn then 'withdrawn'
        when before.withdrawn is not false then 'new'
        when said.value is distinct from before.value then 'revised'
        else 'reflagged'
    end as change,
    said.value,
    before.value as previous_value
from told
left join series on told.figures = 1 and series.id = told.series_id
left join indicator on indicator.code = series.indicator
left join lateral (
    select * from vintage
    where vintage.series_id = series.id and vintage.period_start = told.period_start
        and vintage.valid_from = told.published_at
) as said on true
left join lateral (
    select * from vintage
    where vintage.series_id = series.id and vintage.period_start = told.period_start
        and vintage.valid_to = told.published_at
) as before on true
order by told.moment desc, told.submission desc
"""
