"""Real files of others, read by the mappings of the catalogue: the figures that stand in them, with their places."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import catalogue, formats
from ingest.mapping import IndicatorPlace, Mapping, PeriodPlace, PublishedPlace, UnitPlace, ValuePlace
from ingest.submission import Finding, Reading


@pytest.fixture(scope="module")
def mappings() -> dict[str, Mapping]:
    return catalogue.read().mappings


ALFRED = Mapping(
    "ALFRED",
    "",
    "",
    "https://alfred.stlouisfed.org",
    "json",
    (ValuePlace("GDP", "BEA", "PERIOD", column="value"),),
    records="observations",
    reporting_unit=UnitPlace(constant="US"),
    period=PeriodPlace(column="date", frequency="Q"),
    published_at=PublishedPlace(column="realtime_start"),
    withdrawn=(".",),
)


def read(file: Path, mapping: Mapping) -> Reading:
    reading = formats.read(file.read_bytes(), mapping=mapping)
    assert [each for each in reading.findings if each.severity == "error"] == []
    return reading


def rows(reading: Reading, *names: str, **wanted: str) -> list[tuple[object, ...]]:
    frame = reading.frame
    for name, text in wanted.items():
        frame = frame[frame[name] == text]
    return list(frame[list(names)].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("year", "rank", "score", "published"),
    [
        ("2018", "88", "0.59310", "2018-07-19"),
        ("2020", "86", "0.66670", "2020-07-10"),
        ("2022", "86", "0.67870", "2022-09-28"),
    ],
)
def test_the_un_survey_gives_rank_and_score_as_printed(
    shared_data: Path, mappings: dict[str, Mapping], year: str, rank: str, score: str, published: str
) -> None:
    reading = read(shared_data / "egdi" / f"EGOV_DATA_{year}.csv", mappings["EGDI_CSV"])
    assert len(reading.frame) == 193 * 6
    got = rows(
        reading, "indicator", "period", "value", "source", "accumulation", "breakdown", reporting_unit="Viet Nam"
    )
    assert got[0] == ("EGDI_RANK", year, rank, "UN", "PERIOD", "_T")
    assert got[1][:3] == ("EGDI_SCORE", year, score)
    assert set(reading.frame["published_at"]) == {published}


def test_ranks_of_the_2020_survey_that_cannot_be_recomputed_stay_as_printed(
    shared_data: Path, mappings: dict[str, Mapping]
) -> None:
    reading = read(shared_data / "egdi" / "EGOV_DATA_2020.csv", mappings["EGDI_CSV"])
    ranks = {
        name: rows(reading, "value", indicator="EGDI_RANK", reporting_unit=name)[0][0]
        for name in ("Andorra", "Hungary", "North Macedonia", "Timor-Leste")
    }
    lines = (shared_data / "egdi" / "EGOV_DATA_2020.csv").read_text().splitlines()
    printed = {fields[1].strip('" '): fields[2] for fields in (line.split(",") for line in lines)}
    assert ranks == {name: printed[name] for name in ranks}


def test_places_are_the_line_of_the_file_and_the_heading_of_the_value(
    shared_data: Path, mappings: dict[str, Mapping]
) -> None:
    file = shared_data / "egdi" / "EGOV_DATA_2022.csv"
    reading = read(file, mappings["EGDI_CSV"])
    (at,) = rows(reading, "line", "column", "value", reporting_unit="Iceland", indicator="EGDI_RANK")
    line = file.read_text().splitlines()[int(str(at[0])) - 1]
    assert line.startswith('2022,"Iceland')
    assert at[1:] == ("E-Government Rank", "5")


def test_the_long_cybersecurity_file_gives_each_variable_its_indicator(
    shared_data: Path, mappings: dict[str, Mapping]
) -> None:
    reading = read(shared_data / "gci" / "gci_2020_bipa.csv", mappings["GCI_BIPA_CSV"])
    assert reading.frame["indicator"].nunique() == 6
    assert rows(reading, "indicator", "value", "scheme", "period", reporting_unit="VNM")[0] == (
        "GCI_SCORE", "94.55", "ISO3166-1-A3", "2020",
    )  # fmt: skip


def test_two_scales_of_one_column_are_two_indicators(shared_data: Path, mappings: dict[str, Mapping]) -> None:
    reading = read(shared_data / "gci" / "gci_vnm_published.csv", mappings["GCI_PUBLISHED_CSV"])
    ranks = rows(reading, "period", "value", "reporting_unit", indicator="GCI_RANK")
    assert ranks == [("2017", "101", "VN"), ("2018", "50", "VN"), ("2020", "25", "VN"), ("2024", "17", "VN")]
    assert rows(reading, "period", "value", indicator="GCI_SCORE_TO_2018") == [("2017", "0.245"), ("2018", "0.693")]
    assert rows(reading, "period", "value", indicator="GCI_SCORE") == [("2020", "94.59"), ("2024", "99.74")]


def test_the_ranking_of_provinces_keeps_its_tie_and_the_scores_that_were_printed(
    shared_data: Path, mappings: dict[str, Mapping]
) -> None:
    reading = read(shared_data / "dti" / "dti_2022_province_rank.csv", mappings["DTI_RANK_CSV"])
    ranks = [rank for (rank,) in rows(reading, "value", indicator="DTI_RANK")]
    assert (len(ranks), ranks.count("15"), ranks.count("16")) == (63, 2, 0)
    assert rows(reading, "value", indicator="DTI_RANK", reporting_unit="01") == [("24",)]
    assert len(rows(reading, "value", indicator="DTI_SCORE")) == 5
    assert reading.frame["period"].isna().all()


def test_a_blank_of_papi_is_missing_and_never_zero(shared_data: Path, mappings: dict[str, Mapping]) -> None:
    file = shared_data / "papi" / "papi_2021.csv"
    reading = read(file, mappings["PAPI_CSV"])
    cells = [cell for line in file.read_text().splitlines()[1:] for cell in line.split(",")[1:]]
    assert len(reading.frame) == len(cells) == 63 * 29
    missing = reading.frame[reading.frame["status"] == "M"]
    assert len(missing) == cells.count("") > 0
    assert missing["value"].isna().all()
    assert set(missing["reason"]) == {"không có số liệu"}
    assert reading.frame[reading.frame["status"].isna()]["value"].notna().all()


def test_the_download_of_another_indicator_is_refused_by_its_code(
    shared_data: Path, mappings: dict[str, Mapping]
) -> None:
    file = shared_data / "worldbank" / "API_NY.GDP.MKTP.CD_DS2_en_csv_v2.csv"
    population = file.read_bytes().replace(b"NY.GDP.MKTP.CD", b"SP.POP.TOTL")
    reading = formats.read(population, mapping=mappings["WORLD_BANK_GDP_CSV"])
    assert reading.frame.empty
    (wrong,) = [each for each in reading.findings if each.severity == "error"]
    assert (wrong.rule, wrong.found) == ("no_rows", "Indicator Code = SP.POP.TOTL")
    assert wrong.expected == "Indicator Code = NY.GDP.MKTP.CD"


def test_the_world_bank_file_has_its_headings_on_line_five_and_a_year_in_each(
    shared_data: Path, mappings: dict[str, Mapping]
) -> None:
    file = shared_data / "worldbank" / "API_NY.GDP.MKTP.CD_DS2_en_csv_v2.csv"
    reading = read(file, mappings["WORLD_BANK_GDP_CSV"])
    figures = {str(row[0]): row[1:] for row in rows(reading, "period", "value", "line", "column", reporting_unit="VNM")}
    assert figures["1985"][0] == "14094688429.5982"
    assert figures["2014"][0] == "186204652922.262"
    assert "2015" not in figures
    assert figures["1985"][2] == "1985"
    assert file.read_text("utf-8-sig").splitlines()[int(str(figures["1985"][1])) - 1].startswith('"Vietnam","VNM"')
    assert "WLD" not in set(reading.frame["reporting_unit"])
    assert [each.rule for each in reading.findings] == ["read_as", "not_a_reporting_unit"]
    assert reading.findings[0].found == "UTF-8 with byte order mark, comma, decimal point"


def test_all_releases_of_a_quarter_come_with_their_days_and_their_withdrawals(shared_data: Path) -> None:
    file = shared_data / "alfred" / "GDP_all_releases.json"
    reading = read(file, ALFRED)
    written = json.loads(file.read_text())["observations"]
    assert len(reading.frame) == len(written) == 3_199
    withdrawn = reading.frame[reading.frame["withdrawn"] == "yes"]
    assert len(withdrawn) == 245
    assert withdrawn["value"].isna().all()
    assert withdrawn["reason"].notna().all()
    assert rows(reading, "published_at", "value", period="2008-Q4")[:3] == [
        ("2009-01-30", "14264.6"),
        ("2009-02-27", "14200.3"),
        ("2009-07-31", "14347.3"),
    ]
    assert set(reading.frame["frequency"]) == {"Q"}
    assert [written[int(line) - 1]["realtime_start"] for line in reading.frame["line"]] == reading.frame[
        "published_at"
    ].tolist()


def refused(text: str, mapping: Mapping) -> list[Finding]:
    reading = formats.read(text.encode(), mapping=mapping)
    assert reading.frame.empty
    return reading.findings


SMALL = Mapping(
    "SMALL",
    "",
    "",
    "",
    "csv",
    (
        ValuePlace(IndicatorPlace("what", {"a": "A", "b": "B"}), "UN", "PERIOD", column="value"),
    ),
    reporting_unit=UnitPlace(column="who", skip=("World",)),
    period=PeriodPlace(column="day", frequency="M"),
    missing=("..",),
    published_at=PublishedPlace(by_period={"2024-03": "2024-04-29"}),
)  # fmt: skip


def test_headings_that_are_not_there_are_named_with_those_that_are() -> None:
    (finding,) = refused("who,day,waht,valu\n1,2,3,4\n", SMALL)
    assert (finding.rule, finding.place, finding.expected) == ("missing_column", "line 1", "value, what")
    assert "who, day, waht, valu" in finding.en
    (finding,) = refused("who,day,what,valu\n1,2,3,4\n", SMALL)
    assert "the nearest is “valu”" in finding.en


def test_headings_are_found_despite_case_and_spaces_and_not_where_they_stand_twice() -> None:
    reading = formats.read(b"WHO , Day,What,VALUE\nX,2024-03-15,a,1\n", mapping=SMALL)
    assert rows(reading, "indicator", "period", "value", "published_at") == [("A", "2024-03", "1", "2024-04-29")]
    assert [each.rule for each in refused("who,day,what,value,value\nX,2024-03-15,a,1,2\n", SMALL)] == [
        "duplicate_column"
    ]


def test_what_the_mapping_does_not_name_is_told_and_what_it_skips_is_named() -> None:
    text = (
        "who,day,what,value\nX,15/03/2024,a,..\nWorld,15/03/2024,a,2\nX,15/03/2024,c,3\nX,15/03/2024,c,4\nX,soon,b,5\n"
    )
    reading = formats.read(text.encode(), mapping=SMALL)
    assert rows(reading, "indicator", "period", "status", "line") == [
        ("A", "2024-03", "M", 2),
        ("B", "soon", None, 6),
    ] or (reading.frame["status"].tolist()[0] == "M" and reading.frame["period"].tolist() == ["2024-03", "soon"])
    assert [(each.rule, each.severity, each.found) for each in reading.findings] == [
        ("not_in_mapping", "warning", "what = c"),
        ("not_a_reporting_unit", "information", "World"),
    ]
    assert "2 values" in reading.findings[0].en


def test_a_file_of_which_the_mapping_wants_nothing_is_refused() -> None:
    assert [each.rule for each in refused("who,day,what,value\nX,2024-03-15,z,1\n", SMALL)] == [
        "not_in_mapping",
        "no_rows",
    ]


def test_a_number_with_a_comma_is_refused_with_its_cell_and_not_taken_for_an_empty_one() -> None:
    mapping = replace(SMALL, empty_cell="missing")
    reading = formats.read(b'who,day,what,value\nX,2024-03-15,a,"1,086"\nX,2024-03-15,b,\n', mapping=mapping)
    assert reading.frame["status"].tolist() == ["M"]
    assert [(each.rule, each.place) for each in reading.findings] == [
        ("decimal_point_wanted", 'line 2, column "value"'),
    ]


def test_a_semicolon_file_of_the_same_kind_reads_the_same() -> None:
    reading = formats.read(b"who;day;what;value\nX;2024-03-15;a;52,8\nX;2024-03-15;b;..\n", mapping=SMALL)
    assert reading.frame["value"].tolist()[0] == "52.8"
    assert reading.frame["status"].tolist()[1] == "M"
    assert [each.found for each in reading.findings] == ["UTF-8, semicolon, decimal comma"]
