"""What the words of a figure imply of an earlier period."""

from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from ingest.observation import SeriesKey
from ingest.period import moment
from service.archive.implied import implied
from service.archive.series import Span
from tests.ingest.test_ledger import append

KEY = "A.ONLINE_FILING_RATE.VN.PERIOD.REPORT._T"


def test_t24_both_readings_are_derived_and_stand_beside_the_figure_that_was_reported(client: TestClient) -> None:
    before = client.get(f"/v1/series/{KEY}/observations").json()["observations"]
    answer: dict[str, Any] = client.get(f"/v1/series/{KEY}/implied?from=2022&to=2022").json()
    readings = {row["reading"]: row for row in answer["implied"]}
    assert {name: round(row["value"], 2) for name, row in readings.items()} == {"points": 35.3, "percent": 44.94}
    for name, row in readings.items():
        assert (row["period"], row["status"], row["derived"]) == ("2021", "E", [f"implied:{name}"])
        assert row["words"] == "tăng 17,5% so với năm 2021"
        (own,) = [each for each in row["reported"] if each["series"] == KEY]
        assert (own["value"], own["conflict"]) == (29.8, True)
        assert "29,80%" in own["comment"]
    assert client.get(f"/v1/series/{KEY}/observations").json()["observations"] == before


def told(connection: Connection, key: str, new: str, words: str, old: str) -> dict[str, tuple[Decimal, bool]]:
    append(connection, {"series": key, "period": "2011", "published_at": "2012-01-01", "value": old})
    append(connection, {"series": key, "period": "2012", "published_at": "2013-01-01", "value": new, "comment": words})
    rows = implied(connection, SeriesKey.parse(key), Span(), as_of=moment("2014-01-01"))
    return {row["reading"]: (row["value"], row["reported"][0]["conflict"]) for row in rows}


@pytest.mark.parametrize(
    ("new", "words", "old", "expected"),
    [
        # 40,0 and 10 may have been rounded from 40,04 and 9,6, so that 30,4 agrees, and 30,7 does not.
        ("40.0", "tăng 10% so với năm 2011", "30.4", {"points": False, "percent": True}),
        ("40.0", "tăng 10% so với năm 2011", "30.7", {"points": True, "percent": True}),
        ("40.0", "tăng 10% so với năm 2011", "36.4", {"points": True, "percent": False}),
        ("40.0", "giảm 2,5 điểm phần trăm so với năm 2011", "42.5", {"points": False}),
    ],
)
def test_what_rounding_explains_is_no_conflict(
    connection: Connection, new: str, words: str, old: str, expected: dict[str, bool]
) -> None:
    found = told(connection, KEY.replace("VN", "MIC"), new, words, old)
    assert {name: conflict for name, (_, conflict) in found.items()} == expected


def test_a_rank_that_rose_was_a_larger_number(connection: Connection) -> None:
    found = told(connection, "A.DTI_RANK.MIC.PERIOD.MIC._T", "10", "tăng 5 bậc so với năm 2011", "15")
    assert found == {"places": (Decimal(15), False)}
