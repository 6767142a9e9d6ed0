"""Targets in the database: every vintage of a promise stays."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from ingest import registry, targets
from ingest.target import Target, sense

PROMISE = Target(
    plan="TRIAL",
    indicator="ONLINE_FILING_RATE",
    scope="VN",
    period="2030",
    kind="at_least",
    value=Decimal(80),
    document="Quyết định 1",
    published_on=date(2020, 6, 3),
)


@pytest.fixture
def told(connection: Connection) -> Any:
    """What was promised by TRIAL at a moment: (value, document)."""

    def ask(moment: str | datetime) -> list[tuple[Any, ...]]:
        rows = connection.execute(
            text("select value, document from target_as_of(cast(:moment as timestamptz)) where plan = 'TRIAL'"),
            {"moment": moment},
        )
        return [tuple(row) for row in rows]

    return ask


def load(connection: Connection, *promised: Target) -> list[dict[str, Any]]:
    others = [target for target in targets.read(connection) if target.plan != "TRIAL"]
    return targets.load(connection, [*others, *promised], registry.read(connection).indicators)


def rows(connection: Connection) -> int:
    return connection.execute(text("select count(*) from target")).scalar_one()


def test_a_promise_stands_from_the_day_of_its_document_in_the_country(connection: Connection, told: Any) -> None:
    load(connection, PROMISE)
    assert told("2020-06-02 23:59:59+07") == []
    assert told("2020-06-03 00:00:00+07") == [(80, "Quyết định 1")]


def test_a_promise_of_which_no_day_is_known_always_stood(connection: Connection, told: Any) -> None:
    load(connection, replace(PROMISE, published_on=None))
    assert told("1945-09-02") == [(80, "Quyết định 1")]
    assert [target for target in targets.read(connection) if target.plan == "TRIAL"] == [
        replace(PROMISE, published_on=None)
    ]


def test_a_promise_changed_by_a_later_document_stays_visible_as_it_was(connection: Connection, told: Any) -> None:
    changed = replace(PROMISE, value=Decimal(90), document="Quyết định 2", published_on=date(2023, 1, 1))
    load(connection, PROMISE, changed)
    assert told("2022-12-31 12:00+07") == [(80, "Quyết định 1")]
    assert told("2023-01-01 12:00+07") == [(90, "Quyết định 2")]
    assert [target for target in targets.read(connection) if target.plan == "TRIAL"] == [PROMISE, changed]


def test_loading_the_same_promises_again_adds_nothing(connection: Connection) -> None:
    changed = replace(PROMISE, value=Decimal(90), published_on=date(2023, 1, 1))
    load(connection, PROMISE, changed)
    before = rows(connection)
    assert load(connection, PROMISE, changed) == []
    assert rows(connection) == before


def test_what_a_file_says_otherwise_than_before_stands_from_then_on_only(connection: Connection, told: Any) -> None:
    load(connection, PROMISE)
    load(connection, replace(PROMISE, value=Decimal(85)))
    assert told("2024-01-01") == [(80, "Quyết định 1")]
    assert told("infinity") == [(85, "Quyết định 1")]
    load(connection, PROMISE)
    assert told("infinity") == [(80, "Quyết định 1")]


def test_a_promise_that_is_gone_from_the_files_is_withdrawn_and_not_forgotten(
    connection: Connection, told: Any
) -> None:
    load(connection, PROMISE)
    load(connection)
    assert told("2024-01-01") == [(80, "Quyết định 1")]
    assert told("infinity") == []
    assert [target for target in targets.read(connection) if target.plan == "TRIAL"] == []
    load(connection, PROMISE)
    assert told("infinity") == [(80, "Quyết định 1")]


def test_an_older_document_that_is_found_later_comes_with_its_own_day(connection: Connection, told: Any) -> None:
    changed = replace(PROMISE, value=Decimal(90), document="Quyết định 2", published_on=date(2023, 1, 1))
    load(connection, changed)
    assert told("2022-12-31 12:00+07") == []
    load(connection, PROMISE, changed)
    assert told("2022-12-31 12:00+07") == [(80, "Quyết định 1")]
    assert told("infinity") == [(90, "Quyết định 2")]


def test_a_vintage_that_another_one_followed_is_not_corrected_and_that_is_said(
    connection: Connection, told: Any
) -> None:
    changed = replace(PROMISE, value=Decimal(90), published_on=date(2023, 1, 1))
    load(connection, PROMISE, changed)
    before = rows(connection)
    late = load(connection, replace(PROMISE, value=Decimal(75)), changed)
    assert late == [
        {
            "plan": "TRIAL",
            "indicator": "ONLINE_FILING_RATE",
            "scope": "VN",
            "period": "2030",
            "published_on": date(2020, 6, 3),
        }
    ]
    assert told("2022-06-01") == [(80, "Quyết định 1")]
    assert told("infinity") == [(90, "Quyết định 1")]
    assert rows(connection) == before


def test_a_vintage_with_a_day_to_come_is_withdrawn_before_that_day(connection: Connection, told: Any) -> None:
    to_come = replace(PROMISE, value=Decimal(90), published_on=date(2929, 1, 1))
    load(connection, PROMISE, to_come)
    assert told("2929-06-01") == [(90, "Quyết định 1")]
    load(connection, PROMISE)
    assert told("2024-01-01") == told("2928-06-01") == told("2929-06-01") == [(80, "Quyết định 1")]
    before = rows(connection)
    load(connection, PROMISE)
    assert rows(connection) == before
    load(connection, PROMISE, to_come)
    assert told("2928-06-01") == [(80, "Quyết định 1")]
    assert told("2929-06-01") == [(90, "Quyết định 1")]


def test_a_promise_with_a_vintage_to_come_is_withdrawn_now_and_then(connection: Connection, told: Any) -> None:
    load(connection, PROMISE, replace(PROMISE, value=Decimal(90), published_on=date(2929, 1, 1)))
    load(connection)
    assert told("2024-01-01") == [(80, "Quyết định 1")]
    assert told("2928-06-01") == told("2929-06-01") == []
    before = rows(connection)
    load(connection)
    assert rows(connection) == before


def test_what_stands_is_withdrawn_where_only_a_vintage_to_come_is_left(connection: Connection, told: Any) -> None:
    to_come = replace(PROMISE, value=Decimal(90), published_on=date(2929, 1, 1))
    load(connection, PROMISE, to_come)
    load(connection, to_come)
    assert told("2928-06-01") == []
    assert told("2929-06-01") == [(90, "Quyết định 1")]


def test_a_vintage_to_come_is_corrected_and_moved_on_its_own_days(connection: Connection, told: Any) -> None:
    to_come = replace(PROMISE, value=Decimal(90), published_on=date(2929, 1, 1))
    load(connection, PROMISE, to_come)
    load(connection, PROMISE, replace(to_come, value=Decimal(95)))
    assert told("2928-06-01") == [(80, "Quyết định 1")]
    assert told("2929-06-01") == [(95, "Quyết định 1")]
    load(connection, PROMISE, replace(to_come, value=Decimal(95), published_on=date(2930, 1, 1)))
    assert told("2929-06-01") == [(80, "Quyết định 1")]
    assert told("2930-06-01") == [(95, "Quyết định 1")]


def test_no_promise_is_changed_or_removed_in_place(connection: Connection) -> None:
    load(connection, PROMISE)
    for statement in ("update target set value = 1", "delete from target"):
        with pytest.raises(IntegrityError, match="append-only"), connection.begin_nested():
            connection.execute(text(statement))


@pytest.mark.parametrize(
    ("kind", "value", "direction", "kept"),
    [
        ("at_least", 80, "up", 1),
        ("at_most", 5, "down", -1),
        ("top_n", 30, "down", -1),
        ("zero_left", 0, "down", -1),
        ("yes_all", 100, "up", 1),
        ("change_from_base", -5, "down", -1),
        ("change_from_base", 5, "up", 1),
        ("path", 10, "down", -1),
        ("path", 10, "none", 1),
    ],
)
def test_a_promise_is_kept_from_its_value_upwards_or_downwards(
    kind: str, value: int, direction: Any, kept: int
) -> None:
    assert sense(kind, Decimal(value), direction) == kept


@pytest.mark.parametrize(
    ("deadline", "last"),
    [
        ("trước tháng 12/2024", date(2024, 11, 30)),
        ("trong quý IV/2022", date(2022, 12, 31)),
        ("trước ngày 15/12/2021", date(2021, 12, 14)),
        ("trong tháng 5/2024", date(2024, 5, 31)),
        (None, date(2030, 12, 31)),
    ],
)
def test_a_deadline_is_read_as_people_write_it(deadline: str | None, last: date) -> None:
    """T23."""
    assert replace(PROMISE, deadline=deadline).last_day == last
