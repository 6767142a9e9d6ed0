"""The code lists of the dataflows: those of the catalogue, and those of the verdicts' own words, in both languages."""

from collections.abc import Mapping

from sqlalchemy import Connection

from ingest import registry
from ingest.catalogue import Catalogue
from ingest.observation import STATUSES
from service.archive import targets
from service.archive.verdicts.wording import METHOD_LABELS, REASON_LABELS, STATE_LABELS

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
        "CL_VERDICT_METHOD": METHOD_LABELS,
        "CL_VERDICT_REASON": REASON_LABELS,
        "CL_VERDICT_STATE": STATE_LABELS,
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

TARGET_KINDS: Codes = {
    "at_least": ("ít nhất", "at least"),
    "at_most": ("không quá", "at most"),
    "change_from_base": ("thay đổi so với kỳ gốc", "change from a base"),
    "top_n": ("thuộc nhóm N dẫn đầu", "among the first N"),
    "zero_left": ("không còn tồn đọng", "none left"),
    "yes_all": ("toàn bộ", "all of them"),
    "path": ("mốc của lộ trình", "milestone of a path"),
}
