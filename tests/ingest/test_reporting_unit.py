import csv
import io
import time
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import catalogue, formats, old_fonts
from ingest.reporting_unit import Ambiguous, ReportingUnit, ReportingUnits, Unknown

TODAY = date(2026, 11, 22)
BEFORE = date(2025, 6, 30)


@pytest.fixture(scope="module")
def units() -> ReportingUnits:
    return catalogue.read().reporting_units


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def code_of(found: ReportingUnit | Ambiguous | Unknown) -> str | None:
    return found.code if isinstance(found, ReportingUnit) else None


@pytest.mark.parametrize(
    ("day", "provinces"),
    [("2003-12-31", 61), ("2004-01-01", 64), ("2008-08-01", 63), ("2025-06-30", 63), ("2025-07-01", 34)],
)
def test_as_many_provinces_exist_as_the_law_says(units: ReportingUnits, day: str, provinces: int):
    on = date.fromisoformat(day)
    assert sum(unit.level == "province" and unit.valid_on(on) for unit in units) == provinces


@pytest.mark.parametrize(("day", "ministries"), [("2025-02-28", 22), ("2025-03-01", 17)])
def test_as_many_ministries_and_ministerial_agencies_exist_as_the_law_says(
    units: ReportingUnits, day: str, ministries: int
):
    on = date.fromisoformat(day)
    assert sum(unit.kind in ("ministry", "ministerial_agency") and unit.valid_on(on) for unit in units) == ministries


def test_eleven_provinces_go_through_the_merger_of_2025_unchanged(units: ReportingUnits):
    through = [
        unit.code for unit in units if unit.level == "province" and unit.valid_on(BEFORE) and unit.valid_on(TODAY)
    ]
    assert len(through) == 11
    assert {"GSO01_2008", "GSO46_2025", "GSO04", "GSO11", "GSO12_2004"} <= set(through)


def test_province_code_24_is_bac_giang_in_2024_and_bac_ninh_in_2026(units: ReportingUnits):
    assert code_of(units.resolve("24", date(2024, 12, 31))) == "GSO24"
    assert code_of(units.resolve("24", date(2026, 12, 31))) == "GSO24_2025"
    assert code_of(units.resolve("27", date(2024, 12, 31))) == "GSO27"
    assert isinstance(units.resolve("27", date(2026, 12, 31)), Unknown)


def test_bac_ninh_before_and_after_the_merger_are_two_units(units: ReportingUnits):
    assert code_of(units.resolve("Bắc Ninh", BEFORE)) == "GSO27"
    assert code_of(units.resolve("Bắc Ninh", date(2025, 7, 1))) == "GSO24_2025"


def spellings(folder: Path) -> list[tuple[str, str, str, date]]:
    """Each spelling seen: as stored, its encoding, the code of its time, and a day of that time."""
    seen: list[tuple[str, str, str, date]] = []
    for row in rows(folder / "units" / "province_spellings_seen.csv"):
        gso = row["old_gso_code"].strip("()")
        on = date(2007, 12, 31) if gso == "28" else date(2012, 12, 31)
        seen.append((row["variant_as_stored"], row["cell_font_encoding"], gso, on))
    assert len(seen) > 220
    return seen


def test_every_spelling_seen_in_official_workbooks_is_the_unit_of_its_time(units: ReportingUnits, shared_data: Path):
    for written, encoding, gso, on in spellings(shared_data):
        decoded = old_fonts.by_fonts([(written, ".VnTime")]) if encoding == "tcvn3" else None
        found = code_of(units.resolve(decoded.text if decoded else written, on))
        assert found == code_of(units.resolve(gso, on)), written


def test_every_spelling_seen_comes_out_of_a_csv_as_its_unit_or_as_a_question_and_none_wrong(shared_data: Path):
    words = catalogue.read()
    seen = spellings(shared_data)
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["indicator", "reporting_unit", "period", "value"])
    for number, (spelling, _, _, on) in enumerate(seen):
        # One period each: the same unit twice for one period would be a duplicate.
        table.writerow(["ONLINE_FILING_RATE", spelling, on.replace(day=number % 28 + 1), number % 100])
    reading = formats.read(written.getvalue().encode())
    meant = [
        code_of(words.reporting_units.resolve(name, on))
        for name, (_, _, _, on) in zip(reading.frame["reporting_unit"], seen, strict=True)
    ]
    right = [code_of(words.reporting_units.resolve(gso, on)) for _, _, gso, on in seen]
    assert all(found in (expected, None) for found, expected in zip(meant, right, strict=True))
    # "Hoµ B×nh" tells itself; "Phó Thä" and the like could be other letters, and are asked about.
    assert sum(found is not None for found in meant) >= len(seen) - 5


def test_every_country_of_the_united_nations_files_is_found_by_its_name(units: ReportingUnits, shared_data: Path):
    place = catalogue.read().mappings["EGDI_CSV"].reporting_unit
    assert place is not None
    for edition in (2018, 2020, 2022):
        names = [row["Country Name"].strip() for row in rows(shared_data / "egdi" / f"EGOV_DATA_{edition}.csv")]
        found = {code_of(units.resolve(place.codes.get(name, name), date(edition, 12, 31))) for name in names}
        assert len(found) == len(names) == 193
        assert None not in found
        assert "VN" in found


def test_aggregates_of_the_world_bank_are_no_countries(units: ReportingUnits):
    assert isinstance(units.resolve("World", date(2014, 12, 31)), Unknown)
    assert isinstance(units.resolve("WLD", date(2014, 12, 31), "WORLD_BANK"), Unknown)
    # MIC is the Bank's "Middle income" and our ministry: with a scheme only the scheme's codes count.
    assert isinstance(units.resolve("MIC", date(2014, 12, 31), "WORLD_BANK"), Unknown)
    assert code_of(units.resolve("VNM", date(2014, 12, 31), "WORLD_BANK")) == "VN"


@pytest.mark.parametrize(
    ("text", "day", "code"),
    [
        ("Tỉnh Bắc Giang", "2024-12-31", "GSO24"),
        ("UBND tỉnh Bắc Giang", "2024-12-31", "GSO24"),
        ("Ủy ban nhân dân thành phố Hà Nội", "2024-12-31", "GSO01_2008"),
        ("TP. Hồ Chí Minh", "2024-12-31", "GSO79"),
        ("T.P Hồ Chí Minh", "2025-12-31", "GSO79_2025"),
        ("TP.HCM", "2025-12-31", "GSO79_2025"),
        ("Ho Chi Minh City", "2021-12-31", "GSO79"),
        ("BRVT", "2021-12-31", "GSO77"),
        ("TT-Huế", "2021-12-31", "GSO46"),
        ("Thừa Thiên - Huế", "2022-12-31", "GSO46"),
        ("Huế", "2025-01-01", "GSO46_2025"),
        ("Hà Nội", "2008-07-31", "GSO01"),
        ("Hà Nội", "2008-08-01", "GSO01_2008"),
        ("đắc lắc", "2003-12-31", "GSO66"),
        ("Cần Thơ", "2003-12-31", "GSO92"),
        ("P24", "2021-12-31", None),
        ("gso24", "2024-12-31", "GSO24"),
        ("Bộ Thông tin và Truyền thông", "2025-02-28", "MIC"),
        ("Bộ TT&TT", "2025-02-28", "MIC"),
        ("Bộ Khoa học và Công nghệ", "2025-02-28", "MOST"),
        ("Bộ Khoa học và Công nghệ", "2025-03-01", "MOST_2025"),
        ("Cả nước", "2024-12-31", "VN"),
        ("Hoa Kỳ", "2024-12-31", "US"),
    ],
)
def test_a_name_and_a_day_say_which_unit_is_meant(units: ReportingUnits, text: str, day: str, code: str | None):
    assert code_of(units.resolve(text, date.fromisoformat(day))) == code


def test_a_town_of_the_same_name_is_not_the_province(units: ReportingUnits):
    assert isinstance(units.resolve("Thành phố Bắc Ninh", BEFORE), Unknown)
    assert isinstance(units.resolve("Thành phố Huế", date(2020, 1, 1)), Unknown)


IN_2012 = {
    "GSO79": ["TP.HCM", "T.P HCM", "Tp. H.C.M", "TPHồ Chí Minh", "HCMC", "UBND TP. Hồ Chí Minh"],
    "GSO46": ["TT.Huế", "TT Huế", "T.T Huế", "T.Thiên-Huế", "Th.Thiên Huế", "Thua Thien-Hue"],
    "GSO77": ["BRVT", "BR - VT", "B.Rịa-V.Tàu", "Bà Rịa – Vũng Tàu", "Ba Ria-Vung Tau Province"],
    "GSO66_2004": ["Đak Lak", "Đắc Lắc", "Dac Lac", "DAKLAK", "Đăk Lăk"],
    "GSO01_2008": [
        *("HàNội", "H à Nội", "Hà Nội (1)", "Hà Nội*", "Hà Nội¹ ²", "Hà Nội 1)", "Hà Nội,", "12. Hà Nội", "II- Hà Nội"),
        *("1 Hà Nội", "- Hà Nội", "Uỷ ban nhân dân TP Hà Nội"),
    ],
    "GSO31": ["Thành phố trực thuộc trung ương Hải Phòng", "TP trực thuộc TW Hải Phòng", "Haiphong"],
    "GSO35": ["U.B.N.D tỉnh Hà Nam", "T. Hà Nam", "Ha Nam Province", "HÀ  NAM"],
}


@pytest.mark.parametrize(("text", "code"), [(text, code) for code, texts in IN_2012.items() for text in texts])
def test_what_lists_notes_typists_and_abbreviations_do_to_a_name_does_not_hide_it(
    units: ReportingUnits, text: str, code: str
):
    assert code_of(units.resolve(text, date(2012, 12, 31))) == code
    assert code_of(units.resolve(unicodedata.normalize("NFD", text).upper(), date(2012, 12, 31))) == code


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("H.Giang", ["GSO02", "GSO93"]),
        ("T.Nguyên", ["GSO19"]),
        ("Q. Ninh", ["GSO22"]),
        ("Congo", ["CG", "CD"]),
        ("Hà Nội 1", ["GSO01_2008"]),  # a footnote, or one of two rows that a number tells apart
        ("Hà Nội 2.", ["GSO01_2008"]),
    ],
)
def test_a_name_that_tells_too_little_is_a_question_with_the_candidates(
    units: ReportingUnits, text: str, candidates: list[str]
):
    found = units.resolve(text, date(2012, 12, 31))
    assert isinstance(found, Ambiguous)
    assert [unit.code for unit in found.candidates] == candidates


@pytest.mark.parametrize(
    "text",
    ["Hà Nội 2008", "Tây Nguyên", "Đồng bằng sông Hồng", "Vũng Tàu", "Tp. Huế", "Hà Bắc", "TỔNG SỐ", "Sở Y tế Hà Nội"],
)
def test_what_is_no_unit_of_that_day_is_not_made_one(units: ReportingUnits, text: str):
    assert isinstance(units.resolve(text, date(2012, 12, 31)), Unknown)


def test_a_text_made_to_be_slow_is_looked_up_at_once(units: ReportingUnits):
    for text in ("Hà Nội" + "*" * 20_000 + "x", "Hà Nội" + " (1)" * 10_000 + "x", "-" * 20_000 + " x", "a." * 10_000):
        begun = time.monotonic()
        assert isinstance(units.resolve(text, TODAY), Unknown)
        assert time.monotonic() - begun < 2


def test_twenty_thousand_shortened_names_are_looked_up_in_a_few_seconds(units: ReportingUnits):
    begun = time.monotonic()
    for number in range(20_000):
        assert isinstance(units.resolve(f"B.Abc{number} D.{number}", TODAY), Unknown)
    assert time.monotonic() - begun < 5


def wrapped(name: str, draw: st.DrawFn) -> str:
    """A name as people might write it: in other capitals and spaces, decomposed, with prefixes and notes."""
    spaces = draw(st.sampled_from([" ", "  ", "\u00a0", " \u00a0"]))
    text = spaces.join(name.split(" "))
    text = draw(st.sampled_from([str.upper, str.lower, str.title, str]))(text)
    text = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), text)
    if draw(st.booleans()):
        for modern, old in (("òa", "oà"), ("óa", "oá"), ("ủy", "uỷ"), ("úy", "uý")):
            text = text.replace(modern, old)
    before = draw(st.sampled_from(["", " ", "1. ", "IV. ", "- ", "UBND "]))
    return before + text + draw(st.sampled_from(["", " ", "*", " (1)", "²", "\u200b"]))


ALL_UNITS = list(catalogue.read().reporting_units)


@given(st.data())
def test_every_name_of_every_unit_in_any_dress_is_that_unit_or_a_question(units: ReportingUnits, data: st.DataObject):
    unit = data.draw(st.sampled_from(ALL_UNITS))
    name = data.draw(st.sampled_from([unit.name_vi, unit.name_en, unit.short_vi]))
    day = unit.valid_to or unit.valid_from or TODAY
    found = units.resolve(wrapped(name, data.draw), day)
    assert isinstance(found, Ambiguous | Unknown) or found == unit
    assert not isinstance(found, Ambiguous) or unit in found.candidates


@pytest.mark.parametrize(
    ("text", "day", "elsewhen"),
    [
        ("Bắc Giang", "2026-01-01", "GSO24"),
        ("Hà Tây", "2010-01-01", "GSO28"),
        ("Đắk Nông", "2003-06-30", "GSO67"),
        ("GSO24_2025", "2024-12-31", "GSO24_2025"),
        ("Bộ Nông nghiệp và Môi trường", "2024-12-31", "MAE"),
    ],
)
def test_a_unit_of_another_day_is_unknown_and_named(units: ReportingUnits, text: str, day: str, elsewhen: str):
    found = units.resolve(text, date.fromisoformat(day))
    assert isinstance(found, Unknown)
    assert found.elsewhen is not None
    assert found.elsewhen.code == elsewhen
    assert not found.elsewhen.valid_on(date.fromisoformat(day))


def test_an_unknown_name_comes_with_the_nearest_names_of_that_day(units: ReportingUnits):
    found = units.resolve("Bac Gian", date(2024, 12, 31))
    assert isinstance(found, Unknown)
    assert found.nearest[0] == "Bắc Giang"
    later = units.resolve("Bac Gian", TODAY)
    assert isinstance(later, Unknown)
    assert "Bắc Giang" not in later.nearest


def test_a_code_of_a_scheme_is_read_with_its_scheme(units: ReportingUnits):
    assert code_of(units.resolve("P31", date(2021, 12, 31), "PAPI")) == "GSO46"
    assert code_of(units.resolve("VN-26", date(2025, 6, 30), "ISO3166-2")) == "GSO46_2025"
    assert code_of(units.resolve("4", date(2022, 12, 31), "GSO")) == "GSO04"
    assert isinstance(units.resolve("4", date(2022, 12, 31)), Unknown)


def test_two_names_that_fold_alike_are_told_apart_by_their_marks_or_asked():
    def province(code: str, name: str) -> ReportingUnit:
        return ReportingUnit(code, "province", "province", f"Tỉnh {name}", name, name)

    units = ReportingUnits([province("X1", "Hòa"), province("X2", "Hóa")], [], [])
    assert code_of(units.resolve("Hoà", TODAY)) == "X1"
    assert code_of(units.resolve("HOÁ", TODAY)) == "X2"
    asked = units.resolve("hoa", TODAY)
    assert isinstance(asked, Ambiguous)
    assert [unit.code for unit in asked.candidates] == ["X1", "X2"]


def test_every_province_that_ended_has_a_successor_that_begins_the_next_day(units: ReportingUnits):
    lineage = catalogue.read().lineage
    ended = {unit.code for unit in units if unit.valid_to}
    assert ended == {row.predecessor for row in lineage}
    assert {row.legal_act for row in lineage if row.on_date == date(2025, 7, 1)} == {
        "Nghị quyết 202/2025/QH15 (12/06/2025)"
    }
    assert {row.predecessor for row in lineage if row.successor == "GSO24_2025"} == {"GSO24", "GSO27"}
    assert {row.predecessor for row in lineage if row.successor == "GSO01_2008"} == {"GSO01", "GSO28"}
    assert {row.predecessor for row in lineage if row.successor == "MOF_2025"} == {"MPI", "MOF", "VSS", "CMSC"}
