"""A statistician's quarter: the template out, filled in as a person does, and back."""

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import Engine

from ingest import authority, instructions, stages
from ingest.period import parse
from ingest.readers.workbook import INPUT_SHEET, META_SHEET, VALUE_HEADING
from ingest.stages import Outcome
from ingest.submission import Instructions, Submission, Summary
from service import database, intake
from service.archive import forms, question
from service.archive.question import Question
from service.archive.series import Selection, Span
from tests.conftest import NOW, TEST

DATASET, UNIT = "PROVINCE_QUARTERLY", "GSO24_2025"


def blank(engine: Engine, period: str) -> openpyxl.Workbook:
    with database.reading(engine) as connection:
        form = forms.form(connection, DATASET, "Bắc Ninh", period, now=NOW)
    assert form.file_name == f"{DATASET}-{UNIT}-{parse(period)}.xlsx"
    return openpyxl.load_workbook(io.BytesIO(form.content))


def place(sheet: Worksheet, heading: str) -> tuple[int, int]:
    return next(
        (cell.row, cell.column) for row in sheet.iter_rows() for cell in row if str(cell.value).startswith(heading)
    )


def send(engine: Engine, book: openpyxl.Workbook, **said: Any) -> Outcome:
    return sent(engine, book, **said)[1]


def sent(engine: Engine, book: openpyxl.Workbook, **said: Any) -> tuple[Submission | None, Outcome]:
    content = io.BytesIO()
    book.save(content)
    told = dict(zip(("reporting_unit", "period"), announced(book), strict=True)) | said
    return intake.take_in(engine, content.getvalue(), "form.xlsx", Instructions(DATASET, **told), by=TEST, now=NOW)[:2]


def announced(book: openpyxl.Workbook) -> tuple[str, str]:
    """The reporting unit and the period that a template of ours names."""
    facts = dict(row[:2] for row in book[META_SHEET].iter_rows(values_only=True))
    return str(facts["reporting_unit"]), str(facts["period"])


def published(engine: Engine, case: Submission) -> Submission:
    """The submission, submitted with its warnings justified, accepted by somebody else and published."""
    warned = [number for number, found in enumerate(case.findings) if found.severity == "warning"]
    with database.writing(engine) as connection:
        case = stages.submit(
            connection, case.id, by=TEST, now=NOW, seen=case.version, justifications=dict.fromkeys(warned, "chưa có")
        )
        case = stages.accept(connection, case.id, by=authority.program("reviewer", "test"), now=NOW, seen=case.version)
        return stages.publish(connection, case.id, by=TEST, now=NOW, seen=case.version)


def filled(book: openpyxl.Workbook, *values: object) -> openpyxl.Workbook:
    sheet = book[INPUT_SHEET]
    row, column = place(sheet, VALUE_HEADING)
    for offset, value in enumerate(values, 1):
        sheet.cell(row + offset, column, value)
    return book


def known(engine: Engine, period: str) -> dict[str, Decimal]:
    with database.reading(engine) as connection:
        selection = Selection({"reporting_unit": [UNIT], "frequency": ["Q"]})
        asked = Question(selection, Span.of(parse(period), parse(period)), NOW + timedelta(1))
        rows = question.rows(connection, asked)
    return {row["series"].split(".")[1]: row["value"] for row in rows}


def test_a_filled_template_is_published_and_comes_back_in_the_next_one(own_engine: Engine) -> None:
    case, outcome = sent(own_engine, filled(blank(own_engine, "Quý III/2025"), 80.25, 61.5))
    assert case
    assert not outcome.stored
    assert known(own_engine, "2025-Q3") == {}
    case = published(own_engine, case)
    assert case.summary == Summary(created=2)
    assert set(known(own_engine, "2025-Q3").values()) == {Decimal("80.25"), Decimal("61.5")}
    sheet = blank(own_engine, "2025-Q4")[INPUT_SHEET]
    row, column = place(sheet, "Kỳ trước")
    assert [sheet.cell(row + offset, column).value for offset in (1, 2)] == [80.25, 61.5]
    sheet = blank(own_engine, "2026-Q3")[INPUT_SHEET]
    row, column = place(sheet, "Cùng kỳ năm trước")
    assert [sheet.cell(row + offset, column).value for offset in (1, 2)] == [80.25, 61.5]


@pytest.mark.parametrize(("value", "rule"), [("nhiều", "value_is_a_number"), (145, "value_is_in_range")])
def test_a_wrong_cell_is_named_and_nothing_of_the_form_is_stored(own_engine: Engine, value: object, rule: str) -> None:
    book = filled(blank(own_engine, "2025-Q4"), 50, value)
    row, column = place(book[INPUT_SHEET], VALUE_HEADING)
    letter = openpyxl.utils.get_column_letter(column)
    outcome = send(own_engine, book)
    assert not outcome.stored
    errors = [found for found in outcome.findings if found.severity == "error"]
    assert [(found.rule, found.place) for found in errors] == [(rule, f'Sheet "{INPUT_SHEET}", {letter}{row + 2}')]
    assert known(own_engine, "2025-Q4") == {}


def test_what_the_form_requires_and_the_return_leaves_out_is_told_in_one_warning(own_engine: Engine) -> None:
    outcome = send(own_engine, filled(blank(own_engine, "2025-Q4"), 50), dry_run=True)
    told = [found for found in outcome.findings if found.rule == "required_is_given"]
    assert [(found.severity, found.found) for found in told] == [("warning", f"{UNIT}, 2025-Q4")]
    assert "ONLINE_FILING_RATE (YTD)" in told[0].expected
    assert "WHOLE_SERVICE_RATE" not in told[0].expected


def test_a_template_copied_for_another_period_by_hand_is_refused(own_engine: Engine) -> None:
    book = filled(blank(own_engine, "2025-Q4"), 50)
    sheet = book[INPUT_SHEET]
    row, column = place(sheet, "Quý IV/2025")
    sheet.cell(row, column, "Quý I/2026 (2026-Q1)")
    outcome = send(own_engine, book)
    assert [found.rule for found in outcome.findings] == ["template_changed"]
    assert "no longer says “Quý IV/2025 (2025-Q4)”" in outcome.findings[0].en


def test_a_wrong_status_is_named_at_its_own_cell_and_a_signature_below_is_no_figure(own_engine: Engine) -> None:
    book = filled(blank(own_engine, "2025-Q4"), 50)
    sheet = book[INPUT_SHEET]
    row, column = place(sheet, "Trạng thái")
    sheet.cell(row + 1, column, "tốt")
    _, value_column = place(sheet, VALUE_HEADING)
    sheet.cell(sheet.max_row + 2, value_column, "Người lập biểu: Nguyễn Văn A")
    outcome = send(own_engine, book)
    letter = openpyxl.utils.get_column_letter(column)
    found = {told.rule: told for told in outcome.findings}
    assert found["status_is_known"].place == f'Sheet "{INPUT_SHEET}", {letter}{row + 1}'
    assert found["text_below_table"].severity == "information"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"reporting_unit": "GSO04"}, "reporting_unit_is_the_senders"),
        ({"period": "2025-Q3"}, "period_is_the_senders"),
    ],
)
def test_a_template_sent_for_another_unit_or_period_is_refused(
    own_engine: Engine, said: dict[str, str], rule: str
) -> None:
    outcome = send(own_engine, filled(blank(own_engine, "2025-Q4"), 50), **said)
    assert not outcome.stored
    assert {found.rule for found in outcome.findings if found.severity == "error"} == {rule}


def test_a_template_sent_for_another_dataset_is_refused(own_engine: Engine) -> None:
    content = io.BytesIO()
    filled(blank(own_engine, "2025-Q4"), 50).save(content)
    said_of_it = Instructions("PUBLISHED_FIGURES")
    outcome = intake.take_in(own_engine, content.getvalue(), "form.xlsx", said_of_it, by=TEST, now=NOW)[1]
    errors = [found for found in outcome.findings if found.severity == "error"]
    assert [found.rule for found in errors] == ["template_is_for_dataset"]
    assert "Send it for the dataset PROVINCE_QUARTERLY" in errors[0].en


@pytest.mark.parametrize(
    ("unit", "period", "sentence"),
    [
        ("GSO24", "2025-Q3", "did not exist at the end of 2025-Q3"),
        ("GSO04", "2025", "has the frequency Q; 2025 is no such period"),
        ("MOF_2025", "2025-Q3", "is owed by province, not by MOF_2025"),
    ],
)
def test_there_is_no_template_for_what_is_not_owed(own_engine: Engine, unit: str, period: str, sentence: str) -> None:
    with database.reading(own_engine) as connection, pytest.raises(instructions.NotOwed, match=sentence):
        forms.form(connection, DATASET, unit, period, now=NOW)
