"""What was said when: every figure of a series that was ever public, with the span in which it stood."""

from typing import Any

from sqlalchemy import Connection, text

from ingest.observation import SeriesKey
from service.archive.series import Span

# A figure as it stood for a time.
VINTAGE_COLUMNS = (
    "series",
    "period",
    "value",
    "status",
    "unit_measure",
    "published_at",
    "valid_to",
    "recorded_at",
    "submission",
    "reason",
    "document",
    "comment",
    "data_from",
    "data_to",
    "withdrawn",
)


def vintages(connection: Connection, key: SeriesKey, span: Span) -> list[dict[str, Any]]:
    """Everything that was ever public of one series, by period and then by publication, withdrawals included.

    VINTAGE_COLUMNS; no cap, since a client asks for all of it or cannot rebuild the past.
    """
    rows = connection.execute(
        text(
            f"""
            {_ANSWER}, vintage.withdrawn
            from vintage
            {_JOINS}
            where {_SPAN}
            order by vintage.period_start, vintage.valid_from
            """
        ),
        {"key": str(key), "start": span.start, "end": span.end},
    )
    return [dict(row) for row in rows.mappings()]


_ANSWER = """
select
    series.key as series,
    period_text(series.frequency, vintage.period_start) as period,
    vintage.value,
    vintage.status,
    unit_of(series.breakdown, indicator.unit_measure) as unit_measure,
    vintage.valid_from as published_at,
    vintage.valid_to,
    vintage.recorded_at,
    vintage.submission_id as submission,
    vintage.reason,
    document.reference as document,
    vintage.comment,
    vintage.data_from,
    vintage.data_to
"""

_JOINS = """
join series on series.id = vintage.series_id
join indicator on indicator.code = series.indicator
left join document on document.id = vintage.document_id
"""

_SPAN = """
    vintage.series_id = (select id from series where key = :key)
    and series.key = :key
    and (cast(:start as timestamp) is null or vintage.period_start >= cast(:start as timestamp))
    -- The first test is for the index, which knows where a period begins and not how long it is.
    and (cast(:end as timestamp) is null or vintage.period_start < cast(:end as timestamp))
    and (
        cast(:end as timestamp) is null
        or vintage.period_start + period_length(series.frequency) <= cast(:end as timestamp)
    )
"""
