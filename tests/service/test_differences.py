"""Year to date, taken apart: never across two publications, and never what does not add up."""

from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from ingest.observation import SeriesKey
from ingest.period import moment, parse
from service.archive.changes import shares
from service.archive.differences import NotDifferenced, differences
from service.archive.measures import DoesNotApply
from service.archive.series import Span
from tests.ingest.test_ledger import append

KEY = "Q.ICT_REVENUE.VN.YTD.MIC._T"
MARCH, JUNE, JULY = "2004-03-29", "2004-06-29", "2004-07-15"


def say(connection: Connection, published_at: str, **totals: str | None) -> None:
    """Publish totals of the year 2004, as `Q1="10"`."""
    rows = [
        {
            "series": KEY,
            "period": f"2004-{quarter}",
            "published_at": published_at,
            "value": total,
            "withdrawn": total is None,
            "status": "E" if quarter == "Q4" else "A",
        }
        for quarter, total in totals.items()
    ]
    append(connection, *rows, reason="test")


def told(connection: Connection, as_of: str, key: str = KEY) -> dict[str, tuple[Decimal | None, str | None]]:
    rows = differences(
        connection, SeriesKey.parse(key), Span(parse("2004").start, parse("2005").end), as_of=moment(as_of)
    )
    return {row["period"].removeprefix("2004-"): (row["value"], row["why"]) for row in rows}


def test_totals_that_were_said_together_make_the_period_between(
    connection: Connection,
) -> None:
    say(connection, JUNE, Q1="1399516.73", Q2="2907903.74")
    assert told(connection, JUNE) == {"Q1": (Decimal("1399516.73"), None), "Q2": (Decimal("1508387.01"), None)}


def test_the_total_of_june_less_the_quarter_that_march_knew_is_no_figure(connection: Connection) -> None:
    say(connection, MARCH, Q1="1396659.50")
    say(connection, JUNE, Q2="2907903.74")
    assert told(connection, JUNE) == {
        "Q1": (Decimal("1396659.50"), None),
        "Q2": (None, "earlier_figure_of_another_vintage"),
    }
    # Said again together in July, the quarter as March had it and unchanged: now both are of one publication.
    say(connection, JULY, Q1="1396659.50", Q2="2907903.74")
    assert told(connection, JUNE)["Q2"] == (None, "earlier_figure_of_another_vintage")
    assert told(connection, JULY)["Q2"] == (Decimal("1511244.24"), None)


def test_the_first_quarter_alone_is_its_year_to_date_where_only_that_was_printed(connection: Connection) -> None:
    append(
        connection, {"series": KEY.replace("YTD", "PERIOD"), "period": "2004-Q1", "published_at": JUNE, "value": "10"}
    )
    say(connection, JUNE, Q2="25")
    assert told(connection, JUNE) == {"Q2": (Decimal(15), None)}
    say(connection, JULY, Q2="26")
    assert told(connection, JULY) == {"Q2": (None, "earlier_figure_of_another_vintage")}


def test_a_revision_of_one_of_the_two_alone_takes_the_difference_away(connection: Connection) -> None:
    say(connection, MARCH, Q1="10", Q2="25")
    say(connection, JUNE, Q2="26")
    assert told(connection, MARCH)["Q2"] == (Decimal(15), None)
    assert told(connection, JUNE)["Q2"] == (None, "earlier_figure_of_another_vintage")
    say(connection, JULY, Q1="11", Q2="26")
    assert told(connection, JULY)["Q2"] == (Decimal(15), None)
    say(connection, "2004-08-01", Q1="12")
    assert told(connection, "2004-08-01")["Q2"] == (None, "earlier_figure_of_another_vintage")


def test_a_gap_is_said_and_never_bridged(connection: Connection) -> None:
    say(connection, MARCH, Q1="10", Q3="40", Q4="60")
    assert told(connection, MARCH) == {
        "Q1": (Decimal(10), None),
        "Q3": (None, "no_earlier_figure"),
        "Q4": (Decimal(20), None),
    }
    say(connection, JUNE, Q3=None)
    assert told(connection, JUNE)["Q4"] == (None, "no_earlier_figure")


def test_the_less_sure_of_two_figures_says_how_sure_the_difference_is(connection: Connection) -> None:
    say(connection, MARCH, Q3="40", Q4="60")
    rows = differences(connection, SeriesKey.parse(KEY), Span(), as_of=moment(MARCH))
    assert [(row["status"], row["unit_measure"]) for row in rows] == [("A", "usd_billion"), ("E", "usd_billion")]


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("Q.ICT_REVENUE.VN.PERIOD.MIC._T", "only a series with YTD"),
        ("M.WHOLE_FILING_RATE.VN.YTD.EMC._T", "does not add up over time"),
        ("W.ICT_REVENUE.VN.YTD.MIC._T", "a week may lie in two years"),
    ],
)
def test_what_is_no_sum_since_january_is_refused(connection: Connection, key: str, why: str) -> None:
    with pytest.raises(NotDifferenced, match=why):
        differences(connection, SeriesKey.parse(key), Span(), as_of=moment(JUNE))


def test_the_api_says_that_they_are_derived_and_from_what(client: TestClient) -> None:
    answer: dict[str, Any] = client.get("/v1/series/S.ICT_REVENUE.VN.YTD.REPORT._T/differences").json()
    assert answer["derived"] is True
    assert {(row["period"], row["value"], row["cumulated"]) for row in answer["differences"]} >= {
        ("2022-S1", 72.5, 72.5),
        ("2025-S1", 87.9, 87.9),
    }
    refused = client.get("/v1/series/A.EGDI_RANK.VN.PERIOD.UN._T/differences")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/not-differenced")


def test_a_share_is_of_counts_alone_and_as_sure_as_the_less_sure_of_the_two(connection: Connection) -> None:
    def say_both(line: str, whole_status: str) -> SeriesKey:
        said = {"period": "2001", "published_at": JUNE}
        append(
            connection,
            {"series": f"{line}._T", "value": "7", "status": "A", **said},
            {"series": f"{line}.DENOMINATOR", "value": "63", "status": whole_status, **said},
        )
        return SeriesKey.parse(f"{line}._T")

    count = say_both("A.DIGITAL_FIRMS.GSO04.STOCK.REPORT", "E")
    (row,) = shares(connection, count, Span(), as_of=moment(JULY))
    assert (row["whole"], row["complement"], row["status"]) == (63, 56, "E")
    rate = say_both("A.WHOLE_FILING_RATE.GSO04.PERIOD.EMC", "A")
    with pytest.raises(DoesNotApply, match="it is a rate, and no part of a whole"):
        shares(connection, rate, Span(), as_of=moment(JULY))
