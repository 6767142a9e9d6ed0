"""When figures are due and when they came: by dataset, for people who wait for them.

What is to come is told by the catalogue alone, what came by what is public: of figures under embargo not even the day
is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.period import LOCAL_ZONE

RELEASE_COLUMNS = (
    "id",
    "kind",
    "at",
    "dataset",
    "dataset_vi",
    "dataset_en",
    "period",
    "first_day",
    "last_day",
    "reporting_units",
    "figures",
    "indicators",
)
KINDS = ("planned", "published")


@dataclass(frozen=True, slots=True)
class CalendarQuestion:
    """Which releases: from one moment to another, both included; None does not restrict."""

    first: datetime
    last: datetime
    datasets: Sequence[str] | None = None
    indicators: Sequence[str] | None = None
    kinds: Sequence[str] | None = None


def releases(connection: Connection, wanted: CalendarQuestion, *, as_of: datetime) -> list[dict[str, Any]]:
    """What is planned and what was published, by time, with RELEASE_COLUMNS; `id` stays that of the release.

    A plan is one dataset's period: `at` is its deadline, `reporting_units` how many owe it, and it is told although the
    day is past. A publication is one dataset's local day: `at` is its last moment up to `as_of`.
    """
    values = {
        "first": wanted.first,
        "last": wanted.last,
        "datasets": wanted.datasets,
        "indicators": wanted.indicators,
        "as_of": as_of,
        "zone": LOCAL_ZONE.key,
    }
    kinds = KINDS if wanted.kinds is None else wanted.kinds
    told = [
        {"kind": kind, **row}
        for kind, statement in (("planned", _PLANNED), ("published", _PUBLISHED))
        if kind in kinds
        for row in connection.execute(text(statement), values).mappings()
    ]
    told.sort(key=lambda row: (row["at"], row["id"]))
    return [{name: row[name] for name in RELEASE_COLUMNS} for row in told]


_PLANNED = """
select
    'planned.' || owed.dataset || '.' || owed.period as id,
    owed.due_at as at,
    owed.dataset,
    dataset.name_vi as dataset_vi,
    dataset.name_en as dataset_en,
    owed.period,
    owed.data_from as first_day,
    owed.data_to as last_day,
    count(*) as reporting_units,
    cast(null as bigint) as figures,
    coalesce((
        select array_agg(distinct item ->> 'indicator' order by item ->> 'indicator')
        from jsonb_array_elements(dataset.items) as item
        where cast(:indicators as text[]) is null or item ->> 'indicator' = any(cast(:indicators as text[]))
    ), '{}') as indicators
-- Nothing is due before its period begins.
from obligation(null, cast(:last as timestamptz) at time zone :zone, cast(:datasets as text[])) as owed
join dataset on dataset.code = owed.dataset
where owed.due_at between :first and :last
    and (
        cast(:indicators as text[]) is null
        or exists (
            select
            from jsonb_array_elements(dataset.items) as item
            where item ->> 'indicator' = any(cast(:indicators as text[]))
        )
    )
group by
    owed.dataset, dataset.name_vi, dataset.name_en, dataset.items, owed.period, owed.data_from, owed.data_to,
    owed.due_at
"""

_PUBLISHED = """
with came as (
    select
        observation.submission_id,
        series.indicator,
        (observation.published_at at time zone :zone)::date as day,
        max(observation.published_at) as at,
        min(observation.period_start) as first_start,
        max(observation.period_start + period_length(series.frequency)) as last_end,
        count(*) as figures
    from observation
    join series on series.id = observation.series_id
    where observation.published_at between :first and :last and observation.published_at <= least(:as_of, now())
        and (cast(:indicators as text[]) is null or series.indicator = any(cast(:indicators as text[])))
    group by 1, 2, 3
)
select
    'published.' || submission.dataset || '.' || came.day as id,
    max(came.at) as at,
    submission.dataset,
    dataset.name_vi as dataset_vi,
    dataset.name_en as dataset_en,
    cast(null as text) as period,
    min(came.first_start)::date as first_day,
    (max(came.last_end) - interval '1 microsecond')::date as last_day,
    cast(null as bigint) as reporting_units,
    sum(came.figures)::bigint as figures,
    array_agg(distinct came.indicator order by came.indicator) as indicators
from came
join submission on submission.id = came.submission_id
join dataset on dataset.code = submission.dataset
where (cast(:datasets as text[]) is null or submission.dataset = any(cast(:datasets as text[])))
group by submission.dataset, dataset.name_vi, dataset.name_en, came.day
"""
