"""What a series is, in the words of the catalogue, and which dataset brought it: for who looks for one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.period import LOCAL_ZONE


def described(connection: Connection, keys: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The series of which something was public, by key; of these keys, or all of them.

    `dataset` is the one that brought the figure of the latest period.
    """
    rows = connection.execute(text(_DESCRIBED), {"keys": None if keys is None else list(keys)})
    return [dict(row) for row in rows.mappings()]


def extents(connection: Connection, series: Sequence[int], *, as_of: datetime) -> dict[int, dict[str, Any]]:
    """For each of these series its first_start, last_start and last_published, of what was known at a moment."""
    rows = connection.execute(text(_EXTENTS), {"series": list(series), "as_of": as_of})
    return {row["id"]: dict(row) for row in rows.mappings()}


def dataset_days(connection: Connection, datasets: Sequence[str], *, until: datetime) -> list[dict[str, Any]]:
    """The days on which figures of these datasets became public by a moment: dataset, day, newest first."""
    rows = connection.execute(text(_DATASET_DAYS), {"datasets": list(datasets), "until": until, "zone": LOCAL_ZONE.key})
    return [dict(row) for row in rows.mappings()]


# Which series has the public seen, and what are they about?
_DESCRIBED = """
select
    series.id, series.key, series.frequency, series.indicator, series.reporting_unit, series.accumulation,
    series.source, series.breakdown,
    indicator.name_vi, indicator.name_en, indicator.definition_vi, indicator.definition_en, indicator.document,
    indicator.pillar,
    unit_of_measure.code as unit_measure, unit_of_measure.name_en as unit_measure_en,
    unit_of_measure.symbol_en as unit_measure_symbol,
    reporting_unit.name_vi as reporting_unit_vi, reporting_unit.name_en as reporting_unit_en, reporting_unit.level,
    brought.dataset
from series
join indicator on indicator.code = series.indicator
join unit_of_measure on unit_of_measure.code = unit_of(series.breakdown, indicator.unit_measure)
join reporting_unit on reporting_unit.code = series.reporting_unit
cross join lateral (
    select submission.dataset
    from observation
    join submission on submission.id = observation.submission_id
    where observation.series_id = series.id and observation.published_at <= now()
    order by observation.period_start desc, observation.published_at desc
    limit 1
) as brought
where cast(:keys as text[]) is null or series.key = any(cast(:keys as text[]))
order by series.key
"""

_EXTENTS = """
select series_id as id, min(period_start) as first_start, max(period_start) as last_start,
    max(valid_from) as last_published
from observation_as_of(:as_of)
where series_id = any(cast(:series as integer[]))
group by series_id
"""

_DATASET_DAYS = """
select distinct submission.dataset, (observation.published_at at time zone :zone)::date as day
from observation
join submission on submission.id = observation.submission_id
where submission.dataset = any(cast(:datasets as text[]))
    and observation.published_at <= now() and observation.published_at <= :until
order by day desc, dataset
"""
