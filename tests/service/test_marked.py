"""The marked workbook over HTTP and at the command line, and sent again after it was mended."""

import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, make_url
from typer.testing import CliRunner

from ingest.authority import Grant
from ingest.readers.marks import FINDINGS_SHEET, PASSED
from ingest.readers.workbook import INPUT_SHEET
from service import app, cli
from tests.service.country import DATASET, PERIOD, People, Person, clock_at, filled, served

VALUE, RESULT, FIRST_ROW = "H", "K", 9
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "indicator,reporting_unit,period,value\nONLINE_FILING_RATE,GSO24_2025,2024-Q1,nhiều\n"


@pytest.fixture(scope="module")
def people(own_engine: Engine, cheap_hashes: None) -> Iterator[People]:
    with served(app.create(own_engine, clock=clock_at("2025-01-08T08:00:00"))) as address:
        people = People(own_engine, address)
        yield people
        people.leave()


@pytest.fixture(scope="module")
def lan(people: People) -> Person:
    return people.come("lan", Grant("reporter"))


def test_a_return_is_mended_in_the_marked_workbook_and_sent_again_without_cleaning(people: People, lan: Person) -> None:
    wrong = filled(lan.template("GSO35"), 50, first=145.8)
    case = lan.send("GSO35", wrong).json()
    (error,) = [found for found in case["findings"] if found["severity"] == "error"]
    path = f"/v1/submissions/{case['id']}/marked"
    answer = lan.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''return-kiem-tra.xlsx"
    assert answer.headers["etag"] == f'"{case["version"]}"'
    assert lan.client.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert lan.client.get(path, headers={"If-None-Match": '"99"'}).status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.content), rich_text=True)
    sheet = book[INPUT_SHEET]
    cell = error["place"].rpartition(" ")[2]
    assert error["vi"] in sheet[cell].comment.text
    assert str(sheet[f"{RESULT}{FIRST_ROW}"].value).startswith("LỖI: 145,8 nằm ngoài khoảng")
    assert sheet[f"{RESULT}{FIRST_ROW + 1}"].value == PASSED
    assert book[FINDINGS_SHEET].max_row == 6 + len(case["findings"])
    sheet[cell] = 45.8
    mended = io.BytesIO()
    book.save(mended)
    again = lan.send("GSO35", mended.getvalue())
    assert again.status_code == 201
    assert again.json()["errors"] == 0
    assert again.json()["summary"]["created"] > 1
    assert lan.client.get(f"/v1/submissions/{case['id']}/file").content == wrong


def test_only_who_may_read_the_submission_is_given_its_workbook(people: People, lan: Person) -> None:
    case = lan.send("GSO37", filled(lan.template("GSO37"), 50)).json()
    path = f"/v1/submissions/{case['id']}/marked"
    stranger = people.come("khach", Grant("reporter", "GSO01_2008"))
    assert stranger.client.get(path).status_code == 404
    assert people.public.client.get(path).status_code == 401
    assert lan.client.get("/v1/submissions/999999/marked").status_code == 404


def test_what_is_not_examined_yet_is_asked_for_again_later(lan: Person) -> None:
    case = lan.send("GSO38", filled(lan.template("GSO38"), 50), headers={"Prefer": "respond-async"}).json()
    answer = lan.client.get(f"/v1/submissions/{case['id']}/marked")
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")


def test_of_a_csv_there_is_the_list_of_findings(lan: Person) -> None:
    case = lan.send("GSO40", CSV.replace("GSO24_2025", "GSO40").replace("2024-Q1", PERIOD).encode()).json()
    book = openpyxl.load_workbook(io.BytesIO(lan.client.get(f"/v1/submissions/{case['id']}/marked").content))
    assert book.sheetnames == [FINDINGS_SHEET]
    assert book[FINDINGS_SHEET]["B7"].value == 'dòng 2, cột "value"'


def test_the_command_line_writes_it_where_something_was_found_and_over_no_other_file(
    client: TestClient, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHISO_DATABASE_URL", make_url(engine.url).render_as_string(hide_password=False))
    question = f"/v1/datasets/{DATASET}/template?reporting_unit=GSO24_2025&period=2026-Q3"
    form, marked = tmp_path / "form.xlsx", tmp_path / "marked.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(client.get(question).content), rich_text=True)
    form.write_bytes(filled(book, 50, first="nhiều"))
    words = ["ingest", str(form), "--dataset", DATASET, "--dry-run", "--marked", str(marked)]
    ran = CliRunner().invoke(cli.program, words)
    assert f"Wrote {marked}" in ran.output.replace("\n", "")
    sheet = openpyxl.load_workbook(marked)[INPUT_SHEET]
    assert str(sheet[f"{RESULT}{FIRST_ROW}"].value).startswith("LỖI: “nhiều” không phải là số.")
    written = marked.read_bytes()
    again = CliRunner().invoke(cli.program, words)
    assert "exists already" in str(again.exception)
    assert marked.read_bytes() == written
