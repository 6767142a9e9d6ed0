"""The calendar of returns over the API: pages, CSV and ICS, extensions, compliance, and the words of its document."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar
from sqlalchemy import Connection, Engine, text

from ingest import obligations
from ingest.authority import Actor, Grant, NotYours
from ingest.obligations import STATES
from ingest.period import LOCAL_ZONE, parse
from service import app
from service.api.compliance import Compliance
from service.api.obligations import Obligation, Obligations
from service.archive import compliance
from service.archive import obligations as archive
from service.archive.obligations import Asked
from service.identity import credentials

DOCUMENT = (Path(__file__).parents[2] / "docs" / "deadlines.md").read_text(encoding="utf-8")
PROVINCES, MINISTRIES = "PROVINCE_QUARTERLY", "MINISTRY_QUARTERLY"
NOW = datetime(2025, 1, 20, 2, 0, tzinfo=UTC)
PUBLISHER = Actor("minh", (Grant("publisher", "MOST_2025", PROVINCES), Grant("publisher", "GSO24_2025")))


@pytest.fixture(scope="module")
def asker(engine: Engine) -> Iterator[TestClient]:
    """A client on a day in January 2025, when the returns of 2024-Q4 were overdue."""
    with TestClient(app.create(engine, clock=lambda: NOW), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def signed_in(own_engine: Engine) -> Iterator[Callable[[Actor], TestClient]]:
    """A client of the module's own database, on the same day, for whoever is named."""
    application = app.create(own_engine, clock=lambda: NOW)
    with TestClient(application, raise_server_exceptions=False) as client:

        def as_actor(actor: Actor) -> TestClient:
            application.dependency_overrides[credentials.signed_in] = lambda: actor
            return client

        yield as_actor


def asked(client: TestClient, **parameters: Any) -> list[Obligation]:
    answer = client.get("/v1/obligations", params=parameters)
    assert answer.status_code == 200, answer.text
    return Obligations.model_validate_json(answer.text).obligations


def refused(client: TestClient, **parameters: Any) -> tuple[int, str]:
    answer = client.get("/v1/obligations", params=parameters)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


# The calendar


def test_without_a_span_what_falls_due_around_the_moment_is_told(asker: TestClient) -> None:
    told = asked(asker)
    due = [row.due_at for row in told if row.due_at]
    assert min(due) >= NOW - timedelta(days=92)
    assert max(due) <= NOW + timedelta(days=92)
    assert due == sorted(due)
    assert {row.period for row in told} == {"2024-Q4", "2025-Q1", "2024"}  # due on 14 January, 14 April, 31 March
    assert {row.state for row in told if row.period == "2024-Q4"} == {"overdue"}
    assert {row.state for row in told if row.period == "2025-Q1"} == {"not_due"}
    assert [(row.dataset, row.state) for row in told if row.period == "2024"] == [("NATIONAL_YEARLY", "due")]


def test_the_calendar_is_narrowed_by_every_parameter(asker: TestClient) -> None:
    assert len(asked(asker, period="2024-Q4")) == 63 + 22
    assert len(asked(asker, period="Quý IV/2024", level="province")) == 63
    assert len(asked(asker, period="2024-Q1", dataset=MINISTRIES)) == 22
    assert [row.period for row in asked(asker, reporting_unit="gso24", **{"from": "2024"}, to="2024")] == [
        "2024-Q1",
        "2024-Q2",
        "2024-Q3",
    ]
    assert {row.period for row in asked(asker, **{"from": "2025-01-14"}, to="2025-01-14")} == {"2024-Q4"}
    assert asked(asker, **{"from": "2025-01-15"}, to="2025-01-31") == []
    assert len(asked(asker, dataset=PROVINCES, state="overdue", period="2024-Q4", as_of="2025-01-14")) == 0
    assert len(asked(asker, dataset=PROVINCES, state="overdue,due", period="2024-Q4", as_of="2025-01-14")) == 63
    assert asked(asker, reporting_unit="GSO24_2025", period="2025-Q2") == []  # what it came from owes that


def test_the_end_of_today_is_now_and_a_later_moment_is_refused(asker: TestClient) -> None:
    today = str(NOW.astimezone(LOCAL_ZONE).date())
    answer = asker.get("/v1/obligations", params={"as_of": today, "period": "2024-Q4"}).json()
    assert datetime.fromisoformat(answer["as_of"]) == NOW
    assert refused(asker, as_of="2099-12-31") == (400, "invalid-parameter")


def test_pages_together_are_the_whole_and_of_one_moment(asker: TestClient) -> None:
    whole = asked(asker, period="2024-Q4")
    pages: list[Obligation] = []
    parameters: dict[str, Any] = {"period": "2024-Q4", "limit": 20, "as_of": "2025-01-14T20:00:00+07:00"}
    while True:
        answer = Obligations.model_validate_json(asker.get("/v1/obligations", params=parameters).text)
        assert answer.as_of == datetime(2025, 1, 14, 13, 0, tzinfo=UTC)
        assert {row.state for row in answer.obligations} == {"due"}
        pages += answer.obligations
        if not answer.next:
            break
        parameters = {"period": "2024-Q4", "limit": 20, "cursor": answer.next}
    assert len(pages) == 85
    assert [(row.dataset, row.reporting_unit) for row in pages] == [(row.dataset, row.reporting_unit) for row in whole]


def test_csv_has_the_same_columns_and_comes_whole(asker: TestClient) -> None:
    answer = asker.get("/v1/obligations", params={"period": "2024-Q4", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 85
    assert list(rows[0]) == list(Obligation.model_fields)
    assert {row["due_at"] for row in rows} == {"2025-01-14T23:59:59+07:00"}
    assert refused(asker, format="csv", limit=5) == (400, "csv-has-no-pages")


def test_what_cannot_be_asked_is_refused(asker: TestClient) -> None:
    assert refused(asker, dataset="PROVINCE_QUATERLY") == (404, "unknown-code")
    assert refused(asker, state="tardy") == (404, "unknown-code")
    assert refused(asker, period="soon") == (400, "not-a-period")
    assert refused(asker, to="9999-12-31") == (400, "too-far-ahead")
    assert refused(asker, **{"from": "2031"}) == (400, "too-far-ahead")
    assert refused(asker, period="2031-Q1") == (400, "too-far-ahead")
    assert refused(asker, **{"from": "2025-02-01"}, to="2025-01-01") == (400, "empty-span")
    assert refused(asker, as_of="0001-01-01") == (400, "not-a-moment")
    assert refused(asker, cursor="xyz") == (400, "not-a-cursor")
    assert refused(asker, format="xlsx") == (406, "unknown-format")
    assert refused(asker, unit="GSO24") == (400, "unknown-parameter")


def test_the_calendar_of_a_unit_is_read_by_a_phone(asker: TestClient) -> None:
    answer = asker.get("/v1/obligations", params={"reporting_unit": "GSO24", "format": "ics"})
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    events = Calendar.from_ical(answer.text).walk("VEVENT")
    assert [str(event["uid"]) for event in events] == [
        f"PROVINCE_QUARTERLY.GSO24.{period}@chiso" for period in ("2024-Q4", "2025-Q1")
    ]
    first = events[0]
    assert first.decoded("dtstart") == datetime(2025, 1, 14, 16, 59, 59, tzinfo=UTC)
    assert str(first["summary"]) == (
        "Hạn gửi Báo cáo quý của tỉnh, thành phố về chuyển đổi số, Quý IV/2024: Tỉnh Bắc Giang"
    )
    assert "Đúng hạn đến 23:59:59 ngày 14/01/2025." in str(first["description"])
    assert "Quarterly return of a province on digital transformation, 2024-Q4: Bac Giang." in str(first["description"])
    [alarm] = first.walk("VALARM")
    assert alarm.decoded("trigger") == timedelta(days=-3)
    again = asker.get("/v1/obligations", params={"reporting_unit": "GSO24"}, headers={"Accept": "text/calendar"})
    assert again.content == answer.content


# Extensions


def extension(**other: str) -> dict[str, str]:
    said = {"dataset": PROVINCES, "reporting_unit": "GSO24", "period": "2024-Q4", "until": "trong tháng 1/2025"}
    return said | {"reason": "lũ lụt"} | other


def test_an_extension_moves_the_deadline_and_stands_in_the_audit(
    signed_in: Callable[[Actor], TestClient], own_engine: Engine
) -> None:
    client = signed_in(Actor("minh", (Grant("publisher", "VN", PROVINCES),), "127.0.0.1"))
    answer = client.post("/v1/obligations/extensions", json=extension())
    assert answer.status_code == 201, answer.text
    told = Obligation.model_validate_json(answer.text)
    assert told.state == "due"
    assert told.due_at == datetime(2025, 1, 31, 16, 59, 59, tzinfo=UTC)
    assert told.regular_due_at == datetime(2025, 1, 14, 16, 59, 59, tzinfo=UTC)
    assert (told.extended_at, told.extension_reason) == (NOW, "lũ lụt")
    [before] = asked(client, reporting_unit="GSO24", period="2024-Q4", as_of="2025-01-19")
    assert (before.state, before.due_at, before.extended_at) == ("overdue", told.regular_due_at, None)
    with own_engine.connect() as connection:
        kept = connection.execute(text("select actor, act, object, before, after from audit order by id desc limit 1"))
    assert tuple(kept.one()) == (
        "minh",
        "extend",
        "obligation PROVINCE_QUARTERLY GSO24 2024-Q4",
        {"last_day": "2025-01-14"},
        {"last_day": "2025-01-31", "reason": "lũ lụt"},
    )
    again = client.post("/v1/obligations/extensions", json=extension())
    assert (again.status_code, again.json()["type"]) == (409, "/problems/not-later")
    assert "2025-01-31 is in time already" in again.json()["detail"]


@pytest.mark.parametrize(
    ("status", "kind", "other"),
    [
        (400, "not-a-deadline", {"until": "sớm nhất"}),
        (400, "not-a-period", {"period": "soon"}),
        (400, "reason-missing", {"reason": " "}),
        (400, "invalid-parameter", {"reason": "a\0b"}),
        (400, "unknown-parameter", {"raeson": "a flood"}),
        (404, "unknown-code", {"dataset": "PROVINCE_QUATERLY"}),
        (404, "unknown-code", {"reporting_unit": "GSO*"}),
        (404, "no-deadline", {"reporting_unit": "GSO24_2025"}),
        (404, "no-deadline", {"period": "2024"}),
        (404, "no-deadline", {"dataset": "PUBLISHED_FIGURES"}),
        (409, "not-later", {"until": "trước ngày 15/01/2025"}),
        (403, "not-yours", {"dataset": MINISTRIES, "reporting_unit": "MIC"}),
    ],
)
def test_an_extension_that_cannot_be_is_refused_with_a_sentence(
    signed_in: Callable[[Actor], TestClient], status: int, kind: str, other: dict[str, str]
) -> None:
    client = signed_in(
        Actor("minh", (Grant("publisher", "VN", PROVINCES), Grant("publisher", "VN", "PUBLISHED_FIGURES")))
    )
    answer = client.post("/v1/obligations/extensions", json=extension(reporting_unit="GSO26") | other)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}"), answer.text


def test_the_public_extends_nothing(client: TestClient) -> None:
    assert client.post("/v1/obligations/extensions", json=extension()).status_code == 401


@pytest.mark.parametrize(
    ("grant", "may"),
    [
        (Grant("publisher"), True),
        (Grant("administrator", "VN"), True),
        (Grant("publisher", "GSO24", PROVINCES), True),
        (Grant("publisher", "GSO24_2025"), True),  # it answers for what it came from
        (Grant("publisher", "GSO26"), False),
        (Grant("publisher", None, MINISTRIES), False),
        (Grant("reviewer"), False),
        (Grant("reporter", "GSO24"), False),
        (Grant("operator"), False),
    ],
)
def test_a_publisher_of_the_unit_and_dataset_extends_and_nobody_else(
    connection: Connection, grant: Grant, may: bool
) -> None:
    def extend() -> None:
        obligations.extend(
            connection,
            PROVINCES,
            "GSO24",
            parse("2024-Q4"),
            until=date(2025, 1, 31),
            reason="a flood",
            by=Actor("minh", (grant,)),
            now=NOW,
        )

    if may:
        extend()
        [told] = archive.listed(connection, Asked([PROVINCES], ["GSO24"], period=parse("2024-Q4")), as_of=NOW)
        assert told["extension_reason"] == "a flood"
    else:
        with pytest.raises(NotYours, match="extended by a publisher of it or an administrator"):
            extend()


# Compliance


def counted(client: TestClient, **parameters: Any) -> list[dict[str, Any]]:
    answer = client.get("/v1/compliance", params=parameters)
    assert answer.status_code == 200, answer.text
    return [dict(row) for row in Compliance.model_validate_json(answer.text).compliance]


def test_compliance_counts_by_dataset_and_period_unless_asked_otherwise(asker: TestClient) -> None:
    told = counted(asker, period="2024-Q4")
    assert [(row["dataset"], row["period"], row["level"], row["expected"]) for row in told] == [
        (MINISTRIES, "2024-Q4", None, 22),
        (PROVINCES, "2024-Q4", None, 63),
    ]
    assert [(row["received"], row["overdue"], row["rate_percent"]) for row in told] == [(0, 22, 0), (0, 63, 0)]
    by_period = counted(asker, by="period", dataset=PROVINCES)
    assert [row["period"] for row in by_period] == ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1"]
    assert [row["expected"] for row in by_period] == [63, 63, 63, 63, 0]
    assert by_period[-1]["rate_percent"] is None


def test_every_grouping_adds_up_to_the_same(asker: TestClient) -> None:
    names = ("expected", "received", "on_time", "late", "overdue", "due", "not_connected")
    groupings = ("dataset", "level", "reporting_unit", "period", "level,period", "dataset,reporting_unit,level,period")
    sums = [tuple(sum(row[name] for row in counted(asker, by=by)) for name in names) for by in groupings]
    assert len(set(sums)) == 1
    expected, received, on_time, late, overdue, due, not_connected = sums[0]
    assert expected == received + overdue + due + not_connected == 4 * (63 + 22) + 1
    assert received == on_time + late == 0


def test_compliance_comes_as_csv_and_refuses_what_it_does_not_know(asker: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(asker.get("/v1/compliance?by=level&format=csv&period=2024-Q4").text)))
    assert [(row["level"], row["expected"], row["rate_percent"]) for row in rows] == [
        ("ministry", "22", "0.00"),
        ("province", "63", "0.00"),
    ]
    assert list(rows[0]) == list(compliance.ANSWER_COLUMNS)
    assert asker.get("/v1/compliance?by=ministry").status_code == 404
    assert asker.get("/v1/compliance?state=late").json()["type"] == "/problems/unknown-parameter"


# What the document says


def test_the_states_in_the_document_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", DOCUMENT, re.MULTILINE)
    assert {state: (vi.strip(), en.strip()) for state, vi, en in rows} == STATES
