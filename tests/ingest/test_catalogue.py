import csv
import shutil
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ingest import catalogue
from ingest.catalogue import FOLDER, Catalogue, Faulty
from ingest.dataset import DueRule
from ingest.period import parse

ACCEPTANCE = Path(__file__).parents[1] / "catalogue_acceptance"


@pytest.fixture(scope="module")
def ours() -> Catalogue:
    return catalogue.read()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "catalogue", ignore=shutil.ignore_patterns("*.py", "__pycache__")))


def change(file: Path, old: str, new: str) -> int:
    """Change the first place where the text stands; return its line."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def figures(ours: Catalogue) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for path in ours.figures:
        with path.open(encoding="utf-8", newline="") as file:
            found.extend(csv.DictReader(file))
    return found


def test_the_catalogue_has_no_fault():
    assert [str(fault) for fault in catalogue.check(FOLDER, ACCEPTANCE)] == []


def test_there_are_at_least_55_indicators_of_every_pillar(ours: Catalogue):
    own = [it for it in ours.indicators.values() if not it.code.startswith("PAPI_")]
    assert len(own) >= 55
    assert {it.pillar for it in own} == {"GOV", "DATA", "ECON", "SOC", "INFRA", "SEC", "INTL", "DISC"}


def test_every_rate_that_is_recomputed_says_of_what(ours: Catalogue):
    for it in ours.indicators.values():
        if "ratio" in (it.adds_over_time, it.adds_over_units):
            assert it.numerator_vi
            assert it.denominator_en


def test_no_rank_no_index_and_no_rate_adds_up(ours: Catalogue):
    for it in ours.indicators.values():
        if it.unit_measure in ("rank", "percent") or it.unit_measure.startswith("score"):
            assert it.adds_over_time not in ("sum", "mean"), it.code
            assert it.adds_over_units not in ("sum", "mean"), it.code
        if it.unit_measure == "rank":
            assert it.direction == "down", it.code


def test_an_indicator_has_the_range_of_its_unit_of_measure(ours: Catalogue):
    assert (ours.indicators["ONLINE_FILING_RATE"].minimum, ours.indicators["ONLINE_FILING_RATE"].maximum) == (0, 100)
    assert ours.indicators["EGDI_RANK"].minimum == 1


def test_a_lead_changes_hands_without_a_day_between(ours: Catalogue):
    leads = ours.indicators["ONLINE_FILING_RATE"].lead
    assert [(lead.reporting_unit, lead.valid_from, lead.valid_to) for lead in leads] == [
        ("MIC", None, date(2025, 2, 28)),
        ("MOST_2025", date(2025, 3, 1), None),
    ]


def test_the_two_scales_of_the_cybersecurity_index_are_two_indicators(ours: Catalogue):
    assert ours.indicators["GCI_SCORE_TO_2018"].maximum == 1
    assert ours.indicators["GCI_SCORE_TO_2018"].replaced_by == "GCI_SCORE"
    assert ours.indicators["GCI_SCORE"].maximum == 100


def test_all_text_is_composed_unicode_with_single_line_ends():
    for path in FOLDER.rglob("*"):
        if path.suffix in (".yaml", ".csv"):
            text = path.read_bytes().decode("utf-8")
            assert unicodedata.is_normalized("NFC", text), path
            assert "\r" not in text, path
            assert not text.startswith("\ufeff"), path


def test_the_egdi_rank_of_viet_nam_has_its_twelve_editions(ours: Catalogue):
    rank = {row["period"]: row for row in figures(ours) if row["indicator"] == "EGDI_RANK"}
    assert {period: row["value"] for period, row in rank.items()} == {
        "2003": "97", "2004": "112", "2005": "105", "2008": "91", "2010": "90", "2012": "83",
        "2014": "99", "2016": "89", "2018": "88", "2020": "86", "2022": "86", "2024": "71",
    }  # fmt: skip
    assert max(period for period, row in rank.items() if row["published_at"] <= "2021-01-01") == "2020"


def test_the_editions_of_the_cybersecurity_index_stand_with_both_scores_of_2020(ours: Catalogue):
    def of(indicator: str, source: str = "ITU") -> dict[str, str]:
        return {r["period"]: r["value"] for r in figures(ours) if (r["indicator"], r["source"]) == (indicator, source)}

    assert of("GCI_RANK") == {"2017": "101", "2018": "50", "2020": "25", "2024": "17"}
    assert of("GCI_SCORE_TO_2018") == {"2017": "0.245", "2018": "0.693"}
    assert of("GCI_SCORE") == {"2020": "94.59", "2024": "99.74"}
    assert of("GCI_SCORE", "BLAVATNIK") == {"2020": "94.55"}


def test_the_share_of_2022_keeps_its_three_vintages_each_revision_with_a_reason(ours: Catalogue):
    vintages = [
        (row["published_at"], row["value"], bool(row["reason"]))
        for row in figures(ours)
        if (row["indicator"], row["source"], row["period"]) == ("DIGITAL_ECONOMY_GDP_SHARE", "GSO", "2022")
    ]
    assert vintages == [
        ("2023-09-14", "12.86", False),
        ("2023-12-04", "12.67", True),
        ("2025-01-06", "12.83", True),
    ]


def test_every_published_figure_fits_the_catalogue_and_names_its_document(ours: Catalogue):
    rows = figures(ours)
    assert len(rows) > 450
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        it, period = ours.indicators[row["indicator"]], parse(row["period"])
        unit = ours.reporting_units.get(row["reporting_unit"])
        assert unit is not None, row
        assert unit.valid_on(period.last_day), row
        assert unit.level in it.levels, row
        assert row["source"] in it.sources, row
        assert row["accumulation"] in it.accumulations, row
        assert row["frequency"] == period.frequency, row
        assert row["frequency"] in it.frequencies, row
        assert row["document"], row
        assert date.fromisoformat(row["published_at"]), row
        assert it.minimum is None or Decimal(row["value"]) >= it.minimum, row
        assert it.maximum is None or Decimal(row["value"]) <= it.maximum, row
        assert len(row["value"].rpartition(".")[2].rstrip("0")) <= it.decimals or "." not in row["value"], row
        assert it.valid_from is None or period.last_day >= it.valid_from, row
        assert it.valid_to is None or period.start.date() <= it.valid_to, row
        key = tuple(
            row[name]
            for name in ("indicator", "reporting_unit", "period", "accumulation", "source", "breakdown", "published_at")
        )
        assert key not in seen, row
        seen.add(key)


def test_a_figure_that_is_not_loaded_says_why():
    with (FOLDER / "figures" / "not_loaded.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(row["why"] for row in rows)


def test_every_indicator_of_the_collected_facts_is_in_the_catalogue(ours: Catalogue, shared_data: Path):
    for name in ("indicators.csv", "reserve/indicators_reserve.csv"):
        with (shared_data / "facts" / name).open(encoding="utf-8-sig", newline="") as file:
            assert {row["code"] for row in csv.DictReader(file)} <= set(ours.indicators)


def test_every_collected_observation_is_loaded_or_refused_with_a_reason(ours: Catalogue, shared_data: Path):
    facts = 0
    for name in ("observations.csv", "reserve/observations_reserve.csv"):
        with (shared_data / "facts" / name).open(encoding="utf-8-sig", newline="") as file:
            facts += len(list(csv.DictReader(file)))
    with (FOLDER / "figures" / "not_loaded.csv").open(encoding="utf-8", newline="") as file:
        refused = len(list(csv.DictReader(file)))
    two_more = 2  # the scores of GCI 2017 and 2018 stand in another file
    wholes = 3  # "7/63" is two figures: what is left, and out of how many
    assert len(figures(ours)) + refused == facts + two_more + wholes


def test_the_target_of_the_egdi_rank_keeps_its_base(ours: Catalogue):
    target = next(it for it in ours.targets if it.kind == "change_from_base")
    assert (target.indicator, target.scope, target.value) == ("EGDI_RANK", "VN", Decimal(-5))
    assert (target.base_period, target.base_value) == ("2022", Decimal(86))


@pytest.mark.parametrize(
    ("rule", "end", "due"),
    [
        (DueRule("ours", months_after=1, day=14), "2024-12-31", "2025-01-14"),
        (DueRule("ours", months_after=2, day=31), "2024-12-31", "2025-02-28"),
        (DueRule("ours", days_after=1), "2024-02-28", "2024-02-29"),
    ],
)
def test_a_return_is_due_on_a_day_of_a_later_month_or_some_days_after(rule: DueRule, end: str, due: str):
    assert rule.due(date.fromisoformat(end)) == date.fromisoformat(due)


def test_every_dataset_says_who_owes_it_and_when_or_that_nobody_does(ours: Catalogue):
    assert set(ours.datasets) == {
        "PROVINCE_QUARTERLY", "MINISTRY_QUARTERLY", "NATIONAL_YEARLY", "INTERNATIONAL_EDITIONS", "PLATFORM_DAILY",
        "PUBLISHED_FIGURES",
    }  # fmt: skip
    for dataset in ours.datasets.values():
        assert (dataset.owed_by is None) == (dataset.due is None) == (dataset.owed_from is None), dataset.code
    assert ours.datasets["PUBLISHED_FIGURES"].items is None
    assert ours.datasets["PUBLISHED_FIGURES"].frequency is None


def test_mappings_name_headings_that_the_real_files_have(shared_data: Path):
    both = catalogue.read(FOLDER, ACCEPTANCE)
    files = {
        "EGDI_CSV": "egdi/EGOV_DATA_2022.csv",
        "GCI_BIPA_CSV": "gci/gci_2020_bipa.csv",
        "GCI_PUBLISHED_CSV": "gci/gci_vnm_published.csv",
        "DTI_RANK_CSV": "dti/dti_2022_province_rank.csv",
        "PAPI_CSV": "papi/papi_2021.csv",
        "WORLD_BANK_GDP_CSV": "worldbank/API_NY.GDP.MKTP.CD_DS2_en_csv_v2.csv",
    }
    # Of JSON and SDMX the names are held against the files where they are read (tests/acceptance).
    assert set(files) == {code for code, mapping in both.mappings.items() if mapping.format == "csv"}
    for code, name in files.items():
        mapping = both.mappings[code]
        with (shared_data / name).open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file.read().splitlines()))
        headings = {heading.strip() for heading in lines[mapping.header_line - 1]}
        wanted = {*mapping.requires, *(value.column for value in mapping.values if value.column)}
        for value in mapping.values:
            wanted.update(value.when)
        assert wanted <= headings, code


def test_every_unit_of_the_files_we_map_is_known_or_skipped(shared_data: Path):
    both = catalogue.read()
    place = both.mappings["WORLD_BANK_GDP_CSV"].reporting_unit
    assert place is not None
    name = "worldbank/API_NY.GDP.MKTP.CD_DS2_en_csv_v2.csv"
    with (shared_data / name).open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) > 10][1:]
    countries = [row[1] for row in rows if row[1] not in place.skip]
    found = [both.reporting_units.resolve(code, date(2014, 12, 31), place.scheme) for code in countries]
    assert all(getattr(each, "level", None) in ("country", "nation") for each in found)
    assert len(countries) > 200


def test_a_folder_more_adds_its_indicators_and_changes_the_version():
    both = catalogue.read(FOLDER, ACCEPTANCE)
    assert "US_GDP" in both.indicators
    assert "US_GDP" not in catalogue.read().indicators
    assert both.version != catalogue.read().version
    assert catalogue.read().version == catalogue.read(FOLDER).version


GOVERNMENT = "indicators/government.yaml"
FAULTS = [
    (
        GOVERNMENT,
        "direction: up",
        "direction: sideways",
        "\"direction\" is \"sideways\"; it must be one of 'up', 'down' or 'none'",
    ),
    (GOVERNMENT, "  decimals: 2", "  decimal: 2", '"decimal" is no key of Indicator; the nearest is "decimals"'),
    (GOVERNMENT, "    en: Eligible public", "    fr: Eligible public", '"name.fr" is no key of Indicator'),
    (
        GOVERNMENT,
        "unit_measure: percent",
        "unit_measure: percnt",
        'there is no unit of measure "percnt"; the nearest is "percent"',
    ),
    (GOVERNMENT, "sources: [REPORT", "sources: [REPROT", 'there is no source "REPROT"; the nearest is "REPORT"'),
    (GOVERNMENT, "code: ONLINE_FILING_RATE", "code: WHOLE_FILING_RATE", 'the code "WHOLE_FILING_RATE" is taken'),
    (GOVERNMENT, "code: WHOLE_SERVICE_RATE", "code: whole-service", "must be capital letters"),
    (
        GOVERNMENT,
        "valid_to: 2022-08-15",
        "valid_to: 15/08/2022",
        '"valid_to" is "15/08/2022"; a date is written 2024-01-31',
    ),
    (GOVERNMENT, "valid_from: 2022-08-15", "valid_to: 2000-01-01\n  valid_from: 2022-08-15", "is before the beginning"),
    (GOVERNMENT, "adds_over_time: last", "adds_over_time: mean", "but a rate is recomputed"),
    (GOVERNMENT, "to: 2022-08-15", "to: 2025-12-31", '"MIC" leads on days on which it did not exist'),
    (GOVERNMENT, "  pillar: GOV\n", "  pillar: GOV\n  pillar: DATA\n", 'the key "pillar" stands twice'),
    (GOVERNMENT, "  pillar: GOV", "\tpillar: GOV", "this is no YAML"),
    ("indicators/international.yaml", "adds_over_units: none", "adds_over_units: mean", "a rank never adds up"),
    ("reporting_units.csv", "GSO24,province,province", "GSO24,province,town", '"kind" is "town"; it must be one of'),
    ("reporting_units.csv", "2025-06-30,Nghị", "2025-06-31,Nghị", '"valid_to" is "2025-06-31"; a date is written'),
    (
        "reporting_unit_codes.csv",
        "GSO,24,GSO24_2025,2025-07-01,",
        "GSO,24,GSO24_2025,2025-06-01,",
        "on days without it",
    ),
    ("reporting_unit_codes.csv", "GSO,27,GSO27,", "GSO,24,GSO27,", 'GSO 24 is also "GSO24" on the same days'),
    ("spellings.csv", "BRVT,GSO77", "BRVT,GSO777", 'there is no reporting unit "GSO777"; the nearest is "GSO77"'),
    ("lineage.csv", "GSO24,GSO24_2025,2025-07-01", "GSO24,GSO24_2025,2025-07-02", '"GSO24" must end on the day before'),
    ("lineage.csv", "MOF,MOF_2025,2025-03-01,merged", "MOF,MOF_2025,2025-03-01,vanished", '"kind" is "vanished"'),
    (
        "targets.csv",
        "EGDI_RANK,VN,2025,,top_n",
        "EGDI_RNK,VN,2025,,top_n",
        'there is no indicator "EGDI_RNK"; the nearest is "EGDI_RANK"',
    ),
    (
        "targets.csv",
        "EGDI_RANK,VN,2025,,top_n",
        "EGDI_RANK,nation2,2025,,top_n",
        'there is no level or reporting unit "nation2"',
    ),
    ("targets.csv", "EGDI_RANK,VN,2025,,top_n", "EGDI_RANK,VN,Năm 2025,,top_n", '"Năm 2025" is no period'),
    ("targets.csv", "trước tháng 12/2024", "trước tháng 11/2024", "is in time until 2024-10-31"),
    ("targets.csv", "trước tháng 12/2024", "mai", "“mai” is no deadline"),
    ("targets.csv", "QD749_2020,EGDI_RANK,VN,2030,", "QD749_2020,EGDI_RANK,VN,2025,", "the plan promises this already"),
    (
        "targets.csv",
        "EGDI_RANK,VN,2025,,top_n,70",
        "EGDI_RANK,VN,2025,,top_n,seventy",
        '"value" is "seventy"; a number is expected',
    ),
    (
        "datasets.yaml",
        "indicator: WHOLE_SERVICE_RATE, accumulation: STOCK",
        "indicator: WHOLE_SERVICE_RATE, accumulation: YTD",
        'has no accumulation "YTD"; it has STOCK',
    ),
    (
        "datasets.yaml",
        "indicator: FIBRE_HOUSEHOLD_RATE",
        "indicator: INDEX766_TOTAL",
        '"INDEX766_TOTAL" has no frequency Q',
    ),
    (
        "datasets.yaml",
        "  document: Nghị",
        "  documnt: Nghị",
        '"documnt" is no key of Dataset; the nearest is "document"',
    ),
    ("datasets.yaml", "  owed_from: 2024-01-01\n", "", 'needs its "frequency" and "owed_from"'),
    (
        "datasets.yaml",
        "owed_from: 2024-01-01",
        "owed_from: 2024-02-01",
        '"owed_from" 2024-02-01 does not begin a period of frequency Q',
    ),
    (
        "datasets.yaml",
        "  owed_by: {level: province}\n",
        "",
        '"owed_from" says when it is owed, but "owed_by" is missing',
    ),
    ("datasets.yaml", "owed_by: {level: province}", "owed_by: {}", '"owed_by" names nobody'),
    (
        "datasets.yaml",
        "owed_by: {level: province}",
        "owed_by: {kinds: [province]}",
        '"kinds" narrows a level, but "level" is missing',
    ),
    (
        "datasets.yaml",
        "kinds: [ministry, ministerial_agency]",
        "kinds: [ministry, municipality]",
        'no ministry is of kind "municipality"',
    ),
    (
        "datasets.yaml",
        "review: [MOST_2025]",
        "review: [MOST_2052]",
        'there is no reporting unit "MOST_2052"; the nearest is "MOST_2025"',
    ),
    ("datasets.yaml", "review: [MOST_2025]", "review: [MOST_2025, MOST_2025]", '"MOST_2025" reviews twice'),
    ("datasets.yaml", "    months_after: 1\n    day: 14", "    months_after: 1", '"due" needs a "day" of a month'),
    (
        "datasets.yaml",
        "    months_after: 1\n    day: 14",
        "    months_after: 1\n    day: 32",
        '"due.day" is 32; it must lie between 1 and 31',
    ),
    ("datasets.yaml", "    months_after: 1\n    day: 14", "    day: 14", '"due" is before the data of the period end'),
    (
        "datasets.yaml",
        "    days_after: 1",
        "    days_after: 1\n    cut_off_day: 14",
        '"cut_off_day" is a day of a month, but the periods are no months',
    ),
    (
        "rules/international.yaml",
        "indicator: GCI_LEGAL",
        "indicator: GCI_LEGL",
        'no indicator "GCI_LEGL"; the nearest is',
    ),
    ("rules/international.yaml", "operator: '='", "operator: '=='", '"check.operator" is "=="; it must be one of'),
    (
        "rules/international.yaml",
        "tolerance: {absolute",
        "tolerance: {absolut",
        '"check.tolerance.absolut" is no key of',
    ),
    ("rules/relations.yaml", "kind: ratio", "kind: ratios", '"check.kind" is "ratios"; it must be one of'),
    (
        "rules/relations.yaml",
        "{kind: daily_mean, percent: 5}",
        "{kind: daily_mean}",
        'the key "check.percent" is missing',
    ),
    ("rules/relations.yaml", "{numerator} / {denominator} là", "{tử} / {mẫu} là", 'a ratio knows no "{mẫu}"; it tells'),
    ("rules/relations.yaml", "numerator: '17', ", "", 'the example of "rate_agrees_with_counts" lacks numerator'),
    ("rules/figures.yaml", "- code: period_is_given", "- code: period_was_given", 'nothing checks "period_was_given"'),
    (
        "rules/relations.yaml",
        "unit_measures: [count, ",
        "unit_measures: [cuont, ",
        'there is no unit of measure "cuont"',
    ),
    ("mappings/egdi.yaml", "Congo: CG", "Congo: CGO", 'there is no reporting unit "CGO"'),
    ("mappings/dti_rank.yaml", "scheme: GSO", "scheme: GS0", 'there is no code scheme "GS0"; the nearest is "GSO"'),
    ("mappings/egdi.yaml", "source: UN, accumulation", "source: ITU, accumulation", '"EGDI_RANK" has no source "ITU"'),
    ("mappings/egdi.yaml", "reporting_unit: {column", "reporting_unit: {colunm", '"reporting_unit.colunm" is no key'),
]


@pytest.mark.parametrize(("file", "old", "new", "sentence"), FAULTS, ids=[fault[3][:50] for fault in FAULTS])
def test_a_fault_is_one_sentence_with_file_line_and_what_is_wrong(
    copy: Path, file: str, old: str, new: str, sentence: str
):
    line = change(copy / file, old, new)
    faults = [fault for fault in catalogue.check(copy) if sentence in fault.en]
    assert faults, [str(fault) for fault in catalogue.check(copy)]
    assert faults[0].file == file
    assert abs(faults[0].line - line) <= 1
    assert str(faults[0]).startswith(f"{file}, line {faults[0].line}: ")
    assert "\n" not in str(faults[0])
    with pytest.raises(Faulty, match="line"):
        catalogue.read(copy)


def test_a_file_that_the_catalogue_does_not_know_is_a_fault(copy: Path):
    (copy / "indicator.yaml").write_text("- code: X\n", "utf-8")
    assert "no file of the catalogue has this name" in str(catalogue.check(copy)[0])


def test_a_row_with_a_cell_too_many_is_a_fault_of_its_line(copy: Path):
    with (copy / "spellings.csv").open("a", encoding="utf-8") as file:
        file.write("Bắc Ninh,GSO27,\n")
    last = (copy / "spellings.csv").read_text("utf-8").count("\n")
    assert [str(fault) for fault in catalogue.check(copy)] == [
        f"spellings.csv, line {last}: 3 cells stand here, the headings are 2"
    ]
