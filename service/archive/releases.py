"""What was published lately: one row for each batch and for each end of an embargo, the newest first."""

from typing import Any

from sqlalchemy import Connection, text

from service.archive import series
from service.archive.series import Selection


def latest(connection: Connection, selection: Selection, *, limit: int) -> list[dict[str, Any]]:
    """The last publications of all, as far as they are about the selection: moment, embargo, submission, figures,
    indicators, reason.

    `moment` is when the figures became public here, `embargo` says that it was an embargo's end.
    """
    rows = connection.execute(
        text(_LATEST), {"chosen": series.numbers(connection, selection), "limit": limit}
    ).mappings()
    return [dict(row) for row in rows]


_LATEST = """
with batch_told as (
    select recorded_at as moment, false as embargo
    from batch
    where submission_id is not null
    order by recorded_at desc
    limit :limit
),
embargo_ended as (
    select distinct published_at as moment, true as embargo
    from observation
    where published_at > recorded_at and published_at <= now()
    order by published_at desc
    limit :limit
),
recent as (
    select * from batch_told
    union all
    select * from embargo_ended
    order by moment desc
    limit :limit
)
select
    recent.moment,
    recent.embargo,
    figure.submission_id as submission,
    count(*) as figures,
    array_agg(distinct series.indicator order by series.indicator) as indicators,
    min(figure.reason) as reason
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
"""
