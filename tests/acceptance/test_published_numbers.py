"""Numbers that somebody else published come out of real files by way of the ordinary importer.

Each test names its row of the acceptance table (T1 ... T22), loads the real file as a submission, and asks the running
application.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from ingest import catalogue, registry
from ingest.reporting_unit import ReportingUnit
from ingest.stages import Outcome
from ingest.submission import Instructions
from ingest.target import Target
from service import app, database, intake
from tests.conftest import ACCEPTANCE_CATALOGUE, NOW, TEST

Load = Callable[..., Outcome]


@pytest.fixture(scope="module")
def engine_here(own_engine: Engine, shared_data: Path) -> Engine:
    with database.writing(own_engine) as connection:
        registry.load(connection, catalogue.read(catalogue.FOLDER, ACCEPTANCE_CATALOGUE), by=TEST)
    return own_engine


@pytest.fixture(scope="module")
def load(engine_here: Engine, shared_data: Path) -> Load:
    def loaded(path: str, mapping: str, **more: Any) -> Outcome:
        file = shared_data / path
        instructions = Instructions("PUBLISHED_FIGURES", mapping=mapping, **more)
        return intake.take_in(engine_here, file.read_bytes(), file.name, instructions, by=TEST, now=NOW)[1]

    return loaded


@pytest.fixture(scope="module")
def asked(engine_here: Engine) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    with TestClient(app.create(engine_here)) as client:

        def ask(**parameters: str) -> list[dict[str, Any]]:
            answer = client.get("/v1/observations", params={"limit": "100000"} | parameters)
            assert answer.status_code == 200, answer.text
            return json.loads(answer.text, parse_float=Decimal)["observations"]

        yield ask


Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def egdi(load: Load) -> None:
    for year in ("2018", "2020", "2022"):
        outcome = load(f"egdi/EGOV_DATA_{year}.csv", "EGDI_CSV", reason="the file of the knowledgebase")
        assert outcome.stored, outcome.findings[:3]


def values(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["period"]: row["value"] for row in rows}


@pytest.mark.usefixtures("egdi")
def test_t1_the_rank_of_viet_nam_in_three_surveys(asked: Ask) -> None:
    ranks = values(asked(indicator="EGDI_RANK", reporting_unit="VN", **{"from": "2018", "to": "2022"}))
    assert ranks == {"2018": 88, "2020": 86, "2022": 86}


@pytest.mark.usefixtures("egdi")
def test_t3_two_countries_share_the_fifth_place_and_nobody_has_the_sixth(asked: Ask) -> None:
    rows = asked(indicator="EGDI_RANK", **{"from": "2022", "to": "2022"})
    at = {place: {row["series"].split(".")[2] for row in rows if row["value"] == place} for place in (5, 6, 7)}
    assert all(row["document"] for row in rows)
    assert at[5] == {"IS", "SE"}
    assert at[6] == set()
    assert len(rows) == 193


@pytest.mark.usefixtures("egdi")
def test_t4_ranks_are_those_printed_and_not_recomputed(asked: Ask, shared_data: Path) -> None:
    printed = {
        row["Country Name"].strip(): int(row["E-Government Rank"])
        for row in csv.DictReader((shared_data / "egdi/EGOV_DATA_2020.csv").read_text("utf-8-sig").splitlines())
    }
    for code, name in (("AD", "Andorra"), ("HU", "Hungary"), ("MK", "North Macedonia"), ("TL", "Timor-Leste")):
        rows = asked(indicator="EGDI_RANK", reporting_unit=code, **{"from": "2020", "to": "2020"})
        assert values(rows) == {"2020": printed[name]}


def test_t6_cybersecurity_ranks_and_the_two_scales_never_joined(load: Load, asked: Ask) -> None:
    outcome = load("gci/gci_vnm_published.csv", "GCI_PUBLISHED_CSV", reason="typed from the newspapers")
    assert outcome.stored, outcome.findings[:3]
    assert values(asked(indicator="GCI_RANK", reporting_unit="VN")) == {"2017": 101, "2018": 50, "2020": 25, "2024": 17}
    scores = asked(indicator="GCI_SCORE*", reporting_unit="VN", source="ITU")
    by_series: dict[str, dict[str, Any]] = {}
    for row in scores:
        by_series.setdefault(row["series"], {})[row["period"]] = row["value"]
    assert sorted(by_series.values(), key=str) == [
        {"2017": Decimal("0.245"), "2018": Decimal("0.693")},
        {"2020": Decimal("94.59"), "2024": Decimal("99.74")},
    ]
    assert len({row["unit_measure"] for row in scores}) == 2


def taken_in(engine: Engine, table: list[list[Any]]) -> Outcome:
    """A table in the long format through the importer, its good rows published."""
    written = io.StringIO()
    csv.writer(written).writerows([["indicator", "reporting_unit", "period", "value"], *table])
    said = Instructions("PUBLISHED_FIGURES", accept_good_rows=True)
    return intake.take_in(engine, written.getvalue().encode(), "names.csv", said, by=TEST, now=NOW)[1]


def test_t16_province_24_is_bac_giang_in_2024_and_bac_ninh_in_2026(engine_here: Engine, asked: Ask) -> None:
    outcome = taken_in(engine_here, [["VILLAGE_SIGNAL_GAPS", "24", f"{year}-03", year] for year in (2024, 2026)])
    assert outcome.stored
    rows = asked(indicator="VILLAGE_SIGNAL_GAPS", frequency="M")
    units = {row["value"]: row["series"].split(".")[2] for row in rows if row["value"] in (2024, 2026)}
    assert units == {2024: "GSO24", 2026: "GSO24_2025"}


def test_t17_every_spelling_seen_is_stored_for_its_unit_or_asked_about_and_none_wrong(
    engine_here: Engine, asked: Ask, shared_data: Path
) -> None:
    units = catalogue.read().reporting_units
    right: dict[int, str] = {}
    table: list[list[Any]] = []
    with (shared_data / "units" / "province_spellings_seen.csv").open(encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), start=100_000):
            code = row["old_gso_code"].strip("()")
            # A day of its own for each, so that none is the same figure twice; Ha Tay ended in 2008.
            day = date(2007 if code == "28" else 2012, 1, 1) + timedelta(number - 100_000)
            known = units.resolve(code, day)
            assert isinstance(known, ReportingUnit)
            right[number] = known.code
            table.append(["TASKS_OVERDUE", row["variant_as_stored"], day, number])
    outcome = taken_in(engine_here, table)
    rows = asked(indicator="TASKS_OVERDUE", frequency="D")
    stored = {int(row["value"]): row["series"].split(".")[2] for row in rows if row["value"] >= 100_000}
    assert all(right[number] == unit for number, unit in stored.items())
    questions = [found for found in outcome.findings if found.severity == "error"]
    assert {found.rule for found in questions} <= {"reporting_unit_is_one", "reporting_unit_is_known"}
    assert len(stored) + len(questions) == len(right)
    assert len(questions) <= 5  # letters of an old font without their font, which could be others too


def test_t18_two_provinces_share_rank_15_and_none_has_16(load: Load, asked: Ask) -> None:
    outcome = load("dti/dti_2022_province_rank.csv", "DTI_RANK_CSV", reason="the ranking page", period="2022")
    assert outcome.stored, outcome.findings[:3]
    ranks = {
        row["series"].split(".")[2]: row["value"]
        for row in asked(indicator="DTI_RANK", **{"from": "2022", "to": "2022"})
        if row["series"].split(".")[2].startswith("GSO")
    }
    assert len(ranks) == 63
    assert sum(rank == 15 for rank in ranks.values()) == 2
    assert sum(rank == 16 for rank in ranks.values()) == 0
    assert ranks["GSO01_2008"] == 24


def test_t19_blanks_are_no_value_and_never_zero(load: Load, asked: Ask, shared_data: Path) -> None:
    for year in ("2019", "2020", "2021"):
        assert load(f"papi/papi_{year}.csv", "PAPI_CSV", period=year).stored
    rows = asked(indicator="PAPI_*", **{"from": "2021", "to": "2021"})
    table = (shared_data / "papi/papi_2021.csv").read_text("utf-8-sig").splitlines()
    blanks = sum(cell == "" for line in csv.reader(table) for cell in line)
    missing = [row for row in rows if row["value"] is None]
    assert len(missing) == blanks > 0
    assert all(row["status"] == "M" and row["reason"] for row in missing)
    assert not [row for row in rows if row["value"] == 0]


def test_t20_world_bank_years_and_no_aggregate_is_a_country(load: Load, asked: Ask, words: Any) -> None:
    outcome = load("worldbank/API_NY.GDP.MKTP.CD_DS2_en_csv_v2.csv", "WORLD_BANK_GDP_CSV")
    assert outcome.stored, outcome.findings[:3]
    rows = values(asked(indicator="GDP_CURRENT_USD", reporting_unit="VN"))
    assert rows["1985"] == Decimal("14094688429.5982")
    assert rows["2014"] == Decimal("186204652922.262")
    assert "2015" not in rows
    assert not [unit for unit in words.reporting_units if unit.name_en == "World"]
    told = [finding for finding in outcome.findings if "WLD" in finding.found or "World" in finding.found]
    assert told, "the aggregates that were left out are named"


def test_t21_the_exchange_rates_of_an_sdmx_message_are_those_of_the_list_beside_it(
    load: Load, asked: Ask, shared_data: Path
) -> None:
    outcome = load("sdmx/ecb_exr/ng-flat.xml", "ECB_EXR_NG_SDMX")
    assert outcome.stored, outcome.findings[:3]
    currencies = {"CH": "CHF", "GB": "GBP", "JP": "JPY", "US": "USD"}
    rows = asked(indicator="EUR_EXCHANGE_RATE", frequency="M")
    ours = {(currencies[row["series"].split(".")[2]], row["period"], str(row["value"])) for row in rows}
    listed = (shared_data / "sdmx/ecb_exr/ng-flat-expected.txt").read_text().splitlines()[1:]
    theirs = {(line.split()[1], *line.split()[5:]) for line in listed}
    assert len(theirs) == 12
    assert ours == theirs
    assert {("CHF", "2010-08", "1.3413"), ("USD", "2010-10", "1.3898")} <= ours


def test_the_rates_of_an_sdmx_json_message_stand_beside_them(load: Load, asked: Ask) -> None:
    outcome = load("sdmx/ecb_exr/flat.json", "ECB_EXR_SDMX")
    assert outcome.stored, outcome.findings[:3]
    rows = asked(indicator="EUR_EXCHANGE_RATE", frequency="D")
    assert {(row["series"].split(".")[2], row["period"], row["value"]) for row in rows} == {
        ("NZ", "2013-01-18", Decimal("1.5931")),
        ("NZ", "2013-01-21", Decimal("1.5925")),
        ("RU", "2013-01-18", Decimal("40.3426")),
        ("RU", "2013-01-21", Decimal("40.3")),
    }


@pytest.mark.usefixtures("egdi")
def test_t2_two_places_up_is_an_improvement_of_two(engine_here: Engine) -> None:
    with TestClient(app.create(engine_here)) as client:
        rows = client.get(
            "/v1/series/A.EGDI_RANK.VN.PERIOD.UN._T/changes", params={"from": "2018", "to": "2022"}
        ).json()
    assert [(row["previous_period"], row["period"], row["improvement"], row["ratio"]) for row in rows["changes"]] == [
        ("2018", "2020", 2, None),
        ("2020", "2022", 0, None),
    ]


PROMISES = (
    Target("PROMISED", "PROCEDURES_NOT_CUT", "VN", "2024", "zero_left", Decimal(0), "as T22 counts"),
    Target("PROMISED", "DTI_RANK", "province", "2022", "top_n", Decimal(15), "as T18 ranks"),
    Target("PROMISED", "GCI_RANK", "VN", "2024", "top_n", Decimal(20), "as T6 ranks", base_period="2020"),
)
# T23: as people write them, and the last day that is in time.
DEADLINES = {
    "trước tháng 12/2024": "2024-11-30",
    "trong quý IV/2022": "2022-12-31",
    "trước ngày 15/12/2021": "2021-12-14",
    "trong tháng 5/2024": "2024-05-31",
}


@pytest.fixture(scope="module")
def verdicts(engine_here: Engine) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Asks for verdicts, also on promises that these tests add."""
    dated = (
        Target("DATED", "TASKS_OVERDUE", "VN", day, "zero_left", Decimal(0), "T23", deadline=deadline)
        for deadline, day in DEADLINES.items()
    )
    files = catalogue.read(catalogue.FOLDER, ACCEPTANCE_CATALOGUE)
    with database.writing(engine_here) as connection:
        more = replace(files, version="with promises", targets=(*files.targets, *PROMISES, *dated))
        registry.load(connection, more, by=TEST)
    with TestClient(app.create(engine_here)) as client:

        def ask(**parameters: str) -> list[dict[str, Any]]:
            answer = client.get("/v1/verdicts", params={"limit": "10000"} | parameters)
            assert answer.status_code == 200, answer.text
            return answer.json()["verdicts"]

        yield ask


def test_t5_fifteen_places_of_five_promised_is_three_hundred_percent(verdicts: Ask) -> None:
    asked = {"indicator": "EGDI_RANK", "plan": "NCDT_SESSION8"}
    (told,) = verdicts(**asked)
    assert (told["kind"], told["base"], told["target"], told["promised"]) == ("change_from_base", 86, -5, 81)
    assert (told["state"], told["value"], told["progress_percent"], told["gap"]) == ("reached", 71, 300, 10)
    assert told["value_published_at"].startswith("2024-09-17")
    (before,) = verdicts(as_of="2024-08-01", **asked)
    assert (before["state"], before["reason"], before["value"]) == ("cannot_be_judged", "one_point", 86)
    assert (before["needed_value"], before["needed_period"]) == (81, "2024")
    assert verdicts(as_of="2024-04-23", **asked) == []  # the day before it was promised


def test_t6_ranks_are_judged_and_no_verdict_joins_the_two_scales(load: Load, verdicts: Ask) -> None:
    load("gci/gci_vnm_published.csv", "GCI_PUBLISHED_CSV", reason="typed from the newspapers")
    (told,) = verdicts(indicator="GCI_RANK", plan="PROMISED")
    assert (told["state"], told["value"], told["base"], told["method"]) == ("reached", 17, 25, "membership")
    assert told["progress_percent"] == 160  # of the five places from 25 to 20, eight
    assert {row["unit_measure"] for row in verdicts(indicator="GCI_*")} == {"rank"}


def test_t18_of_two_provinces_at_15_both_are_among_the_first_15(load: Load, verdicts: Ask) -> None:
    assert load("dti/dti_2022_province_rank.csv", "DTI_RANK_CSV", reason="the ranking page", period="2022").stored
    told = verdicts(indicator="DTI_RANK", plan="PROMISED")
    assert len(told) == 63
    reached = {row["reporting_unit"]: row["value"] for row in told if row["state"] == "reached"}
    assert sorted(reached.values()) == [*range(1, 15), 15, 15]
    assert {row["state"] for row in told} == {"reached", "off_track"}
    hanoi = next(row for row in told if row["reporting_unit"] == "GSO01_2008")
    assert (hanoi["value"], hanoi["gap"], hanoi["state"]) == (24, -9, "off_track")


@pytest.mark.parametrize(("deadline", "last_day"), DEADLINES.items())
def test_t23_deadlines_as_people_write_them_decide_when_it_is_over(verdicts: Ask, deadline: str, last_day: str) -> None:
    (told,) = (row for row in verdicts(plan="DATED") if row["deadline"] == deadline)
    assert told["last_day"] == last_day


def test_t8_the_ratio_of_two_years_agrees_with_the_printed_one(client: TestClient) -> None:
    key = "A.NDXP_TRANSACTIONS.VN.PERIOD.REPORT._T"
    rows = client.get(f"/v1/series/{key}/changes", params={"from": "2021", "to": "2022"}).json()["changes"]
    assert len(rows) == 1
    assert round(rows[0]["ratio"], 4) == 4.7535
    assert round(rows[0]["ratio"], 1) == 4.8


def test_t8_a_year_that_disagrees_with_its_mean_day_is_warned_and_both_are_kept(
    engine: Engine, client: TestClient
) -> None:
    with engine.connect() as connection:
        found = connection.execute(
            text("select severity, found, expected from finding where rule = 'daily_mean_agrees_with_total'")
        ).all()
    assert ("warning", "2100000", "2356164") in [tuple(row) for row in found]
    rows = client.get(
        "/v1/observations", params={"indicator": "NDXP_*", "from": "2022", "to": "2022", "frequency": "A"}
    )
    assert {row["value"] for row in rows.json()["observations"]} == {860_000_000, 2_100_000}


@pytest.mark.parametrize(
    ("indicator", "left", "whole", "done", "percent"),
    [
        ("PROCEDURES_NOT_CUT", 390, 1086, 696, 64.09),
        ("FEE_RESOLUTION_MISSING", 7, 63, 56, 88.89),
        ("ESSENTIAL_SERVICES_LEFT", 12, 53, 41, 77.36),
    ],
)
def test_t22_what_is_left_gives_what_is_done(
    client: TestClient, indicator: str, left: int, whole: int, done: int, percent: float
) -> None:
    rows = client.get(f"/v1/series/M.{indicator}.VN.STOCK.REPORT._T/shares").json()["shares"]
    assert [(row["period"], row["value"], row["whole"], row["complement"]) for row in rows] == [
        ("2024-04", left, whole, done)
    ]
    assert round(rows[0]["complement_percent"], 2) == percent


@pytest.mark.parametrize(
    ("indicator", "plan", "left", "whole", "done", "percent"),
    [
        ("PROCEDURES_NOT_CUT", "PROMISED", 390, 1086, 696, 64.09),
        ("FEE_RESOLUTION_MISSING", "NCDT_SESSION8", 7, 63, 56, 88.89),
        ("ESSENTIAL_SERVICES_LEFT", "NCDT_2024", 12, 53, 41, 77.36),
    ],
)
def test_t22_a_count_down_tells_what_is_done(
    verdicts: Ask, indicator: str, plan: str, left: int, whole: int, done: int, percent: float
) -> None:
    (told,) = verdicts(indicator=indicator, plan=plan)
    assert (told["method"], told["value"], told["whole"], told["done"]) == ("count_down", left, whole, done)
    assert round(told["done_percent"], 2) == percent
    assert told["value_period"] == "2024-04"


def test_t7_pillars_that_do_not_add_up_are_warned_of(load: Load) -> None:
    outcome = load("gci/gci_2020_bipa.csv", "GCI_BIPA_CSV", reason="the file of Blavatnik")
    assert outcome.stored
    warned = [found for found in outcome.findings if found.severity != "information"]
    assert {(found.rule, found.found, found.expected) for found in warned} == {
        ("gci_pillars_add_up", "16.73", "7.46"),  # MOZ
        ("gci_pillars_add_up", "52.36", "92.36"),  # SVK
        ("gci_pillars_add_up", "54.92", "74.93"),  # SVN
        ("gci_published_total_agrees_with_pillars", "94.55", "94.59"),  # Viet Nam's, which the ITU published
    }
    assert {found.severity for found in warned} == {"warning"}
    places = [found.place for found in outcome.findings if found.rule == "gci_pillars_add_up"]
    assert places == [f'line {line}, column "value"' for line in (710, 961, 965)]
    again = load("gci/gci_vnm_published.csv", "GCI_PUBLISHED_CSV", reason="as the press has it")
    assert [found.expected for found in again.findings] == ["94.59"]


def test_t8_the_year_against_the_mean_day_and_half_a_year_against_the_year_are_warned_of(engine_here: Engine) -> None:
    with engine_here.connect() as connection:
        told = connection.execute(
            text(
                "select rule, found, expected from finding join submission on submission.id = finding.submission"
                " where file_name = 'data.csv' and severity = 'warning'"
            )
        )
        found = {tuple(row) for row in told}
    assert ("daily_mean_agrees_with_total", "2100000", "2356164") in found
    assert ("amount_is_a_share_of_last_year", "276900000", "430000000") in found
    assert {rule for rule, *_ in found} == {"daily_mean_agrees_with_total", "amount_is_a_share_of_last_year"}
