"""The pages, as a person reads them: what they say, in which words, and what they refuse."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine

from ingest import demonstration
from ingest.catalogue import Catalogue
from ingest.indicator import Direction, Level, Pillar
from ingest.period import LOCAL_ZONE
from ingest.reporting_unit import LineageKind
from service import app, database, portal, writing
from service.archive import overview, series
from service.archive.series import Selection
from service.portal import trend
from service.portal import words as interface
from tests.conftest import TEST

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
PAGES = (
    "/",
    "/?lang=en",
    "/?q=dich+vu",
    "/indicators/EGDI_RANK",
    "/indicators/ONLINE_FILING_RATE?lang=en",
    "/indicators/DTI_RANK",
    "/scoreboard",
    "/scoreboard?lang=en&level=province",
    "/reporting-units",
    "/reporting-units/GSO24_2025",
    "/reporting-units/VN?lang=en",
    "/docs",
    "/indicators/NO_SUCH",
)


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(client: TestClient, address: str, *, status: int = 200) -> Elements:
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Elements(answer.text)


def test_the_first_page_has_every_indicator_and_says_which_have_no_figure(client: TestClient, words: Catalogue) -> None:
    page = read(client, "/")
    linked = {address.split("/")[-1] for link in page.named("a") if "/indicators/" in (address := link["href"] or "")}
    assert linked == set(words.indicators)
    assert page.text.count("chưa có số liệu") >= 40


def test_figures_are_written_as_vietnamese_officials_write_them(client: TestClient) -> None:
    page = read(client, "/")
    assert "hạng 71 Năm 2024 Liên hợp quốc (UN DESA) 17/09/2024" in page.text
    assert "52,8 % ước tính Năm 2022" in page.text
    assert "Năm 2022 860.000.000 ước tính" in read(client, "/indicators/NDXP_TRANSACTIONS").text


def test_the_english_page_writes_figures_in_english_and_stays_english(client: TestClient) -> None:
    page = read(client, "/?lang=en")
    assert "rank 71 2024 United Nations (UN DESA) 17 Sep 2024" in page.text
    assert "52.8% estimated 2022" in page.text
    own = [link["href"] or "" for link in page.named("a") if (link["href"] or "").startswith("/indicators/")]
    assert own
    assert all(address.endswith("lang=en") for address in own)


def test_sources_that_disagree_stand_side_by_side_in_the_order_of_the_catalogue(client: TestClient) -> None:
    text = read(client, "/indicators/ONLINE_FILING_RATE").text
    places = [text.index(f"Năm 2021 {value} %") for value in ("29,8", "35,3", "30")]
    assert places == sorted(places)


def test_a_count_stands_without_the_whole_on_the_first_page_and_with_it_on_its_own(client: TestClient) -> None:
    text = read(client, "/indicators/ESSENTIAL_SERVICES_LEFT").text
    assert "tháng · tại cuối kỳ · mẫu số" in text
    assert "Tháng 04/2024 53 chính thức" in text
    assert "mẫu số" not in read(client, "/").text


@pytest.mark.parametrize("typed", ["ho so truc tuyen", "HỒ SƠ trực tuyến", "WHOLE_FILING_RATE"])
def test_a_search_finds_indicators_without_diacritics(client: TestClient, typed: str) -> None:
    assert "Tỷ lệ hồ sơ trực tuyến toàn trình" in read(client, f"/?q={typed}").text


def test_a_search_finds_reporting_units_too(client: TestClient) -> None:
    assert "Tỉnh Đắk Lắk đến hết 30/06/2025" in read(client, "/?q=dak lak").text
    assert "Tỉnh Hà Tây đến hết 31/07/2008" in read(client, "/reporting-units?q=ha tay").text


def test_a_search_that_finds_nothing_says_so_and_runs_nothing(client: TestClient) -> None:
    page = read(client, "/?q=<script>alert(1)</script>")
    assert "Tìm thấy 0 chỉ tiêu cho “<script>alert(1)</script>”." in page.text
    assert not page.named("script")


def test_an_indicator_says_what_it_is_and_gives_its_figures_to_programs(client: TestClient) -> None:
    page = read(client, "/indicators/ONLINE_FILING_RATE")
    for said in (
        "Số hồ sơ nộp/xử lý trực tuyến (toàn trình và một phần) trên tổng số hồ sơ thủ tục hành chính.",
        "Công thức 100 × tử số / mẫu số",
        "Mẫu số Tổng số hồ sơ thủ tục hành chính",
        "Đơn vị tính Phần trăm",
        "Chiều hướng càng cao càng tốt",
        "Bộ Thông tin và Truyền thông (đến hết 28/02/2025)",
        "Quyết định 27/QĐ-UBQGCĐS (15/03/2022)",
    ):
        assert said in page.text
    addresses = [link["href"] or "" for link in page.named("a") if (link["href"] or "").startswith("/v1/")]
    assert len(addresses) == 2
    for address in addresses:
        assert client.get(address).status_code == 200


def test_a_document_that_is_an_address_is_a_link_and_one_that_is_not_is_text(client: TestClient) -> None:
    page = read(client, "/indicators/ONLINE_FILING_RATE")
    documents = [link for link in page.named("a") if (link["href"] or "").startswith("http")]
    assert "https://vneconomy.vn/ty-le-dich-vu-cong-truc-tuyen-muc-do-4-dat-96.htm" in {d["href"] for d in documents}
    assert all("noopener" in (link["rel"] or "") for link in documents)
    assert "Tin về hoạt động của Ủy ban Quốc gia về chuyển đổi số, 25/12/2022" in page.text


def test_an_indicator_as_of_a_past_day_ends_where_it_ended_then_and_says_so(client: TestClient) -> None:
    page = read(client, "/indicators/EGDI_RANK?as_of=2021-01-01")
    assert "Số liệu như đã công bố tính đến 01/01/2021" in page.text
    assert "hạng 86" in page.text
    assert "hạng 71" not in page.text
    assert "/v1/observations?indicator=EGDI_RANK&reporting_unit=VN&as_of=2021-01-01" in page.text
    assert "hạng 71" in read(client, "/indicators/EGDI_RANK?as_of=").text


def test_every_reporting_unit_with_figures_can_be_chosen(client: TestClient) -> None:
    page = read(client, "/indicators/DTI_RANK")
    assert "Chỉ tiêu này chưa có số liệu quốc gia; hãy chọn một đơn vị báo cáo." in page.text
    choices = {option["value"] for option in page.named("option")}
    assert "GSO48" in choices
    assert "Số liệu của Thành phố Đà Nẵng" in read(client, "/indicators/DTI_RANK?reporting_unit=GSO48").text
    assert "Việt Nam chưa có số liệu" in read(client, "/indicators/DTI_RANK?reporting_unit=VN").text


def test_a_merged_province_says_what_it_came_from_and_became(client: TestClient) -> None:
    page = read(client, "/reporting-units/GSO24_2025")
    assert "Hình thành từ" in page.text
    assert "Tỉnh Bắc Giang 01/07/2025 hợp nhất, sáp nhập Nghị quyết 202/2025/QH15" in page.text
    assert "Thời gian tồn tại từ 01/07/2025" in page.text
    former = read(client, "/reporting-units/gso24")
    assert "Trở thành" in former.text
    assert "mã của cơ quan thống kê 24 đến hết 30/06/2025" in former.text


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/indicators/EGDI_RANKK", 404, "Không có chỉ tiêu “EGDI_RANKK”. Có phải là: Xếp hạng Chỉ số phát triển"),
        ("/indicators/EGDI_RANKK?lang=en", 404, "There is no indicator “EGDI_RANKK”. Did you mean: UN E-Government"),
        ("/indicators/%00", 400, "Địa chỉ này chưa đúng"),
        ("/reporting-units/GSO99", 404, "Không có đơn vị báo cáo “GSO99”."),
        ("/indicators/EGDI_RANK?reporting_unit=GSO99", 404, "Không có đơn vị báo cáo “GSO99”."),
        ("/?pilar=GOV", 400, "Trang này không có tham số “pilar”."),
        ("/docs?as_of=2021", 400, "Trang này không có tham số “as_of”."),
        ("/?q=a&q=b", 400, "Tham số “q” có hai lần trong địa chỉ"),
        ("/?as_of=yesterday&lang=en", 400, "“yesterday” is no day"),
        ("/?lang=fr", 400, "Không có ngôn ngữ “fr”; có vi và en."),
    ],
)
def test_what_is_not_there_or_not_understood_is_said_on_a_page(
    client: TestClient, address: str, status: int, sentence: str
) -> None:
    assert sentence in read(client, address, status=status).text


@pytest.mark.parametrize("address", PAGES)
def test_pages_let_nothing_foreign_in(client: TestClient, address: str) -> None:
    answer = client.get(address)
    page = Elements(answer.text)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not page.named("style")
    assert not [name for name, attributes in page.elements if "style" in attributes]
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
    loaded = [link["href"] for link in page.named("link")] + [script["src"] for script in page.named("script")]
    for path in loaded:
        assert path is not None
        assert path.startswith("/static/")
        assert client.get(path).status_code == 200
    assert ("script-src" in policy) == bool(page.named("script")) == (address == "/docs")


@pytest.mark.parametrize("address", PAGES)
def test_pages_can_be_heard(client: TestClient, address: str) -> None:
    page = read(client, address, status=404 if "NO_SUCH" in address else 200)
    tags = [name for name, _ in page.elements]
    assert page.named("html")[0]["lang"] == ("en" if "lang=en" in address else "vi")
    assert tags.count("h1") == tags.count("main") == 1
    headings = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(later <= earlier + 1 for earlier, later in pairwise(headings))
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in heading for heading in page.named("th"))
    labelled = {label["for"] for label in page.named("label")}
    fields = [*page.named("input"), *page.named("select")]
    assert {field["id"] for field in fields if field.get("type") != "hidden"} == labelled
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(names) == len(set(names))


def test_links_between_pages_lead_somewhere(client: TestClient) -> None:
    seen: set[str] = set()
    for start in ("/", "/indicators/EGDI_RANK?lang=en&as_of=2021-01-01", "/reporting-units/GSO24"):
        page = read(client, start)
        own = {link["href"] or "" for link in page.named("a") if (link["href"] or "").startswith("/")}
        for address in sorted(own - seen)[:60]:
            assert client.get(address).status_code == 200, address
        seen |= own


def test_the_documentation_is_served_from_here(client: TestClient) -> None:
    page = read(client, "/docs")
    place = next(attributes for _, attributes in page.elements if attributes.get("id") == "documentation")
    assert client.get(place["data-description"] or "").json()["info"]["title"] == "Chiso"
    version = re.search(r"`swagger-ui-dist` ([\d.]+)", client.get("/static/README.md").text)
    assert version is not None
    assert version[1] in client.get("/static/swagger-ui/swagger-ui-bundle.js").text


@pytest.fixture(scope="module")
def demonstrated(own_engine: Engine) -> Iterator[TestClient]:
    with database.writing(own_engine) as connection:
        demonstration.load(connection, by=TEST, now=NOW)
    with TestClient(app.create(own_engine), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    "address",
    ["/reporting-units/GSO04", "/indicators/ONLINE_FILING_RATE?reporting_unit=GSO04", "/indicators/COVERAGE_4G"],
)
def test_demonstration_figures_are_marked_wherever_they_stand(demonstrated: TestClient, address: str) -> None:
    page = read(demonstrated, address)
    assert "Có số liệu minh họa do máy sinh ra, không phải số liệu thật" in page.text
    assert "số liệu minh họa" in page.text


def test_a_table_of_many_periods_says_how_many_it_leaves_out(connection: Connection) -> None:
    numbers = series.numbers(connection, Selection({"indicator": ["EGDI_RANK"], "reporting_unit": ["VN"]}))
    found = overview.recent(connection, numbers, as_of=NOW, limit=3)
    assert [row["period"] for row in found] == ["2024", "2022", "2020"]
    assert {row["known"] for row in found} == {12}


def test_the_latest_figure_is_of_the_period_that_ends_last_whatever_its_frequency(connection: Connection) -> None:
    numbers = series.numbers(connection, Selection({"indicator": ["FIBRE_HOUSEHOLD_RATE"], "reporting_unit": ["VN"]}))
    found = overview.latest(connection, numbers, as_of=NOW)
    assert [row["period"] for row in found] == ["2025-S1"]
    earlier = overview.latest(connection, numbers, as_of=datetime(2023, 1, 1, tzinfo=LOCAL_ZONE))
    assert [row["period"] for row in earlier] == ["2022"]


@pytest.mark.parametrize(
    ("value", "unit", "symbol", "vi", "en"),
    [
        ("52.8", "percent", "%", "52,8\u00a0%", "52.8%"),
        ("860000000", "count", "", "860.000.000", "860,000,000"),
        ("1086", "count", "", "1.086", "1,086"),
        ("71", "rank", "hạng", "hạng\u00a071", "hạng\u00a071"),
        ("81.20", "per_100_people", "/100 dân", "81,20/100 dân", "81.20/100 dân"),
        ("158", "usd_billion", "US$ billion", "US$158\u00a0billion", "US$158\u00a0billion"),
        ("-0.6077", "score_0_1", "điểm", "-0,6077\u00a0điểm", "-0.6077\u00a0điểm"),
    ],
)
def test_numbers_keep_the_digits_that_were_reported(value: str, unit: str, symbol: str, vi: str, en: str) -> None:
    assert writing.measured(Decimal(value), unit, symbol, "vi") == vi
    assert writing.measured(Decimal(value), unit, symbol, "en") == en


@pytest.mark.parametrize(
    ("period", "vi", "en"),
    [
        ("2022", "Năm 2022", "2022"),
        ("2024-S1", "6 tháng đầu năm 2024", "First half of 2024"),
        ("2024-Q1", "Quý I/2024", "Q1 2024"),
        ("2024-03", "Tháng 03/2024", "March 2024"),
        ("2024-W05", "Tuần 5/2024", "Week 5 of 2024"),
        ("2024-03-15", "15/03/2024", "15\u00a0Mar\u00a02024"),
        ("2024-03-15T09", "09 giờ ngày 15/03/2024", "09:00, 15\u00a0Mar\u00a02024"),
    ],
)
def test_periods_are_written_for_people(period: str, vi: str, en: str) -> None:
    assert writing.period_name(period, "vi") == vi
    assert writing.period_name(period, "en") == en


def test_a_moment_is_its_day_in_viet_nam_unless_it_is_within_the_day() -> None:
    assert writing.moment(datetime(2024, 9, 16, 17, 0, tzinfo=UTC), "vi") == "17/09/2024"
    assert writing.moment(datetime(2024, 9, 17, 1, 30, tzinfo=UTC), "vi") == "08:30 17/09/2024"
    assert writing.moment(datetime(2024, 9, 17, 1, 30, tzinfo=UTC), "en") == "17\u00a0Sep\u00a02024, 08:30"


def test_addresses_in_a_text_become_links_and_nothing_else_does() -> None:
    assert list(writing.linked("https://www.itu.int/a?b=1")) == [("itu.int", "https://www.itu.int/a?b=1")]
    assert list(writing.linked("Survey, https://un.org/x.")) == [
        ("Survey, ", None),
        ("un.org", "https://un.org/x"),
        (".", None),
    ]
    assert list(writing.linked("javascript:alert(1)")) == [("javascript:alert(1)", None)]


def _figure(period: str, value: str | None, *, status: str = "A", accumulation: str = "PERIOD") -> dict[str, Any]:
    return {
        "period": period,
        "value": None if value is None else Decimal(value),
        "status": status,
        "accumulation": accumulation,
    }


def test_a_trend_puts_rank_one_on_top_and_high_values_up() -> None:
    figures = [_figure("2020", "86"), _figure("2021", "90"), _figure("2022", "71")]
    rank = trend.drawn(figures, rank=True, language="vi")
    share = trend.drawn(figures, rank=False, language="vi")
    assert rank is not None
    assert share is not None
    assert rank.ticks[0].label == "1"
    assert rank.ticks[0].y == min(tick.y for tick in rank.ticks)
    assert rank.points[2].y < rank.points[1].y
    assert share.points[2].y > share.points[1].y


def test_a_trend_joins_nothing_across_a_break_or_a_missing_figure() -> None:
    figures = [
        _figure("2018", "1"),
        _figure("2019", "2"),
        _figure("2020", "3", status="B"),
        _figure("2021", None, status="M"),
        _figure("2022", "4", status="P"),
        _figure("2024", "5"),
    ]
    drawn = trend.drawn(figures, rank=False, language="vi")
    assert drawn is not None
    joined = [(line.x1, line.x2, line.dashed) for line in drawn.lines]
    x = [point.x for point in drawn.points]
    assert joined == [(x[0], x[1], False), (x[3], x[4], True)]
    assert drawn.broken
    assert drawn.dashed
    assert drawn.provisional


def test_a_trend_of_yearly_accumulations_begins_anew_every_year() -> None:
    figures = [_figure(period, "5", accumulation="YTD") for period in ("2023-Q3", "2023-Q4", "2024-Q1", "2024-Q2")]
    drawn = trend.drawn(figures, rank=False, language="vi")
    assert drawn is not None
    assert len(drawn.lines) == 2


def test_two_figures_are_no_trend() -> None:
    assert trend.drawn([_figure("2020", "1"), _figure("2021", "2")], rank=False, language="vi") is None


def test_every_word_is_there_in_both_languages_with_the_same_places() -> None:
    for key, (vi, en) in interface.INTERFACE.items():
        places = [sorted(name for _, name, _, _ in Formatter().parse(text) if name) for text in (vi, en)]
        assert places[0] == places[1], key
        assert vi == unicodedata.normalize("NFC", vi)
        assert vi
        assert en


def test_every_word_is_used() -> None:
    folder = Path(portal.__file__).parent
    pages = "".join(path.read_text(encoding="utf-8") for path in (*folder.rglob("*.html"), *folder.glob("*.py")))
    said = set(re.findall(r"words\.(\w+)|\"(no_\w+|said_twice)\"", pages))
    # The words for what is not there are named by what was asked for.
    spoken = {word for pair in said for word in pair} | {"no_indicator", "no_reporting_unit"}
    assert set(interface.INTERFACE) <= spoken, set(interface.INTERFACE) - spoken


def test_every_code_of_the_catalogue_has_its_word(connection: Connection) -> None:
    assert set(interface.PILLARS) == set(get_args(Pillar))
    assert set(interface.LEVELS) == set(get_args(Level))
    assert set(interface.DIRECTIONS) == set(get_args(Direction))
    assert set(interface.LINEAGES) == set(get_args(LineageKind))
    schemes = connection.exec_driver_sql("select distinct scheme from reporting_unit_code").scalars()
    assert set(interface.SCHEMES) >= set(schemes)
