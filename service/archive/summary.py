"""What there is of each series: how many observations, over which span, when last published, when last changed.

Working it out reads the whole ledger, so it is kept in memory under the version of the data. When a batch came, or an
embargo ended, only the series that it touched are worked out anew. It is right, or it is not there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.observation import SeriesKey
from service.archive import series
from service.archive.series import Selection


@dataclass(frozen=True, slots=True)
class Summary:
    """What there is of one series; without an observation the span is None, and it was all withdrawn.

    `starts` and `ends` are local: the first moment of the data and the first after them. `last_changed` counts
    withdrawals too.
    """

    number: int
    key: SeriesKey
    observations: int
    starts: datetime | None
    ends: datetime | None
    last_published: datetime | None
    last_changed: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    last_batch: datetime | None
    last_release: datetime | None
    summaries: Mapping[int, Summary]


_kept: dict[str, _Kept] = {}  # by database: one, but where tests have many
_MOST_KEPT = 4


# Of so few series it takes less to read what they have than to work out all others too.
_FEW = 500


def summaries(connection: Connection, selection: Selection, *, as_of: datetime | None) -> list[Summary]:
    """The summaries of the series of a selection of which something was public; as of now where `as_of` is None."""
    numbers = series.numbers(connection, selection) if selection.codes else None
    if as_of is not None:
        return list(_of(connection, as_of, numbers).values())
    version = connection.execute(
        text("select current_database(), last_batch, last_release, now() from data_version()")
    ).one()
    if numbers is not None and len(numbers) <= _FEW and version[0] not in _kept:
        return list(_of(connection, version[3], numbers).values())
    known = _current(connection, *version)
    return list(known.values()) if numbers is None else [known[number] for number in numbers if number in known]


def _current(
    connection: Connection,
    database: str,
    last_batch: datetime | None,
    last_release: datetime | None,
    now: datetime,
) -> Mapping[int, Summary]:
    kept = _kept.get(database)
    if kept and (kept.last_batch, kept.last_release) == (last_batch, last_release):
        return kept.summaries
    touched = _touched_since(connection, kept, last_batch, last_release) if kept else None
    if kept is None or touched is None:
        known = _of(connection, now, None)
    else:
        # What is kept is not changed: another request may be reading it.
        known = {
            **{number: summary for number, summary in kept.summaries.items() if number not in touched},
            **_of(connection, now, sorted(touched)),
        }
    # A batch that came while this look began is in its version and not yet in its figures: what it saw is not kept.
    if last_batch is not None and last_batch >= now:
        return known
    # One that looks at an older state of the ledger, because it began earlier, leaves what is kept.
    if kept is None or not (_before(last_batch, kept.last_batch) or _before(last_release, kept.last_release)):
        while database not in _kept and len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[database] = _Kept(last_batch, last_release, known)
    return known


def _touched_since(
    connection: Connection, kept: _Kept, last_batch: datetime | None, last_release: datetime | None
) -> set[int] | None:
    """The series of which something came or became public since; None where that cannot be known."""
    if _before(last_batch, kept.last_batch) or _before(last_release, kept.last_release):
        return None
    values = {"last_batch": kept.last_batch, "last_release": kept.last_release}
    removed = connection.execute(
        text(
            "select exists (select from batch where submission_id is null"
            " and (cast(:last_batch as timestamptz) is null or recorded_at > :last_batch))"
        ),
        values,
    ).scalar_one()
    if removed:
        return None
    rows = connection.execute(
        text(
            """
            select series_id
            from observation
            where recorded_at > coalesce(cast(:last_batch as timestamptz), '-infinity')
            union
            select series_id
            from observation
            where published_at > recorded_at and published_at <= now()
                and published_at > coalesce(cast(:last_release as timestamptz), '-infinity')
            """
        ),
        values,
    )
    return set(rows.scalars())


def _before(one: datetime | None, other: datetime | None) -> bool:
    return other is not None and (one is None or one < other)


def _of(connection: Connection, as_of: datetime, numbers: Sequence[int] | None) -> dict[int, Summary]:
    """The summaries of these series, of all where None; first of those of which nothing was ever said twice.

    Of most series every figure has one statement. These are counted in the index alone: the view of vintages, which
    puts the statements of each period beside each other, takes four times as long.
    """
    rows = _counted(connection, _SAID_ONCE, as_of, numbers)
    revised = [number for number, *_, is_revised in rows if is_revised]
    rows = [row[:-1] for row in rows if not row[-1]] + (
        _counted(connection, _REVISED, as_of, revised) if revised else []
    )
    return {number: Summary(number, SeriesKey(*rest[:6]), *rest[6:]) for number, *rest in rows}


def _counted(
    connection: Connection, statement: str, as_of: datetime, numbers: Sequence[int] | None
) -> list[tuple[Any, ...]]:
    among = "" if numbers is None else "and series_id = any(cast(:numbers as integer[]))"
    values = {"as_of": as_of} | ({} if numbers is None else {"numbers": list(numbers)})
    return [tuple(row) for row in connection.execute(text(statement.format(among=among)), values).all()]


_OF_SERIES = """
    series.id, series.frequency, series.indicator, series.reporting_unit, series.accumulation, series.source,
    series.breakdown, known.observations, known.starts, known.last_start + period_length(series.frequency) as ends,
    known.last_published, known.last_changed
"""

# What is there, where each period has one statement that withdraws nothing? And where is that not so?
_SAID_ONCE = f"""
select {_OF_SERIES}, observations <> statements or id in (
    select series_id
    from observation
    where withdrawn and published_at <= least(:as_of, now()) {{among}}
) as is_revised
from (
    select
        series_id,
        count(*) as statements,
        count(distinct period_start) as observations,
        min(period_start) as starts,
        max(period_start) as last_start,
        max(published_at) as last_published,
        max(published_at) as last_changed
    from observation
    where published_at <= least(:as_of, now()) {{among}}
    group by series_id
) as known
join series on series.id = known.series_id
"""

# The as-of rule, with what was withdrawn: that a value went is news too.
_REVISED = f"""
select {_OF_SERIES}
from (
    select
        series_id,
        count(*) filter (where not withdrawn) as observations,
        min(period_start) filter (where not withdrawn) as starts,
        max(period_start) filter (where not withdrawn) as last_start,
        max(valid_from) filter (where not withdrawn) as last_published,
        max(valid_from) as last_changed
    from vintage
    where valid_from <= :as_of and (valid_to is null or valid_to > :as_of) {{among}}
    group by series_id
) as known
join series on series.id = known.series_id
"""
