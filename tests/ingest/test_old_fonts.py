"""The letters of the ABC and VNI fonts: every one of them, by font and by text, and nothing that is Unicode already."""

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import catalogue, old_fonts
from ingest.spelling import fold

# Base letter by base letter, the tones in the order of the dictionary: none, huyền, hỏi, ngã, sắc, nặng.
ALPHABET = "aàảãáạăằẳẵắặâầẩẫấậđeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵ"
# TCVN 5712:1993, table VN3, as bytes; a dot is a letter of ASCII.
TCVN3_BYTES = """
61 B5 B6 B7 B8 B9  A8 BB BC BD BE C6  A9 C7 C8 C9 CA CB  AE
65 CC CE CF D0 D1  AA D2 D3 D4 D5 D6  69 D7 D8 DC DD DE
6F DF E1 E2 E3 E4  AB E5 E6 E7 E8 E9  AC EA EB EC ED EE
75 EF F1 F2 F3 F4  AD F5 F6 F7 F8 F9  79 FA FB FC FD FE
"""
TCVN3_CAPITALS = dict(zip("ĂÂĐÊÔƠƯ", bytes.fromhex("A1 A2 A7 A3 A4 A5 A6").decode("latin-1"), strict=True))
# The chart of VNI Software: the letter and the sign that is drawn over it.
VNI_CODES = """
a aø aû aõ aù aï  aê aè aú aü aé aë  aâ aà aå aã aá aä  ñ
e eø eû eõ eù eï  eâ eà eå eã eá eä  i ì æ ó í ò
o oø oû oõ où oï  oâ oà oå oã oá oä  ô ôø ôû ôõ ôù ôï
u uø uû uõ uù uï  ö öø öû öõ öù öï  y yø yû yõ yù î
"""

TO_TCVN3 = dict(zip(ALPHABET, bytes.fromhex(TCVN3_BYTES).decode("latin-1"), strict=True)) | TCVN3_CAPITALS
TO_VNI = dict(zip(ALPHABET, VNI_CODES.split(), strict=True))
TO_VNI |= {letter.upper(): code.upper() for letter, code in TO_VNI.items()}


def test_every_letter_of_the_abc_fonts_is_read_and_capitals_by_the_font_of_capitals() -> None:
    for letter, code in TO_TCVN3.items():
        assert old_fonts.from_tcvn3(code) == letter, code
    decoded = old_fonts.by_fonts([(" ".join(TO_TCVN3[letter] for letter in ALPHABET), ".VnTimeH")])
    assert decoded is not None
    assert decoded.text == " ".join(ALPHABET.upper())


def test_every_letter_of_the_vni_fonts_is_read_large_and_small() -> None:
    assert len(TO_VNI) == 2 * len(ALPHABET)
    for letter, code in TO_VNI.items():
        assert old_fonts.from_vni(code) == letter, code


words = st.text(ALPHABET + "bcdghklmnpqrstvx ", min_size=1)


@given(words)
def test_whatever_was_written_in_the_abc_letters_comes_back(text: str) -> None:
    assert old_fonts.from_tcvn3("".join(TO_TCVN3.get(letter, letter) for letter in text)) == text


@given(words)
def test_whatever_was_written_in_the_vni_letters_comes_back(text: str) -> None:
    # Two letters of Unicode that a VNI text would write as one and the sign of another cannot stand side by side there.
    written = "".join(TO_VNI.get(letter, letter) + "\u2060" for letter in text)
    assert old_fonts.from_vni(written).replace("\u2060", "") == text


@pytest.mark.parametrize(
    ("text", "font", "meant"),
    [
        ("Hµ Néi", ".VnTime", "Hà Nội"),
        ("H¶i D­¬ng", ".VnArial Narrow", "Hải Dương"),
        ("tæng sè", ".VnTimeH", "TỔNG SỐ"),
        ("tæng sè", ".VnArial NarrowH", "TỔNG SỐ"),
        ("Tæng sè", ".VnHelvetInsH Bold", "TỔNG SỐ"),
        ("Tæng sè", ".VnCentury Schoolbook", "Tổng số"),
        ("Thaønh phoá Hoà Chí Minh", "VNI-Times", "Thành phố Hồ Chí Minh"),
        ("KIEÂN GIANG", "VNI-Helve-Condense", "KIÊN GIANG"),
        ("Hµ Néi", "Times New Roman", None),
        ("Hà Nội", ".VnTime", None),  # Unicode typed into a cell of an old font
        ("Hòa Bình", ".VnTime", None),  # it would be "Hũa Bỡnh", which is no Vietnamese
        ("1.086", ".VnTime", None),
    ],
)
def test_the_font_of_a_cell_says_what_its_letters_mean(text: str, font: str, meant: str | None) -> None:
    decoded = old_fonts.by_fonts([(text, font)])
    assert (decoded and decoded.text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Vèn ®Çu t­ thùc hiÖn", "Vốn đầu tư thực hiện"),
        ("Sè d©n ë n«ng th«n", "Số dân ở nông thôn"),
        ("Q§ sè 12", "QĐ số 12"),
        ("D©n sè", "Dân số"),
        ("Baø Ròa - Vuõng Taøu", "Bà Rịa - Vũng Tàu"),
        ("Kieân Giang", "Kiên Giang"),
        ("Phó", None),  # Phó, or Phú in the letters of ABC
        ("Hòa Bình", None),
        ("Thừa Thiên Huế", None),
        ("5 × 3", None),
        ("25 µg/m³", None),
        ("§ 5", None),
        ("«Gia Lai»", None),
        ("Hôc Môn", None),  # tones left out; "Hục Mụn" is no such place
        ("môt sô", None),
        ("LÔC NINH", None),
        ("Quôc", None),
        ("tôt", None),
        ("Tæng sè", "Tổng số"),
        ("Côte d'Ivoire", None),
        ("Türkiye", None),
        ("Curaçao", None),
        ("Åland", None),
        ("São Tomé", None),
    ],
)
def test_without_a_font_only_what_is_wholly_vietnamese_when_decoded_is_decoded(text: str, meant: str | None) -> None:
    decoded = old_fonts.by_letters(text)
    assert (decoded and decoded.text) == meant


def test_no_name_of_the_catalogue_is_taken_for_letters_of_an_old_font() -> None:
    words = catalogue.read()
    for unit in words.reporting_units:
        for name in (unit.name_vi, unit.short_vi, unit.name_en):
            assert old_fonts.by_letters(name) is None, name
            if unit.level == "province" and not name.isascii():
                assert old_fonts.is_vietnamese(name), name
    for indicator in words.indicators.values():
        assert old_fonts.by_letters(indicator.name_vi) is None


def test_the_names_of_old_official_workbooks_come_out_by_font_and_never_wrong_by_letters(shared_data: Path) -> None:
    with (shared_data / "units" / "province_spellings_seen.csv").open(encoding="utf-8-sig") as file:
        old = [row for row in csv.DictReader(file) if row["cell_font_encoding"] == "tcvn3"]
    assert len(old) > 80
    for row in old:
        by_font = old_fonts.by_fonts([(row["variant_as_stored"], ".VnTime")])
        text = by_font.text if by_font else row["variant_as_stored"]
        assert fold(text).endswith(fold(row["name"])), row
        by_letters = old_fonts.by_letters(row["variant_as_stored"])
        assert by_letters is None or by_letters.text == text
        assert unicodedata.is_normalized("NFC", text)
