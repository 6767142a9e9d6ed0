"""The last evening before a deadline: many at once, and each gets an answer."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from ingest.authority import Grant
from service import app
from tests.service.country import PERIOD, People, clock_at, served

CROWD = 120


def test_a_crowd_of_readers_and_senders_is_answered_and_nobody_with_a_failure(
    own_engine: Engine, cheap_hashes: None
) -> None:
    with served(app.create(own_engine, clock=clock_at("2025-01-14T23:00:00"))) as address:
        people = People(own_engine, address)
        reporter = people.come("lan", Grant("reporter", "VN"))
        obligations = people.public.get("/v1/obligations", period=PERIOD, dataset="PROVINCE_QUARTERLY", limit=100)
        units = [row["reporting_unit"] for row in obligations["obligations"]]

        def send(number: int) -> int:
            unit = units[number % len(units)]
            content = f"indicator,reporting_unit,period,value\nONLINE_PAYMENT_RATE,{unit},{PERIOD},{number}\n"
            return reporter.send(unit, content.encode(), headers={"Idempotency-Key": str(number)}).status_code

        def ask(_: int) -> int:
            return people.public.client.get("/v1/compliance", params={"period": PERIOD}).status_code

        reporter.get("/v1/session")
        with ThreadPoolExecutor(2 * CROWD) as pool:
            sent, asked = pool.map(send, range(CROWD // 2)), pool.map(ask, range(CROWD))
            assert (Counter(sent), Counter(asked)) == ({201: CROWD // 2}, {200: CROWD})
        people.leave()


@pytest.mark.parametrize("path", ["/v1/obligations", "/"])
def test_a_pool_that_is_empty_is_busy_and_not_broken(
    own_engine: Engine, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(app.create(own_engine)) as address:
        monkeypatch.setattr(own_engine.pool, "_timeout", 0.1)
        held = [own_engine.connect() for _ in range(own_engine.pool.size() + own_engine.pool._max_overflow)]  # type: ignore[attr-defined]
        people = People(own_engine, address)
        answer = people.public.client.get(path)
        for connection in held:
            connection.close()
        assert answer.status_code == 503
        people.leave()
