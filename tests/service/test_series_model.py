"""Whatever is published, revised, confirmed, embargoed or withdrawn, in whatever order: the API answers as a plain
dictionary does that follows the rule of the three clocks.

Figures are written as a publication writes them (the ledger, committed to a real PostgreSQL) and read through the API.
An embargo really ends while the machine runs: nothing sleeps, and an answer during which one ended is asked for again.

`CHISO_MODEL_EXAMPLES=500` runs the whole, 500 machines of up to 50 steps; the suite runs fewer.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, pairwise
from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import Connection, Engine, text

from ingest import ledger
from ingest.period import LOCAL_ZONE, moment
from service import app, database
from tests.conftest import close_with
from tests.ingest.test_ledger import figures

EXAMPLES = int(os.environ.get("CHISO_MODEL_EXAMPLES", "20"))
STEPS = 50

PERIODS = ("2022", "2023", "2024")
DAYS = tuple(moment(day) for day in ("2025-01-01", "2025-02-01", "2025-02-28", "2025-04-01"))
NEVER = moment("2099-01-01")
# When something is published: on one of the days, at this moment, under an embargo that ends in a few steps, or never.
when = st.one_of(st.sampled_from(DAYS), st.just("now"), st.integers(1, 60), st.just(NEVER))
# As of when it is asked: the days, what lies between them, now, for ever.
asked = st.sampled_from([*DAYS, moment("2024-12-31"), moment("2025-02-15"), DAYS[1] - timedelta(microseconds=1), None])
# A value with its status; missing; withdrawn.
content = st.one_of(
    st.tuples(st.sampled_from(["0", "1", "2", "-3.5"]), st.sampled_from("APE")),
    st.just((None, "M")),
    st.just((None, None)),
)
batch = st.lists(
    st.tuples(st.sampled_from(PERIODS), when, content), min_size=1, max_size=4, unique_by=lambda each: each[:2]
)
which = st.integers(0, 1)


@dataclass(frozen=True)
class Said:
    """One statement about a period, as it was written; `submission` is the one that it hangs on."""

    period: str
    published_at: datetime
    value: Decimal | None
    status: str
    withdrawn: bool
    submission: int

    @property
    def content(self) -> tuple[Any, ...]:
        return (self.withdrawn, self.value, self.status)


@dataclass(frozen=True)
class Stood(Said):
    """A statement with the moment at which another one took its place."""

    valid_to: datetime | None = None

    @property
    def row(self) -> tuple[Any, ...]:
        return (self.period, self.value, self.status, self.published_at, self.valid_to)


class Dictionary:
    """The model: all statements in the order in which they were written, and nothing but loops."""

    def __init__(self) -> None:
        self.said: list[Said] = []

    def last_words(self, period: str) -> dict[datetime, Said]:
        """Of two statements with the same publication the one that was written later counts."""
        return {each.published_at: each for each in self.said if each.period == period}

    def say(self, statements: list[Said]) -> None:
        before = {period: self.last_words(period) for period in PERIODS}
        for each in statements:
            known = before[each.period].get(each.published_at)
            if known is None or known.content != each.content:
                self.said.append(each)

    def withdraw(self, submission: int, at: datetime) -> None:
        touched = [period for period in PERIODS if any(self._own(each, period, submission) for each in self.said)]
        for period in touched:
            last = self.last_words(period)
            for published in sorted(last):
                word = last[published]
                if published > at and word.submission == submission and not word.withdrawn:
                    others = [day for day in sorted(self._of_others(period, submission)) if day <= published]
                    other = self._of_others(period, submission)[others[-1]] if others else None
                    if other is None or other.withdrawn:
                        self.said.append(replace(word, value=None, withdrawn=True, status=word.status))
                    else:
                        self.said.append(replace(other, published_at=published, submission=submission))
            public = [day for day in sorted(last) if day <= at]
            if public and last[public[-1]].submission == submission and not last[public[-1]].withdrawn:
                self.said.append(replace(last[public[-1]], published_at=at, value=None, withdrawn=True))

    def known(self, as_of: datetime, now: datetime) -> dict[str, Said]:
        """The as-of rule: of what is public, the statement with the latest published_at; a withdrawn one is none."""
        found: dict[str, Said] = {}
        for period in PERIODS:
            words = {day: word for day, word in self.last_words(period).items() if day <= min(as_of, now)}
            if words and not words[max(words)].withdrawn:
                found[period] = words[max(words)]
        return found

    def vintages(self, now: datetime) -> list[Stood]:
        """What stood from when to when; what only repeats the one before, or withdraws nothing, is no vintage."""
        told: list[Stood] = []
        for period in PERIODS:
            stood: list[Said] = []
            last = self.last_words(period)
            for published in sorted(day for day in last if day <= now):
                word = last[published]
                if word.withdrawn:
                    differs = bool(stood) and not stood[-1].withdrawn
                else:
                    differs = not stood or stood[-1].content != word.content
                if differs:
                    stood.append(word)
            ends = [*(each.published_at for each in stood), None][1:]
            told += [Stood(**vars(each), valid_to=end) for each, end in zip(stood, ends, strict=True)]
        return told

    def _of_others(self, period: str, submission: int) -> dict[datetime, Said]:
        return {
            each.published_at: each for each in self.said if each.period == period and each.submission != submission
        }

    @staticmethod
    def _own(each: Said, period: str, submission: int) -> bool:
        return each.period == period and each.submission == submission


class Series(RuleBasedStateMachine):
    """One series of a database that others write to as well, and the dictionary beside it."""

    engine: ClassVar[Engine]
    client: ClassVar[TestClient]
    clock: ClassVar[Connection]
    numbers: ClassVar[Iterator[int]]
    compared: ClassVar[int] = 0
    ran: ClassVar[int] = 0

    @initialize()
    def begin(self) -> None:
        name = f"MODEL{next(self.numbers)}"
        self.key = f"A.DIGITAL_ECONOMY_GDP_SHARE.VN.PERIOD.PRESS.{name}"
        self.dictionary = Dictionary()
        with database.writing(self.engine) as connection:
            self.submissions = [
                connection.execute(
                    text(
                        "insert into submission (dataset, sha256, size_bytes, file_name, received_by)"
                        " values ('PUBLISHED_FIGURES', :name, 0, 'model', 'model') returning id"
                    ),
                    {"name": f"{name}-{number}"},
                ).scalar_one()
                for number in range(2)
            ]

    @rule(batch=batch, which=which)
    def publish(self, batch: list[tuple[str, Any, tuple[str | None, str | None]]], which: int) -> None:
        """Publish, revise, confirm, embargo or withdraw figures in one batch, today's or those of the past."""
        now = self.now()
        statements = [
            Said(
                period,
                published_at=self.moment_of(written, now),
                value=None if value is None else Decimal(value),
                status=status or "A",
                withdrawn=status is None,
                submission=self.submissions[which],
            )
            for period, written, (value, status) in batch
        ]
        rows = [
            {
                "series": self.key,
                "period": each.period,
                "published_at": each.published_at.isoformat(),
                "value": None if each.value is None else str(each.value),
                "status": each.status,
                "withdrawn": each.withdrawn,
                "reason": "why",
            }
            for each in statements
        ]
        with database.writing(self.engine) as connection:
            ledger.append(connection, figures(*rows), submission=self.submissions[which], reason="why")
        self.dictionary.say(statements)
        type(self).ran += 1

    @rule(which=which)
    def withdraw(self, which: int) -> None:
        """Withdraw whatever a submission said, also what it said under an embargo."""
        at, submission = self.now(), self.submissions[which]
        with database.writing(self.engine) as connection:
            ledger.withdraw(connection, [submission], submission=submission, at=at, reason="wrong table")
        self.dictionary.withdraw(submission, at)
        type(self).ran += 1

    @rule(as_of=asked)
    def read(self, as_of: datetime | None) -> None:
        told, now = self.answer("observations", self.as_of(as_of))
        spans = {(each.period, each.published_at): each.valid_to for each in self.dictionary.vintages(now)}
        known = self.dictionary.known(as_of or now, now)
        rows = [stood(row) for row in told.get("observations", [])]
        # Where a figure was confirmed, the vintage began with the first who said it.
        began = {
            period: max(day for of, day in spans if of == period and day <= word.published_at)
            for period, word in known.items()
        }
        self.agree(
            rows,
            [
                (period, word.value, word.status, began[period], spans[period, began[period]])
                for period, word in known.items()
            ],
        )

    @rule(as_of=asked)
    def read_the_first_release(self, as_of: datetime | None) -> None:
        told, now = self.answer("observations", {"release": "first"} | self.as_of(as_of))
        first: dict[str, Stood] = {}
        for each in self.dictionary.vintages(now):
            if each.published_at <= (as_of or now) and not each.withdrawn:
                before = first.get(each.period)
                if before is None or (before.value is None and each.value is not None):
                    first[each.period] = each
        self.agree([stood(row) for row in told.get("observations", [])], [each.row for each in first.values()])

    @rule(since=asked.filter(bool), as_of=asked)
    def read_what_is_new(self, since: datetime, as_of: datetime | None) -> None:
        told, now = self.answer("observations", {"revised_since": since.isoformat()} | self.as_of(as_of))
        until = as_of or now
        new = [
            each.row
            for each in self.dictionary.vintages(now)
            if since < each.published_at <= until
            and (each.valid_to is None or each.valid_to > until)
            and not each.withdrawn
        ]
        self.agree([stood(row) for row in told.get("observations", [])], new)

    @rule()
    def read_all_vintages(self) -> None:
        told, now = self.answer("vintages", {})
        self.agree(
            [(*stood(row), row["withdrawn"]) for row in told.get("vintages", [])],
            [(*each.row, each.withdrawn) for each in self.dictionary.vintages(now)],
        )

    @rule(as_of=asked)
    def read_the_days_of_change(self, as_of: datetime | None) -> None:
        told, now = self.answer("vintage-dates", self.as_of(as_of))
        changes = [each.published_at for each in self.dictionary.vintages(now) if each.published_at <= (as_of or now)]
        self.agree(
            told.get("vintage_dates", []),
            sorted({str(published.astimezone(LOCAL_ZONE).date()) for published in changes}),
        )

    @rule()
    def read_the_revisions(self) -> None:
        told, now = self.answer("revisions", {})
        rows = [
            (row["period"], row["kind"], row["previous_value"], row["value"], row["size"], when_said(row))
            for row in told.get("revisions", [])
        ]
        self.agree(
            rows,
            [
                (after.period, kind(before, after), before.value, after.value, size(before, after), after.published_at)
                for before, after in pairwise(self.dictionary.vintages(now))
                if before.period == after.period
            ],
        )

    @rule()
    def read_the_statistics(self) -> None:
        told, now = self.answer("revision-statistics", {})
        vintages = self.dictionary.vintages(now)
        of = {
            "step": [
                size(before, after)
                for before, after in pairwise(vintages)
                if before.period == after.period and size(before, after)
            ],
            "first_to_latest": [],
        }
        for period in PERIODS:
            values = [each.value for each in vintages if each.period == period]
            given = [value for value in values if value is not None]
            if given and values[-1] is not None:
                of["first_to_latest"].append(values[-1] - given[0])
        for row in told.get("statistics", []):
            sizes = of[row["measure"]]
            up, down = sum(each > 0 for each in sizes), sum(each < 0 for each in sizes)
            self.agree((row["count"], row["up"], row["down"]), (len(sizes), up, down))
            if sizes:
                self.agree(round(row["mean"], 10), round(sum(sizes) / len(sizes), 10))
                self.agree(round(row["mean_absolute"], 10), round(sum(map(abs, sizes)) / len(sizes), 10))
                self.agree(abs(row["largest"]), max(map(abs, sizes)))

    def answer(self, what: str, parameters: dict[str, str]) -> tuple[dict[str, Any], datetime]:
        """What the API says, and a moment at which nothing else was public than when it said so."""
        while True:
            before = self.now()
            answer = self.client.get(f"/v1/series/{self.key}/{what}", params=parameters)
            after = self.now()
            if not any(before < each.published_at <= after for each in self.dictionary.said):
                break
        type(self).ran += 1
        if not any(each.published_at <= after for each in self.dictionary.said):
            assert answer.status_code == 404, answer.text  # not even the name is known
            return {}, after
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal, parse_int=Decimal), after

    def agree(self, told: Any, expected: Any) -> None:
        type(self).compared += 1
        assert told == expected

    def now(self) -> datetime:
        return self.clock.execute(text("select clock_timestamp()")).scalar_one()

    @staticmethod
    def moment_of(written: datetime | str | int, now: datetime) -> datetime:
        """The moment itself, this one, or so many milliseconds from now."""
        if isinstance(written, datetime):
            return written
        return now if isinstance(written, str) else now + timedelta(milliseconds=written)

    @staticmethod
    def as_of(asked: datetime | None) -> dict[str, str]:
        return {} if asked is None else {"as_of": asked.isoformat()}


def stood(row: dict[str, Any]) -> tuple[Any, ...]:
    end = row["valid_to"]
    return (row["period"], row["value"], row["status"], when_said(row), end and datetime.fromisoformat(end))


def when_said(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["published_at"])


def size(before: Said, after: Said) -> Decimal | None:
    return None if before.value is None or after.value is None else after.value - before.value


def kind(before: Said, after: Said) -> str:
    if after.withdrawn:
        return "withdrawn"
    if before.withdrawn:
        return "restored"
    return "reflagged" if before.value == after.value else "revised"


@pytest.fixture
def service_here(own_engine: Engine) -> Iterator[Callable[[], None]]:
    """The machine's database, and an application whose clock is far ahead: what is public the database decides."""
    with (
        TestClient(app.create(own_engine, clock=lambda: datetime(2098, 1, 1, tzinfo=UTC))) as client,
        own_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as clock,
    ):
        Series.engine, Series.client, Series.clock, Series.numbers = own_engine, client, clock, count(1)
        yield lambda: run_state_machine_as_test(
            Series,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_the_api_answers_as_a_dictionary_does_whatever_happens_to_a_series(
    service_here: Callable[[], None],
) -> None:
    service_here()
    assert Series.ran > EXAMPLES * 10
    assert Series.compared > EXAMPLES
    close_with(
        f"The model of a series: {EXAMPLES} machines of up to {STEPS} steps, {Series.ran} in all;"
        f" {Series.compared} comparisons, 0 divergences."
    )
