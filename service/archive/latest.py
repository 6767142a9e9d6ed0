"""The latest value of every series: what a gauge shows."""

from typing import Any

from sqlalchemy import Connection, text

from ingest.period import LOCAL_ZONE


def values(connection: Connection) -> list[dict[str, Any]]:
    """One row a series that has a value now: the six parts of its key, value, period_end, published_at, by key."""
    rows = connection.execute(
        text(
            """
            select
                series.key as series, series.frequency, series.indicator, series.reporting_unit, series.accumulation,
                series.source, series.breakdown,
                latest.value,
                period_text(series.frequency, latest.period_start) as period,
                (latest.period_start + period_length(series.frequency)) at time zone :zone as period_end,
                latest.valid_from as published_at
            from series
            cross join lateral (
                select *
                from current_observation
                where series_id = series.id and value is not null
                order by period_start desc
                limit 1
            ) as latest
            order by series.key
            """
        ),
        {"zone": LOCAL_ZONE.key},
    )
    return [dict(row) for row in rows.mappings()]
