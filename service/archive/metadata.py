"""What is to be known about an answer: what its codes mean, of which moment it is, how to cite it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.observation import ACCUMULATIONS, BREAKDOWNS, STATUSES
from ingest.period import FREQUENCIES
from service.archive import question, transforms
from service.archive.catalogue import INDICATOR_COLUMNS
from service.archive.question import Question

# What the columns of an answer are called, in Vietnamese and English, and what they say.
COLUMNS: Mapping[str, tuple[str, str, str, str]] = {
    "series": (
        "Chuỗi",
        "Series",
        "tần suất.chỉ tiêu.đơn vị báo cáo.cách cộng dồn.nguồn.phân tổ",
        "frequency.indicator.reporting_unit.accumulation.source.breakdown",
    ),
    "period": ("Kỳ", "Period", "kỳ mà số liệu nói tới", "what the figure is about"),
    "value": ("Giá trị", "Value", "để trống khi trạng thái là M", "empty where the status is M"),
    "status": ("Trạng thái", "Status", "mã SDMX CL_OBS_STATUS", "SDMX CL_OBS_STATUS"),
    "unit_measure": ("Đơn vị tính", "Unit of measure", "đơn vị của giá trị", "what the value is measured in"),
    "published_at": (
        "Công bố lúc",
        "Published at",
        "từ lúc này, đây là số công bố",
        "from when this is the public figure",
    ),
    "valid_to": (
        "Hiệu lực đến",
        "Valid to",
        "lúc có số khác thay; để trống khi chưa bị thay",
        "when a later figure replaced it; empty while it stands",
    ),
    "recorded_at": ("Ghi nhận lúc", "Recorded at", "lúc ghi vào Chiso", "when it was written here"),
    "submission": ("Lần nộp", "Submission", "số của lần nộp đưa số này vào", "the submission that brought it"),
    "reason": ("Lý do", "Reason", "vì sao sửa, thiếu, hoặc không tính được", "why it was revised, or is missing"),
    "document": ("Văn bản", "Document", "văn bản hoặc trang đã in số này", "the document or page that printed it"),
    "comment": ("Ghi chú", "Comment", "lời của văn bản", "the words of the document"),
    "data_from": (
        "Số liệu từ ngày",
        "Data from",
        "ngày đầu, khi khác với lịch",
        "the first day, where it is not the calendar's",
    ),
    "data_to": (
        "Số liệu đến ngày",
        "Data to",
        "ngày cuối, khi khác với lịch",
        "the last day, where it is not the calendar's",
    ),
    "derived": (
        "Đã tính",
        "Derived",
        "các bước tính; để trống với số được báo cáo",
        "what was computed, step by step; empty for a figure as reported",
    ),
    "computed_from": (
        "Tính từ",
        "Computed from",
        "các số liệu đã dùng, dạng chuỗi@kỳ",
        "the observations used, as series@period",
    ),
}
LICENCE_VI = (
    "Chiso không đặt điều kiện riêng cho số liệu; điều kiện của cơ quan đã công bố (xem nguồn và văn bản)"
    " được giữ nguyên. Khi dùng lại, hãy ghi nguồn như dưới đây."
)
LICENCE_EN = (
    "Chiso sets no conditions of its own on the figures; those of whoever published them (see source and document)"
    " hold. When you use them, say where they come from, as below."
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is to be known about an answer.

    `series` are `question.extents`; the others are the rows of the catalogue that the series name, by code. `computed`
    says step by step what was made of the figures, in Vietnamese and English.
    """

    address: str
    as_of: datetime
    data_version: dict[str, datetime | None]
    series: list[dict[str, Any]]
    indicators: list[dict[str, Any]]
    reporting_units: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    units_of_measure: list[dict[str, Any]]
    computed: tuple[tuple[str, str], ...] = ()

    @property
    def observations(self) -> int:
        """How many observations the answer has."""
        return sum(each["observations"] for each in self.series)

    @property
    def title(self) -> tuple[str, str]:
        """What the answer is about, and what was computed for it, in Vietnamese and English."""
        if 0 < len(self.indicators) <= _NAMED:
            vi, en = ("; ".join(each[name] for each in self.indicators) for name in ("name_vi", "name_en"))
        else:
            vi, en = f"{len(self.indicators)} chỉ tiêu", f"{len(self.indicators)} indicators"
        if not self.computed:
            return vi, en
        steps_vi, steps_en = ("; ".join(steps) for steps in zip(*self.computed, strict=True))
        return f"{vi} ({steps_vi})", f"{en} ({steps_en})"

    @property
    def publishers(self) -> tuple[str, str]:
        """Who published the figures, in Vietnamese and English; a name may have commas of its own."""
        if len(self.sources) > _NAMED:
            return f"{len(self.sources)} nguồn", f"{len(self.sources)} sources"
        vi, en = ("; ".join(each[name] for each in self.sources) or "–" for name in ("name_vi", "name_en"))
        return vi, en

    @property
    def citation(self) -> tuple[str, str]:
        """How to cite the answer, in Vietnamese and English."""
        vi, en = self.title
        sources_vi, sources_en = self.publishers
        moment = self.as_of.isoformat()
        return (
            f"Chiso, “{vi}” (nguồn: {sources_vi}), theo số liệu công bố đến {moment}, {self.address}",
            f"Chiso, “{en}” (source: {sources_en}), as published by {moment}, {self.address}",
        )

    def names(self) -> dict[str, dict[str, tuple[str, str]]]:
        """What the codes mean, in Vietnamese and English: of each part of a key, of status and unit of measure."""
        return {
            "frequency": dict(FREQUENCIES),
            "indicator": _named(self.indicators),
            "reporting_unit": _named(self.reporting_units),
            "accumulation": dict(ACCUMULATIONS),
            "source": _named(self.sources),
            "breakdown": dict(BREAKDOWNS),
            "status": dict(STATUSES),
            "unit_measure": _named(self.units_of_measure),
        }

    def told(self) -> dict[str, Any]:
        """All of it, as the member of a file."""
        title_vi, title_en = self.title
        cite_vi, cite_en = self.citation
        return {
            "title_vi": title_vi,
            "title_en": title_en,
            "query": self.address,
            "as_of": self.as_of,
            "data_version": self.data_version,
            "observations": self.observations,
            "licence_vi": LICENCE_VI,
            "licence_en": LICENCE_EN,
            "citation_vi": cite_vi,
            "citation_en": cite_en,
            "indicators": self.indicators,
            "reporting_units": self.reporting_units,
            "sources": self.sources,
            "units_of_measure": self.units_of_measure,
            "statuses": _legend(STATUSES),
            "frequencies": _legend(FREQUENCIES),
            "accumulations": _legend(ACCUMULATIONS),
            "columns": [
                {"name": name, "heading_vi": vi, "heading_en": en, "meaning_vi": says_vi, "meaning_en": says_en}
                for name, (vi, en, says_vi, says_en) in COLUMNS.items()
            ],
        }


def gathered(connection: Connection, asked: Question, *, as_of: datetime | None, address: str) -> Metadata:
    """What is to be known about the answer to a question that was asked at this address.

    `as_of` is the moment that was asked for. Who asked for none is told the moment since which the answer has been
    the same, so that the same question to the same data gets the same bytes.
    """
    version = dict(connection.execute(text("select * from data_version()")).mappings().one())
    changed = max((each for each in (version["last_batch"], version["last_release"]) if each), default=asked.as_of)
    found = question.extents(connection, asked)

    def rows(table: str, columns: tuple[str, ...], codes: set[str]) -> list[dict[str, Any]]:
        told = connection.execute(
            text(f"select {', '.join(columns)} from {table} where code = any(:codes) order by code"),
            {"codes": sorted(codes)},
        )
        return [dict(row) for row in told.mappings()]

    def named(part: str) -> set[str]:
        return {each[part] for each in found}

    indicators = rows("indicator", INDICATOR_COLUMNS, named("indicator"))
    # Of a change also what the figure itself is measured in: the indicator is told beside it.
    measures = named("unit_measure") | {each["unit_measure"] for each in indicators}
    made = [
        {"code": code, "name_vi": vi, "name_en": en, "symbol_vi": None, "symbol_en": None}
        for code, (vi, en) in transforms.MEASURES.items()
        if code in measures
    ]
    return Metadata(
        address=address,
        as_of=as_of or min(asked.as_of, changed),
        data_version=version,
        series=found,
        indicators=indicators,
        reporting_units=rows("reporting_unit", _UNIT_COLUMNS, named("reporting_unit")),
        sources=rows("source", ("code", "name_vi", "name_en"), named("source")),
        units_of_measure=rows("unit_of_measure", _MEASURE_COLUMNS, measures) + made,
        computed=tuple(_computed(asked)),
    )


def _computed(asked: Question) -> Iterator[tuple[str, str]]:
    """What is made of the figures that were asked for, in the order in which it is."""
    if asked.first_release:
        yield "công bố lần đầu", "first releases"
    if asked.geography:
        yield asked.geography.said
    if asked.aggregate:
        vi, en = FREQUENCIES[asked.aggregate.frequency]
        yield f"theo {vi}", f"by {en}"
    if asked.transform:
        yield asked.transform.said
    if asked.carried:
        yield "kỳ không có số lấy theo số trước đó", "gaps filled with the figure before"


_NAMED = 3  # indicators that a title names, and sources that a citation does
_UNIT_COLUMNS = ("code", "level", "name_vi", "name_en", "valid_from", "valid_to")
_MEASURE_COLUMNS = ("code", "name_vi", "name_en", "symbol_vi", "symbol_en")


def _named(rows: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {row["code"]: (row["name_vi"], row["name_en"]) for row in rows}


def _legend(words: Mapping[str, tuple[str, str]]) -> list[dict[str, str]]:
    return [{"code": code, "name_vi": vi, "name_en": en} for code, (vi, en) in words.items()]
