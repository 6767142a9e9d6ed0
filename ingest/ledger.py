"""The ledger: observations are appended by set, and what did not change makes no new vintage.

Every batch goes by COPY into a temporary table and is compared there with what was known at each row's published_at.
What repeats the figure before it is kept too, as its confirmation (the view `vintage` passes over it), so that history
may be loaded in any order. Nothing here updates or deletes.
"""

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas
import pyarrow
import pyarrow.csv
from psycopg import sql
from sqlalchemy import Connection, text

from ingest import driver, progress
from ingest.observation import OBSERVATION_COLUMNS, SeriesKey

_STAGED = {
    "series_id": "integer",
    "period_start": "timestamp",
    "published_at": "timestamptz",
    "document_id": "integer",
    "data_from": "date",
    "data_to": "date",
    "status": '"char"',
    "withdrawn": "boolean",
    "value": "numeric",
    "reason": "text",
    "comment": "text",
}

# One batch at a time: two about the same period must see each other to tell new from unchanged; and since the lock is
# held until the batch is committed, the table of batches is in the order in which they become visible.
_LOCK = "select pg_advisory_xact_lock(hashtext('chiso ledger'))"
_COPIED_AT_A_TIME = 100_000  # rows; of millions as one text the memory would be full


class UnexplainedRevision(Exception):
    """Published figures would change, and nobody said why: give a reason with the submission or with the row."""

    def __init__(self, count: int, series: str, period: str) -> None:
        """Name how many, and the first of them."""
        super().__init__(
            f"{count} published figures would change and no reason was given; the first is {series} for {period}"
        )
        self.count, self.series, self.period = count, series, period


@dataclass(frozen=True, slots=True)
class Appended:
    """What a batch did to the public figures, in observations."""

    created: int
    revised: int
    unchanged: int


def append(connection: Connection, observations: pandas.DataFrame, *, submission: int, reason: str | None) -> Appended:
    """Append the observations, all or none, in the caller's transaction; what is there already is not written again.

    `observations` has OBSERVATION_COLUMNS; each series, period and published_at at most once. A row is compared with
    the figure that was public just before its own published_at: none makes it created, a different value, status,
    withdrawal or cut-off makes it revised, the same unchanged. History that comes late, before a different figure that
    is public already, is a revision too. `reason` stands for the revised rows that give none of their own.

    Raises UnexplainedRevision, and sqlalchemy's IntegrityError where a row breaks a constraint of the ledger.
    """
    connection.execute(text(_LOCK))
    count = len(observations)
    progress.tell("comparing", 0, count)
    _stage(connection, observations)
    counts = _judge(connection, reason)
    progress.tell("comparing", count, count)
    progress.tell("storing", 0, count)
    _write(connection, _APPEND, {"submission": submission, "reason": reason})
    progress.tell("storing", count, count)
    connection.execute(text("drop table staged, judged"))
    return Appended(**counts)


def beside(connection: Connection, wanted: pandas.DataFrame, *, as_of: datetime) -> pandas.DataFrame:
    """What was public at that moment of these indicators and reporting units, for whoever checks new figures of them.

    `wanted` has a row for each indicator and reporting_unit, with the first and the last period_start that is asked
    about; answered are the series of every frequency for as far back as a rule looks, and to the end of the last year.
    Columns: series, period_start, published_at, value (the decimal text), data_from, data_to.
    """
    asked = {name: wanted[name].tolist() for name in ("indicator", "reporting_unit", "first", "last")}
    # COPY: of millions of figures Python makes no tuples.
    answer = io.BytesIO()
    with driver.cursor(connection) as cursor, cursor.copy(_BESIDE, asked | {"as_of": as_of}) as copy:
        for block in copy:
            answer.write(block)
    columns: dict[str, Any] = dict.fromkeys(("series", "value"), pyarrow.string())
    columns |= {name: pyarrow.timestamp("us") for name in ("period_start", "published_at")}
    columns |= {name: pyarrow.date32() for name in ("data_from", "data_to")}
    read = pyarrow.csv.read_csv(
        pyarrow.BufferReader(answer.getbuffer()), convert_options=pyarrow.csv.ConvertOptions(column_types=columns)
    )
    found = read.to_pandas(date_as_object=True)
    return found.assign(published_at=found["published_at"].dt.tz_localize("UTC"))


def withdraw(connection: Connection, submissions: list[int], *, submission: int, at: datetime, reason: str) -> int:
    """Withdraw from `at` on whatever these submissions said last; say how many figures that were public.

    A figure of theirs that waits for the end of an embargo never becomes public: at that moment what another
    submission said before it stays, or there is no value. The new rows hang on `submission`.
    """
    connection.execute(text(_LOCK))
    facts = {"submissions": submissions, "submission": submission, "at": at, "reason": reason}
    _write(connection, _WITHDRAW_EMBARGOED, facts)
    return _write(connection, _WITHDRAW_PUBLIC, facts)


def remove_generated(connection: Connection) -> int:
    """Remove every demonstration figure, with its series and submissions; say how many figures there were."""
    connection.execute(text(_LOCK))
    removed = connection.execute(
        text("delete from observation where series_id in (select id from series where source = 'GENERATED')")
    ).rowcount
    if removed:
        recorded_at = connection.execute(text("select clock_timestamp()")).scalar_one()
        _note_batch(connection, recorded_at, removed, submission=None, first_published=None)
    connection.execute(text("delete from series where source = 'GENERATED'"))
    connection.execute(text("delete from submission where file_name = 'generated' and sha256 = ''"))
    return removed


def _write(connection: Connection, statement: str, facts: dict[str, Any]) -> int:
    """Append what the statement makes as one batch, under the lock; say how many observations there were."""
    recorded_at = connection.execute(text("select clock_timestamp()")).scalar_one()
    counted = text(
        f"with written as ({statement} returning published_at) select count(*), min(published_at) from written"
    )
    written, first = connection.execute(counted, facts | {"recorded_at": recorded_at}).one()
    if written:
        _note_batch(connection, recorded_at, written, submission=facts["submission"], first_published=first)
    return written


def _note_batch(
    connection: Connection,
    recorded_at: datetime,
    count: int,
    *,
    submission: int | None,
    first_published: datetime | None,
) -> None:
    connection.execute(
        text("insert into batch values (:recorded_at, :submission, :count, :first_published)"),
        {
            "recorded_at": recorded_at,
            "submission": submission,
            "count": count,
            "first_published": first_published,
        },
    )


def series_ids(connection: Connection, keys: list[str]) -> dict[str, int]:
    """The number of each series, made where it is new. The keys must name codes of the catalogue."""
    parts = [SeriesKey.parse(key) for key in keys]
    columns = {name: [getattr(part, name) for part in parts] for name in SeriesKey.__slots__}
    names = ", ".join(columns)
    arrays = ", ".join(f"cast(:{name} as text[])" for name in columns)
    connection.execute(
        text(
            f"insert into series ({names}) select * from unnest({arrays}) on conflict on constraint"
            " series_key_is_unique do nothing"
        ),
        columns,
    )
    known = connection.execute(text("select key, id from series where key = any(:keys)"), {"keys": keys})
    return dict(known.all())


def _document_ids(connection: Connection, references: list[str]) -> dict[str, int]:
    connection.execute(
        text("insert into document (reference) select unnest(cast(:references as text[])) on conflict do nothing"),
        {"references": references},
    )
    known = connection.execute(
        text("select reference, id from document where reference = any(:references)"), {"references": references}
    )
    return dict(known.all())


def _stage(connection: Connection, observations: pandas.DataFrame) -> None:
    assert set(OBSERVATION_COLUMNS) <= set(observations.columns)  # noqa: S101 - our own columns, listed in one place
    series = series_ids(connection, list(observations["series"].unique()))
    documents = _document_ids(connection, list(observations["document"].dropna().unique()))
    table = observations.assign(
        series_id=observations["series"].map(series).astype("int32"),
        document_id=observations["document"].map(documents).astype("Int32"),
    )
    columns = ", ".join(f"{name} {kind}" for name, kind in _STAGED.items())
    connection.execute(text(f"create temporary table staged ({columns}) on commit drop"))
    copy_in(connection, "staged", table[list(_STAGED)])
    connection.execute(text("analyze staged"))


def copy_in(connection: Connection, table: str, rows: pandas.DataFrame) -> None:
    """COPY the rows into the table's columns of the same names; NA becomes null."""
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    )
    with driver.cursor(connection) as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(rows), _COPIED_AT_A_TIME):
            buffer = io.BytesIO()
            arrow = pyarrow.Table.from_pandas(rows.iloc[start : start + _COPIED_AT_A_TIME], preserve_index=False)
            pyarrow.csv.write_csv(arrow, buffer, pyarrow.csv.WriteOptions(include_header=False))
            copy.write(buffer.getbuffer())


def _judge(connection: Connection, reason: str | None) -> dict[str, int]:
    connection.execute(text(_JUDGE))
    outcomes = connection.execute(text("select outcome, count(*) from judged group by outcome"))
    counts = {"created": 0, "revised": 0, "unchanged": 0} | dict(outcomes.all())
    if counts["revised"] and reason is None:
        unexplained = connection.execute(text(_UNEXPLAINED)).one_or_none()
        if unexplained:
            raise UnexplainedRevision(*unexplained)
    return counts


# What does each row change, against the figure that was public just before it: one of this batch, or the ledger's?
# And is it there already, to the letter?
_JUDGE = """
create temporary table judged on commit drop as
select
    staged.*,
    case
        when staged.withdrawn and coalesce(before.withdrawn, true) then 'unchanged'
        when before.withdrawn is null and later.differs then 'revised'
        when before.withdrawn is null then 'created'
        when (staged.value, staged.status, staged.withdrawn, staged.data_from, staged.data_to)
            is not distinct from (before.value, before.status, before.withdrawn, before.data_from, before.data_to)
            then 'unchanged'
        else 'revised'
    end as outcome,
    known.published_at = staged.published_at
        and (staged.value, staged.status, staged.withdrawn, staged.data_from, staged.data_to, staged.document_id,
            staged.comment)
        is not distinct from (known.value, known.status, known.withdrawn, known.data_from, known.data_to,
            known.document_id, known.comment) as repeated
from (
    select
        *,
        lag(published_at) over earlier as batch_published_at,
        lag(value) over earlier as batch_value,
        lag(status) over earlier as batch_status,
        lag(withdrawn) over earlier as batch_withdrawn,
        lag(data_from) over earlier as batch_data_from,
        lag(data_to) over earlier as batch_data_to
    from staged
    window earlier as (partition by series_id, period_start order by published_at)
) as staged
left join lateral (
    select *
    from observation
    where observation.series_id = staged.series_id
        and observation.period_start = staged.period_start
        and observation.published_at <= staged.published_at
    order by published_at desc, recorded_at desc
    limit 1
) as known on true
cross join lateral (
    select
        staged.batch_value as value, staged.batch_status as status, staged.batch_withdrawn as withdrawn,
        staged.batch_data_from as data_from, staged.batch_data_to as data_to
    where known.published_at is null or staged.batch_published_at >= known.published_at
    union all
    select known.value, known.status, known.withdrawn, known.data_from, known.data_to
    where not (known.published_at is null or coalesce(staged.batch_published_at >= known.published_at, false))
) as before
left join lateral (
    select (value, status) is distinct from (staged.value, staged.status) and not observation.withdrawn as differs
    from observation
    where before.withdrawn is null
        and observation.series_id = staged.series_id
        and observation.period_start = staged.period_start
        and observation.published_at > staged.published_at
    order by published_at
    limit 1
) as later on true
"""

# Which revision has no reason of its own, where the submission gives none?
_UNEXPLAINED = """
select count(*) over (), series.key, period_text(series.frequency, judged.period_start)
from judged
join series on series.id = judged.series_id
where judged.outcome = 'revised' and judged.reason is null
order by judged.series_id, judged.period_start
limit 1
"""

# What was public of the series that a rule may hold these figures against? How far back depends on the frequency: as
# far as the longest reference window of a rule and the same period a year before.
_BESIDE = """
copy (
select
    series.key as series, known.period_start, known.valid_from at time zone 'UTC' as published_at, known.value,
    known.data_from, known.data_to
from unnest(
    %(indicator)s::text[], %(reporting_unit)s::text[], %(first)s::timestamp[], %(last)s::timestamp[]
) as asked (indicator, reporting_unit, first, last)
join series on series.indicator = asked.indicator and series.reporting_unit = asked.reporting_unit
join (
    values
        ('A', interval '12 years'), ('S', interval '6 years'), ('Q', interval '3 years'), ('M', interval '2 years'),
        ('W', interval '60 weeks'), ('D', interval '400 days'), ('H', interval '400 days')
) as reach (frequency, span) on reach.frequency = series.frequency
cross join lateral (
    select *
    from observation_as_of(%(as_of)s) as public
    where public.series_id = series.id
        and public.period_start >= date_trunc('year', asked.first) - reach.span
        and public.period_start < date_trunc('year', asked.last) + interval '1 year'
    offset 0 -- keeps this a question for each series: joined as a whole, every vintage of the ledger is sorted first
) as known
where known.value is not null
) to stdout (format csv, header)
"""

_APPEND = """
insert into observation (
    series_id, period_start, published_at, recorded_at, submission_id, document_id, data_from, data_to,
    status, withdrawn, value, reason, comment
)
select
    series_id, period_start, published_at, :recorded_at, :submission, document_id, data_from, data_to,
    status, withdrawn, value, coalesce(reason, case when outcome = 'revised' then :reason end), comment
from judged
where not coalesce(repeated, false)
order by series_id, period_start, published_at
"""

# What these submissions touched, as it is public at the moment: the last word on each period.
_PUBLIC = """
select distinct on (series_id, period_start) observation.*
from observation
where (series_id, period_start) in (
        select series_id, period_start from observation where submission_id = any(:submissions)
    )
    and published_at <= :at
order by series_id, period_start, published_at desc, recorded_at desc
"""

_WITHDRAW_PUBLIC = f"""
insert into observation (
    series_id, period_start, published_at, recorded_at, submission_id, document_id, status, withdrawn, reason
)
select
    series_id, period_start, :at, :recorded_at, :submission, document_id, status, true, :reason
from ({_PUBLIC}) as public
where submission_id = any(:submissions) and not withdrawn
"""

# At the end of an embargo stands what another submission said before, or nothing.
_WITHDRAW_EMBARGOED = """
insert into observation (
    series_id, period_start, published_at, recorded_at, submission_id, document_id, data_from, data_to,
    status, withdrawn, value, reason, comment
)
select
    embargoed.series_id, embargoed.period_start, embargoed.published_at, :recorded_at, :submission,
    others.document_id, others.data_from, others.data_to,
    coalesce(others.status, embargoed.status), others.series_id is null, others.value, :reason, others.comment
from (
    select distinct on (series_id, period_start, published_at) *
    from observation
    where (series_id, period_start) in (
            select series_id, period_start from observation where submission_id = any(:submissions)
        )
        and published_at > :at
    order by series_id, period_start, published_at, recorded_at desc
) as embargoed
left join lateral (
    select *
    from observation
    where series_id = embargoed.series_id
        and period_start = embargoed.period_start
        and published_at <= embargoed.published_at
        and submission_id <> all(:submissions)
    order by published_at desc, recorded_at desc
    limit 1
) as others on not others.withdrawn
where embargoed.submission_id = any(:submissions) and not embargoed.withdrawn
"""
