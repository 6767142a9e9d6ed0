"""The dataflows: what each is made of, and whom it asks for its rows.

A dataflow is one entry of FLOWS; addresses, structures and messages are all made from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection

from ingest import registry
from service.archive import targets
from service.archive.verdicts import reaching

AGENCY, VERSION = "CHISO", "1.0.0"
TIME, MEASURE = "TIME_PERIOD", "OBS_VALUE"

Kind = Literal["text", "number", "day", "moment", "period"]
# Which codes of a dimension are asked for; None, or no entry, for all.
Chosen = Mapping[str, Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class Component:
    """A dimension, the measure or an attribute: the column of the rows that fills it, and its code list or kind."""

    id: str
    column: str
    name_vi: str
    name_en: str
    code_list: str | None = None
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Flow:
    """A dataflow; its structure is DSD_ and its code. `rows` are of a moment; `today` is the day that it is then."""

    id: str
    name_vi: str
    name_en: str
    dimensions: tuple[Component, ...]
    measure: Component
    attributes: tuple[Component, ...]
    rows: Callable[[Connection, Chosen, datetime, date], list[dict[str, Any]]]

    @property
    def components(self) -> tuple[Component, ...]:
        """All of them, in the order of the columns of SDMX-CSV."""
        return (*self.dimensions, _TIME, self.measure, *self.attributes)


def _promised(chosen: Chosen) -> targets.Wanted:
    return targets.Wanted(plans=chosen.get("PLAN"), indicators=chosen.get("INDICATOR"), scopes=chosen.get("SCOPE"))


def _targets(connection: Connection, chosen: Chosen, moment: datetime, _: date) -> list[dict[str, Any]]:
    indicators = registry.read(connection).indicators
    rows = targets.listed(connection, _promised(chosen), as_of=moment)
    return [row | {"unit_measure": indicators[row["indicator"]].unit_measure} for row in rows]


def _verdicts(connection: Connection, chosen: Chosen, moment: datetime, today: date) -> list[dict[str, Any]]:
    wanted = reaching.Wanted(_promised(chosen), reporting_units=chosen.get("REPORTING_UNIT"))
    return reaching.reached(connection, wanted, as_of=moment, today=today).rows()


_PLAN = Component("PLAN", "plan", "Kế hoạch", "Plan", "CL_PLAN")
_INDICATOR = Component("INDICATOR", "indicator", "Chỉ tiêu", "Indicator", "CL_INDICATOR")
_SCOPE = Component("SCOPE", "scope", "Đơn vị hoặc cấp phải thực hiện", "Whom the target binds", "CL_SCOPE")
_REPORTING_UNIT = Component("REPORTING_UNIT", "reporting_unit", "Đơn vị báo cáo", "Reporting unit", "CL_REPORTING_UNIT")
_TIME = Component(TIME, "period", "Kỳ của chỉ tiêu kế hoạch", "The period promised for", kind="period")

_TARGET_KIND = Component("TARGET_KIND", "kind", "Loại chỉ tiêu kế hoạch", "Kind of target", "CL_TARGET_KIND")
_UNIT_MEASURE = Component("UNIT_MEASURE", "unit_measure", "Đơn vị tính", "Unit of measure", "CL_UNIT_MEASURE")
_DEADLINE = (
    Component("DEADLINE", "deadline", "Thời hạn theo văn bản", "Deadline as the document writes it"),
    Component("LAST_DAY", "last_day", "Ngày cuối của thời hạn", "The last day that is in time", kind="day"),
)
_DOCUMENT = (
    Component("DOCUMENT", "document", "Văn bản", "Document"),
    Component("WORDS", "words", "Trích từ nguồn", "The words of the document"),
    Component("NOTE", "note", "Ghi chú", "Note"),
)

FLOWS: Mapping[str, Flow] = {
    flow.id: flow
    for flow in (
        Flow(
            "TARGETS",
            "Chỉ tiêu kế hoạch",
            "Targets: what was promised",
            (_PLAN, _INDICATOR, _SCOPE),
            Component(MEASURE, "value", "Giá trị cam kết", "The value promised", kind="number"),
            (
                _UNIT_MEASURE,
                _TARGET_KIND,
                *_DEADLINE,
                Component("BASE_PERIOD", "base_period", "Kỳ gốc", "Period of the base"),
                Component("BASE_VALUE", "base_value", "Mức gốc", "Base", kind="number"),
                Component(
                    "PUBLISHED_AT", "published_at", "Có hiệu lực từ", "From when the target stood", kind="moment"
                ),
                *_DOCUMENT,
            ),
            _targets,
        ),
        Flow(
            "VERDICTS",
            "Đánh giá thực hiện chỉ tiêu kế hoạch",
            "Verdicts: what the figures say of the targets",
            (_PLAN, _INDICATOR, _SCOPE, _REPORTING_UNIT),
            Component(
                MEASURE,
                "value",
                "Số liệu được đánh giá (của kỳ VALUE_PERIOD)",
                "The figure that is judged (of VALUE_PERIOD)",
                kind="number",
            ),
            (
                Component("OBS_STATUS", "value_status", "Trạng thái số liệu", "Status of the figure", "CL_OBS_STATUS"),
                _UNIT_MEASURE,
                Component("VALUE_PERIOD", "value_period", "Kỳ của số liệu", "Period of the figure"),
                Component(
                    "VALUE_PUBLISHED_AT",
                    "value_published_at",
                    "Thời điểm công bố số liệu",
                    "When the figure was published",
                    kind="moment",
                ),
                Component("SERIES", "series", "Chuỗi", "Series"),
                Component("STATE", "state", "Kết quả đánh giá", "State", "CL_VERDICT_STATE"),
                Component("REASON", "reason", "Lý do chưa đánh giá được", "Why not judged", "CL_VERDICT_REASON"),
                Component("METHOD", "method", "Phương pháp đánh giá", "Method", "CL_VERDICT_METHOD"),
                _TARGET_KIND,
                Component("TARGET", "target", "Chỉ tiêu theo văn bản", "Target as the document has it", kind="number"),
                Component("PROMISED", "promised", "Giá trị phải đạt", "The value to be reached", kind="number"),
                *_DEADLINE,
                Component("BASE", "base", "Mức gốc", "Base", kind="number"),
                Component("BASE_PERIOD", "base_period", "Kỳ gốc", "Period of the base"),
                Component("PATH_VALUE", "path_value", "Giá trị lộ trình", "What the path asks", kind="number"),
                Component(
                    "GAP",
                    "gap",
                    "Chênh lệch so với lộ trình hoặc mục tiêu (dương là tốt hơn)",
                    "Gap; positive is ahead",
                    kind="number",
                ),
                Component(
                    "PROGRESS_PERCENT",
                    "progress_percent",
                    "Tiến độ (%)",
                    "Part of the way made (%)",
                    kind="number",
                ),
                Component("PACE_PERCENT", "pace_percent", "Nhịp độ (%)", "Pace (%)", kind="number"),
                Component("NEEDED_VALUE", "needed_value", "Mức cần đạt ở kỳ tiếp theo", "Needed next", kind="number"),
                Component("NEEDED_PERIOD", "needed_period", "Kỳ tiếp theo", "The period of the value needed next"),
                Component("PROJECTED_VALUE", "projected_value", "Giá trị dự báo", "Projected value", kind="number"),
                Component(
                    "TARGET_PUBLISHED_AT",
                    "target_published_at",
                    "Chỉ tiêu có hiệu lực từ",
                    "From when the target stood",
                    kind="moment",
                ),
                *_DOCUMENT,
            ),
            _verdicts,
        ),
    )
}
