"""What the database never lets happen, whoever asks."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ingest import ledger
from ingest.period import Period, containing
from service import database
from sql import migration

INSERT = """
insert into observation (
    series_id, period_start, published_at, recorded_at, submission_id, status, value, withdrawn, reason
)
values (
    :series, :period_start, now(), coalesce(:recorded_at, clock_timestamp()), :submission, :status, :value, :withdrawn,
    :reason
)
"""


def row(connection: Connection, key: str = "A.EGDI_RANK.VN.PERIOD.UN._T", **other: Any) -> dict[str, Any]:
    return {
        "series": ledger.series_ids(connection, [key])[key],
        "period_start": datetime(2026, 1, 1),
        "recorded_at": None,
        "submission": connection.execute(text("select min(id) from submission")).scalar_one(),
        "status": "A",
        "value": 70,
        "withdrawn": False,
        "reason": None,
    } | other


def test_a_sound_row_is_taken(connection: Connection) -> None:
    connection.execute(text(INSERT), row(connection))


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        ("period_belongs_to_frequency", {"period_start": datetime(2026, 4, 1)}),
        ("reporting_unit_is_valid_in_period", {"key": "A.DTI_RANK.GSO24.PERIOD.REPORT._T"}),
        (
            "reporting_unit_is_valid_in_period",
            {"key": "A.DTI_RANK.MOST_2025.PERIOD.REPORT._T", "period_start": datetime(2024, 1, 1)},
        ),
        ("series_exists", {"series": -1}),
        ("submission_exists", {"submission": -1}),
        ("recorded_at_is_never_given", {"recorded_at": datetime(2020, 1, 1)}),
        ("recorded_at_is_never_given", {"recorded_at": datetime(2099, 1, 1)}),
        ("status_is_known", {"status": "Z"}),
        ("only_missing_or_withdrawn_has_no_value", {"value": None}),
        ("only_missing_or_withdrawn_has_no_value", {"status": "M", "reason": "not counted"}),
        ("missing_or_withdrawn_has_a_reason", {"status": "M", "value": None}),
        ("missing_or_withdrawn_has_a_reason", {"withdrawn": True, "value": None}),
        ("value_is_a_finite_number", {"value": float("nan")}),
        ("value_is_a_finite_number", {"value": float("inf")}),
    ],
)
def test_the_ledger_refuses_what_must_never_be_true(connection: Connection, rule: str, other: dict[str, Any]) -> None:
    with pytest.raises(DBAPIError) as refused:
        connection.execute(text(INSERT), row(connection, **other))
    assert rule in str(refused.value)


@pytest.mark.parametrize(
    "statement",
    [
        "update observation set value = 1",
        "delete from observation",
        "truncate observation",
        "update audit set actor = 'nobody'",
        "delete from audit",
        "truncate audit",
        "update submission_bytes set content = ''",
        "delete from submission_bytes",
    ],
)
def test_nothing_that_was_written_can_be_changed_or_removed(connection: Connection, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))


def test_only_generated_figures_can_be_removed(connection: Connection) -> None:
    connection.execute(text(INSERT), row(connection, "A.EGDI_RANK.VN.PERIOD.GENERATED._T"))
    assert ledger.remove_generated(connection) == 1
    assert connection.execute(text("select count(*) from observation")).scalar_one() > 0


def test_two_vintages_cannot_share_all_three_clocks(connection: Connection) -> None:
    twice = row(connection, recorded_at=connection.execute(text("select clock_timestamp()")).scalar_one())
    connection.execute(text(INSERT), twice)
    with pytest.raises(DBAPIError, match="vintage_is_unique"):
        connection.execute(text(INSERT), twice)


@settings(max_examples=300, deadline=None)
@given(day=st.dates(date(1950, 1, 1), date(2090, 12, 31)), frequency=st.sampled_from("ASQMWD"))
def test_the_database_and_the_words_mean_the_same_by_a_period(engine: Engine, day: date, frequency: str) -> None:
    meant: Period = containing(day, frequency)
    with engine.connect() as connection:
        said = connection.execute(
            text("select period_start_of(:f, :day), period_text(:f, :start), :start + period_length(:f)"),
            {"f": frequency, "day": datetime(day.year, day.month, day.day), "start": meant.start},
        ).one()
    assert tuple(said) == (meant.start, str(meant), meant.end)


def test_the_schema_built_twice_is_the_same_and_a_second_migration_finds_nothing_to_do(
    new_database: Callable[[], str],
) -> None:
    described = []
    for _ in range(2):
        engine = database.connect(new_database())
        with database.writing(engine) as connection:
            assert migration.upgrade(connection)
        with database.writing(engine) as connection:
            assert not migration.upgrade(connection)
            described.append(describe(connection))
        engine.dispose()
    assert described[0] == described[1]
    assert len(described[0]) > 100


def test_a_schema_from_the_future_is_refused_with_a_sentence(new_database: Callable[[], str]) -> None:
    engine = database.connect(new_database())
    with database.writing(engine) as connection:
        migration.upgrade(connection)
        connection.execute(text("update chiso.alembic_version set version_num = '9999_tomorrow'"))
    with database.writing(engine) as connection, pytest.raises(migration.NewerSchema, match="9999_tomorrow"):
        migration.upgrade(connection)
    engine.dispose()


def describe(connection: Connection) -> list[tuple[Any, ...]]:
    """Every column, constraint, index, trigger, function and view of our schema."""
    questions = (
        "select 'column', table_name, column_name, data_type, is_nullable, column_default"
        " from information_schema.columns where table_schema = 'chiso'",
        "select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''"
        " from pg_constraint where connamespace = 'chiso'::regnamespace",
        "select 'index', tablename, indexname, indexdef, '', '' from pg_indexes where schemaname = 'chiso'",
        "select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', '' from pg_trigger"
        " where not tgisinternal and tgrelid::regclass::text not like '%chunk%'",
        "select 'function', proname, prosrc, prorettype::regtype::text, '', ''"
        " from pg_proc where pronamespace = 'chiso'::regnamespace",
        "select 'view', viewname, definition, '', '', '' from pg_views where schemaname = 'chiso'",
    )
    return sorted(tuple(map(str, row)) for question in questions for row in connection.execute(text(question)))
