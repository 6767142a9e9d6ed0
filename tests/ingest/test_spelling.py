import pytest

from ingest.spelling import alphabetical, fits, fold, nearest, spelled


@pytest.mark.parametrize(
    "written",
    ["dak lak", "Đăk Lăk", "ĐẮK LẮK", "đắc lắc", " Đắk\u00a0 Lắk ", "Đa\u0306\u0301k La\u0306\u0301k"],
)
def test_every_way_of_writing_dak_lak_folds_to_one_text(written: str):
    assert fold(written) == "dak lak"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoà Bình", "Hòa Bình"),
        ("Thuỷ điện", "Thủy điện"),
        ("Uỷ ban", "Ủy ban"),
        ("Quí I", "Quý I"),
        ("tỉ lệ", "tỷ lệ"),
        ("Bà Rịa - Vũng Tàu", "Bà Rịa-Vũng Tàu"),
        ("Thừa Thiên – Huế", "Thừa Thiên Huế"),
        ("Lao People’s Democratic Republic", "lao people's democratic republic"),
        ("EGDI_RANK", "egdi rank"),
    ],
)
def test_what_sounds_the_same_folds_to_the_same_text(one: str, other: str):
    assert fold(one) == fold(other)


def test_folding_keeps_what_is_different_apart():
    assert fold("Hà Nam") != fold("Hà Nội")
    assert fold("Thúy") != fold("Thúi")
    assert fold("% hộ gia đình") == "% ho gia dinh"


def test_folding_twice_changes_nothing():
    for text in ("Tỷ lệ hồ sơ (%)", "Đắc Lắc", "Quý I/2024", "TP. Hồ Chí Minh"):
        assert fold(fold(text)) == fold(text)


def test_the_place_of_the_tone_does_not_count_but_the_tone_does():
    assert spelled("Hoà Bình") == spelled("HÒA BÌNH")
    assert spelled("Hóa") != spelled("Hòa")
    assert spelled("Đăk Lăk") != spelled("Đắk Lắk")


def test_the_nearest_word_is_found_through_a_slip_of_the_hand():
    assert nearest("freqency", ["period", "frequency", "value"]) == ["frequency"]
    assert nearest("Bac Gian", ["Bắc Ninh", "Hà Nội", "Bắc Giang"])[0] == "Bắc Giang"
    assert len(nearest("Hà", ["Hà Nam", "Hà Nội", "Hà Tây", "Hà Tĩnh", "Hà A"], limit=2)) <= 2


def test_nothing_is_suggested_where_nothing_is_near():
    assert nearest("xyz", ["period", "frequency"]) == []
    assert nearest("", ["period"]) == []


def test_names_sort_by_the_vietnamese_alphabet():
    names = [
        "Đồng Nai",
        "Cần Thơ",
        "Điện Biên",
        "Cao Bằng",
        "Đà Nẵng",
        "Dak",
        "Cà Mau",
        "An Giang",
        "Bắc Ninh",
        "Bạc Liêu",
    ]
    assert sorted(names, key=alphabetical) == [
        "An Giang", "Bạc Liêu", "Bắc Ninh", "Cà Mau", "Cao Bằng", "Cần Thơ", "Dak", "Đà Nẵng", "Điện Biên", "Đồng Nai",
    ]  # fmt: skip


def test_tones_sort_after_letters_in_the_order_of_the_dictionary():
    assert sorted(["mạ", "mã", "ma", "mà", "má", "mả"], key=alphabetical) == ["ma", "mà", "mả", "mã", "má", "mạ"]
    assert sorted(["bà lan", "ba mẹ"], key=alphabetical) == ["bà lan", "ba mẹ"]


@pytest.mark.parametrize(
    ("text", "pattern", "found"),
    [
        ("EGDI_RANK", "EGDI_RANK", True),
        ("EGDI_RANK", "EGDI", False),
        ("EGDI_RANK", "EGDI*", True),
        ("EGDI_RANK", "*RANK", True),
        ("EGDI_RANK", "E*I*NK", True),
        ("EGDI_RANK", "*", True),
        ("EGDI_RANK", "**", True),
        ("ABA", "AB*BA", False),
        ("EGDI_RANK", "E*X*K", False),
        ("A" * 60, "*A" * 40 + "*?", False),  # an expression would take longer than anybody waits
    ],
)
def test_a_star_stands_for_any_text(text: str, pattern: str, found: bool) -> None:
    assert fits(text, pattern) is found
