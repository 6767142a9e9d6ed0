"""The code lists of the dataflows: those of the catalogue, and those of the verdicts' own words, in both languages."""

from collections.abc import Mapping
from typing import get_args

from sqlalchemy import Connection

from ingest import registry
from ingest.catalogue import Catalogue
from ingest.observation import STATUSES
from ingest.target import TargetKind
from service.archive import targets
from service.archive.verdicts.states import Method, Reason, State, words

# What stands for what: the name in Vietnamese, and in English.
Codes = Mapping[str, tuple[str, str]]


def read(connection: Connection) -> dict[str, Codes]:
    """Every code list by its code."""
    catalogue, plans = registry.read(connection), targets.plans(connection)
    return {
        "CL_INDICATOR": {each.code: (each.name_vi, each.name_en) for each in catalogue.indicators.values()},
        "CL_OBS_STATUS": STATUSES,
        "CL_PLAN": {plan: (plan, plan) for plan in plans},
        "CL_REPORTING_UNIT": _reporting_units(catalogue),
        "CL_SCOPE": LEVELS | _reporting_units(catalogue),
        "CL_TARGET_KIND": TARGET_KINDS,
        "CL_UNIT_MEASURE": {each.code: (each.name_vi, each.name_en) for each in catalogue.units_of_measure.values()},
        "CL_VERDICT_METHOD": METHODS,
        "CL_VERDICT_REASON": REASONS,
        "CL_VERDICT_STATE": STATES,
    }


def _reporting_units(catalogue: Catalogue) -> dict[str, tuple[str, str]]:
    return {each.code: (each.name_vi, each.name_en or each.name_vi) for each in catalogue.reporting_units}


LIST_NAMES: Codes = {
    "CL_INDICATOR": ("Chỉ tiêu", "Indicators"),
    "CL_OBS_STATUS": ("Trạng thái số liệu", "Observation status"),
    "CL_PLAN": ("Kế hoạch", "Plans"),
    "CL_REPORTING_UNIT": ("Đơn vị báo cáo", "Reporting units"),
    "CL_SCOPE": ("Cấp và đơn vị báo cáo", "Levels and reporting units"),
    "CL_TARGET_KIND": ("Loại chỉ tiêu kế hoạch", "Kinds of targets"),
    "CL_UNIT_MEASURE": ("Đơn vị tính", "Units of measure"),
    "CL_VERDICT_METHOD": ("Phương pháp đánh giá", "Methods of verdicts"),
    "CL_VERDICT_REASON": ("Lý do chưa đánh giá được", "Why a promise cannot be judged"),
    "CL_VERDICT_STATE": ("Kết quả đánh giá", "States of verdicts"),
}

LEVELS = {
    "nation": ("quốc gia", "the nation"),
    "country": ("mỗi nước", "every country"),
    "ministry": ("mỗi bộ, cơ quan trung ương", "every ministry or central agency"),
    "province": ("mỗi tỉnh, thành phố", "every province or city"),
    "group": ("mỗi nhóm đơn vị", "every group of units"),
}


def _named(codes: list[str], *names: tuple[str, str]) -> Codes:
    return dict(zip(codes, names, strict=True))


TARGET_KINDS = _named(
    list(get_args(TargetKind)),
    ("ít nhất", "at least"),
    ("không quá", "at most"),
    ("thay đổi so với kỳ gốc", "change from a base"),
    ("thuộc nhóm N đứng đầu", "among the first N"),
    ("không còn tồn đọng", "none left"),
    ("toàn bộ", "all of them"),
    ("mốc của lộ trình", "milestone of a path"),
)
# docs/verdicts.md
STATES = _named(
    words(State),
    ("chưa đánh giá được", "cannot be judged"),
    ("đi xa mục tiêu", "moving away"),
    ("chậm tiến độ", "off track"),
    ("cần tăng tốc", "acceleration needed"),
    ("đúng tiến độ", "on track"),
    ("đã đạt", "reached"),
)
REASONS = _named(
    words(Reason),
    ("chưa có số liệu", "there is no figure"),
    ("thứ hạng không có tốc độ tăng", "a rank has no growth"),
    ("phương pháp không áp dụng được", "the method is meant for other promises"),
    ("không rõ chiều tốt, xấu", "nobody says what is better"),
    ("không có giá trị gốc", "there is no base"),
    ("chỉ có một số liệu", "fewer than two figures"),
    ("chuỗi bị gián đoạn", "a break in the series"),
    ("không có thời hạn", "there is no deadline"),
    ("giá trị gốc bằng 0", "the base is zero"),
    ("chỉ tiêu bằng 0", "the target is zero"),
    ("giá trị đổi dấu", "the values change sign"),
)
METHODS = _named(
    words(Method),
    ("lộ trình tuyến tính", "linear path"),
    ("tốc độ tăng kép", "compound growth"),
    ("xu hướng", "trend"),
    ("chỉ số hiện trạng (ESCAP)", "current status index (ESCAP)"),
    ("chỉ số tiến độ dự kiến (ESCAP)", "anticipated progress index (ESCAP)"),
    ("số bậc", "places"),
    ("đếm lùi", "count-down"),
    ("thuộc nhóm đứng đầu", "membership"),
)
