"""Who owes what by when, and what became of it: the rule in SQL against plain Python, to the microsecond."""

import calendar
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ingest.catalogue import Catalogue
from ingest.dataset import DueRule, OwedBy
from ingest.obligations import STATES
from ingest.period import LOCAL_ZONE, Period, containing, parse
from ingest.reporting_unit import ReportingUnit
from service.archive import compliance
from service.archive.obligations import Asked

PROVINCES, MINISTRIES, DAILY = "PROVINCE_QUARTERLY", "MINISTRY_QUARTERLY", "PLATFORM_DAILY"
Q4 = "2024-Q4"
LAST_MICROSECOND = "2025-01-14T23:59:59.999999+07:00"
TOO_LATE = "2025-01-15T00:00:00+07:00"
Move = tuple[str, str, str | datetime]


def sent(
    connection: Connection,
    unit: str | None,
    *moves: Move,
    dataset: str = PROVINCES,
    period: str = Q4,
    by: str = "lan",
) -> int:
    """A submission that makes these moves: act, the state that it leads to, when."""
    number = connection.execute(
        text(
            "insert into submission (dataset, reporting_unit, period, sha256, size_bytes, file_name, received_by)"
            " values (:dataset, :unit, :period, gen_random_uuid(), 1, 'file.csv', 'lan') returning id"
        ),
        {"dataset": dataset, "unit": unit, "period": period},
    ).scalar_one()
    received: Move = ("receive", "received", moves[0][2])
    for version, (act, state, at) in enumerate((received, *moves), 1):
        if state == "published":
            connection.execute(
                text(
                    "update submission set published_at = :at, created = 0, revised = 0, unchanged = 0, refused = 0"
                    " where id = :id"
                ),
                {"id": number, "at": at},
            )
        connection.execute(
            text(
                "insert into submission_move (submission, version, at, by, act, state, awaits, reason)"
                " values (:id, :version, :at, :by, :act, :state, :awaits, :reason)"
            ),
            {
                "id": number,
                "version": version,
                "at": at,
                "by": by if act in ("receive", "submit") else "minh",
                "act": act,
                "state": state,
                "awaits": 1 if state in ("submitted", "in_review") else None,
                "reason": "it was wrong" if act in ("return", "withdraw") else None,
            },
        )
    return number


def extended(connection: Connection, unit: str, until: str, at: str, *, dataset: str = PROVINCES) -> None:
    connection.execute(
        text(
            "insert into extension (dataset, reporting_unit, period, due_day, reason, granted_by, granted_at)"
            " values (:dataset, :unit, :period, :until, 'a flood', 'minh', :at)"
        ),
        {"dataset": dataset, "unit": unit, "period": Q4, "until": until, "at": at},
    )


def new_dataset(
    connection: Connection,
    code: str,
    frequency: str,
    owed_from: date,
    due: DueRule | None,
    *,
    owed_by: OwedBy = OwedBy(reporting_units=("VN",)),  # noqa: B008
    machine: bool = False,
) -> None:
    connection.execute(
        text(
            "insert into dataset (code, name_vi, name_en, document, frequency, owed_by, owed_from, due, machine)"
            " values (:code, 'x', 'x', 'x', :frequency, :owed_by, :owed_from, :due, :machine)"
        ),
        {
            "code": code,
            "frequency": frequency,
            "owed_by": json.dumps(asdict(owed_by)),
            "owed_from": owed_from,
            "due": due and json.dumps(asdict(due)),
            "machine": machine,
        },
    )


def owed(connection: Connection, dataset: str, last: str) -> list[Any]:
    return list(
        connection.execute(
            text("select * from obligation(null, cast(:last as timestamp), array[:dataset])"),
            {"last": last, "dataset": dataset},
        )
    )


def one(connection: Connection, unit: str, at: str | datetime, *, dataset: str = PROVINCES, period: str = Q4) -> Any:
    """One return as it was at a moment."""
    return connection.execute(
        text(
            "select * from obligation_as_of(cast(:at as timestamptz), :start, :start, array[:dataset], array[:unit])"
            " where period = :period"
        ),
        {"at": at, "start": parse(period).start, "dataset": dataset, "unit": unit, "period": period},
    ).one()


# Who owes


@pytest.mark.parametrize(
    ("dataset", "period", "count"),
    [
        (PROVINCES, "2024-Q4", 63),
        (PROVINCES, "2025-Q2", 63),  # those that ended on its last day
        (PROVINCES, "2025-Q3", 34),
        (MINISTRIES, "2024-Q4", 22),
        (MINISTRIES, "2025-Q1", 17),
        ("NATIONAL_YEARLY", "2024", 1),
        ("INTERNATIONAL_EDITIONS", "2024", 0),
    ],
)
def test_a_return_is_owed_by_the_units_that_existed_on_the_last_day(
    connection: Connection, dataset: str, period: str, count: int
) -> None:
    units = {row.reporting_unit for row in owed(connection, dataset, "2026-01-01") if row.period == period}
    assert len(units) == count
    if period == "2025-Q2":
        assert "GSO24" in units
        assert "GSO24_2025" not in units


def test_nothing_is_owed_for_a_period_that_begins_before_owed_from(connection: Connection) -> None:
    assert min(row.period for row in owed(connection, PROVINCES, "2025-01-01")) == "2024-Q1"
    assert {row.period for row in owed(connection, DAILY, "2026-01-03")} == {"2026-01-01", "2026-01-02", "2026-01-03"}


def test_the_calendar_is_narrowed_by_dataset_unit_and_span(connection: Connection) -> None:
    rows = connection.execute(
        text(
            "select dataset, reporting_unit, period from obligation('2024-02-01', '2024-07-01', array[:a, :b],"
            " array['GSO24', 'MIC'])"
        ),
        {"a": PROVINCES, "b": MINISTRIES},
    )
    assert {tuple(row) for row in rows} == {
        (dataset, unit, period)
        for dataset, unit in ((PROVINCES, "GSO24"), (MINISTRIES, "MIC"))
        for period in ("2024-Q2", "2024-Q3")
    }


# By when

RULES = [
    DueRule("ours", months_after=1, day=14),
    DueRule("ours", months_after=2, day=31),  # of February its last
    DueRule("ours", months_after=1, day=30, cut_off_day=14),
    DueRule("ours", day=20, cut_off_day=14),
    DueRule("ours", months_after=1, day=31, cut_off_day=30),
    DueRule("ours", months_after=1, day=1, cut_off_day=31),
    DueRule("ours", days_after=1),
    DueRule("ours", days_after=45),
    None,
]
KINDS = OwedBy(level="ministry", kinds=("ministry",), reporting_units=("VN", "GSO24"))


@pytest.mark.parametrize("frequency", list("ASQMWDH"))
def test_the_calendar_is_what_the_words_say(connection: Connection, words: Catalogue, frequency: str) -> None:
    # Over the day on which ministries were merged; hours are many, so only around that one.
    first = containing(date(2025, 2, 27) if frequency == "H" else date(2024, 12, 31), frequency)
    last = datetime(2025, 3, 2)
    rules = [rule for rule in RULES if rule is None or frequency in "ASQM" or not rule.cut_off_day]
    for number, rule in enumerate(rules):
        new_dataset(connection, f"OWN_{number}", frequency, first.start.date(), rule, owed_by=KINDS)
    expected = {
        (f"OWN_{number}", unit.code, str(period), *expected_days(period, rule))
        for number, rule in enumerate(rules)
        for period in itertools.takewhile(lambda period: period.start <= last, onward(first))
        for unit in words.reporting_units
        if KINDS.owes(unit) and unit.valid_on(period.last_day)
    }
    rows = connection.execute(
        text(
            "select dataset, reporting_unit, period, data_from, data_to, ends_at, due_at"
            " from obligation(null, :last) where dataset like 'OWN%'"
        ),
        {"last": last},
    )
    assert {tuple(row) for row in rows} == expected
    assert len(expected) > 100


def onward(period: Period) -> Iterator[Period]:
    while True:
        yield period
        period = period.earlier(-1)


def expected_days(period: Period, rule: DueRule | None) -> tuple[date, date, datetime, datetime | None]:
    begins, ends = period.start.date(), period.last_day
    ends_at = period.end.replace(tzinfo=LOCAL_ZONE)
    if rule and rule.cut_off_day:
        begins, ends = cut_off(begins - timedelta(1), rule.cut_off_day) + timedelta(1), cut_off(ends, rule.cut_off_day)
        ends_at = local(ends + timedelta(1))
    due_at = rule and local(rule.due(period.last_day) + timedelta(1)) - timedelta(seconds=1)
    return begins, ends, ends_at, due_at


def cut_off(month: date, day: int) -> date:
    return month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))


def local(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL_ZONE)


def test_decree_09_cuts_the_data_off_on_the_14th(connection: Connection) -> None:
    due = DueRule("Nghị định 09/2019/NĐ-CP", day=20, cut_off_day=14)
    for code, frequency in (("HALF", "S"), ("QUARTER", "Q")):
        new_dataset(connection, code, frequency, date(2025, 1, 1), due)
    half, quarter = owed(connection, "HALF", "2025-01-01")[0], owed(connection, "QUARTER", "2025-01-01")[0]
    assert (half.data_from, half.data_to) == (date(2024, 12, 15), date(2025, 6, 14))
    assert (quarter.data_from, quarter.data_to) == (date(2024, 12, 15), date(2025, 3, 14))
    # Owed while the quarter still runs: its data have ended.
    assert quarter.due_at.isoformat() == "2025-03-20T23:59:59+07:00"
    for at, state in (("2025-03-14T23:59:59.999999+07", "not_due"), ("2025-03-15T00:00+07", "due")):
        assert one(connection, "VN", at, dataset="QUARTER", period="2025-Q1").state == state


def test_a_month_without_that_day_is_due_on_its_last(connection: Connection) -> None:
    new_dataset(connection, "MONTHLY", "M", date(2024, 1, 1), DueRule("ours", months_after=1, day=31))
    due = {row.period: row.due_at.isoformat() for row in owed(connection, "MONTHLY", "2025-01-01")}
    assert due["2024-01"] == "2024-02-29T23:59:59+07:00"
    assert due["2025-01"] == "2025-02-28T23:59:59+07:00"
    assert due["2024-03"] == "2024-04-30T23:59:59+07:00"


# What became of it


@pytest.mark.parametrize(("at", "state"), [(LAST_MICROSECOND, "on_time"), (TOO_LATE, "late")])
def test_a_return_is_in_time_to_the_last_microsecond_of_the_day(connection: Connection, at: str, state: str) -> None:
    number = sent(connection, "GSO24", ("submit", "submitted", at))
    told = one(connection, "GSO24", "2025-02-01T00:00+07")
    assert (told.state, told.submission, told.submission_state) == (state, number, "submitted")
    assert told.due_at.isoformat() == "2025-01-14T23:59:59+07:00"
    assert told.submitted_at == datetime.fromisoformat(at)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("2024-12-31T23:59:59.999999+07", "not_due"),
        ("2025-01-01T00:00:00+07", "due"),
        (LAST_MICROSECOND, "due"),
        (TOO_LATE, "overdue"),
        ("2025-01-14T17:00:00Z", "overdue"),  # the same moment, as another clock shows it
    ],
)
def test_a_return_that_never_came_is_due_and_then_overdue(connection: Connection, at: str, state: str) -> None:
    told = one(connection, "GSO24", at)
    assert (told.state, told.submission, told.submitted_at) == (state, None, None)


def test_every_state_can_be_reached_and_no_other(connection: Connection) -> None:
    new_dataset(connection, "OPEN_END", "Q", date(2024, 10, 1), None)
    new_dataset(connection, "MACHINE", "Q", date(2024, 10, 1), RULES[0], machine=True)
    sent(connection, "VN", ("submit", "submitted", TOO_LATE), dataset="OPEN_END")
    sent(connection, "GSO06", ("submit", "submitted", LAST_MICROSECOND))
    sent(connection, "GSO02", ("submit", "submitted", TOO_LATE))
    later = "2025-02-01T00:00+07"
    told = {
        one(connection, "GSO04", "2024-12-01T00:00+07").state: "not_due",
        one(connection, "GSO04", "2025-01-02T00:00+07").state: "due",
        one(connection, "GSO04", later).state: "overdue",
        one(connection, "VN", later, dataset="MACHINE").state: "not_connected",
        one(connection, "GSO06", later).state: "on_time",
        one(connection, "GSO02", later).state: "late",
        one(connection, "VN", later, dataset="OPEN_END").state: "received",
    }
    assert told == {state: state for state in STATES}


def test_a_machine_is_connected_from_its_first_thing_and_not_by_a_person(
    connection: Connection,
) -> None:
    asked = {"dataset": DAILY, "period": "2026-01-05"}
    assert one(connection, "OOG", "2026-01-05T12:00+07", **asked).state == "not_due"
    assert one(connection, "OOG", "2026-01-06T12:00+07", **asked).state == "not_connected"
    assert one(connection, "OOG", "2026-01-07T12:00+07", **asked).state == "not_connected"
    first = ("examine", "examined", "2026-01-06T13:00+07")
    sent(connection, "OOG", ("examine", "examined", "2026-01-06T08:00+07"), dataset=DAILY, period="2026-01-01")
    sent(connection, "OOG", first, dataset=DAILY, period="2026-01-02", by="machine:npsp")
    assert one(connection, "OOG", "2026-01-06T12:59+07", **asked).state == "not_connected"
    assert one(connection, "OOG", "2026-01-06T13:00+07", **asked).state == "due"
    assert one(connection, "OOG", "2026-01-07T12:00+07", **asked).state == "overdue"


def test_what_is_returned_is_due_again_and_what_comes_again_counts_from_then(connection: Connection) -> None:
    number = sent(
        connection,
        "GSO24",
        ("submit", "submitted", "2025-01-10T08:00+07"),
        ("take_up", "in_review", "2025-01-11T08:00+07"),
        ("return", "returned", "2025-01-13T08:00+07"),
        ("submit", "submitted", "2025-01-16T08:00+07"),
        ("accept", "accepted", "2025-01-17T08:00+07"),
    )
    told = [
        (row.state, row.submission, row.submission_state)
        for day in (9, 10, 12, 14, 15, 16, 17)
        for row in [one(connection, "GSO24", f"2025-01-{day}T12:00+07")]
    ]
    assert told == [
        ("due", None, None),
        ("on_time", number, "submitted"),
        ("on_time", number, "in_review"),
        ("due", number, "returned"),
        ("overdue", number, "returned"),
        ("late", number, "submitted"),
        ("late", number, "accepted"),
    ]


@pytest.mark.parametrize(("act", "state"), [("take_back", "examined"), ("withdraw", "withdrawn")])
def test_what_is_taken_back_or_withdrawn_does_not_stand(connection: Connection, act: str, state: str) -> None:
    first = sent(
        connection, "GSO24", ("submit", "submitted", "2025-01-09T08:00+07"), (act, state, "2025-01-09T09:00+07")
    )
    second = sent(
        connection, "GSO24", ("submit", "submitted", "2025-01-10T08:00+07"), (act, state, "2025-01-20T08:00+07")
    )
    assert one(connection, "GSO24", "2025-01-09T12:00+07").submission == first
    assert one(connection, "GSO24", "2025-01-10T12:00+07").state == "on_time"
    told = one(connection, "GSO24", "2025-01-21T00:00+07")
    assert (told.state, told.submission, told.submission_state, told.submitted_at) == ("overdue", second, state, None)


def test_a_draft_is_no_return(connection: Connection) -> None:
    sent(connection, "GSO24", ("examine", "examined", "2025-01-09T08:00+07"))
    told = one(connection, "GSO24", "2025-01-10T00:00+07")
    assert (told.state, told.submission) == ("due", None)


def test_a_correction_does_not_make_a_return_late(connection: Connection) -> None:
    first = sent(
        connection,
        "GSO24",
        ("submit", "submitted", "2025-01-10T08:00+07"),
        ("accept", "accepted", "2025-01-11T08:00+07"),
        ("publish", "published", "2025-01-12T08:00+07"),
        ("supersede", "superseded", "2025-03-05T08:00+07"),
    )
    second = sent(
        connection,
        "GSO24",
        ("submit", "submitted", "2025-03-01T08:00+07"),
        ("accept", "accepted", "2025-03-03T08:00+07"),
        ("publish", "published", "2025-03-05T08:00+07"),
    )
    for day in ("2025-03-02", "2025-03-06"):
        told = one(connection, "GSO24", f"{day}T00:00+07")
        assert (told.state, told.submission) == ("on_time", first)
    assert first < second


def test_a_return_whose_correction_was_withdrawn_is_owed_again(connection: Connection) -> None:
    published = [("submit", "submitted"), ("accept", "accepted"), ("publish", "published")]

    def corrected(day: int, *more: Move) -> int:
        return sent(
            connection, "GSO24", *((act, state, f"2025-01-{day:02}T08:00+07") for act, state in published), *more
        )

    corrected(10, ("supersede", "superseded", "2025-01-20T08:00+07"))
    corrected(20, ("supersede", "superseded", "2025-01-25T08:00+07"))
    third = corrected(25, ("withdraw", "withdrawn", "2025-02-03T08:00+07"))
    assert one(connection, "GSO24", "2025-02-03T07:00+07").state == "on_time"
    told = one(connection, "GSO24", "2025-02-03T08:00+07")
    assert (told.state, told.submission, told.submission_state) == ("overdue", third, "withdrawn")
    again = sent(connection, "GSO24", *((act, state, "2025-02-10T08:00+07") for act, state in published))
    told = one(connection, "GSO24", "2025-02-11T08:00+07")
    assert (told.state, told.submission) == ("late", again)


def test_what_was_replaced_before_it_was_published_does_not_stand(connection: Connection) -> None:
    sent(
        connection,
        "GSO24",
        ("submit", "submitted", "2025-01-10T08:00+07"),
        ("supersede", "superseded", "2025-01-16T08:00+07"),
    )
    second = sent(connection, "GSO24", ("submit", "submitted", "2025-01-16T08:00+07"))
    told = one(connection, "GSO24", "2025-01-20T00:00+07")
    assert (told.state, told.submission) == ("late", second)


def test_a_return_that_names_no_unit_counts_for_nobody(connection: Connection) -> None:
    sent(connection, None, ("submit", "submitted", "2025-01-10T08:00+07"))
    sent(connection, "GSO24", ("submit", "submitted", "2025-01-10T08:00+07"), period="2024-Q3")
    sent(connection, "GSO24", ("submit", "submitted", "2025-01-10T08:00+07"), dataset=MINISTRIES)
    assert one(connection, "GSO24", "2025-01-20T00:00+07").state == "overdue"


def test_the_past_sees_no_later_move_and_no_later_extension(connection: Connection) -> None:
    sent(connection, "GSO24", ("submit", "submitted", "2025-01-20T08:00+07"))
    extended(connection, "GSO24", "2025-01-20", "2025-01-18T08:00+07")
    told = {
        at: (row.state, row.due_at.isoformat()[:10], row.extension is not None, row.submission is not None)
        for at in ("2025-01-18T07:59:59+07", "2025-01-18T08:00+07", "2025-01-20T07:59+07", "2025-01-20T08:00+07")
        for row in [one(connection, "GSO24", at)]
    }
    assert list(told.values()) == [
        ("overdue", "2025-01-14", False, False),
        ("due", "2025-01-20", True, False),
        ("due", "2025-01-20", True, False),
        ("on_time", "2025-01-20", True, True),
    ]
    assert one(connection, "GSO24", "2025-01-20T08:00+07").regular_due_at.isoformat() == "2025-01-14T23:59:59+07:00"


def test_of_several_extensions_the_longest_counts_and_none_shortens_the_deadline(connection: Connection) -> None:
    for until, day in (("2025-01-31", 15), ("2025-01-20", 16), ("2025-01-10", 17)):
        extended(connection, "GSO24", until, f"2025-01-{day}T08:00+07")
    extended(connection, "GSO26", "2025-01-10", "2025-01-05T08:00+07")
    assert one(connection, "GSO24", "2025-01-18T00:00+07").due_at.isoformat() == "2025-01-31T23:59:59+07:00"
    told = one(connection, "GSO26", "2025-01-12T00:00+07")
    assert (told.state, told.due_at, told.extension) == ("due", told.regular_due_at, None)


# Against plain Python


@dataclass(frozen=True)
class Case:
    """A submission as the model below sees it."""

    number: int
    moves: tuple[Move, ...]


LIFE: dict[str, list[tuple[str, str]]] = {
    "received": [("examine", "examined")],
    "examined": [("submit", "submitted")],
    "submitted": [("take_up", "in_review"), ("take_back", "examined"), ("supersede", "superseded")],
    "in_review": [("return", "returned"), ("accept", "accepted")],
    "returned": [("submit", "submitted"), ("supersede", "superseded")],
    "accepted": [("publish", "published")],
    "published": [("supersede", "superseded"), ("withdraw", "withdrawn")],
}


def lived(chance: random.Random) -> tuple[Move, ...]:
    """A random life around the deadline, one act a day at the most."""
    state, day, moves = "received", local(date(2025, 1, 1)) + timedelta(days=chance.randrange(20)), []
    for _ in range(chance.randrange(1, 9)):
        if state not in LIFE:
            break
        act, state = chance.choice(LIFE[state])
        moves.append((act, state, day))
        day += timedelta(days=chance.randrange(1, 4), seconds=chance.randrange(60))
    return tuple(moves)


def modelled(cases: list[Case], until: datetime | None, at: datetime) -> tuple[str, int | None]:
    """State and number of a 2024-Q4 return, worked out without the database."""
    deadline = max(local(date(2025, 1, 15)), until or local(date(2025, 1, 15)))
    standing, others = [], []
    past = {case.number: [move for move in case.moves if move[2] <= at] for case in cases}
    published = {number: [move[2] for move in moves if move[1] == "published"] for number, moves in past.items()}
    for number, moves in past.items():
        submitted = [move[2] for move in moves if move[0] == "submit"]
        if not submitted:
            continue
        stands = moves[-1][1] in ("submitted", "in_review", "accepted", "published")
        if moves[-1][1] == "superseded" and published[number]:
            later = sorted(
                (published[other][-1], other, past[other][-1][1])
                for other in past
                if published[other] and (published[other][-1], other) > (published[number][-1], number)
            )
            ends = [state for _, _, state in later if state != "superseded"]
            stands = ends[:1] == ["published"]
        (standing if stands else others).append((submitted[-1], number))
    if standing:
        submitted_at, number = min(standing)
        return "on_time" if submitted_at < deadline else "late", number
    shown = max((number for _, number in others), default=None)
    if at < local(date(2025, 1, 1)):
        return "not_due", shown
    return "due" if at < deadline else "overdue", shown


def test_states_and_counts_are_those_of_a_plain_recount(connection: Connection, words: Catalogue) -> None:
    chance = random.Random(63)
    units = [unit for unit in words.reporting_units if owes_q4(unit)]
    cases = {
        unit.code: [
            Case(sent(connection, unit.code, *moves), moves)
            for _ in range(chance.randrange(4))
            for moves in [lived(chance)]
        ]
        for unit in units
    }
    until: dict[str, datetime] = {}
    for unit in chance.sample(units, 12):
        extended(connection, unit.code, "2025-01-20", "2025-01-01T00:00+07")
        until[unit.code] = local(date(2025, 1, 21))
    seen = Counter[str]()
    for at in (
        local(date(2024, 12, 31)),
        *(local(date(2025, 1, 1)) + timedelta(days=n, hours=7) for n in range(0, 40, 3)),
    ):
        expected = {unit.code: modelled(cases[unit.code], until.get(unit.code), at) for unit in units}
        rows = connection.execute(
            text(
                "select reporting_unit, state, submission from obligation_as_of(:at, :start, :start, array[:dataset])"
            ),
            {"at": at, "start": parse(Q4).start, "dataset": PROVINCES},
        )
        assert {row.reporting_unit: (row.state, row.submission) for row in rows} == expected
        counts = Counter(state for state, _ in expected.values())
        assert told(connection, at) == recounted(counts, ended=at >= local(date(2025, 1, 1)))
        seen += counts
    assert set(seen) == {"not_due", "due", "overdue", "on_time", "late"}
    assert min(seen.values()) > 20


def owes_q4(unit: ReportingUnit) -> bool:
    return unit.level == "province" and unit.valid_on(date(2024, 12, 31))


def told(connection: Connection, at: datetime) -> dict[str, Any]:
    [row] = compliance.counted(connection, Asked([PROVINCES], period=parse(Q4)), by=["level"], as_of=at)
    assert (row["level"], row["dataset"], row["period"]) == ("province", None, None)
    return {name: row[name] for name in compliance.ANSWER_COLUMNS[4:]}


def recounted(counts: Counter[str], *, ended: bool) -> dict[str, Any]:
    if not ended:
        counts = Counter()
    expected = sum(counts.values())
    received = counts["on_time"] + counts["late"]

    def rate(part: int) -> Any:
        return pytest.approx(Decimal(100 * part) / expected, abs=Decimal("0.005")) if expected else None

    return {
        "expected": expected,
        "received": received,
        **{name: counts[name] for name in ("on_time", "late", "overdue", "due", "not_connected")},
        "rate_percent": rate(received),
        "on_time_rate_percent": rate(counts["on_time"]),
    }


def test_a_return_that_came_early_counts_from_the_end_of_its_period(connection: Connection) -> None:
    sent(connection, "GSO24", ("submit", "submitted", "2024-12-20T08:00+07"))
    assert one(connection, "GSO24", "2024-12-25T00:00+07").state == "on_time"
    assert told(connection, local(date(2024, 12, 25)))["received"] == 0
    after = told(connection, local(date(2025, 1, 1)))
    assert (after["expected"], after["received"], after["due"]) == (63, 1, 62)


# What is refused


@pytest.mark.parametrize("statement", ["update extension set due_day = due_day + 1", "delete from extension"])
def test_an_extension_is_never_changed(connection: Connection, statement: str) -> None:
    extended(connection, "GSO24", "2025-01-20", "2025-01-10T08:00+07")
    with pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        ("extension_has_a_reason", lambda c: c.execute(text(
            "insert into extension (dataset, reporting_unit, period, due_day, reason, granted_by, granted_at)"
            " values ('PROVINCE_QUARTERLY', 'GSO24', '2024-Q4', '2025-01-20', ' ', 'minh', now())"
        ))),
        ("extension_is_granted_once", lambda c: [extended(c, "GSO24", "2025-01-20", "2025-01-10") for _ in range(2)]),
        ("owed_from_begins_a_period", lambda c: new_dataset(c, "OWN", "Q", date(2024, 2, 1), None)),
        ("what_is_owed_has_a_frequency_and_a_beginning", lambda c: c.execute(text(
            "update dataset set owed_from = null where code = 'PROVINCE_QUARTERLY'"
        ))),
    ],
)  # fmt: skip
def test_the_calendar_refuses_what_must_never_be_true(
    connection: Connection, rule: str, refused: Callable[[Connection], object]
) -> None:
    with pytest.raises(DBAPIError, match=rule):
        refused(connection)
