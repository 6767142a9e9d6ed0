"""The scoreboard: one verdict a cell, states that are counted, places with ties, who moved, what is missing."""

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import openpyxl
import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import Connection, Engine, text

from ingest import catalogue, targets
from ingest.target import Target, TargetKind
from service import app
from service.api.scoreboard_shapes import MissingCells, ScoreboardAnswer
from service.archive import ranking
from service.archive.measures import DoesNotApply
from service.archive.ranking import Field
from service.archive.verdicts import reaching, scoreboard, states
from service.archive.verdicts.reaching import Reached, Wanted
from service.archive.verdicts.scoreboard import CELL_COLUMNS, COUNT_COLUMNS, STATES, Chosen
from service.archive.verdicts.states import Reason, State
from service.portal import words as interface
from service.portal.scoreboard import SYMBOLS, Telling
from tests.conftest import NOW, Clock
from tests.ingest.test_ledger import append
from tests.service.test_portal import Elements, read

TODAY = date(2026, 11, 22)
UNREPORTED = ("no_figure", "not_reported_yet")


@pytest.fixture
def reached(connection: Connection) -> Reached:
    return reaching.reached(connection, Wanted(), as_of=NOW, today=TODAY)


def of(cells: list[dict[str, Any]], indicator: str, unit: str = "VN") -> dict[str, Any]:
    (found,) = [cell for cell in cells if (cell["indicator"], cell["reporting_unit"]) == (indicator, unit)]
    return found


def test_a_cell_has_the_next_deadline_that_is_not_over_else_the_last_one_that_was(reached: Reached) -> None:
    cells = scoreboard.cells(reached, Chosen(), today=TODAY)
    promised: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in reached.rows():
        promised.setdefault((row["indicator"], row["reporting_unit"]), []).append(row)
    assert {(cell["indicator"], cell["reporting_unit"]) for cell in cells} == set(promised)
    assert len(cells) == len(promised)
    for cell in cells:
        days = [row["last_day"] for row in promised[cell["indicator"], cell["reporting_unit"]]]
        ahead = [day for day in days if day >= TODAY]
        assert cell["last_day"] == (min(ahead) if ahead else max(days))
        assert cell["over"] == (not ahead)
        assert cell["promises"] == len(days)


def test_of_promises_for_the_same_day_the_one_that_was_made_last_matters(reached: Reached) -> None:
    cell = of(scoreboard.cells(reached, Chosen(), today=TODAY), "EGDI_RANK")
    rivals = [row for row in reached.rows() if row["indicator"] == "EGDI_RANK" and row["period"] == "2030"]
    assert len(rivals) == 3
    assert (cell["plan"], cell["promised"]) == ("NQ57_2024", 50)
    older = scoreboard.cells(reached, Chosen(plans=["QD749_2020", "QD942_2021_VISION"]), today=TODAY)
    assert of(older, "EGDI_RANK")["plan"] == "QD942_2021_VISION"


def test_of_a_levels_promise_and_the_units_own_for_the_same_day_the_units_own_matters(connection: Connection) -> None:
    files = catalogue.read()
    same = Target("TRIAL", "VILLAGE_SIGNAL_GAPS", "nation", "2031", "at_most", Decimal(9), "a test")
    own = replace(same, scope="VN", value=Decimal(5))
    targets.load(connection, [*files.targets, same, own], files.indicators)
    told = reaching.reached(connection, Wanted(), as_of=now(connection), today=TODAY)
    cell = of(scoreboard.cells(told, Chosen(plans=["TRIAL"]), today=TODAY), "VILLAGE_SIGNAL_GAPS")
    assert (cell["promises"], cell["scope"], cell["promised"]) == (2, "VN", 5)


def test_words_of_a_promise_that_change_do_not_make_it_a_later_one(connection: Connection) -> None:
    files = catalogue.read()
    mended = [replace(each, note="mended") if each.plan == "QD749_2020" else each for each in files.targets]
    targets.load(connection, mended, files.indicators)
    told = reaching.reached(connection, Wanted(), as_of=now(connection), today=TODAY)
    assert of(scoreboard.cells(told, Chosen(), today=TODAY), "EGDI_RANK")["plan"] == "NQ57_2024"


def test_a_cell_says_all_that_its_verdict_says(reached: Reached) -> None:
    verdicts = {
        (row["plan"], row["indicator"], row["scope"], row["period"], row["reporting_unit"]): row
        for row in reached.rows()
    }
    for cell in scoreboard.cells(reached, Chosen(), today=TODAY):
        key = tuple(cell[name] for name in ("plan", "indicator", "scope", "period", "reporting_unit"))
        assert {name: cell[name] for name in reaching.ANSWER_COLUMNS} == verdicts[key]  # type: ignore[index]
        assert set(CELL_COLUMNS) <= set(cell)


def test_every_filter_leaves_out_what_it_does_not_name(reached: Reached) -> None:
    everything = scoreboard.cells(reached, Chosen(), today=TODAY)
    for name, of_chosen in (
        ("pillar", "pillars"),
        ("level", "levels"),
        ("indicator", "indicators"),
        ("reporting_unit", "reporting_units"),
    ):
        code = everything[0][name]
        some = scoreboard.cells(reached, Chosen(**{of_chosen: [code]}), today=TODAY)
        assert some == [cell for cell in everything if cell[name] == code]
        assert 0 < len(some) < len(everything)
    led = scoreboard.cells(reached, Chosen(leads=["MOH"]), today=TODAY)
    assert led == [cell for cell in everything if "MOH" in cell["lead"]]
    assert led
    due = scoreboard.cells(reached, Chosen(periods=["2025"]), today=TODAY)
    assert {cell["period"] for cell in due} == {"2025"}
    # A cell whose mattering target is of another year has that of this one now.
    assert of(due, "EGDI_RANK")["over"]
    assert scoreboard.cells(reached, Chosen(periods=["1999"]), today=TODAY) == []


def test_the_lead_unit_is_the_one_of_the_day(reached: Reached) -> None:
    indicator = reached.catalogue.indicators["EGDI_RANK"]
    assert scoreboard.leading(indicator, date(2024, 6, 1)) == ["MIC"]
    assert scoreboard.leading(indicator, TODAY) == ["MOST_2025"]


def test_states_are_counted_and_every_group_has_all_of_its_cells(reached: Reached) -> None:
    cells = scoreboard.cells(reached, Chosen(), today=TODAY)
    counts = scoreboard.counted(cells)
    assert all(tuple(row) == COUNT_COLUMNS for row in counts)
    total = counts[0]
    assert (total["by"], total["code"], total["cells"]) == ("total", None, len(cells))
    assert Counter(cell["state"] for cell in cells) == {state: total[state] for state in STATES if total[state]}
    assert total["without_figure"] == sum(cell["reason"] in UNREPORTED for cell in cells)
    for row in counts:
        assert sum(row[state] for state in STATES) == row["cells"] > 0
        assert row["without_figure"] <= row["cannot_be_judged"]
    for name in ("pillar", "level", "reporting_unit"):
        assert sum(row["cells"] for row in counts if row["by"] == name) == len(cells)
    assert sum(row["cells"] for row in counts if row["by"] == "lead") == sum(len(cell["lead"]) for cell in cells)


def test_nothing_chosen_counts_nothing(reached: Reached) -> None:
    (total,) = scoreboard.counted(scoreboard.cells(reached, Chosen(periods=["1999"]), today=TODAY))
    assert total["cells"] == sum(total[state] for state in STATES) == 0


def field(**parts: Any) -> Field:
    whole = {"level": "province", "frequency": "A", "accumulation": "PERIOD", "source": "EMC", "period": "2024"}
    return Field(**{**whole, "with_figure": 0, "expected": 63, **parts})


def rates(given: dict[str, str], period: str) -> list[dict[str, Any]]:
    return [
        {"series": f"A.WHOLE_FILING_RATE.{unit}.PERIOD.EMC._T", "period": period, "value": Decimal(value)}
        for unit, value in given.items()
    ]


def test_a_published_ranking_keeps_its_ties(client: TestClient) -> None:
    told = client.get("/v1/scoreboard/ranking", params={"indicator": "DTI_RANK", "period": "2022"}).json()
    places = [row["place"] for row in told["ranking"]]
    assert (told["with_figure"], told["expected"], told["ties"]) == (63, 63, None)
    assert (places.count(15), places.count(16)) == (2, 0)
    assert {row["reporting_unit"]: row["place"] for row in told["ranking"]}["GSO01_2008"] == 24
    assert places == sorted(places)


def test_places_are_shared_as_in_competitions_or_densely(connection: Connection) -> None:
    given = {"GSO89": "99.9", "GSO77": "99.8", "GSO24": "99.8", "GSO06": "99.7"}
    append(connection, *rates(given, "2023"))
    for ties, expected in (("competition", [1, 2, 2, 4]), ("dense", [1, 2, 2, 3])):
        told = ranking.ranked(
            connection, "WHOLE_FILING_RATE", field(period="2023"), as_of=now(connection), ties=ties, order="place"
        )
        assert [row["place"] for row in told] == expected
        assert {row["place_note"] for row in told} == {"4 of 63 provinces have a figure."}


def test_a_forecast_has_no_place_and_takes_none_and_no_change_is_against_one(connection: Connection) -> None:
    def with_forecasts(given: dict[str, tuple[str, str]], period: str) -> list[dict[str, Any]]:
        values = rates({unit: value for unit, (value, _) in given.items()}, period)
        return [row | {"status": status} for row, (_, status) in zip(values, given.values(), strict=True)]

    append(connection, *with_forecasts({"GSO77": ("45", "A"), "GSO24": ("30", "F")}, "2022"))
    append(connection, *with_forecasts({"GSO89": ("99", "F"), "GSO77": ("50", "A"), "GSO24": ("40", "A")}, "2023"))
    told = ranking.ranked(
        connection, "WHOLE_FILING_RATE", field(period="2023"), as_of=now(connection), ties=None, order="place"
    )
    assert [(row["reporting_unit"], row["place"], row["change"]) for row in told] == [
        ("GSO77", 1, 5),
        ("GSO24", 2, None),
    ]
    assert {row["place_note"] for row in told} == {"2 of 63 provinces have a figure."}
    assert told[1]["change_reason"] == "There is no figure of 2022."


def now(connection: Connection) -> Any:
    return connection.execute(text("select clock_timestamp()")).scalar_one()


def test_who_moved_most_in_the_wanted_direction_is_first_and_who_cannot_be_compared_last(
    connection: Connection,
) -> None:
    append(connection, *rates({"GSO89": "40", "GSO77": "90", "GSO24": "70"}, "2022"))
    append(connection, *rates({"GSO89": "65", "GSO77": "91", "GSO24": "60", "GSO06": "99"}, "2023"))
    told = ranking.ranked(
        connection,
        "WHOLE_FILING_RATE",
        field(period="2023"),
        as_of=now(connection),
        ties="competition",
        order="improvement",
    )
    assert [row["reporting_unit"] for row in told] == ["GSO89", "GSO77", "GSO24", "GSO06"]
    assert [row["improvement"] for row in told] == [25, 1, -10, None]
    assert told[0]["change_unit"] == "percentage_point"
    assert told[-1]["change_reason"] == "There is no figure of 2022."


def test_a_rank_that_falls_is_an_improvement(client: TestClient) -> None:
    told = client.get("/v1/scoreboard/ranking", params={"indicator": "DTI_RANK", "order": "improvement"}).json()
    compared = [row for row in told["ranking"] if row["change"] is not None]
    assert compared
    assert all(row["improvement"] == -row["change"] for row in compared)
    assert [row["improvement"] for row in compared] == sorted((row["improvement"] for row in compared), reverse=True)


def test_what_neither_direction_makes_better_is_not_ranked(connection: Connection) -> None:
    series = [f"A.BUDGET_REVENUE.{unit}.PERIOD.BUDGET_PLAN._T" for unit in ("GSO89", "GSO77")]
    append(connection, *({"series": key, "period": "2023", "value": Decimal(5)} for key in series))
    with pytest.raises(DoesNotApply, match="neither direction"):
        ranking.ranked(
            connection,
            "BUDGET_REVENUE",
            field(source="BUDGET_PLAN", period="2023"),
            as_of=now(connection),
            ties="dense",
            order="place",
        )


def ask(client: TestClient, path: str, shape: type[BaseModel], **parameters: Any) -> dict[str, Any]:
    answer = client.get(f"/v1/scoreboard{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    shape.model_validate(json.loads(answer.text))
    return answer.json()


def test_the_scoreboard_agrees_with_the_verdicts(client: TestClient) -> None:
    told = ask(client, "", ScoreboardAnswer, pillar="INTL")
    assert len(told["cells"]) == told["counts"][0]["cells"] > 0
    for cell in told["cells"]:
        asked = {name: cell[name] for name in ("plan", "indicator", "scope", "reporting_unit")}
        (verdict,) = [
            row
            for row in client.get("/v1/verdicts", params=asked).json()["verdicts"]
            if row["period"] == cell["period"]
        ]
        shared = set(verdict) & set(cell)
        assert len(shared) > 15
        assert {name: verdict[name] for name in shared} == {name: cell[name] for name in shared}


def test_csv_has_the_cells_and_the_workbook_the_counts_too(client: TestClient) -> None:
    told = ask(client, "", ScoreboardAnswer, level="nation")
    table = client.get("/v1/scoreboard", params={"level": "nation", "format": "csv"})
    read_back = list(csv.DictReader(io.StringIO(table.text)))
    assert tuple(read_back[0]) == CELL_COLUMNS
    assert [row["state"] for row in read_back] == [cell["state"] for cell in told["cells"]]
    book = client.get("/v1/scoreboard", params={"level": "nation", "format": "xlsx"})
    assert f"chiso-scoreboard-{told['today']}.xlsx" in book.headers["content-disposition"]
    sheets = openpyxl.load_workbook(io.BytesIO(book.content))
    assert sheets.sheetnames == ["Scoreboard", "Counts"]
    assert sheets["Scoreboard"].max_row == len(told["cells"]) + 1
    assert [cell.value for cell in sheets["Counts"][2]][2:] == [told["counts"][0][name] for name in COUNT_COLUMNS[2:]]


def test_what_is_missing_is_what_a_target_binds_and_nobody_reported(client: TestClient) -> None:
    everything = ask(client, "", ScoreboardAnswer)
    told = ask(client, "/missing", MissingCells)
    assert told["missing"] == [cell for cell in everything["cells"] if cell["reason"] in UNREPORTED]
    assert len(told["missing"]) == everything["counts"][0]["without_figure"] > 0
    assert {cell["reason"] for cell in told["missing"]} == {*UNREPORTED}
    for cell in told["missing"]:
        assert (cell["value"] is None) == (cell["series"] is None) == (cell["reason"] == "no_figure")


@pytest.mark.parametrize(
    ("path", "parameters", "status", "sentence"),
    [
        ("", {"pillar": "GOVV"}, 404, "“GOVV” is no pillar. Did you mean GOV?"),
        ("", {"level": "provinces"}, 404, "Did you mean province?"),
        ("", {"plan": "QD749"}, 404, "Did you mean QD749_2020?"),
        ("", {"lead": "MOSTT"}, 404, "Did you mean MOST"),
        ("", {"indicator": "EGDI_RNK"}, 404, "Did you mean EGDI_RANK"),
        ("", {"period": "someday"}, 400, "someday"),
        ("", {"period": ","}, 400, "“period” is empty"),
        ("", {"state": "reached"}, 400, "There are: as_of"),
        ("", {"format": "parquet"}, 406, "There are: json, csv, xlsx"),
        ("/missing", {"format": "xlsx"}, 406, "There are: json, csv"),
        ("/ranking", {}, 400, "indicator"),
        ("/ranking", {"indicator": "DTI_RNK"}, 404, "Did you mean DTI_RANK"),
        ("/ranking", {"indicator": ","}, 400, "“indicator” is empty"),
        ("/ranking", {"indicator": "ZZZ*"}, 404, "“ZZZ*” is no indicator."),
        ("/ranking", {"indicator": "D*_RANK"}, 404, "Did you mean DTI_RANK"),
        ("/ranking", {"indicator": "DTI_RANK,GCI_SCORE"}, 404, "Did you mean DTI_RANK"),
        ("/ranking", {"indicator": "DTI_RANK", "level": "province,ministry"}, 404, "Did you mean province"),
        ("/ranking", {"indicator": "DTI_RANK", "source": "*"}, 404, "“*” is no source."),
        ("/ranking", {"indicator": "DTI_RANK", "ties": "none"}, 400, "ties"),
        ("/ranking", {"indicator": "DTI_RANK", "ties": "dense"}, 422, "stay as they were published"),
        ("/ranking", {"indicator": "DTI_RANK", "period": "1999"}, 404, "There are: level=province"),
        ("/ranking", {"indicator": "EGDI_RANK"}, 404, "Nobody but the nation has any."),
    ],
)
def test_a_wrong_question_is_answered_with_what_there_is(
    client: TestClient, path: str, parameters: dict[str, str], status: int, sentence: str
) -> None:
    answer = client.get(f"/v1/scoreboard{path}", params=parameters)
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()["detail"]


def test_an_answer_holds_for_its_day_and_no_longer(engine: Engine) -> None:
    clock = Clock()
    with engine.connect() as connection:
        clock.now = now(connection) + timedelta(minutes=1)
    with TestClient(app.create(engine, clock=clock)) as client:
        tag = client.get("/v1/scoreboard").headers["etag"]
        assert client.get("/v1/scoreboard", headers={"If-None-Match": tag}).status_code == 304
        clock.go_on(days=1)
        later = client.get("/v1/scoreboard", headers={"If-None-Match": tag})
        assert later.status_code == 200
        assert later.headers["etag"] != tag


def test_a_past_scoreboard_is_of_the_deadlines_of_its_day(client: TestClient) -> None:
    past = ask(client, "", ScoreboardAnswer, indicator="EGDI_RANK", as_of="2024-10-01")
    (cell,) = past["cells"]
    assert (past["today"], cell["period"], cell["over"], cell["value_period"]) == ("2024-10-01", "2024", False, "2024")


@pytest.fixture(scope="module")
def pages(client: TestClient) -> dict[str, Elements]:
    return {"vi": read(client, "/scoreboard"), "en": read(client, "/scoreboard?lang=en")}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_state_has_its_word_and_its_symbol_on_the_page(pages: dict[str, Elements], language: str) -> None:
    place = interface.LANGUAGES.index(language)
    for state in STATES:
        assert f"{SYMBOLS[state]} {interface.STATES[state][place]}" in pages[language].text
    assert len(set(SYMBOLS.values())) == len(SYMBOLS) == len(STATES)


def test_the_page_has_the_nations_cells_of_the_api(client: TestClient, pages: dict[str, Elements]) -> None:
    told = ask(client, "", ScoreboardAnswer, level="nation")
    total = told["counts"][0]
    counts = " ".join(str(total[name]) for name in ("cells", *STATES))
    assert f"Tất cả {counts}" in pages["vi"].text
    assert f"All {counts}" in pages["en"].text
    linked = [link["href"] for link in pages["vi"].named("a")]
    for cell in told["cells"]:
        assert f"/indicators/{cell['indicator']}" in linked
    assert (
        "thuộc nhóm 50 dẫn đầu thời hạn: hết ngày 31/12/2030 hạng 71 Năm 2024 ▲ Đúng tiến độ vượt 6 bậc so với lộ trình"
        in pages["vi"].text
    )
    assert "among the first 50 by 31 Dec 2030 rank 71 2024 ▲ On track 6 places ahead of the path" in pages["en"].text
    assert "? Chưa đánh giá được còn phải giải quyết 12" in pages["vi"].text
    assert "còn thiếu 27,2 điểm phần trăm so với mục tiêu" in pages["vi"].text
    assert "27.2 percentage points short of the target" in pages["en"].text


def test_the_gap_on_the_page_says_whether_it_is_from_the_path_or_from_the_target(reached: Reached) -> None:
    vi, en = (Telling(reached, language) for language in interface.LANGUAGES)
    cells = scoreboard.cells(reached, Chosen(levels=["nation"]), today=TODAY)
    far = [cell for cell in cells if cell["gap"] is not None]
    for cell in far:
        on_path = abs(cell["value"] - cell["promised"]) != pytest.approx(abs(cell["gap"]))
        assert ("lộ trình" in vi.of(cell)["distance"], "the path" in en.of(cell)["distance"]) == (on_path, on_path)
    egdi = of(cells, "EGDI_RANK")
    late = of(cells, "ONLINE_FILING_RATE")
    assert (vi.of(egdi)["distance"], en.of(egdi)["distance"]) == (
        "vượt 6 bậc so với lộ trình",
        "6 places ahead of the path",
    )
    assert late["over"]
    assert vi.of(late)["distance"].endswith("điểm phần trăm so với mục tiêu")
    assert en.of(late)["distance"].endswith("percentage points short of the target")
    assert vi.of({**egdi, "gap": 0})["distance"] == "vừa đủ so với lộ trình"


@pytest.mark.parametrize(
    ("kind", "path_value", "gap", "vi", "en"),
    [
        ("zero_left", 400, 10, "thấp hơn 10 so với lộ trình", "10 below the path"),
        ("zero_left", 300, -90, "còn cao hơn 90 so với lộ trình", "90 above the path"),
        ("zero_left", None, -390, "còn phải giải quyết 390", "390 still to be done"),
        ("at_most", 300, -90, "còn cao hơn 90 so với mục tiêu", "90 above the target"),
        ("at_least", 300, 90, "vượt 90 so với mục tiêu", "90 above the target"),
        ("at_least", 400, -10, "còn thiếu 10 so với lộ trình", "10 short of the path"),
    ],
)
def test_a_gap_of_what_is_to_be_less_is_said_the_right_way_round(
    kind: str, path_value: int | None, gap: int, vi: str, en: str, reached: Reached
) -> None:
    cell = of(scoreboard.cells(reached, Chosen(), today=TODAY), "TASKS_OVERDUE")
    target = 0 if kind == "zero_left" else 300
    cell |= {"kind": kind, "target": target, "promised": target, "value": 390, "path_value": path_value, "gap": gap}
    assert Telling(reached, "vi").of(cell)["distance"] == vi
    assert Telling(reached, "en").of(cell)["distance"] == en


@pytest.mark.parametrize(
    ("indicator", "target", "base", "vi", "en"),
    [
        ("EGDI_RANK", -5, 86, "tăng ít nhất 5 bậc so với hạng 86", "at least 5 places up from rank 86"),
        ("EGDI_RANK", 1, 86, "giảm ít nhất 1 bậc so với hạng 86", "at least 1 place down from rank 86"),
        ("EGDI_RANK", -5, None, "tăng ít nhất 5 bậc so với mức gốc", "at least 5 places up from the base"),
        (
            "ONLINE_FILING_RATE",
            -10,
            20,
            "giảm ít nhất 10 điểm phần trăm so với mức 20 %",
            "at least 10 percentage points less than 20%",
        ),
        (
            "ONLINE_FILING_RATE",
            1,
            20,
            "tăng ít nhất 1 điểm phần trăm so với mức 20 %",
            "at least 1 percentage point more than 20%",
        ),
    ],
)
def test_a_promised_change_is_told_as_what_becomes_better_or_less(
    indicator: str, target: int, base: int | None, vi: str, en: str, reached: Reached
) -> None:
    cell = of(scoreboard.cells(reached, Chosen(), today=TODAY), indicator)
    cell |= {"kind": "change_from_base", "target": target, "base": base}
    assert Telling(reached, "vi").of(cell)["promise"].replace("\u00a0", " ") == vi
    assert Telling(reached, "en").of(cell)["promise"].replace("\u00a0", " ") == en


def test_the_page_shows_whom_a_level_binds_and_every_reason(pages: dict[str, Elements]) -> None:
    assert "Theo đơn vị báo cáo: tỉnh, thành phố" in pages["vi"].text
    assert "By reporting unit: ministry or central agency" in pages["en"].text
    assert "? Cannot be judged there is no figure" in pages["en"].text
    # A province of before the mergers is another one than its namesake.
    assert "Tỉnh An Giang đến hết 30/06/2025" in pages["vi"].text


def test_the_page_is_filtered_by_a_form_and_says_what_cannot_be_chosen(client: TestClient) -> None:
    page = read(client, "/scoreboard?pillar=INTL&lead=&plan=&period=2030")
    chosen = [option["value"] for option in page.named("option") if "selected" in option]
    assert chosen == ["INTL", "2030"]
    assert "Mục tiêu quốc gia: Chỉ số quốc tế" in page.text
    assert "Mục tiêu quốc gia: Chính phủ số" not in page.text
    assert (
        "Bộ lọc “Nhóm chỉ tiêu” không có lựa chọn “INTLL”. Có phải là: INTL"
        in read(client, "/scoreboard?pillar=INTLL", status=404).text
    )
    assert "Không có mục tiêu nào phù hợp với bộ lọc." in read(client, "/scoreboard?pillar=INTL&period=2022").text


def test_the_page_of_a_past_day_is_the_scoreboard_of_that_day(client: TestClient) -> None:
    page = read(client, "/scoreboard?as_of=2024-10-01&pillar=INTL")
    assert "đánh giá đến ngày 01/10/2024" in page.text
    assert "tăng ít nhất 5 bậc so với hạng 86" in page.text


def test_every_state_and_reason_and_kind_has_its_words() -> None:
    assert set(interface.STATES) == set(states.words(State))
    assert set(interface.REASON_LABELS) == set(states.words(Reason))
    assert set(interface.KINDS) == set(get_args(TargetKind)) - {"change_from_base"}
