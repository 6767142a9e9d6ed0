"""What is under embargo shows in nothing: not in what is computed, not in a refusal, not in the version of the data."""

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine

from ingest.period import moment
from service import database
from service.archive import geography, question
from service.archive.aggregation import Aggregate
from service.archive.measures import DoesNotApply
from service.archive.question import Question
from service.archive.series import Selection, Span
from service.archive.transforms import Transform
from tests.ingest.test_ledger import append

NEVER = "2199-01-01"
FIRMS = "A.DIGITAL_FIRMS.GSO24.STOCK.REPORT._T"
TO_COME = "2200-01-01"


def asked(connection: Connection, seen_as: str | None = None, **computed: Any) -> list[dict[str, Any]]:
    seen = geography.on(connection, date(2026, 11, 22), step="geography:test") if seen_as else None
    selection = Selection({"indicator": ["CYBER_INCIDENTS"], "source": ["REPORT"], "reporting_unit": ["GSO04"]})
    return question.rows(connection, Question(selection, Span(), moment("2026-11-22"), geography=seen, **computed))


@pytest.mark.parametrize("seen_as", [None, "current"])
def test_a_series_that_is_wholly_under_embargo_is_in_no_refusal(connection: Connection, seen_as: str | None) -> None:
    key = "{}.CYBER_INCIDENTS.GSO04.PERIOD.REPORT._T"
    append(connection, {"series": key.format("Q"), "period": "2023-Q1", "value": "1", "published_at": "2024-01-01"})
    append(connection, {"series": key.format("M"), "period": "2023-01", "value": "1", "published_at": NEVER})
    append(
        connection,
        {"series": key.format("A"), "period": "2023", "value": "1", "published_at": NEVER},
        {"series": key.format("Q").replace("PERIOD", "YTD"), "period": "2023-Q1", "published_at": NEVER},
    )
    (row,) = asked(connection, seen_as, aggregate=Aggregate("S"))
    assert row["period"] == "2023-S1"
    (row,) = asked(connection, seen_as, transform=Transform("chg"))
    assert row["period"] == "2023-Q1"
    # Public, each of them is a reason to refuse.
    append(connection, {"series": key.format("M"), "period": "2023-01", "value": "1", "published_at": "2024-01-01"})
    with pytest.raises(DoesNotApply, match=r"\(M, Q\)"):
        asked(connection, seen_as, aggregate=Aggregate("S"))


def test_a_moment_to_come_takes_nothing_apart_that_is_not_public(connection: Connection) -> None:
    key = "Q.ICT_REVENUE.GSO04.YTD.MIC._T"
    said = [("2023-Q1", "10", "2023-04-01"), ("2023-Q2", "25", "2023-07-01")]
    # Said together under the embargo: only that publication would make the second quarter.
    said += [("2023-Q1", "10", NEVER), ("2023-Q2", "25", NEVER)]
    append(
        connection,
        *({"series": key, "period": name, "value": value, "published_at": at} for name, value, at in said),
    )
    question_of = Question(
        Selection({"indicator": ["ICT_REVENUE"], "reporting_unit": ["GSO04"], "source": ["MIC"]}),
        Span(),
        moment(TO_COME),
        transform=Transform("within"),
    )
    rows = {row["period"]: (row["value"], row["published_at"]) for row in question.rows(connection, question_of)}
    assert rows["2023-Q2"] == (None, moment("2023-07-01"))


ANSWERS = (f"/v1/series/{FIRMS}/observations", "/v1/observations?indicator=DIGITAL_FIRMS&geography=current")
META = "/v1/observations?indicator=DIGITAL_FIRMS&format=json-stat"


def test_that_figures_came_under_embargo_is_told_by_no_tag_and_no_date(sender: TestClient, own_engine: Engine) -> None:
    def say(published_at: str, value: str) -> None:
        with database.writing(own_engine) as connection:
            append(
                connection,
                {"series": FIRMS, "period": "2023", "value": value, "published_at": published_at},
                reason="a test",
            )

    def validators() -> list[tuple[str, str]]:
        answers = [sender.get(path) for path in (*ANSWERS, META)]
        return [(answer.headers["etag"], answer.headers["last-modified"]) for answer in answers]

    say("2024-01-01", "1")
    before, meta = validators(), sender.get(META).content
    say(NEVER, "2")
    assert validators() == before
    assert sender.get(META).content == meta
    say("2024-02-01", "3")
    assert not {tag for tag, _ in validators()} & {tag for tag, _ in before}
