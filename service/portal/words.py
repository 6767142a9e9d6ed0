"""The words of the pages, in Vietnamese and in English. Names of the catalogue are not here: it has both itself."""

from types import SimpleNamespace

from ingest.observation import ACCUMULATIONS, DENOMINATOR, NUMERATOR, STATUSES
from ingest.period import FREQUENCIES
from service.archive.verdicts.wording import PHRASES, REASON_LABELS, STATE_LABELS

LANGUAGES = ("vi", "en")

PILLARS = {
    "GOV": ("Chính phủ số", "Digital government"),
    "ECON": ("Kinh tế số", "Digital economy"),
    "SOC": ("Xã hội số", "Digital society"),
    "INFRA": ("Hạ tầng số", "Infrastructure"),
    "DATA": ("Dữ liệu số", "Data"),
    "SEC": ("An toàn, an ninh mạng", "Cybersecurity"),
    "DISC": ("Kỷ luật thực hiện", "Discipline"),
    "INTL": ("Chỉ số quốc tế", "International indices"),
}
LEVELS = {
    "nation": ("quốc gia", "the nation"),
    "ministry": ("bộ, cơ quan trung ương", "ministry or central agency"),
    "province": ("tỉnh, thành phố", "province or city"),
    "group": ("nhóm đơn vị", "group of units"),
    "country": ("nước khác", "another country"),
}
DIRECTIONS = {
    "up": ("càng cao càng tốt", "higher is better"),
    "down": ("càng thấp càng tốt", "lower is better"),
    "none": ("không xác định chiều tốt, xấu", "neither is better"),
}
LINEAGES = {
    "merged": ("hợp nhất, sáp nhập", "merged"),
    "absorbed": ("nhập vào", "absorbed"),
    "renamed": ("đổi tên", "renamed"),
    "split": ("chia tách", "split"),
}
BREAKDOWNS = {
    NUMERATOR: ("tử số", "numerator"),
    DENOMINATOR: ("mẫu số", "denominator"),
}
SCHEMES = {
    "GSO": ("mã của cơ quan thống kê", "code of the statistics office"),
    "ISO3166-1-A3": ("ISO 3166-1, ba chữ", "ISO 3166-1, three letters"),
    "ISO3166-2": ("ISO 3166-2", "ISO 3166-2"),
    "PAPI": ("mã trong dữ liệu PAPI", "code in PAPI's data"),
    "WORLD_BANK": ("mã của Ngân hàng Thế giới", "code of the World Bank"),
}
FORMULAS = {
    "as published": ("theo giá trị nguồn công bố", "as published"),
    "count": ("đếm", "count"),
    "sum": ("cộng", "sum"),
    "100 * numerator / denominator": ("100 × tử số / mẫu số", "100 × numerator / denominator"),
    "numerator / denominator": ("tử số / mẫu số", "numerator / denominator"),
}
STATES = {code: (vi.capitalize(), en.capitalize()) for code, (vi, en) in STATE_LABELS.items()}
# A promised change goes up or down, and is told as in its sentence.
KINDS = {
    "at_least": PHRASES["bound.up"],
    "at_most": PHRASES["bound.down"],
    "top_n": ("thuộc nhóm {places} dẫn đầu", "among the first {places}"),
    "zero_left": ("không còn trường hợp nào", "none left"),
    "yes_all": ("toàn bộ ({value})", "all ({value})"),
    "path": ("mốc {value}", "milestone {value}"),
}

INTERFACE = {
    "skip": ("Đến nội dung chính", "Skip to the content"),
    "menu": ("Trang", "Pages"),
    "indicators": ("Chỉ tiêu", "Indicators"),
    "reporting_units": ("Đơn vị báo cáo", "Reporting units"),
    "reporting_unit": ("Đơn vị báo cáo", "Reporting unit"),
    "interface": ("API", "API"),
    "other_language": ("English", "Tiếng Việt"),
    "tagline": ("Chỉ tiêu chuyển đổi số quốc gia", "Indicators of the national digital transformation"),
    "what": (
        "Chiso theo dõi các chỉ tiêu chuyển đổi số mà quốc gia đã cam kết: mỗi số liệu đi kèm kỳ, nguồn, trạng thái,"
        " ngày công bố và văn bản.",
        "Chiso follows the indicators of digital transformation that the country promised itself to reach: every figure"
        " comes with its period, source, status, date of publication and document.",
    ),
    "how": (
        "Mọi lần điều chỉnh đều được giữ lại, nên có thể xem lại số liệu đúng như đã công bố ở bất kỳ thời điểm nào;"
        " các nguồn khác nhau được đặt cạnh nhau.",
        "Every revision is kept, so the figures can be read as they stood at any moment;"
        " different sources stand side by side.",
    ),
    "search": ("Tìm chỉ tiêu", "Find an indicator"),
    "search_unit": ("Tìm đơn vị báo cáo", "Find a reporting unit"),
    "search_hint": (
        "Tên, mã hoặc từ trong định nghĩa; không cần gõ dấu.",
        "A name, a code or words of the definition; diacritics are not needed.",
    ),
    "search_unit_hint": ("Tên hoặc mã; không cần gõ dấu.", "A name or a code; diacritics are not needed."),
    "find": ("Tìm", "Find"),
    "show_all": ("Xem tất cả", "Show all"),
    "found": ("Tìm thấy {count} chỉ tiêu cho “{words}”.", "Indicators found for “{words}”: {count}."),
    "found_units": ("Tìm thấy {count} đơn vị cho “{words}”.", "Reporting units found for “{words}”: {count}."),
    "found_too": ("Đơn vị báo cáo khớp với từ khóa", "Reporting units that match"),
    "pillars": ("Nhóm chỉ tiêu", "Groups of indicators"),
    "latest_national": (
        "Số liệu quốc gia mới nhất theo từng nguồn: {pillar}",
        "Latest national figures by source: {pillar}",
    ),
    "without_national": (
        "Chưa có số liệu quốc gia: {count} chỉ tiêu",
        "No national figures yet: {count} indicators",
    ),
    "no_figure": ("chưa có số liệu quốc gia", "no national figures yet"),
    "indicator": ("Chỉ tiêu", "Indicator"),
    "value": ("Giá trị", "Value"),
    "period": ("Kỳ", "Period"),
    "status": ("Trạng thái", "Status"),
    "source": ("Nguồn", "Source"),
    "published": ("Công bố", "Published"),
    "document": ("Văn bản, tài liệu", "Document"),
    "comment": ("Ghi chú", "Comment"),
    "reason": ("Lý do", "Reason"),
    "breakdown": ("phân tổ {code}", "breakdown {code}"),
    "cut_off": ("số liệu từ {first} đến {last}", "figures from {first} to {last}"),
    "cut_off_to": ("số liệu đến {last}", "figures to {last}"),
    "cut_off_from": ("số liệu từ {first}", "figures from {first}"),
    "generated": ("số liệu minh họa", "demonstration data"),
    "generated_note": (
        "Có số liệu minh họa do máy sinh ra, không phải số liệu thật; mỗi số liệu như vậy đều được ghi rõ.",
        "Some of these are demonstration figures, generated by machine and not real; each of them is marked.",
    ),
    "as_of_note": (
        "Số liệu như đã công bố tính đến {moment}; số liệu công bố sau đó không được hiển thị.",
        "Figures as they were published by {moment}; what was published later is not shown.",
    ),
    "as_of_leave": ("Xem số liệu hiện nay", "Show the figures of today"),
    "as_of": ("Như đã công bố tính đến ngày", "As published by"),
    "formula": ("Công thức", "Formula"),
    "numerator": ("Tử số", "Numerator"),
    "denominator": ("Mẫu số", "Denominator"),
    "unit_measure": ("Đơn vị tính", "Unit of measure"),
    "direction": ("Chiều hướng", "Direction"),
    "lead": ("Cơ quan chủ trì", "Lead unit"),
    "issued_by": ("Văn bản ban hành", "Issuing document"),
    "reference": ("Tài liệu tham khảo", "Reference"),
    "validity": ("Hiệu lực", "Validity"),
    "replaced_by": ("Được thay bằng", "Replaced by"),
    "note": ("Lưu ý", "Note"),
    "code": ("Mã", "Code"),
    "since": ("từ {day}", "from {day}"),
    "until": ("đến hết {day}", "to {day}"),
    "open": ("không giới hạn", "open"),
    "about": ("Về chỉ tiêu này", "About this indicator"),
    "figures": ("Số liệu", "Figures"),
    "figures_of": ("Số liệu của {unit}", "Figures of {unit}"),
    "choose": ("Chọn số liệu", "Choose the figures"),
    "show": ("Xem", "Show"),
    "unit_no_figure": (
        "{unit} chưa có số liệu về chỉ tiêu này.",
        "{unit} has no figures for this indicator yet.",
    ),
    "none_chosen": (
        "Chỉ tiêu này chưa có số liệu quốc gia; hãy chọn một đơn vị báo cáo.",
        "This indicator has no national figures yet; choose a reporting unit.",
    ),
    "no_figure_at_all": ("Chỉ tiêu này chưa có số liệu.", "This indicator has no figures yet."),
    "series": ("Chuỗi số liệu", "Series"),
    "more": (
        "Bảng này có {shown} kỳ gần nhất trong {known} kỳ; toàn bộ ở dạng CSV và JSON.",
        "This table holds the newest {shown} of {known} periods; all of them are in the CSV and the JSON.",
    ),
    "units_with_figures": ("Các đơn vị có số liệu", "Reporting units that have figures"),
    "latest_by_unit": (
        "Số liệu mới nhất của từng đơn vị, theo từng nguồn",
        "The latest figure of each reporting unit, by source",
    ),
    "take": ("Tải số liệu", "Get the figures"),
    "take_note": (
        "Các số liệu trên, dành cho phần mềm và bảng tính:",
        "The same figures, for programs and spreadsheets:",
    ),
    "trend": ("Diễn biến: {name}", "Trend: {name}"),
    "trend_words": (
        "Từ {first_value} ({first_period}) đến {last_value} ({last_period}); trong khoảng {lowest} – {highest}."
        " Mọi giá trị có trong bảng bên dưới.",
        "From {first_value} ({first_period}) to {last_value} ({last_period}); within {lowest} – {highest}."
        " All values are in the table below.",
    ),
    "trend_best_on_top": ("Hạng 1 ở trên cùng.", "Rank 1 is at the top."),
    "trend_hollow": ("Điểm rỗng: chưa chính thức.", "Hollow points: not official."),
    "trend_dashed": (
        "Nét đứt: giữa hai điểm không có số liệu.",
        "Dashed lines: no figures between the two points.",
    ),
    "trend_broken": (
        "Chỗ không nối: chuỗi bị gián đoạn, thiếu số liệu, hoặc lũy kế tính lại từ đầu năm.",
        "Where points are not joined: a break in the series, a missing figure, or a new year's accumulation.",
    ),
    "name_vi": ("Tên tiếng Việt", "Vietnamese name"),
    "name_en": ("Tên tiếng Anh", "English name"),
    "short": ("Tên ngắn", "Short name"),
    "level": ("Cấp", "Level"),
    "existence": ("Thời gian tồn tại", "Existence"),
    "legal_act": ("Căn cứ pháp lý", "Legal act"),
    "predecessors": ("Hình thành từ", "Came from"),
    "successors": ("Trở thành", "Became"),
    "lineage_of": ("Đơn vị trước và sau", "Before and after"),
    "on_date": ("Từ ngày", "From"),
    "kind": ("Hình thức", "How"),
    "other_codes": ("Mã khác", "Other codes"),
    "scheme": ("Hệ mã", "Scheme"),
    "about_unit": ("Về đơn vị này", "About this reporting unit"),
    "latest": ("Số liệu mới nhất", "Latest figures"),
    "latest_of": ("Số liệu mới nhất của {unit}, theo từng nguồn", "Latest figures of {unit}, by source"),
    "unit_without": ("Đơn vị này chưa có số liệu.", "This reporting unit has no figures yet."),
    "past_units": ("Không còn tồn tại: {count} đơn vị", "No longer there: {count} units"),
    "home": ("Trang chủ", "Home"),
    "sought": ("Không tìm thấy", "Not found"),
    "refused": ("Địa chỉ này chưa đúng", "This address is not right"),
    "unavailable": ("Tạm thời chưa trả lời được", "No answer for now"),
    "no_indicator": ("Không có chỉ tiêu “{code}”.", "There is no indicator “{code}”."),
    "no_reporting_unit": ("Không có đơn vị báo cáo “{code}”.", "There is no reporting unit “{code}”."),
    "no_parameter": ("Trang này không có tham số “{name}”.", "This page has no parameter “{name}”."),
    "said_twice": (
        "Tham số “{name}” có hai lần trong địa chỉ; chỉ viết một lần.",
        "The parameter “{name}” is in the address twice; write it once.",
    ),
    "no_moment": (
        "“{text}” không phải là một ngày; hãy viết như 2024-07-01 hoặc 01/07/2024.",
        "“{text}” is no day; write it as 2024-07-01 or 01/07/2024.",
    ),
    "no_language": (
        "Không có ngôn ngữ “{text}”; có vi và en.",
        "There is no language “{text}”; there are vi and en.",
    ),
    "no_database": (
        "Cơ sở dữ liệu chưa trả lời; hãy thử lại sau ít phút.",
        "The database does not answer; try again in a few minutes.",
    ),
    "nearest": ("Có phải là:", "Did you mean:"),
    "docs_title": ("Tài liệu API", "The API's documentation"),
    "docs_what": (
        "Mọi số liệu trên trang này đều lấy được qua API, ở dạng JSON và CSV. Phần mô tả dưới đây bằng tiếng Anh.",
        "Every figure of these pages can be had through the API, as JSON and as CSV.",
    ),
    "docs_script": (
        "Bản tương tác cần JavaScript; bản mô tả đầy đủ ở dạng OpenAPI:",
        "The interactive version needs JavaScript; the whole description as OpenAPI:",
    ),
    "foot": (
        "Mỗi số liệu thuộc về nguồn và văn bản ghi bên cạnh.",
        "Every figure belongs to the source and the document beside it.",
    ),
    "scoreboard": ("Bảng theo dõi", "Scoreboard"),
    "scoreboard_title": ("Bảng theo dõi mục tiêu", "Scoreboard of the targets"),
    "scoreboard_what": (
        "Mỗi chỉ tiêu được đánh giá theo mục tiêu có thời hạn gần nhất chưa hết; nếu tất cả đã hết hạn thì theo mục"
        " tiêu hết hạn sau cùng. Bảng đếm số chỉ tiêu theo trạng thái, không tính điểm trung bình.",
        "Each indicator is judged by its target with the next deadline, or by the last one that is over."
        " States are counted; no scores are averaged.",
    ),
    "scoreboard_day": ("Số liệu đã công bố, đánh giá đến ngày {day}.", "Published figures, judged by {day}."),
    "filter": ("Lọc mục tiêu", "Choose the targets"),
    "pillar": ("Nhóm chỉ tiêu", "Group of indicators"),
    "everything": ("Tất cả", "All"),
    "reset": ("Bỏ lọc", "Show all"),
    "summary": ("Tổng hợp cấp quốc gia", "The nation in summary"),
    "summary_note": (
        "Số chỉ tiêu quốc gia có mục tiêu, theo trạng thái",
        "National indicators with a target, by state",
    ),
    "total": ("Tất cả", "All"),
    "count": ("Số chỉ tiêu", "Indicators"),
    "national_targets": ("Mục tiêu quốc gia: {pillar}", "National targets: {pillar}"),
    "target": ("Mục tiêu, thời hạn", "Target, deadline"),
    "by_day": ("thời hạn: hết ngày {day}", "by {day}"),
    "over": ("đã hết hạn ngày {day}", "was due {day}"),
    "state": ("Trạng thái", "State"),
    "gap": ("Chênh lệch", "Gap"),
    "needed": ("Mức cần đạt ở kỳ tiếp theo", "Needed next"),
    "even": ("vừa đủ so với {ref}", "level with {ref}"),
    "the_path": ("lộ trình", "the path"),
    "why": ("Kết luận và cách tính", "Why"),
    "decimal_point": ("Trong công thức, dấu chấm là dấu thập phân.", "In the formula the point is the decimal sign."),
    "promised_in": ("Trích từ nguồn", "In the document's words"),
    "other_targets": ("Các mục tiêu khác của chỉ tiêu này", "Other targets of this indicator"),
    "matrix": ("Theo đơn vị báo cáo: {level}", "By reporting unit: {level}"),
    "matrix_note": ("Số đơn vị có mục tiêu, theo trạng thái", "Units that a target binds, by state"),
    "matrix_open": ("Xem từng đơn vị ({count})", "Unit by unit: {count}"),
    "unit_count": ("Số đơn vị", "Units"),
    "not_bound": ("không có mục tiêu", "no target"),
    "nothing_chosen": ("Không có mục tiêu nào phù hợp với bộ lọc.", "There is no such target."),
    "no_choice": (
        "Bộ lọc “{filter}” không có lựa chọn “{text}”.",
        "“{text}” is none of the choices of “{filter}”.",
    ),
    "health": ("Tình trạng dịch vụ", "Health of the service"),
}
# What the scoreboard can be filtered by: the parameters of its address.
FILTERS = {
    "pillar": INTERFACE["pillar"],
    "level": INTERFACE["level"],
    "lead": INTERFACE["lead"],
    "plan": ("Văn bản, kế hoạch", "Plan"),
    "period": ("Kỳ của mục tiêu", "Period of the target"),
}


def in_language(language: str) -> SimpleNamespace:
    """All words of the pages in one language: `words.search`, `words.pillar_names["GOV"]`."""
    place = LANGUAGES.index(language)

    def chosen(pairs: dict[str, tuple[str, str]]) -> dict[str, str]:
        return {key: pair[place] for key, pair in pairs.items()}

    return SimpleNamespace(
        **chosen(INTERFACE),
        pillar_names=chosen(PILLARS),
        levels=chosen(LEVELS),
        directions=chosen(DIRECTIONS),
        lineages=chosen(LINEAGES),
        breakdowns=chosen(BREAKDOWNS),
        schemes=chosen(SCHEMES),
        formulas=chosen(FORMULAS),
        statuses=chosen(STATUSES),
        states=chosen(STATES),
        reasons=chosen(REASON_LABELS),
        target_kinds=chosen(KINDS),
        phrases=chosen(PHRASES),
        filters=chosen(FILTERS),
        accumulations=chosen(ACCUMULATIONS),
        frequencies=chosen(FREQUENCIES),
    )
