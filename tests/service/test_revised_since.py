"""What is new since a moment: whatever was published, revised and withdrawn since, nothing that differs is left out."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from ingest import period
from ingest.observation import SeriesKey
from ingest.period import moment
from service.archive import geography, question
from service.archive.aggregation import Aggregate
from service.archive.question import Question
from service.archive.series import Selection, Span
from service.archive.transforms import Transform
from tests.ingest.test_ledger import append

COUNT = "Q.CYBER_INCIDENTS.VN.PERIOD.REPORT._T"
RATE = "Q.ONLINE_FILING_RATE.VN.PERIOD.REPORT._T"
TOTAL = "Q.ICT_REVENUE.VN.YTD.REPORT._T"
PERIODS = ("2001-Q1", "2001-Q2", "2001-Q3", "2001-Q4", "2002-Q1", "2002-Q2")
FEBRUARY, MARCH, APRIL, BEYOND = "2004-02-01", "2004-03-01", "2004-04-01", "2004-05-01"

ROWS = Iterable[tuple[str, str, str, str | None]]


def publish(connection: Connection, *said: tuple[str, str, str, str | None]) -> None:
    """Key, period, day, and the value, `M` or None where it is withdrawn."""
    rows = [
        {
            "series": key,
            "period": name,
            "published_at": day,
            "value": None if value == "M" else value,
            "withdrawn": value is None,
            "status": "M" if value == "M" else "A",
            "reason": "test",
        }
        for key, name, day, value in said
    ]
    if rows:
        append(connection, *rows, reason="test")


def asking(
    connection: Connection, key: str, wanted: str | None, *, lower: bool = False, seen: bool = False
) -> Question:
    transform = wanted and Transform.parse(wanted, base=period.parse("2001-Q1") if wanted == "index" else None)
    return Question(
        Selection.of(SeriesKey.parse(key)),
        Span(),
        moment(BEYOND),
        geography=geography.on(connection, date(2026, 1, 1), step="geography:current") if seen else None,
        aggregate=Aggregate("S") if lower else None,
        transform=transform or None,
    )


def told(connection: Connection, asked: Question, as_of: str, since: str | None = None) -> dict[str, dict[str, Any]]:
    wanted = replace(asked, as_of=moment(as_of), revised_since=since and moment(since, end_of_day=True))
    return {row["period"]: row for row in question.rows(connection, wanted)}


def content(row: dict[str, Any] | None) -> tuple[Any, ...] | None:
    return row and (row["value"], row["status"], row["reason"])


def test_a_sum_of_which_a_part_was_withdrawn_since_is_new(connection: Connection) -> None:
    publish(connection, *((COUNT, name, FEBRUARY, "1") for name in PERIODS))
    publish(connection, (COUNT, "2001-Q2", MARCH, None))
    asked = asking(connection, COUNT, None, lower=True)
    (new,) = told(connection, asked, BEYOND, since=FEBRUARY).values()
    assert (new["period"], new["value"], new["reason"]) == ("2001-S1", None, "Only 1 of 2 quarters have a figure.")
    assert new["published_at"] == moment(MARCH)
    assert new["computed_from"] == [f"{COUNT}@2001-Q1"]


def test_what_is_computed_from_withdrawn_figures_alone_is_no_row(connection: Connection) -> None:
    publish(connection, *((COUNT, name, FEBRUARY, "1") for name in PERIODS[:4]))
    publish(connection, *((COUNT, name, MARCH, None) for name in PERIODS[2:4]))
    assert set(told(connection, asking(connection, COUNT, None, lower=True), BEYOND)) == {"2001-S1"}
    assert set(told(connection, asking(connection, COUNT, "pch"), BEYOND)) == {"2001-Q1", "2001-Q2"}


def test_of_the_last_only_what_came_after_it_is_news(connection: Connection) -> None:
    publish(connection, *((TOTAL, name, FEBRUARY, "1") for name in PERIODS[:2]))
    publish(connection, (TOTAL, "2001-Q1", MARCH, None))
    asked = asking(connection, TOTAL, None, lower=True)
    assert told(connection, asked, BEYOND, since=FEBRUARY) == {}
    publish(connection, (TOTAL, "2001-Q2", APRIL, None))
    assert told(connection, asked, BEYOND) == {}


SEEN = COUNT.replace("VN", "GSO24_2025")
OTHERS = (COUNT.replace("VN", "GSO24"), COUNT.replace("VN", "GSO27"))
COUNTS = tuple(RATE.replace("_T", count) for count in ("NUMERATOR", "DENOMINATOR"))
said = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(PERIODS),
        st.sampled_from([FEBRUARY, MARCH, APRIL]),
        st.sampled_from(["1", "2", "5", "M", None]),
    ),
    max_size=14,
    unique_by=lambda each: each[:3],
)


@pytest.mark.parametrize(
    ("key", "others", "wanted", "lower", "seen"),
    [
        *((COUNT, (), name, False, False) for name in ("pch", "ytd", "ma:2", "index")),
        (COUNT, (), "pch", True, False),
        *((COUNT, OTHERS, name, False, False) for name in ("share", "contribution")),
        (OTHERS[0], (OTHERS[1], COUNT), "rank", False, False),
        (OTHERS[0], (COUNT, OTHERS[1]), "share", False, False),
        (OTHERS[0], (COUNT, OTHERS[1]), "contribution", False, False),
        (COUNT, (), None, True, False),
        (RATE, COUNTS, None, True, False),
        (TOTAL, (), None, True, False),
        (TOTAL, (), "within", False, False),
        (SEEN, OTHERS, None, False, True),
        (SEEN, OTHERS, "ch1", False, True),
        (SEEN, OTHERS, None, True, True),
    ],
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=said)
def test_whatever_differs_from_the_answer_of_an_earlier_moment_is_told_as_newer(
    connection: Connection,
    key: str,
    others: tuple[str, ...],
    wanted: str | None,
    lower: bool,
    seen: bool,
    said: list[tuple[int, str, str, str | None]],
) -> None:
    lines = (*((key,) if key != SEEN else ()), *others)
    history = {(lines[at % len(lines)], name, day): value for at, name, day, value in said}
    with connection.begin_nested() as undone:
        for on in (FEBRUARY, MARCH, APRIL):
            publish(connection, *((*place, value) for place, value in history.items() if place[2] == on))
        asked = asking(connection, key, wanted, lower=lower, seen=seen)
        now = told(connection, asked, BEYOND)
        for since in (FEBRUARY, MARCH):
            before = told(connection, asked, since)
            new = {name for name, row in now.items() if row["published_at"] > moment(since, end_of_day=True)}
            for name, row in now.items():
                assert name in new or content(row) == content(before.get(name)), (name, row, before.get(name))
        undone.rollback()
