"""The checks: every figure of a reading becomes an observation or a finding, never both, never neither.

Each rule looks at whole columns: it resolves the distinct texts once and marks the rows that break it.
"""

import functools
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas

from ingest import period
from ingest.catalogue import Catalogue
from ingest.dataset import Dataset, DatasetItem
from ingest.observation import DENOMINATOR, NUMERATOR, OBSERVATION_COLUMNS, STATUSES, TOTAL
from ingest.period import Period
from ingest.place import place
from ingest.reporting_unit import Ambiguous, ReportingUnit, Unknown
from ingest.spelling import fold, nearest
from ingest.submission import Finding, Instructions, Reading, Severity

SIGNIFICANT_DIGITS = 15
_MEAN_TOLERANCE = 0.05
FINDINGS_KEPT = 1_000  # of one rule; a last finding counts the rest

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_STATUS_BY_NAME = {fold(name): code for code, names in STATUSES.items() for name in (code, *names)}
_YES = {"yes", "true", "1", "x", "co"}

# What each rule says where it is broken. {found} is what stands there, {near} names that were perhaps meant.
SENTENCES: dict[str, tuple[str, str]] = {
    "period_is_given": (
        "Thiếu kỳ báo cáo. Hãy ghi kỳ, ví dụ 2024-Q1, hoặc chọn kỳ khi gửi tệp.",
        "The period is missing. Write it, for example 2024-Q1, or name it when you send the file.",
    ),
    "period_is_readable": (
        "“{found}” không phải là kỳ báo cáo. Hãy ghi 2024, 2024-S1, 2024-Q1, 2024-03, Quý I/2024 hoặc 2024-03-15.",
        "“{found}” is no period. Write 2024, 2024-S1, 2024-Q1, 2024-03, Quý I/2024 or 2024-03-15.",
    ),
    "period_is_the_senders": (
        "Dòng này là số liệu kỳ “{found}”, nhưng tệp được gửi cho kỳ {expected}. Hãy gửi riêng từng kỳ.",
        "This row is about “{found}”, but the file was sent for {expected}. Send each period's figures by itself.",
    ),
    "template_is_for_dataset": (
        "Biểu mẫu Excel này thuộc {found}, nhưng tệp được gửi cho {expected}. Hãy chọn biểu mẫu {found} khi gửi.",
        "This template is for {found}, but the file was sent for {expected}. Send it for the dataset {found}.",
    ),
    "period_fits_frequency": (
        "Kỳ “{found}” không thuộc tần suất {expected}. Hãy ghi kỳ theo đúng tần suất.",
        "The period “{found}” does not have the frequency {expected}. Write a period of that frequency.",
    ),
    "indicator_is_given": (
        "Thiếu mã chỉ tiêu. Hãy ghi mã theo danh mục.",
        "The indicator is missing. Write its code from the catalogue.",
    ),
    "indicator_is_known": (
        "Chỉ tiêu “{found}” không có trong danh mục. {near_vi}",
        "The indicator “{found}” is not in the catalogue. {near_en}",
    ),
    "indicator_is_in_dataset": (
        "Chỉ tiêu “{found}” không thuộc biểu mẫu {expected}. Hãy bỏ dòng này hoặc chọn đúng biểu mẫu.",
        "The indicator “{found}” is not part of the dataset {expected}. Leave it out, or choose its dataset.",
    ),
    "frequency_suits_indicator": (
        "Chỉ tiêu “{found}” không có số liệu theo tần suất của kỳ này. Tần suất được phép: {expected}.",
        "The indicator “{found}” has no figures at the frequency of this period. It has {expected}.",
    ),
    "reporting_unit_is_given": (
        "Thiếu đơn vị báo cáo. Hãy ghi mã hoặc tên đơn vị, hoặc chọn đơn vị khi gửi tệp.",
        "The reporting unit is missing. Write its code or name, or name it when you send the file.",
    ),
    "reporting_unit_is_known": (
        "Không có đơn vị báo cáo nào tên là “{found}”. {near_vi}",
        "There is no reporting unit called “{found}”. {near_en}",
    ),
    "reporting_unit_is_one": (
        "“{found}” có thể là {near}. Hãy ghi mã của đơn vị.",
        "“{found}” can mean {near}. Write the code of the one you mean.",
    ),
    "reporting_unit_is_valid_in_period": (
        "Đơn vị “{found}” không tồn tại trong kỳ này ({expected}). Hãy dùng đơn vị của kỳ đó.",
        "The reporting unit “{found}” did not exist in that period ({expected}). Use the unit of that time.",
    ),
    "reporting_unit_is_the_senders": (
        "Dòng này nói về “{found}”, nhưng tệp được gửi cho {expected}. Hãy gửi riêng từng đơn vị.",
        "This row is about “{found}”, but the file was sent for {expected}. Send each unit's figures by itself.",
    ),
    "level_suits_indicator": (
        "Chỉ tiêu này không thu thập ở cấp của “{found}”. Cấp được phép: {expected}.",
        "The indicator is not collected at the level of “{found}”. It is collected for {expected}.",
    ),
    "accumulation_is_given": (
        "Thiếu cách lũy kế. Hãy ghi {expected} vào cột “accumulation”.",
        "The accumulation is missing. Write {expected} in the column “accumulation”.",
    ),
    "accumulation_is_allowed": (
        "“{found}” không phải là cách lũy kế của chỉ tiêu này. Hãy ghi {expected}.",
        "“{found}” is no accumulation of this indicator. Write {expected}.",
    ),
    "source_is_allowed": (
        "“{found}” không phải là nguồn của chỉ tiêu này. Hãy ghi {expected}.",
        "“{found}” is no source of this indicator. Write {expected}.",
    ),
    "breakdown_is_a_code": (
        "“{found}” không phải là mã phân tổ. Hãy dùng chữ in hoa, chữ số và dấu gạch dưới; _T là tổng số.",
        "“{found}” is no code of a breakdown. Use capitals, digits and underscores; _T is the total.",
    ),
    "status_is_known": (
        "“{found}” không phải là trạng thái số liệu. Hãy ghi A, P (sơ bộ), E (ước tính), F, B hoặc M (thiếu).",
        "“{found}” is no status. Write A (official), P (provisional), E (estimated), F, B or M (missing).",
    ),
    "value_is_given": (
        "Thiếu giá trị. Hãy ghi một số, hoặc ghi trạng thái M và lý do thiếu.",
        "The value is missing. Write a number, or the status M and the reason why there is none.",
    ),
    "value_is_a_number": (
        "“{found}” không phải là số. Hãy ghi số với dấu chấm thập phân và không phân nhóm, ví dụ 1086.5.",
        "“{found}” is no number. Write it with a decimal point and no grouping, for example 1086.5.",
    ),
    "value_has_15_digits": (
        "“{found}” có hơn 15 chữ số có nghĩa. Hãy làm tròn đến số chữ số mà nguồn công bố.",
        "“{found}” has more than 15 significant digits. Round it to the digits that the source published.",
    ),
    "value_is_in_range": (
        "{found} nằm ngoài khoảng cho phép ({expected}). Hãy kiểm tra đơn vị tính và dấu thập phân.",
        "{found} lies outside the range {expected}. Check the unit of measure and the decimal point.",
    ),
    "missing_has_no_value": (
        "Trạng thái M nghĩa là không có số liệu, nhưng giá trị là “{found}”. Hãy bỏ giá trị hoặc đổi trạng thái.",
        "Status M means that there is no value, but “{found}” stands there. Remove the value or change the status.",
    ),
    "missing_has_a_reason": (
        "Số liệu thiếu hoặc bị rút phải có lý do. Hãy ghi lý do vào cột “reason”.",
        "A missing or withdrawn value needs a reason. Write it in the column “reason”.",
    ),
    "published_at_is_readable": (
        "“{found}” không phải là thời điểm công bố. Hãy ghi 2024-07-01 hoặc 2024-07-01T09:00:00+07:00.",
        "“{found}” is no moment of publication. Write 2024-07-01 or 2024-07-01T09:00:00+07:00.",
    ),
    "data_dates_are_readable": (
        "“{found}” không phải là ngày. Hãy ghi 2024-06-30 hoặc 30/06/2024; ngày đầu không sau ngày cuối.",
        "“{found}” is no day. Write 2024-06-30 or 30/06/2024; the first day is not after the last.",
    ),
    "row_is_not_a_duplicate": (
        "Số liệu này đã có ở {expected}. Hãy giữ lại một dòng.",
        "This figure stands already at {expected}. Keep one of the two.",
    ),
    "indicator_is_valid_in_period": (
        "Chỉ tiêu không có hiệu lực trong kỳ “{found}” ({expected}). Hãy kiểm tra định nghĩa.",
        "The indicator was not in force in “{found}” ({expected}). Check which definition is meant.",
    ),
    "daily_mean_agrees_with_total": (
        "Trung bình ngày là {found}, nhưng tổng của kỳ chia cho số ngày là {expected}: lệch hơn 5 %. Giữ cả hai.",
        "The mean of a day is {found}, but the total over the days is {expected}: more than 5 % apart. Both stay.",
    ),
    "more_of_the_same": (
        "Còn {found} dòng khác vi phạm quy tắc {expected}.",
        "{found} more rows break the rule {expected}.",
    ),
    "revision_has_a_reason": (
        "{found} số liệu đã công bố sẽ thay đổi ({expected}). Hãy nêu lý do sửa đổi.",
        "{found} published figures would change ({expected}). Say why they are revised.",
    ),
    "something_was_found": (
        "Không có số liệu nào trong tệp. Hãy kiểm tra lại tệp đã chọn.",
        "There are no figures in this file. Check that it is the one you meant.",
    ),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a reading came to: `observations` with OBSERVATION_COLUMNS, and how many rows were refused."""

    observations: pandas.DataFrame
    findings: list[Finding]
    refused: int


def check(
    reading: Reading, catalogue: Catalogue, dataset: Dataset, instructions: Instructions, *, now: datetime
) -> Checked:
    """Turn what was written into observations of the catalogue's series, and say what stands against each of the rest.

    A row without reporting unit or period has those of the instructions; without published_at the instructions' or
    `now`. An accumulation need not be written where the dataset or the indicator has only one; a source not written is
    the first that the dataset or the indicator names.
    """
    table = _Table(reading, catalogue, dataset, instructions)
    for rule in (
        _periods,
        _indicators,
        _reporting_units,
        _series,
        _values,
        _published,
        _data_dates,
        _duplicates,
        _daily_means,
    ):
        rule(table, now)
    findings = [*reading.findings, *table.findings]
    announced = reading.announced.get("dataset", dataset.code)
    if announced != dataset.code:
        findings.append(finding("template_is_for_dataset", "error", place="", found=announced, expected=dataset.code))
    if table.rows.empty and not findings:
        findings.append(finding("something_was_found", "error", place="", found="0"))
    return Checked(table.observations(), findings, table.refused_lines(reading))


def finding(
    rule: str, severity: Severity, *, place: str, found: Any, expected: str = "", near: Iterable[str] = ()
) -> Finding:
    """The finding of a rule, with its sentences filled in."""
    names = ", ".join(near)
    facts = {
        "found": found,
        "expected": expected,
        "near": names,
        "near_vi": f"Có phải là {names}?" if names else "Hãy tra danh mục.",
        "near_en": f"Did you mean {names}?" if names else "Look it up in the catalogue.",
    }
    vi, en = SENTENCES[rule]
    return Finding(rule, severity, place, str(found), expected or names, vi.format(**facts), en.format(**facts))


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Why one text cannot be what its column asks for."""

    rule: str
    expected: str = ""
    near: tuple[str, ...] = ()
    severity: Severity = "error"


class _Table:
    """The rows on their way from text to observations, and what was found about them."""

    def __init__(self, reading: Reading, catalogue: Catalogue, dataset: Dataset, instructions: Instructions) -> None:
        self.catalogue, self.dataset, self.instructions = catalogue, dataset, instructions
        self.format, self.places = reading.format, reading.places
        self.findings: list[Finding] = []
        rows = reading.frame.reset_index(drop=True)
        given = {
            "reporting_unit": instructions.reporting_unit,
            "period": instructions.period,
        }
        self.rows = rows.assign(
            **{name: rows[name].fillna(value) for name, value in given.items() if value is not None},
            breakdown=rows["breakdown"].fillna(TOTAL).str.upper(),
        )
        self.good = pandas.Series(True, index=self.rows.index)

    def resolve(self, columns: list[str], meaning: Callable[..., Any], *, shown: str) -> pandas.Series:
        """What each distinct combination of texts means; rows whose text is _Wrong are marked. Unset where not good."""
        rows = self.rows.loc[self.good, columns]
        groups = rows.groupby(columns, dropna=False, sort=False)
        meanings = [meaning(*(None if pandas.isna(text) else text for text in _tuple(key))) for key, _ in groups]
        which = groups.ngroup()
        for number, wrong in enumerate(meanings):
            if isinstance(wrong, _Wrong):
                self.mark(which.index[which == number], wrong, shown)
        values = pandas.Series(meanings, dtype=object)
        return which.map(values).reindex(self.rows.index)

    def mark(self, index: pandas.Index, wrong: _Wrong, shown: str) -> None:
        """Record what is wrong with these rows; an error takes them out of all further rules."""
        if not len(index):
            return
        if wrong.severity == "error":
            self.good.loc[index] = False
        told = sum(1 for known in self.findings if known.rule == wrong.rule)
        for row in index[: max(0, FINDINGS_KEPT - told)]:
            found = self._text(row, shown) or ""
            where = self.place_of(row, shown)
            self.findings.append(
                finding(wrong.rule, wrong.severity, place=where, found=found, expected=wrong.expected, near=wrong.near)
            )
        if len(index) + told > FINDINGS_KEPT:
            rest = len(index) - max(0, FINDINGS_KEPT - told)
            self.findings.append(finding("more_of_the_same", wrong.severity, place="", found=rest, expected=wrong.rule))

    def place_of(self, row: Hashable, shown: str) -> str:
        """Where the row's text of that column stands in the file."""
        sheet, line, column = (self._text(row, name) for name in ("sheet", "line", "column"))
        where = self.places.get(shown, column) if shown != "value" else column
        return place(sheet, None if line is None else int(line), where, format=self.format)

    def _text(self, row: Hashable, name: str) -> str | None:
        written: Any = self.rows.at[row, name]
        return None if pandas.isna(written) else str(written)

    def observations(self) -> pandas.DataFrame:
        """The good rows, as observations."""
        good = self.rows[self.good]
        return good.reindex(columns=list(OBSERVATION_COLUMNS)).reset_index(drop=True)

    def refused_lines(self, reading: Reading) -> int:
        """How many figures were refused, those that the reader could not even read among them."""
        unread = (known for known in reading.findings if known.severity == "error")
        return int((~self.good).sum()) + sum(
            int(known.found) if known.rule == "more_of_the_same" else bool(known.place) for known in unread
        )


def _periods(table: _Table, _now: datetime) -> None:
    wanted = table.dataset.frequency
    sent_for = period.parse(table.instructions.period) if table.instructions.period else None

    def meaning(written: str | None, frequency: str | None) -> Period | _Wrong:
        if written is None:
            return _Wrong("period_is_given")
        try:
            meant = period.parse(written)
        except period.NotAPeriod:
            return _Wrong("period_is_readable")
        if sent_for and meant != sent_for:
            return _Wrong("period_is_the_senders", str(sent_for))
        for expected in (frequency and frequency.upper(), wanted):
            if expected and meant.frequency != expected:
                return _Wrong("period_fits_frequency", expected)
        return meant

    meant = table.resolve(["period", "frequency"], meaning, shown="period")
    table.rows["the_period"] = meant.where(table.good)
    table.rows["frequency"] = _each(meant[table.good], lambda period: period.frequency)
    table.rows["period_start"] = _each(meant[table.good], lambda period: period.start).astype("datetime64[us]")


def _indicators(table: _Table, _now: datetime) -> None:
    catalogue, dataset = table.catalogue, table.dataset
    items = None if dataset.items is None else {item.indicator for item in dataset.items}
    named = {fold(name): each.code for each in catalogue.indicators.values() for name in (each.name_vi, each.name_en)}

    def meaning(written: str | None, meant: Period) -> str | _Wrong:
        if written is None:
            return _Wrong("indicator_is_given")
        code = written.upper() if written.upper() in catalogue.indicators else named.get(fold(written))
        if code is None:
            return _Wrong("indicator_is_known", near=tuple(nearest(written, catalogue.indicators)))
        indicator = catalogue.indicators[code]
        if items is not None and code not in items:
            return _Wrong("indicator_is_in_dataset", dataset.code)
        if meant.frequency not in indicator.frequencies:
            return _Wrong("frequency_suits_indicator", ", ".join(indicator.frequencies))
        return code

    codes = table.resolve(["indicator", "the_period"], meaning, shown="indicator")
    table.rows["indicator"] = codes.where(table.good, table.rows["indicator"])
    _warn_of_ended(table)


def _warn_of_ended(table: _Table) -> None:
    def meaning(code: str, meant: Period) -> _Wrong | None:
        indicator = table.catalogue.indicators[code]
        early = indicator.valid_from and meant.last_day < indicator.valid_from
        late = indicator.valid_to and meant.start.date() > indicator.valid_to
        span = f"{indicator.valid_from or '…'} – {indicator.valid_to or '…'}"
        return _Wrong("indicator_is_valid_in_period", span, severity="warning") if early or late else None

    table.resolve(["indicator", "the_period"], meaning, shown="period")


def _reporting_units(table: _Table, _now: datetime) -> None:
    units, indicators = table.catalogue.reporting_units, table.catalogue.indicators
    sender = table.instructions.reporting_unit and units.get(table.instructions.reporting_unit)

    @functools.cache
    def unit_of(written: str, scheme: str | None, meant: Period) -> ReportingUnit | _Wrong:
        known = units.resolve(written, meant.last_day, scheme)
        own = units.get(written) if scheme is None else None
        if isinstance(known, Unknown) and own and own.valid_on(meant.start.date()):
            return own  # it ended within the period, and was named by its code
        match known:
            case Ambiguous():
                return _Wrong(
                    "reporting_unit_is_one", near=tuple(f"{each.code} ({each.name_vi})" for each in known.candidates)
                )
            case Unknown(elsewhen=ReportingUnit() as other):
                span = f"{other.code}: {other.valid_from or '…'} – {other.valid_to or '…'}"
                return _Wrong("reporting_unit_is_valid_in_period", span)
            case Unknown():
                return _Wrong("reporting_unit_is_known", near=known.nearest)
            case _:
                return known

    def meaning(written: str | None, scheme: str | None, meant: Period, indicator: str) -> str | _Wrong:
        if written is None:
            return _Wrong("reporting_unit_is_given")
        unit = unit_of(written, scheme, meant)
        if isinstance(unit, _Wrong):
            return unit
        if sender and unit.code != sender.code:
            return _Wrong("reporting_unit_is_the_senders", sender.code)
        if unit.level not in indicators[indicator].levels:
            return _Wrong("level_suits_indicator", ", ".join(indicators[indicator].levels))
        return unit.code

    columns = ["reporting_unit", "scheme", "the_period", "indicator"]
    codes = table.resolve(columns, meaning, shown="reporting_unit")
    table.rows["reporting_unit"] = codes.where(table.good, table.rows["reporting_unit"])


def _series(table: _Table, _now: datetime) -> None:
    choices: dict[str, list[DatasetItem]] = {}
    for item in table.dataset.items or ():
        choices.setdefault(item.indicator, []).append(item)

    def chosen(field: str, allowed_by_indicator: Mapping[str, tuple[str, ...]]) -> None:
        def meaning(indicator: str, written: str | None) -> str | _Wrong:
            items = choices.get(indicator)
            allowed = [*dict.fromkeys(getattr(item, field) for item in items)] if items else []
            allowed = allowed or list(allowed_by_indicator[indicator])
            if written is None and (len(allowed) == 1 or field == "source"):
                return allowed[0]  # the catalogue names the source an indicator is reported by first
            if written is None:
                return _Wrong("accumulation_is_given", " / ".join(allowed))
            code = written.upper()
            return code if code in allowed else _Wrong(f"{field}_is_allowed", " / ".join(allowed))

        codes = table.resolve(["indicator", field], meaning, shown=field)
        table.rows[field] = codes.where(table.good, table.rows[field])

    indicators = table.catalogue.indicators
    chosen("accumulation", {code: each.accumulations for code, each in indicators.items()})
    chosen("source", {code: each.sources for code, each in indicators.items()})
    wrong = table.good & ~table.rows["breakdown"].str.fullmatch(r"[A-Z0-9_@$-]{1,40}").fillna(value=False).astype(bool)
    table.mark(table.rows.index[wrong], _Wrong("breakdown_is_a_code"), "breakdown")
    parts = ["frequency", "indicator", "reporting_unit", "accumulation", "source", "breakdown"]
    keys = table.resolve(parts, lambda *codes: ".".join(codes), shown="indicator")
    table.rows["series"] = keys


def _values(table: _Table, _now: datetime) -> None:
    rows = table.rows
    status = table.resolve(
        ["status"],
        lambda written: "A" if written is None else _STATUS_BY_NAME.get(fold(written), _Wrong("status_is_known")),
        shown="status",
    )
    rows["withdrawn"] = rows["withdrawn"].fillna("").map(fold).isin(_YES)
    value = rows["value"].astype("string")
    # A dash is how people write that there is no figure; only a status and a reason make it an observation.
    value = value.mask(value.isin(["", "-", "–", "..", "..."]))
    missing = (status == "M") | rows["withdrawn"]

    def mark(wrong: pandas.Series, rule: str, *, expected: str = "", shown: str = "value") -> None:
        table.mark(rows.index[table.good & wrong.fillna(value=False).astype(bool)], _Wrong(rule, expected), shown)

    mark(value.isna() & ~missing, "value_is_given")
    mark(value.notna() & missing, "missing_has_no_value")
    mark(missing & rows["reason"].isna(), "missing_has_a_reason", shown="reason")
    mark(value.notna() & ~value.str.fullmatch(_NUMBER), "value_is_a_number")
    digits = value.str.replace(r"[eE].*", "", regex=True).str.replace(r"[^0-9]", "", regex=True)
    mark(value.notna() & (digits.str.lstrip("0").str.len() > SIGNIFICANT_DIGITS), "value_has_15_digits")
    number = pandas.to_numeric(value.where(table.good), errors="coerce").astype("float64")
    mark(number.abs() == float("inf"), "value_is_a_number")
    # The counts behind a rate have no range of their own but that no count is negative.
    counts = rows["breakdown"].isin([NUMERATOR, DENOMINATOR])
    table.mark(rows.index[table.good & counts & (number < 0)], _Wrong("value_is_in_range", "0 – …"), "value")
    for code, members in rows[table.good & ~counts].groupby("indicator", sort=False):
        indicator = table.catalogue.indicators[str(code)]
        low = float("-inf") if indicator.minimum is None else float(indicator.minimum)
        high = float("inf") if indicator.maximum is None else float(indicator.maximum)
        outside = (number.loc[members.index] < low) | (number.loc[members.index] > high)
        span = (
            f"{indicator.minimum if low > float('-inf') else '…'} – {indicator.maximum if high < float('inf') else '…'}"
        )
        table.mark(members.index[outside], _Wrong("value_is_in_range", span), "value")
    table.rows = rows.assign(status=status, value=value)


def _published(table: _Table, now: datetime) -> None:
    otherwise = table.instructions.published_at or now

    def meaning(written: str | None) -> datetime | _Wrong:
        try:
            return otherwise if written is None else period.moment(written)
        except period.NotAPeriod:
            return _Wrong("published_at_is_readable")

    moments = table.resolve(["published_at"], meaning, shown="published_at")
    table.rows["published_at"] = pandas.to_datetime(moments.where(table.good), utc=True)


def _data_dates(table: _Table, _now: datetime) -> None:
    def meaning(written: str | None) -> Any:
        try:
            return None if written is None else period.day_of(written)
        except period.NotAPeriod:
            return _Wrong("data_dates_are_readable")

    for name in ("data_from", "data_to"):
        table.rows[name] = table.resolve([name], meaning, shown=name).where(table.good)
    both = table.good & table.rows["data_from"].notna() & table.rows["data_to"].notna()
    days = table.rows.loc[both, ["data_from", "data_to"]]
    table.mark(days.index[days["data_from"] > days["data_to"]], _Wrong("data_dates_are_readable"), "data_from")


def _duplicates(table: _Table, _now: datetime) -> None:
    identity = ["series", "period_start", "published_at"]
    good = table.rows.loc[table.good, identity]
    again = good.index[good.duplicated()]
    if not len(again):
        return
    first = good.groupby(identity, sort=False)["series"].transform(lambda group: group.index[0])
    for row in again:
        wrong = _Wrong("row_is_not_a_duplicate", table.place_of(first[row], "value"))
        table.mark(pandas.Index([row]), wrong, "value")


def _daily_means(table: _Table, _now: datetime) -> None:
    """Warn where a mean of a day and the total of the same period, in one submission, are more than 5 % apart."""
    totals = {
        each.code: each.daily_mean_of for each in table.catalogue.indicators.values() if each.daily_mean_of is not None
    }
    good = table.rows[table.good]
    means = good[good["indicator"].isin(totals)]
    if means.empty:
        return
    same = ["indicator", "reporting_unit", "the_period", "accumulation", "source", "breakdown"]
    beside = means.assign(indicator=means["indicator"].map(totals), row=means.index).merge(good, on=same)
    for pair in beside.to_dict("records"):
        first = pair["data_from_y"] or pair["the_period"].start.date()
        last = pair["data_to_y"] or pair["the_period"].last_day
        mean, expected = float(pair["value_x"]), float(pair["value_y"]) / ((last - first).days + 1)
        if abs(expected - mean) > _MEAN_TOLERANCE * mean:
            wrong = _Wrong("daily_mean_agrees_with_total", f"{expected:.0f}", severity="warning")
            table.mark(pandas.Index([pair["row"]]), wrong, "value")


def _each(periods: pandas.Series, told: Callable[[Period], Any]) -> pandas.Series:
    return pandas.Series([told(period) for period in periods], index=periods.index, dtype=object)


def _tuple(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)
