"""Whatever is published, revised, withdrawn, confirmed or embargoed, in whatever order: the ledger answers as a plain
dictionary does that follows the rule of the three clocks.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from tests.ingest.test_ledger import append, known

PERIODS = ("2023", "2024")
DAYS = ("2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01", "2099-01-01")
statement = st.tuples(st.sampled_from(PERIODS), st.sampled_from(DAYS), st.sampled_from(["1", "2", "3", None]))
batches = st.lists(st.lists(statement, min_size=1, max_size=4, unique_by=lambda each: each[:2]), min_size=1, max_size=8)


@contextmanager
def rolled_back(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


def model_as_of(said: list[tuple[str, str, str | None]], day: str) -> dict[str, int]:
    """For each period the statement with the latest published_at up to the day; of several the one recorded last."""
    latest: dict[str, tuple[str, str | None]] = {}
    for period, published, value in said:
        if published <= day and published < "2099" and latest.get(period, ("",))[0] <= published:
            latest[period] = (published, value)
    return {period: int(value) for period, (_, value) in latest.items() if value is not None}


@settings(max_examples=150, deadline=None)
@given(batches=batches)
def test_the_ledger_agrees_with_a_dictionary_in_any_order_of_loading(
    engine: Engine, batches: list[list[tuple[str, str, str | None]]]
) -> None:
    said: list[tuple[str, str, str | None]] = []
    with rolled_back(engine) as connection:
        for batch in batches:
            rows = [
                {"period": period, "published_at": day, "value": value, "withdrawn": value is None, "reason": "why"}
                for period, day, value in batch
            ]
            append(connection, *rows)
            said += batch
            for day in (*DAYS, "2024-12-31", "2025-02-15"):
                assert known(connection, day) == model_as_of(said, day)
