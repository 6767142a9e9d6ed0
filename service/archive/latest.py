"""The latest value of every series: what a gauge shows."""

from typing import Any

from sqlalchemy import Connection, text

from ingest.period import LOCAL_ZONE


def values(connection: Connection) -> list[dict[str, Any]]:
    """One row a series that has a value now: the six parts of its key, value, period_end, published_at, by key."""
    rows = connection.execute(
        text(
            """
            select distinct on (series.key)
                series.key as series, series.frequency, series.indicator, series.reporting_unit, series.accumulation,
                series.source, series.breakdown,
                latest.value,
                period_text(series.frequency, latest.period_start) as period,
                (latest.period_start + period_length(series.frequency)) at time zone :zone as period_end,
                latest.valid_from as published_at
            from current_observation as latest
            join series on series.id = latest.series_id
            where latest.value is not null
            order by series.key, latest.period_start desc
            """
        ),
        {"zone": LOCAL_ZONE.key},
    )
    return [dict(row) for row in rows.mappings()]
