"""What goes out is opened in spreadsheets: no text of a stranger runs there, and a number stays a number."""

import csv
import functools
import io
import re
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ingest import period
from ingest.template import write
from service.api import answers
from tests.ingest.test_template import CELLS, DATASET, UNIT

RUN = ('=HYPERLINK("http://evil.example";"x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1+1")
UNIT_CODE, INDICATOR = "GSO37", "SMARTPHONE_ADULT_RATE"
KEY = f"Q.{INDICATOR}.{UNIT_CODE}.STOCK.REPORT._T"


def cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def is_number(cell: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", cell) is not None


def test_no_text_of_a_csv_is_run_by_a_spreadsheet_in_any_answer(sender: TestClient) -> None:
    figures = [
        {
            "indicator": INDICATOR,
            "reporting_unit": UNIT_CODE,
            "period": f"{2015 + number}-Q1",
            "value": 50 + number,
            "comment": text,
            "document": text,
            "reason": text,
        }
        for number, text in enumerate(RUN)
    ]
    sent = sender.post("/v1/submissions", json={"dataset": "PUBLISHED_FIGURES", "reason": RUN[0], "figures": figures})
    assert sent.status_code == 201, sent.text
    addresses = {
        "/v1/indicators": {},
        "/v1/reporting-units": {},
        "/v1/datasets": {},
        "/v1/sources": {},
        "/v1/rules": {},
        "/v1/series": {"reporting_unit": UNIT_CODE},
        f"/v1/series/{KEY}/observations": {},
        f"/v1/series/{KEY}/vintages": {},
        f"/v1/series/{KEY}/vintage-dates": {},
        f"/v1/series/{KEY}/revisions": {},
        f"/v1/series/{KEY}/revision-statistics": {},
        "/v1/vintages": {"indicator": INDICATOR},
        "/v1/vintage-dates": {"indicator": INDICATOR},
        "/v1/revisions": {"indicator": INDICATOR},
        "/v1/revision-statistics": {"indicator": INDICATOR, "by": "release"},
        "/v1/releases": {"indicator": INDICATOR},
        f"/v1/series/{KEY}/changes": {},
        f"/v1/series/{KEY}/shares": {},
        f"/v1/series/{KEY}/differences": {},
        "/v1/observations": {"indicator": INDICATOR},
        "/v1/changes": {"indicator": INDICATOR},
        "/v1/latest": {"indicator": INDICATOR},
        "/v1/calendar": {"indicator": INDICATOR},
        "/v1/search": {"q": "tỷ lệ"},
        "/v1/targets": {"indicator": INDICATOR},
        "/v1/verdicts": {"indicator": INDICATOR},
        "/v1/trends": {"indicator": INDICATOR},
        "/v1/scoreboard": {"indicator": INDICATOR},
        "/v1/scoreboard/missing": {"indicator": INDICATOR},
        "/v1/scoreboard/ranking": {"indicator": INDICATOR},
        "/v1/groups": {},
        "/v1/groups/ASEAN": {},
        "/fred/series/observations": {"series_id": KEY, "file_type": "csv"},
        "/v1/compliance": {"dataset": "PROVINCE_QUARTERLY", "period": "2024-Q4"},
        f"/v1/submissions/{sent.json()['id']}/diff": {},
        "/v1/obligations": {"dataset": "PROVINCE_QUARTERLY", "period": "2024-Q4"},
        "/v1/audit": {},
    }
    assert isinstance(sender.app, FastAPI)
    offered = {
        path
        for path, operations in sender.app.openapi()["paths"].items()
        if "text/csv" in operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    }
    named = (
        (r"/v1/series/[^/]+/", "/v1/series/{key}/"),
        (r"/v1/groups/.+", "/v1/groups/{code}"),
        (r"/\d+/", "/{number}/"),
    )
    asked = {functools.reduce(lambda path, each: re.sub(*each, path), named, path) for path in addresses}
    assert asked == offered
    told = ""
    for address, parameters in addresses.items():
        answer = sender.get(address, params=parameters, headers={"Accept": "text/csv"})
        assert answer.status_code in (200, 422), f"{address}: {answer.text}"
        if answer.status_code == 422:  # shares of what is no count are refused
            continue
        assert answer.headers["content-type"].startswith("text/csv"), address
        for cell in cells(answer.text):
            assert is_number(cell) or not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")), address
        told += answer.text
    assert "'=HYPERLINK" in told


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1", "'=1"),
        (["=1", "x"], "'=1 x"),
        ("\n=1", "'\n=1"),
        (-2.5, "-2.5"),
        (None, ""),
        (True, "true"),
        ("a=1", "a=1"),
    ],
)
def test_a_text_is_escaped_and_a_number_is_not(value: Any, written: str) -> None:
    assert cells(bytes(answers.table([{"a": value}], ["a"]).body).decode())[1] == written


def test_no_text_of_a_template_is_a_formula() -> None:
    dataset, unit = replace(DATASET, name_vi="=1+1", code="+A1"), replace(UNIT, name_vi="=HYPERLINK(1)")
    book = openpyxl.load_workbook(io.BytesIO(write(dataset, unit, period.parse("2026-Q3"), CELLS)))
    whole = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in whole)
    suspicious = [cell for cell in whole if str(cell.value).startswith(("=", "+"))]
    assert {cell.value for cell in suspicious} == {"=1+1", "+A1", "=HYPERLINK(1)"}
    assert all(cell.quotePrefix for cell in suspicious)
