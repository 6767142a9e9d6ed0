"""Verdicts over the API: which are asked for, in which format, of which day, and how long an answer holds."""

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, Engine, text

from ingest import catalogue, registry, targets
from ingest.period import LOCAL_ZONE, now
from ingest.target import Target
from service import app, database
from service.api.verdict_shapes import Verdicts
from service.archive import targets as archived
from service.archive.verdicts import kept, reaching
from service.archive.verdicts.reaching import ANSWER_COLUMNS
from service.formats import verdict_sheet
from service.verdict_gauges import LABELS
from tests.conftest import TEST, Clock
from tests.ingest.test_ledger import append

TODAY = date(2026, 11, 22)
RANK = {"plan": "QD749_2020", "indicator": "EGDI_RANK"}
COLUMNS = (*ANSWER_COLUMNS, "sentence_vi", "sentence_en", "formula")


def get(client: TestClient, **parameters: Any) -> dict[str, Any]:
    answer = client.get("/v1/verdicts", params=parameters)
    assert answer.status_code == 200, answer.text
    Verdicts.model_validate(json.loads(answer.text))
    return answer.json()


def problem(client: TestClient, **parameters: Any) -> dict[str, Any]:
    return client.get("/v1/verdicts", params=parameters).json()


def test_a_verdict_tells_everything_that_it_rests_on(client: TestClient) -> None:
    (told,) = get(client, indicator="EGDI_RANK", plan="QD749_2020", as_of="2024-12-31")["verdicts"][:1]
    assert tuple(told) == COLUMNS
    assert (told["value"], told["value_period"], told["unit_measure"]) == (71, "2024", "rank")
    assert told["value_published_at"] == "2024-09-17T00:00:00+07:00"
    assert told["sentence_vi"]
    assert told["formula"]


def test_every_parameter_leaves_out_what_it_does_not_name(client: TestClient) -> None:
    everything = get(client, limit=10_000)["verdicts"]
    assert len(everything) > 200
    for name in ("plan", "indicator", "scope", "reporting_unit", "state"):
        word = everything[-1][name]
        some = get(client, limit=10_000, **{name: word})["verdicts"]
        assert some == [row for row in everything if row[name] == word], name
        assert 0 < len(some) < len(everything), name
    two = get(client, limit=10_000, state="reached,off_track")["verdicts"]
    assert {row["state"] for row in two} == {"reached", "off_track"}
    other = get(client, limit=10_000, source="UN")["verdicts"]
    assert {row["series"].split(".")[4] for row in other if row["series"]} == {"UN"}
    forced = get(client, limit=10_000, method="linear_path", indicator="EGDI_RANK")["verdicts"]
    assert {row["method"] for row in forced} == {"linear_path"}


def test_the_members_of_a_group_are_asked_for_together(client: TestClient) -> None:
    groups = client.get("/v1/groups").json()["groups"]
    code, members = next((each["code"], each["members"]) for each in groups if "GSO01_2008" in each["members"])
    everything = get(client, limit=10_000)["verdicts"]
    some = get(client, limit=10_000, reporting_unit=f"@{code}")["verdicts"]
    assert some == [row for row in everything if row["reporting_unit"] in members]
    assert some


@pytest.mark.parametrize(
    ("parameters", "status", "kind", "sentence"),
    [
        ({"indicator": "EGDI_RNK"}, 404, "unknown-code", "Did you mean EGDI_RANK"),
        ({"plan": "QD749"}, 404, "unknown-code", "Did you mean QD749_2020"),
        ({"scope": "provinces"}, 404, "unknown-code", "Did you mean province"),
        ({"reporting_unit": "@NOBODY"}, 404, "unknown-code", "“@NOBODY” is no reporting unit"),
        ({"source": "UNO"}, 404, "unknown-code", "“UNO” is no source"),
        ({"state": "on track"}, 400, "invalid-parameter", "There are: cannot_be_judged, moving_away, off_track"),
        ({"state": ","}, 400, "invalid-parameter", "“” is no state"),
        ({"method": "guess"}, 400, "invalid-parameter", "There are: linear_path, compound_growth, trend"),
        ({"limit": "0"}, 400, "invalid-parameter", "“limit” is “0”"),
        ({"format": "parquet"}, 406, "unknown-format", "There are: json, csv, xlsx"),
        ({"format": "csv", "limit": "5"}, 400, "csv-has-no-pages", "CSV comes whole"),
        ({"verdict": "reached"}, 400, "unknown-parameter", "There are: as_of"),
        ({"as_of": "gestern"}, 400, "not-a-moment", "“gestern” is no day"),
    ],
)
def test_a_wrong_question_is_answered_with_what_there_is(
    client: TestClient, parameters: dict[str, str], status: int, kind: str, sentence: str
) -> None:
    told = problem(client, **parameters)
    assert (told["status"], told["type"]) == (status, f"/problems/{kind}")
    assert sentence in told["detail"]


def test_pages_are_of_one_moment_and_make_the_whole(client: TestClient) -> None:
    whole = get(client, limit=10_000)
    assert whole["next"] is None
    page, rows, moments = get(client, limit=90), [], set()
    while True:
        rows += page["verdicts"]
        moments.add(page["as_of"])
        if page["next"] is None:
            break
        page = get(client, limit=90, cursor=page["next"])
    assert rows == whole["verdicts"]
    assert moments == {whole["as_of"]}
    other = problem(client, limit=90, state="reached", cursor=get(client, limit=90)["next"])
    assert other["type"] == "/problems/not-a-cursor"


def test_csv_and_xlsx_hold_the_same_verdicts(client: TestClient) -> None:
    rows = get(client, limit=10_000, **RANK)["verdicts"]
    listed = list(csv.DictReader(io.StringIO(client.get("/v1/verdicts", params=RANK | {"format": "csv"}).text)))
    assert tuple(listed[0]) == COLUMNS
    assert listed == [{name: _as_text(value) for name, value in row.items()} for row in rows]
    answer = client.get("/v1/verdicts", params=RANK | {"format": "xlsx"})
    assert answer.headers["content-disposition"].startswith('attachment; filename="chiso-verdicts-2')
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert len(cells) == len(rows) + 1
    for row, told in zip(cells[1:], rows, strict=True):
        for name, cell in zip(verdict_sheet.HEADINGS, row, strict=True):
            assert _as_text(told[name]) == _as_text(cell) or isinstance(cell, datetime), (name, cell, told[name])
    assert client.get("/v1/verdicts", params=RANK | {"format": "xlsx"}).content == answer.content


def _as_text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_a_workbook_has_a_heading_for_every_column_of_the_answer() -> None:
    assert set(verdict_sheet.HEADINGS) == set(COLUMNS)


# When an answer changes


PLAN = "TEST_PLAN"
GAPS = "A.VILLAGE_SIGNAL_GAPS.VN.STOCK.REPORT._T"
MINE = {"plan": PLAN, "reporting_unit": "VN"}


def promise(value: str, **more: Any) -> Target:
    """A promise that these tests make and change."""
    return Target(PLAN, "VILLAGE_SIGNAL_GAPS", "VN", "2030", "at_most", Decimal(value), "a test", **more)


def load(engine: Engine, version: str, *promises: Target) -> None:
    """Load the catalogue with these promises added."""
    files = catalogue.read()
    with database.writing(engine) as connection:
        assert registry.load(connection, replace(files, version=version, targets=(*files.targets, *promises)), by=TEST)


def publish(engine: Engine, value: int, period: str = "2025", *, after: timedelta = timedelta()) -> Any:
    """Publish a figure of villages without signal, now or after an embargo; from when it is public."""
    with database.writing(engine) as connection:
        moment = connection.execute(text("select clock_timestamp()")).scalar_one() + after
        append(
            connection,
            {"series": GAPS, "period": period, "value": str(value), "published_at": moment.isoformat()},
            reason="a test",
        )
        return moment


def told(client: TestClient) -> tuple[Any, ...]:
    (row,) = get(client, **MINE)["verdicts"]
    return row["value"], row["promised"], row["state"]


def test_each_change_of_what_verdicts_rest_on_changes_them_at_once(own_engine: Engine) -> None:
    load(own_engine, "with a promise", promise("100"))
    with TestClient(app.create(own_engine)) as client:
        publish(own_engine, 300)
        assert told(client)[:2] == (300, 100)
        publish(own_engine, 250)  # a correction
        assert told(client)[:2] == (250, 100)
        publish(own_engine, 90, "2026")
        assert told(client) == (90, 100, "reached")
        load(own_engine, "with another promise", promise("80"))
        assert told(client)[:2] == (90, 80)
        assert told(client)[2] != "reached"
        tag = client.get("/v1/verdicts", params=MINE).headers["etag"]
        load(own_engine, "with none")
        again = client.get("/v1/verdicts", params=MINE, headers={"If-None-Match": tag})
        assert (again.status_code, again.json()["verdicts"]) == (200, [])


def test_words_of_promises_that_change_judge_nobody_otherwise(connection: Connection) -> None:
    def judged() -> list[dict[str, Any]]:
        moment = connection.execute(text("select clock_timestamp()")).scalar_one()
        rows = reaching.reached(connection, reaching.Wanted(), as_of=moment, today=TODAY).rows()
        words = {"document", "words", "note", "target_published_at"}
        return [{name: value for name, value in row.items() if name not in words} for row in rows]

    files, before = catalogue.read(), judged()
    mended = [
        replace(each, note=f"{each.note}, mended", words="mended", document=f"{each.document}, mended")
        for each in files.targets
    ]
    targets.load(connection, mended, files.indicators)
    assert judged() == before


def test_a_promise_is_made_when_its_substance_is_and_again_after_it_was_withdrawn(connection: Connection) -> None:
    files = catalogue.read()

    def made(*promises: Target) -> tuple[Any, Any]:
        targets.load(connection, [*files.targets, *promises], files.indicators)
        moment = connection.execute(text("select clock_timestamp()")).scalar_one()
        found = archived.standing(connection, archived.Wanted(plans=[PLAN]), as_of=moment)
        return (found[0].published_at, found[0].promised_at) if found else (None, None)

    first = datetime(2020, 6, 3, tzinfo=LOCAL_ZONE)
    assert made(promise("100", published_on=first.date())) == (first, first)
    mended_at, since = made(promise("100", published_on=first.date(), note="mended"))
    assert mended_at > first
    assert since == first
    changed_at, since = made(promise("90", published_on=first.date()))
    assert changed_at == since > mended_at
    assert made() == (None, None)
    again_at, since = made(promise("90", published_on=first.date()))
    assert again_at == since > changed_at


def test_the_end_of_an_embargo_changes_a_verdict_at_its_moment_and_not_before(own_engine: Engine) -> None:
    load(own_engine, "with a promise and an embargo", promise("70"))
    with TestClient(app.create(own_engine)) as client:
        before = told(client)
        end = publish(own_engine, 60, "2026", after=timedelta(seconds=1.5))
        assert told(client) == before
        while (answer := told(client)) == before:
            assert now() < end + timedelta(seconds=5)
        assert now() >= end
        assert answer == (60, 70, "reached")


def test_what_is_asked_again_is_not_judged_again(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []
    once = kept.reaching.reached
    monkeypatch.setattr(kept.reaching, "reached", lambda *a, **b: judged.append(1) or once(*a, **b))
    publish(own_engine, 61, "2027")
    with TestClient(app.create(own_engine)) as client:
        for _ in range(3):
            get(client, indicator="VILLAGE_SIGNAL_GAPS")
        assert len(judged) == 1
        get(client, indicator="VILLAGE_SIGNAL_GAPS", as_of="2024-01-01")
        get(client, indicator="VILLAGE_SIGNAL_GAPS", as_of="2024-01-01")
        assert len(judged) == 3
        for number in range(2 * kept._MOST_KEPT):
            get(client, plan="QD749_2020", reporting_unit=["VN", "GSO01_2008"][: number % 2 + 1], method="trend")
    assert len(kept._kept) <= kept._MOST_KEPT


# Days


@pytest.fixture
def at_evening(own_engine: Engine) -> Iterator[tuple[TestClient, Clock]]:
    """A service whose clock shows an hour before the midnight of the country, two days from now."""
    day = (now() + timedelta(days=2)).astimezone(LOCAL_ZONE).replace(hour=23, minute=0, second=0, microsecond=0)
    clock = Clock(day)
    with TestClient(app.create(own_engine, clock=clock)) as client:
        yield client, clock


def test_when_a_deadline_has_passed_the_same_address_has_another_answer_and_another_tag(
    at_evening: tuple[TestClient, Clock], own_engine: Engine
) -> None:
    client, clock = at_evening
    due = clock.now.astimezone(LOCAL_ZONE).date()
    load(own_engine, "with a promise for tomorrow", replace(promise("5"), period=due.isoformat()))
    publish(own_engine, 40, "2025")
    first = client.get("/v1/verdicts", params=MINE)
    assert (first.json()["today"], first.json()["verdicts"][0]["last_day"]) == (due.isoformat(), due.isoformat())
    held = {"If-None-Match": first.headers["etag"]}
    by_date = {"If-Modified-Since": first.headers["last-modified"]}
    clock.go_on(minutes=59)
    assert client.get("/v1/verdicts", params=MINE, headers=held).status_code == 304
    assert client.get("/v1/verdicts", params=MINE, headers=by_date).status_code == 200
    clock.go_on(minutes=2)
    second = client.get("/v1/verdicts", params=MINE, headers=held)
    assert second.status_code == 200
    assert second.headers["etag"] != first.headers["etag"]
    assert second.json()["today"] == (due + timedelta(days=1)).isoformat()
    assert second.json()["verdicts"][0]["state"] == "off_track"
    assert second.json()["verdicts"][0] != first.json()["verdicts"][0]


@pytest.mark.parametrize("path", ["/v1/targets", "/v1/indicators/VILLAGE_SIGNAL_GAPS", "/v1/verdicts"])
def test_a_target_is_told_on_its_first_day_though_no_figure_came(
    at_evening: tuple[TestClient, Clock], own_engine: Engine, path: str
) -> None:
    client, clock = at_evening
    tomorrow = clock.now.astimezone(LOCAL_ZONE).date() + timedelta(days=1)
    load(own_engine, f"with a promise of tomorrow for {path}", promise("33", published_on=tomorrow))
    parameters = {"indicator": "VILLAGE_SIGNAL_GAPS"} if path != "/v1/indicators/VILLAGE_SIGNAL_GAPS" else {}
    before = client.get(path, params=parameters)
    assert "a test" not in before.text
    clock.go_on(minutes=61)
    after = client.get(path, params=parameters, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert "a test" in after.text


def test_a_promise_is_told_as_soon_as_its_catalogue_is_loaded(own_engine: Engine) -> None:
    with TestClient(app.create(own_engine)) as client:
        for number, value in enumerate(("51", "52")):
            load(own_engine, f"changed {number}", promise(value))
            targets = client.get("/v1/targets", params={"plan": PLAN}).json()["targets"]
            assert [each["value"] for each in targets] == [int(value)]


def test_with_as_of_deadlines_pass_by_the_day_of_that_moment(client: TestClient) -> None:
    first, second = (get(client, as_of=day, **RANK) for day in ("2025-12-31", "2026-01-01"))
    assert (first["today"], second["today"]) == ("2025-12-31", "2026-01-01")
    assert first["as_of"].startswith("2025-12-31T23:59:59.999999")
    assert first["verdicts"][0]["state"] != "off_track"
    assert second["verdicts"][0]["state"] == "off_track"
    assert get(client, as_of="2025-12-31", **RANK) == first


# Gauges


def gauges(text: str) -> dict[str, dict[tuple[str, ...], Any]]:
    found: dict[str, dict[tuple[str, ...], Any]] = {}
    for family in text_string_to_metric_families(text):
        if family.name.startswith(("chiso_verdict", "chiso_target")):
            of_family = found.setdefault(family.name, {})
            for sample in family.samples:
                key = tuple(sample.labels[name] for name in (*LABELS, "state") if name in sample.labels)
                assert key not in of_family, "one label set, two samples"
                of_family[key] = sample.value
    return found


def test_the_gauges_tell_what_the_api_tells(client: TestClient) -> None:
    there = gauges(client.get("/metrics").text)
    rows = [row for row in get(client, limit=10_000)["verdicts"] if row["value"] is not None]
    told = {tuple(row[name] for name in LABELS): row for row in rows}
    assert len(told) > 50
    assert {key[:-1] for key in there["chiso_verdict_state"]} == set(told)
    for key, row in told.items():
        states = {each[-1]: value for each, value in there["chiso_verdict_state"].items() if each[:-1] == key}
        assert len(states) == 6
        assert [state for state, value in states.items() if value] == [row["state"]]
    for name, column in (("value", "promised"), ("gap", "gap"), ("needed_value", "needed_value")):
        expected = {key: row[column] for key, row in told.items() if row[column] is not None}
        assert there[f"chiso_target_{name}"] == pytest.approx(expected)


def test_promtool_has_nothing_to_say_about_the_metrics(client: TestClient) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    text = client.get("/metrics").text
    said = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_as_of_today_is_now_and_deadlines_pass_by_today(own_engine: Engine) -> None:
    clock = Clock(datetime(2026, 12, 2, 12, tzinfo=LOCAL_ZONE))
    with TestClient(app.create(own_engine, clock=clock)) as client:
        assert get(client, as_of="2026-12-02", limit=10_000) == get(client, limit=10_000)
        board = "/v1/scoreboard"
        assert client.get(board, params={"as_of": "2026-12-02"}).json() == client.get(board).json()
