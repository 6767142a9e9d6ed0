"""Vintages, first releases, revisions and releases over the API, on figures whose history is known."""

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import Connection, Engine, text

from ingest import ledger
from ingest.observation import SeriesKey
from ingest.period import moment
from service import app, database
from service.api import vintage_shapes
from service.archive import revisions, vintages
from service.archive.points import significant
from service.archive.series import Selection, Span
from tests.ingest.test_ledger import append, figures

SHARE = "A.DIGITAL_ECONOMY_GDP_SHARE.VN.PERIOD.PRESS._T"
RANK = "A.NRI_RANK.VN.PERIOD.PRESS._T"
KNOWN = "A.DIGITAL_ECONOMY_GDP_SHARE.VN.PERIOD.GSO._T"  # three vintages of 2022 come with every first start
RETURNED = "GSO01_2008"
MANY = {"indicator": "DIGITAL_ECONOMY_GDP_SHARE,NRI_RANK", "source": "PRESS", "breakdown": "_T"}
DOCUMENTS = Path(__file__).parents[2] / "docs" / "vintages.md"

# 2021: first, revised up, the same again, withdrawn, back with another value. 2022: missing at first, then 4, then the
# same as provisional. 2023: zero, then 5. 2024: withdrawn and never back. 2099: under an embargo.
HISTORY = (
    ("2021", "2022-03-01", "10", "P"),
    ("2021", "2022-06-01", "12.5", "P"),
    ("2021", "2022-07-01", "12.5", "P"),
    ("2021", "2022-09-01", None, "P"),
    ("2021", "2023-03-01", "12", "A"),
    ("2022", "2023-03-01", "M", "M"),
    ("2022", "2023-06-01", "4", "P"),
    ("2022", "2023-09-01", "4", "A"),
    ("2023", "2024-03-01", "0", "P"),
    ("2023", "2024-03-01T18:00:00+07:00", "5", "A"),
    ("2024", "2025-03-01", "7", "A"),
    ("2024", "2025-04-01", None, "A"),
    ("2021", "2099-01-01", "99", "A"),
)


def said(series: str, history: tuple[tuple[str, str, str | None, str], ...]) -> list[dict[str, Any]]:
    return [
        {
            "series": series,
            "period": period,
            "published_at": published,
            "value": None if value == "M" else value,
            "status": status,
            "withdrawn": value is None,
            "reason": f"why {number}",
            "document": f"communiqué of {published[:10]}",
        }
        for number, (period, published, value, status) in enumerate(history)
    ]


@pytest.fixture(scope="module")
def asked(own_engine: Engine) -> Iterator[TestClient]:
    with database.writing(own_engine) as connection:
        append(connection, *said(SHARE, HISTORY), reason="test")
    with database.writing(own_engine) as connection:
        ranks = (
            ("2022", "2022-11-15", "62", "A"),
            ("2022", "2023-11-20", "56", "A"),
            ("2023", "2023-11-20", "56", "A"),
        )
        append(connection, *said(RANK, ranks), reason="test")
    with TestClient(app.create(own_engine), raise_server_exceptions=False) as client:
        yield client


def got(client: TestClient, address: str, **parameters: str) -> dict[str, Any]:
    answer = client.get(address, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def table(client: TestClient, address: str, **parameters: str) -> list[dict[str, str]]:
    answer = client.get(address, params=parameters | {"format": "csv"})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(answer.text.splitlines()))


def test_every_day_on_which_something_became_public_or_changed_is_a_vintage_date(asked: TestClient) -> None:
    days = got(asked, f"/v1/series/{SHARE}/vintage-dates")["vintage_dates"]
    assert days == [
        *("2022-03-01", "2022-06-01", "2022-09-01", "2023-03-01", "2023-06-01"),
        *("2023-09-01", "2024-03-01", "2025-03-01", "2025-04-01"),
    ]  # not 2022-07-01, which only confirmed, and not 2099
    assert got(asked, f"/v1/series/{SHARE}/vintage-dates", as_of="2022-06-30")["vintage_dates"] == days[:2]
    of_2022 = {"from": "2022", "to": "2022"}
    assert got(asked, f"/v1/series/{SHARE}/vintage-dates", **of_2022)["vintage_dates"] == days[3:6]
    of_both = got(asked, "/v1/vintage-dates", **MANY)["vintage_dates"]
    assert of_both == sorted({*days, "2022-11-15", "2023-11-20"})
    assert [row["vintage_date"] for row in table(asked, "/v1/vintage-dates", **MANY)] == of_both


def test_a_day_of_change_is_one_of_the_calendar_of_the_country(asked: TestClient, own_engine: Engine) -> None:
    key = SHARE.replace("_T", "NUMERATOR")
    late = {"series": key, "published_at": "2024-12-31T23:30:00+00:00", "value": "3"}
    with database.writing(own_engine) as connection:
        append(connection, late)
    assert got(asked, f"/v1/series/{key}/vintage-dates")["vintage_dates"] == ["2025-01-01"]
    triangle = got(asked, f"/v1/series/{key}/vintages", layout="triangle")
    assert triangle["vintage_dates"] == ["2025-01-01"]


def test_as_of_answers_one_row_a_period_with_that_rows_own_validity(asked: TestClient) -> None:
    rows = got(asked, f"/v1/series/{SHARE}/observations", as_of="2023-07-01")["observations"]
    assert [(row["period"], row["value"], row["published_at"][:10], row["valid_to"]) for row in rows] == [
        ("2021", 12, "2023-03-01", None),
        ("2022", 4, "2023-06-01", "2023-09-01T00:00:00+07:00"),  # later than what was asked for
    ]
    eve = got(asked, f"/v1/series/{SHARE}/observations", as_of="2022-10-01")["observations"]
    assert eve == []  # withdrawn, and not yet back


def test_the_first_release_is_the_first_value_that_a_period_ever_had(asked: TestClient) -> None:
    rows = got(asked, f"/v1/series/{SHARE}/observations", release="first")["observations"]
    assert [(row["period"], row["value"], row["published_at"][:10]) for row in rows] == [
        ("2021", 10, "2022-03-01"),
        ("2022", 4, "2023-06-01"),  # that it is missing was said before, and is no value
        ("2023", 0, "2024-03-01"),
        ("2024", 7, "2025-03-01"),  # withdrawn since
    ]
    assert rows[0]["valid_to"] == "2022-06-01T00:00:00+07:00"
    then = got(asked, f"/v1/series/{SHARE}/observations", release="first", as_of="2023-03-01")["observations"]
    assert [(row["period"], row["value"], row["status"]) for row in then] == [("2021", 10, "P"), ("2022", None, "M")]


def test_first_releases_of_many_come_in_pages_and_as_a_table(asked: TestClient) -> None:
    whole = got(asked, "/v1/observations", release="first", **MANY)["observations"]
    assert {(row["series"], row["period"]): row["value"] for row in whole if row["series"] == RANK} == {
        (RANK, "2022"): 62,
        (RANK, "2023"): 56,
    }
    page = got(asked, "/v1/observations", release="first", limit="4", **MANY)
    rest = got(asked, "/v1/observations", release="first", cursor=page["next"], **MANY)
    assert page["observations"] + rest["observations"] == whole
    written = table(asked, "/v1/observations", release="first", **MANY)
    assert [(row["series"], row["period"]) for row in written] == [(row["series"], row["period"]) for row in whole]


def test_only_what_is_new_or_revised_since_a_moment(asked: TestClient) -> None:
    rows = got(asked, f"/v1/series/{SHARE}/observations", revised_since="2023-03-01")["observations"]
    assert [(row["period"], row["value"]) for row in rows] == [("2022", 4), ("2023", 5)]
    later = got(asked, f"/v1/series/{SHARE}/observations", revised_since="2023-02-28", as_of="2023-03-01")
    assert [(row["period"], row["status"]) for row in later["observations"]] == [("2021", "A"), ("2022", "M")]
    # In the middle of a day on which something was published twice.
    noon = got(asked, f"/v1/series/{SHARE}/observations", revised_since="2024-03-01T12:00:00+07:00")
    assert [(row["period"], row["value"]) for row in noon["observations"]] == [("2023", 5)]
    # What was published at that very moment was there already.
    at_once = got(asked, f"/v1/series/{SHARE}/observations", revised_since="2024-03-01T18:00:00+07:00")
    assert at_once["observations"] == []
    assert got(asked, "/v1/observations", revised_since="2025-01-01", **MANY)["observations"] == []


def test_the_vintages_of_many_come_in_pages_of_one_moment_and_as_a_whole_table(asked: TestClient) -> None:
    whole = got(asked, "/v1/vintages", **MANY)["vintages"]
    assert [row for row in whole if row["series"] == SHARE] == got(asked, f"/v1/series/{SHARE}/vintages")["vintages"]
    assert len(whole) == 11 + 3
    turned: list[dict[str, Any]] = []
    page = got(asked, "/v1/vintages", limit="3", **MANY)
    moments = {page["as_of"]}
    while page["next"]:
        turned += page["vintages"]
        page = got(asked, "/v1/vintages", limit="3", cursor=page["next"], **MANY)
        moments.add(page["as_of"])
    assert turned + page["vintages"] == whole
    assert len(moments) == 1
    written = table(asked, "/v1/vintages", **MANY)
    assert list(written[0]) == list(vintages.VINTAGE_COLUMNS)
    assert [(row["series"], row["period"], row["published_at"]) for row in written] == [
        (row["series"], row["period"], row["published_at"]) for row in whole
    ]
    assert {row["withdrawn"] for row in written} == {"true", "false"}
    refused = asked.get("/v1/vintages", params=MANY | {"format": "csv", "limit": "3"})
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/csv-has-no-pages")


def test_vintages_as_of_a_moment_are_those_that_were_public_by_then(asked: TestClient) -> None:
    rows = got(asked, f"/v1/series/{SHARE}/vintages", as_of="2022-06-01")["vintages"]
    assert [(row["value"], row["valid_to"][:10]) for row in rows] == [(10, "2022-06-01"), (12.5, "2022-09-01")]


def test_a_triangle_has_a_row_a_period_and_a_column_a_vintage_date(asked: TestClient) -> None:
    told = got(asked, f"/v1/series/{SHARE}/vintages", layout="triangle")
    assert told["vintage_dates"] == got(asked, f"/v1/series/{SHARE}/vintage-dates")["vintage_dates"]
    assert told["unit_measure"] == "percent"
    assert {row["period"]: row["values"] for row in told["periods"]} == {
        "2021": [10, 12.5, None, 12, 12, 12, 12, 12, 12],
        "2022": [None, None, None, None, 4, 4, 4, 4, 4],
        "2023": [None, None, None, None, None, None, 5, 5, 5],
        "2024": [None, None, None, None, None, None, None, 7, None],
    }
    assert {row["period"]: "".join(each or "." for each in row["statuses"]) for row in told["periods"]} == {
        "2021": "PP.AAAAAA",
        "2022": "...MPAAAA",
        "2023": "......AAA",
        "2024": ".......A.",
    }
    written = table(asked, f"/v1/series/{SHARE}/vintages", layout="triangle")
    days = told["vintage_dates"]
    assert list(written[0]) == ["series", "period", "unit_measure", *days, *(f"{day}:status" for day in days)]
    assert [written[0][day] for day in days] == ["10", "12.5", "", *["12"] * 6]


def test_each_column_of_a_triangle_is_the_answer_as_of_its_day(asked: TestClient) -> None:
    told = got(asked, f"/v1/series/{SHARE}/vintages", layout="triangle")
    for place, day in enumerate(told["vintage_dates"]):
        rows = got(asked, f"/v1/series/{SHARE}/observations", as_of=day)["observations"]
        column = {row["period"]: row["values"][place] for row in told["periods"] if row["statuses"][place]}
        assert column == {row["period"]: row["value"] for row in rows}, day


def test_a_triangle_of_a_series_whose_only_figure_is_outside_the_span_is_empty(asked: TestClient) -> None:
    told = got(asked, f"/v1/series/{SHARE}/vintages", layout="triangle", **{"from": "1990", "to": "1995"})
    assert (told["vintage_dates"], told["periods"], told["unit_measure"]) == ([], [], None)


def test_each_change_of_a_figure_has_its_size_its_reason_and_its_author(asked: TestClient) -> None:
    rows = got(asked, f"/v1/series/{SHARE}/revisions")["revisions"]
    names = ("period", "number", "kind", "previous_value", "value", "size", "size_percent")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("2021", 1, "revised", 10, 12.5, 2.5, 25),
        ("2021", 2, "withdrawn", 12.5, None, None, None),
        ("2021", 3, "restored", None, 12, None, None),
        ("2022", 1, "revised", None, 4, None, None),
        ("2022", 2, "reflagged", 4, 4, 0, 0),
        ("2023", 1, "revised", 0, 5, 5, None),  # nothing is a percentage of zero
        ("2024", 1, "withdrawn", 7, None, None, None),
    ]
    first = rows[0]
    assert (first["previous_status"], first["status"], first["previous_published_at"][:10]) == ("P", "P", "2022-03-01")
    assert (first["reason"], first["document"]) == ("why 1", "communiqué of 2022-06-01")
    assert {(row["author_kind"], row["author"]) for row in rows} == {("source", "PRESS")}
    assert rows[2]["previous_status"] is None  # after a withdrawal there was none


def test_a_change_of_a_rank_has_a_size_and_no_percentage(asked: TestClient) -> None:
    (row,) = got(asked, f"/v1/series/{RANK}/revisions")["revisions"]
    assert (row["previous_value"], row["value"], row["size"], row["size_percent"]) == (62, 56, -6, None)
    assert row["unit_measure"] == "rank"


def test_revisions_of_many_since_a_moment_come_in_pages_and_as_a_table(asked: TestClient) -> None:
    whole = got(asked, "/v1/revisions", **MANY)["revisions"]
    assert len(whole) == 7 + 1
    page = got(asked, "/v1/revisions", limit="5", **MANY)
    assert page["revisions"] + got(asked, "/v1/revisions", cursor=page["next"], **MANY)["revisions"] == whole
    since = got(asked, "/v1/revisions", since="2023-06-01", **MANY)["revisions"]
    assert since == [row for row in whole if row["published_at"] >= "2023-06-02"]
    written = table(asked, "/v1/revisions", since="2023-06-01", **MANY)
    assert list(written[0]) == list(revisions.REVISION_COLUMNS)
    assert [row["kind"] for row in written] == [row["kind"] for row in since]
    by_then = got(asked, "/v1/revisions", as_of="2022-06-01", **MANY)["revisions"]
    assert [row["kind"] for row in by_then] == ["revised"]


def test_the_author_of_a_returned_figure_is_its_reporting_unit_and_never_a_persons_name(
    connection: Connection,
) -> None:
    number = connection.execute(
        text(
            "insert into submission (dataset, reporting_unit, sha256, size_bytes, file_name, received_by)"
            " values ('PUBLISHED_FIGURES', :unit, 'x', 1, 'x.csv', 'lan') returning id"
        ),
        {"unit": RETURNED},
    ).scalar_one()
    for day, value in (("2025-01-01", "1"), ("2025-02-01", "2")):
        row = {"series": SHARE.replace("_T", "DENOMINATOR"), "published_at": day, "value": value}
        ledger.append(connection, figures(row), submission=number, reason="late files")
    key = SeriesKey.parse(SHARE.replace("_T", "DENOMINATOR"))
    (told,) = revisions.rows(connection, Selection.of(key), Span(), as_of=moment("2025-03-01"))
    assert (told["author_kind"], told["author"], told["submission"]) == ("reporting_unit", RETURNED, number)
    assert "lan" not in told.values()


def test_statistics_of_a_series_by_both_measures(asked: TestClient) -> None:
    rows = got(asked, f"/v1/series/{SHARE}/revision-statistics")["statistics"]
    by_measure = {row["measure"]: row for row in rows}
    step = by_measure["step"]  # 10 → 12.5, 0 → 5
    assert (step["count"], step["mean"], step["mean_absolute"], step["largest"]) == (2, 3.75, 3.75, 5)
    assert (step["largest_period"], step["up"], step["down"], step["mean_percent"]) == ("2023", 2, 0, 25)
    assert (step["periods"], step["periods_revised"], step["share_revised_percent"]) == (4, 2, 50)
    latest = by_measure["first_to_latest"]  # 2021 10 → 12, 2022 4 → 4, 2023 0 → 5; 2024 was withdrawn
    assert (latest["count"], latest["mean"], latest["mean_absolute"]) == (3, 2.33333333333333, 2.33333333333333)
    assert (latest["periods_revised"], latest["mean_percent"]) == (2, 10)
    then = got(asked, f"/v1/series/{SHARE}/revision-statistics", as_of="2022-07-01")["statistics"]
    assert [(row["measure"], row["count"], row["mean"]) for row in then] == [
        ("first_to_latest", 1, 2.5),
        ("step", 1, 2.5),
    ]


def test_a_series_that_was_never_revised_says_so_and_not_nothing(asked: TestClient) -> None:
    rows = got(asked, "/v1/series/A.EGDI_RANK.VN.PERIOD.UN._T/revision-statistics")["statistics"]
    step = next(row for row in rows if row["measure"] == "step")
    assert (step["count"], step["mean"], step["largest"], step["share_revised_percent"]) == (0, None, None, 0)
    latest = next(row for row in rows if row["measure"] == "first_to_latest")
    assert (latest["count"], latest["mean"], latest["mean_percent"], latest["largest"]) == (12, 0, None, 0)


def test_statistics_of_a_release_are_by_indicator_since_units_of_measure_do_not_mix(asked: TestClient) -> None:
    rows = got(asked, "/v1/revision-statistics", by="release", **MANY)["statistics"]
    assert [row["published_at"] for row in rows] == sorted((row["published_at"] for row in rows), reverse=True)
    told = {(row["published_at"][:10], row["indicator"]): row for row in rows if "T00" in row["published_at"]}
    ranks = told["2023-11-20", "NRI_RANK"]
    assert (ranks["figures"], ranks["new"], ranks["revised"], ranks["share_revised_percent"]) == (2, 1, 1, 50)
    assert (ranks["mean"], ranks["largest"], ranks["largest_series"], ranks["mean_percent"]) == (-6, -6, RANK, None)
    confirmed = told["2023-09-01", "DIGITAL_ECONOMY_GDP_SHARE"]  # another status is no revision of the value
    assert (confirmed["figures"], confirmed["revised"], confirmed["count"], confirmed["mean"]) == (1, 0, 0, None)


def test_releases_say_how_many_figures_were_new_or_changed_the_latest_first(asked: TestClient) -> None:
    rows = got(asked, "/v1/releases", **MANY)["releases"]
    told = [
        (row["published_at"][:16], *(row[name] for name in ("new", "revised", "reflagged", "withdrawn", "restored")))
        for row in rows
    ]
    assert told == [
        ("2025-04-01T00:00", 0, 0, 0, 1, 0),
        ("2025-03-01T00:00", 1, 0, 0, 0, 0),
        ("2024-03-01T18:00", 0, 1, 0, 0, 0),
        ("2024-03-01T00:00", 1, 0, 0, 0, 0),
        ("2023-11-20T00:00", 1, 1, 0, 0, 0),
        ("2023-09-01T00:00", 0, 0, 1, 0, 0),
        ("2023-06-01T00:00", 0, 1, 0, 0, 0),
        ("2023-03-01T00:00", 1, 0, 0, 0, 1),
        ("2022-11-15T00:00", 1, 0, 0, 0, 0),
        ("2022-09-01T00:00", 0, 0, 0, 1, 0),
        ("2022-06-01T00:00", 0, 1, 0, 0, 0),
        ("2022-03-01T00:00", 1, 0, 0, 0, 0),
    ]
    assert rows[-1]["documents"] == ["communiqué of 2022-03-01"]
    turned, page = [], got(asked, "/v1/releases", limit="5", **MANY)
    for _ in itertools.count():
        turned += page["releases"]
        if not page["next"]:
            break
        page = got(asked, "/v1/releases", limit="5", cursor=page["next"], **MANY)
    assert turned == rows
    assert got(asked, "/v1/releases", since="2025-03-01", as_of="2025-12-31", **MANY)["releases"] == rows[:1]
    assert list(table(asked, "/v1/releases", **MANY)[0]) == list(revisions.RELEASE_COLUMNS)


@pytest.mark.parametrize(
    ("address", "parameters", "kind"),
    [
        (f"/v1/series/{KNOWN}/vintages", {"layout": "square"}, "invalid-parameter"),
        ("/v1/vintages", {"layout": "triangle"}, "unknown-parameter"),
        ("/v1/observations", {"release": "frist"}, "invalid-parameter"),
        ("/v1/observations", {"revised_since": "yesterday"}, "not-a-moment"),
        ("/v1/revisions", {"revised_since": "2024-01-01"}, "unknown-parameter"),
        ("/v1/releases", {"cursor": "nonsense"}, "not-a-cursor"),
        ("/v1/revision-statistics", {"by": "indicator"}, "invalid-parameter"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_there_is(
    client: TestClient, address: str, parameters: dict[str, str], kind: str
) -> None:
    refused = client.get(address, params=parameters)
    assert (refused.status_code, refused.json()["type"]) == (400, f"/problems/{kind}")
    ((name, value),) = parameters.items()
    assert name in refused.json()["detail"] or value in refused.json()["detail"]


@pytest.mark.parametrize(
    ("address", "shape"),
    [
        (f"/v1/series/{KNOWN}/vintages?layout=triangle", vintage_shapes.Triangle),
        (f"/v1/series/{KNOWN}/vintage-dates", vintage_shapes.VintageDates),
        (f"/v1/series/{KNOWN}/revisions", vintage_shapes.Revisions),
        (f"/v1/series/{KNOWN}/revision-statistics", vintage_shapes.SeriesStatistics),
        ("/v1/revision-statistics?by=release", vintage_shapes.ReleaseStatistics),
        ("/v1/vintages?limit=50", vintage_shapes.VintagesOfMany),
        ("/v1/vintage-dates", vintage_shapes.VintageDates),
        ("/v1/revisions", vintage_shapes.Revisions),
        ("/v1/revision-statistics", vintage_shapes.SeriesStatistics),
        ("/v1/releases", vintage_shapes.Releases),
    ],
)
def test_every_answer_about_vintages_has_the_shape_that_openapi_gives(
    client: TestClient, address: str, shape: type[BaseModel]
) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    shape.model_validate_json(answer.text)


@pytest.mark.parametrize(
    ("number", "written"),
    [("2.0/3", "0.666666666666667"), ("0.0", "0"), ("-123456789012345678.5", "-123456789012346000"), ("10.0/4", "2.5")],
)
def test_what_was_divided_has_fifteen_significant_digits(connection: Connection, number: str, written: str) -> None:
    assert str(connection.execute(text(f"select cast({significant(f'({number})')} as text)")).scalar_one()) == written


def test_nothing_that_is_divided_by_nothing_is_a_number(connection: Connection) -> None:
    assert connection.execute(text(f"select {significant('cast(null as numeric)')}")).scalar_one() is None


def test_every_column_is_explained_in_the_document() -> None:
    document = DOCUMENTS.read_text(encoding="utf-8")
    for name in (
        *revisions.REVISION_COLUMNS,
        *revisions.SERIES_STATISTIC_COLUMNS,
        *revisions.RELEASE_COLUMNS,
        *revisions.RELEASE_STATISTIC_COLUMNS,
    ):
        assert f"`{name}`" in document, name
