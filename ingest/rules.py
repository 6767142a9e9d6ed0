"""The checks: every figure of a reading becomes an observation or a finding, never both, never neither.

Each rule looks at whole columns: it resolves the distinct texts once and marks the rows that break it. How grave
that is and what is said then stands in the catalogue's rules. Those that hold figures against each other are in
`ingest.relations`; they see what the figures above them have become, and what is public already.
"""

import functools
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import numpy
import pandas

from ingest import period, progress, relations
from ingest.catalogue import Catalogue
from ingest.dataset import Dataset, DatasetItem
from ingest.figures import WRITTEN_COLUMNS, Figures
from ingest.observation import (
    ACCUMULATION_WORDS,
    ACCUMULATIONS,
    DENOMINATOR,
    NUMERATOR,
    OBSERVATION_COLUMNS,
    STATUS_WORDS,
    STATUSES,
    TOTAL,
)
from ingest.period import Period
from ingest.place import place
from ingest.reporting_unit import Ambiguous, ReportingUnit, Unknown
from ingest.rule import INTRINSIC, Rule
from ingest.sentences import finding, missing_clause
from ingest.spelling import fold, nearest
from ingest.submission import Finding, Instructions, Reading

SIGNIFICANT_DIGITS = 15
_FIRST_YEAR, _LAST_YEAR = 1700, 2199  # of periods and publications
PLACE_COLUMNS = ("sheet", "line", "column")
FINDINGS_KEPT = 1_000  # of one rule; a last finding counts the rest

# How people write that there is no figure.
NO_VALUE = ("", "-", "–", "—", "..", "...", "…", "x", "X")
_ERROR = r"#[A-Z/0]+[!?]?|Err:[0-9]+"
_BRACKETED = r"\(\s*[0-9][0-9.,\s]*%?\s*\)"
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?"
_SMALLEST, _LARGEST = 1e-15, 1e30  # beyond them a figure of any country is a slip of the exponent
_STATUS_BY_NAME = {fold(name): code for code, names in STATUSES.items() for name in (code, *names)} | {
    fold(name): code for name, code in STATUS_WORDS.items()
}
_ACCUMULATION_BY_NAME = {fold(name): code for code, names in ACCUMULATIONS.items() for name in (code, *names)} | {
    fold(name): code for name, code in ACCUMULATION_WORDS.items()
}
# What is public of these series: `relations.wanted` in, `figures.WRITTEN_COLUMNS` out.
Known = Callable[[pandas.DataFrame], pandas.DataFrame]
_NO = {"", "no", "false", "0", "khong"}
_YES = {"yes", "true", "1", "x", "co"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a reading came to: `observations` with OBSERVATION_ and PLACE_COLUMNS, and how many rows were refused."""

    observations: pandas.DataFrame
    findings: list[Finding]
    refused: int
    format: str

    def places(self) -> list[str]:
        """Where each observation stands in the file, in their order."""
        rows = self.observations[list(PLACE_COLUMNS)].astype(object).itertuples(index=False, name=None)
        return [
            place(*(None if pandas.isna(each) else each for each in (sheet, line, column)), format=self.format)
            for sheet, line, column in rows
        ]


def check(
    reading: Reading,
    catalogue: Catalogue,
    dataset: Dataset,
    instructions: Instructions,
    *,
    now: datetime,
    known: Known | None = None,
) -> Checked:
    """Turn what was written into observations of the catalogue's series, and say what stands against each of the rest.

    A row without reporting unit or period has those of the instructions; without published_at the instructions' or
    `now`. An accumulation need not be written where the dataset or the indicator has only one; a source not written is
    the first that the dataset or the indicator names. `known` is asked for the public figures beside the file's;
    without it those of the file are held against each other alone.
    """
    table = _Table(reading, catalogue, dataset, instructions)
    for number, step in enumerate(_STEPS):
        progress.tell("checking", number, len(_STEPS) + 1)
        step(table, now)
    progress.tell("checking", len(_STEPS), len(_STEPS) + 1)
    _related(table, known)
    progress.tell("checking", len(_STEPS) + 1, len(_STEPS) + 1)
    findings = [*reading.findings, *table.findings()]
    announced = reading.announced.get("dataset", dataset.code)
    if announced != dataset.code:
        rule = catalogue.rules["template_is_for_dataset"]
        findings.append(finding(rule, place="", found=announced, expected=dataset.code))
    if table.rows.empty and not findings:
        findings.append(finding(catalogue.rules["something_was_found"], place="", found="0"))
    return Checked(table.observations(), findings, table.refused_lines(reading), table.format)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Why one text cannot be what its column asks for."""

    rule: str
    expected: str = ""
    near: Callable[[], Iterable[str]] = tuple  # asked for where it is told


class _Table:
    """The rows on their way from text to observations, and what was found about them."""

    def __init__(self, reading: Reading, catalogue: Catalogue, dataset: Dataset, instructions: Instructions) -> None:
        self.catalogue, self.dataset, self.instructions = catalogue, dataset, instructions
        self.format, self.places = reading.format, reading.places
        self._findings: list[tuple[int, Finding]] = []
        self._broken: Counter[str] = Counter()
        self._names: set[tuple[str, str, str]] = set()
        rows = reading.frame.reset_index(drop=True)
        mapping = catalogue.mappings.get(instructions.mapping) if instructions.mapping else None
        given = {
            "reporting_unit": None if dataset.about_others else instructions.reporting_unit,
            "period": instructions.period,
            "document": mapping and mapping.document,
        }
        self.rows = rows.assign(
            **{name: rows[name].fillna(value) for name, value in given.items() if value is not None},
            breakdown=rows["breakdown"].fillna(TOTAL).str.upper(),
        )
        self.good = pandas.Series(True, index=self.rows.index)

    def resolve(self, columns: list[str], meaning: Callable[..., Any], *, shown: str) -> pandas.Series:
        """What each distinct combination of texts means, as a categorical; rows whose text is _Wrong are marked.

        NA where a row is not good.
        """
        rows = self.rows.loc[self.good, columns]
        which = rows.groupby(columns, dropna=False, sort=False, observed=True).ngroup()
        distinct_texts = rows.loc[which.drop_duplicates().sort_values().index].itertuples(index=False, name=None)
        meanings = [meaning(*(None if pandas.isna(text) else text for text in texts)) for texts in distinct_texts]
        self._mark_all(which, {number: each for number, each in enumerate(meanings) if isinstance(each, _Wrong)}, shown)
        # Numbers of meanings, not the meanings: a million rows are then compared and grouped without touching them.
        numbers, distinct = pandas.factorize(
            numpy.array([None if isinstance(each, _Wrong) else each for each in meanings] + [None], dtype=object)
        )
        meant = pandas.Categorical.from_codes(
            numbers[which.to_numpy()], categories=pandas.Index(distinct, dtype=object)
        )
        return pandas.Series(meant, index=which.index).reindex(self.rows.index)

    def _mark_all(self, which: pandas.Series, wrong: dict[int, "_Wrong"], shown: str) -> None:
        """Mark the rows whose number is a wrong one, a rule at a time: of 20,000 different texts each is one row."""
        if not wrong:
            return
        marked = which[which.isin(list(wrong))]
        rules = marked.map({number: each.rule for number, each in wrong.items()})
        for rule in dict.fromkeys(each.rule for each in wrong.values()):
            index = marked.index[rules == rule]
            worded = index[: max(0, FINDINGS_KEPT - self._broken[rule])]
            for number, same in marked[worded].groupby(marked[worded], sort=False).groups.items():
                self.mark(same, wrong[cast(int, number)], shown)
            if len(worded) < len(index):
                self.mark(index[len(worded) :], _Wrong(rule), shown)

    def mark(
        self, index: pandas.Index, wrong: "_Wrong", shown: str, expected: Callable[[Any], str] | None = None
    ) -> None:
        """Record what is wrong with these rows; an error takes them out of all further rules.

        `expected` says it row by row, where it is not the same for all.
        """
        if index.empty:
            return
        rule = self.catalogue.rules[wrong.rule]
        kept = self._kept(rule, index)
        near = [*wrong.near()] if len(kept) else []
        for row in kept:
            place_told, text = self.place_of(row, shown), self._text(row, shown) or ""
            if shown == "reporting_unit" and not self._is_new_name(rule.code, place_told, text):
                continue
            told = finding(
                rule,
                place=place_told,
                found=text,
                expected=expected(row) if expected else wrong.expected,
                near=near,
            )
            self._findings.append((cast(int, row), told))

    def _is_new_name(self, rule: str, where: str, text: str) -> bool:
        """Whether this is told for the first time: one name at the head of a row of figures is one fault."""
        named = rule, where, text
        is_new = named not in self._names
        self._names.add(named)
        return is_new

    def mark_related(self, rule: Rule, broken: pandas.DataFrame, figures: Figures) -> None:
        """Record which rows break a rule between figures, each with its own facts."""
        for code, those in broken.groupby(broken.get("rule", pandas.Series(rule.code, index=broken.index)), sort=False):
            told_by = self.catalogue.rules[str(code)]
            kept = self._kept(told_by, pandas.Index(those["row"]))
            for facts in those.head(len(kept)).to_dict("records"):
                if told_by is not rule:  # it says what is missing, and for which rule
                    facts |= {"found": facts["missing"], "expected": rule.code}
                self._findings.append((int(facts["row"]), self._related_finding(told_by, facts, figures)))

    def _related_finding(self, rule: Rule, facts: dict[Any, Any], figures: Figures) -> Finding:
        said = {str(name): _said(value) for name, value in facts.items() if name not in ("row", "at", "rule")}
        if int(facts["at"]) >= 0:
            said["period"] = str(figures.period(int(facts["at"])))
        said |= missing_clause(said.pop("missing", ""))
        where = self.place_of(int(facts["row"]), "value")
        return finding(rule, place=where, found=said.pop("found"), expected=said.pop("expected"), facts=said)

    def _kept(self, rule: Rule, index: pandas.Index) -> pandas.Index:
        """The first of the rows that break a rule, whose findings are kept; an error takes all of them out."""
        if rule.severity == "error":
            self.good.loc[index] = False
        kept = index[: max(0, FINDINGS_KEPT - self._broken[rule.code])]
        self._broken[rule.code] += len(index)
        return kept

    def tell(self, told: Finding) -> None:
        """Record what is no row's fault alone, after all that is."""
        self._findings.append((len(self.rows), told))

    def findings(self) -> list[Finding]:
        """What was found, in the order of the rows; of a rule that more rows broke than are kept, how many more."""
        rules = self.catalogue.rules
        more = [
            finding(
                rules["more_of_the_same"],
                place="",
                found=count - FINDINGS_KEPT,
                expected=code,
                severity=rules[code].severity,
            )
            for code, count in self._broken.items()
            if count > FINDINGS_KEPT
        ]
        return [told for _, told in sorted(self._findings, key=lambda each: each[0])] + more

    def place_of(self, row: Hashable, shown: str) -> str:
        """Where the row's text of that column stands in the file."""
        sheet, line, column = (self._text(row, name) for name in ("sheet", "line", "column"))
        where = self.places.get(shown, column) if shown != "value" else column
        if shown == "reporting_unit":
            where = self._text(row, "unit_column") or where
        return place(sheet, None if line is None else int(line), where, format=self.format)

    def _text(self, row: Hashable, name: str) -> str | None:
        written: Any = self.rows.at[row, name]
        return None if pandas.isna(written) else str(written)

    def observations(self) -> pandas.DataFrame:
        """The good rows, as observations."""
        good = self.rows[self.good].reindex(columns=[*OBSERVATION_COLUMNS, *PLACE_COLUMNS]).reset_index(drop=True)
        return good.astype({name: object for name, kind in good.dtypes.items() if kind == "category"})

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
            meant, _ = period.parse_span(written)
        except period.NotAPeriod:
            return _Wrong("period_is_readable")
        if not _FIRST_YEAR <= meant.start.year <= _LAST_YEAR:
            return _Wrong("period_is_readable")
        if sent_for and meant != sent_for:
            return _Wrong("period_is_the_senders", str(sent_for))
        for expected in (frequency and frequency.upper(), wanted):
            if expected and meant.frequency != expected:
                return _Wrong("period_fits_frequency", expected)
        return meant

    meant = table.resolve(["period", "frequency"], meaning, shown="period")
    # "9 tháng 2024" is the third quarter, year to date.
    spans = table.resolve(["period"], lambda written: period.parse_span(written)[1], shown="period").astype(object)
    table.rows["accumulation"] = table.rows["accumulation"].fillna(spans)
    table.rows["the_period"] = meant
    table.rows["frequency"] = _each(meant, lambda period: period.frequency)
    table.rows["period_start"] = _each(meant, lambda period: period.start).astype("datetime64[us]")


def _indicators(table: _Table, _now: datetime) -> None:
    catalogue, dataset = table.catalogue, table.dataset
    items = None if dataset.items is None else {item.indicator for item in dataset.items}

    @functools.cache  # most files write codes, and never ask
    def named() -> dict[str, str]:
        every = catalogue.indicators.values()
        return {fold(name): each.code for each in every for name in (each.name_vi, each.name_en)}

    def meaning(written: str | None, meant: Period) -> str | _Wrong:
        if written is None:
            return _Wrong("indicator_is_given")
        code = written.upper() if written.upper() in catalogue.indicators else named().get(fold(written))
        if code is None:
            return _Wrong("indicator_is_known", near=functools.partial(nearest, written, catalogue.indicators))
        indicator = catalogue.indicators[code]
        if items is not None and code not in items:
            return _Wrong("indicator_is_in_dataset", dataset.code)
        if meant.frequency not in indicator.frequencies:
            return _Wrong("frequency_suits_indicator", ", ".join(indicator.frequencies))
        return code

    table.rows["indicator"] = table.resolve(["indicator", "the_period"], meaning, shown="indicator")
    _warn_of_ended(table)


def _warn_of_ended(table: _Table) -> None:
    def meaning(code: str, meant: Period) -> _Wrong | None:
        indicator = table.catalogue.indicators[code]
        early = indicator.valid_from and meant.last_day < indicator.valid_from
        late = indicator.valid_to and meant.start.date() > indicator.valid_to
        span = f"{indicator.valid_from or '…'} – {indicator.valid_to or '…'}"
        return _Wrong("indicator_is_valid_in_period", span) if early or late else None

    table.resolve(["indicator", "the_period"], meaning, shown="period")


def _reporting_units(table: _Table, _now: datetime) -> None:
    units, indicators = table.catalogue.reporting_units, table.catalogue.indicators
    returns_it = None if table.dataset.about_others else table.instructions.reporting_unit
    sender = returns_it and units.get(returns_it)

    @functools.cache
    def unit_of(written: str, scheme: str | None, meant: Period) -> ReportingUnit | _Wrong:
        known = units.resolve(written, meant.last_day, scheme)
        own = units.get(written) if scheme is None else None
        if isinstance(known, Unknown) and own and own.valid_on(meant.start.date()):
            return own  # it ended within the period, and was named by its code
        match known:
            case Ambiguous():
                named = [f"{each.code} ({each.name_vi})" for each in known.candidates]
                return _Wrong("reporting_unit_is_one", near=lambda: named)
            case Unknown(elsewhen=ReportingUnit() as other):
                span = f"{other.code}: {other.valid_from or '…'} – {other.valid_to or '…'}"
                return _Wrong("reporting_unit_is_valid_in_period", span)
            case Unknown():
                return _Wrong("reporting_unit_is_known", near=known.near)
            case _:
                return known

    def reporting_unit(written: str | None, scheme: str | None, meant: Period) -> str | _Wrong:
        if written is None:
            return _Wrong("reporting_unit_is_given")
        known = unit_of(written, scheme, meant)
        if isinstance(known, _Wrong):
            return known
        return (
            known.code
            if not sender or known.code == sender.code
            else _Wrong("reporting_unit_is_the_senders", sender.code)
        )

    def level(code: str, indicator: str) -> str | _Wrong:
        allowed, reporting = indicators[indicator].levels, units.get(code)
        fits = reporting is not None and reporting.level in allowed
        return code if fits else _Wrong("level_suits_indicator", ", ".join(allowed))

    columns = ["reporting_unit", "scheme", "the_period"]
    table.rows["reporting_unit"] = table.resolve(columns, reporting_unit, shown="reporting_unit")
    table.rows["reporting_unit"] = table.resolve(["reporting_unit", "indicator"], level, shown="reporting_unit")


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
            code = _ACCUMULATION_BY_NAME.get(fold(written), written.upper())
            return code if code in allowed else _Wrong(f"{field}_is_allowed", " / ".join(allowed))

        table.rows[field] = table.resolve(["indicator", field], meaning, shown=field)

    indicators = table.catalogue.indicators
    chosen("accumulation", {code: each.accumulations for code, each in indicators.items()})
    chosen("source", {code: each.sources for code, each in indicators.items()})
    wrong = table.good & ~table.rows["breakdown"].str.fullmatch(r"[A-Z0-9_@$-]{1,40}").fillna(value=False).astype(bool)
    table.mark(table.rows.index[wrong], _Wrong("breakdown_is_a_code"), "breakdown")
    parts = ["frequency", "indicator", "reporting_unit", "accumulation", "source", "breakdown"]
    table.rows["series"] = table.resolve(parts, lambda *codes: ".".join(codes), shown="indicator")


def _values(table: _Table, now: datetime) -> None:
    rows = table.rows
    status = table.resolve(
        ["status"],
        lambda written: "A" if written is None else _STATUS_BY_NAME.get(fold(written), _Wrong("status_is_known")),
        shown="status",
    )

    def withdrawn(written: str | None) -> bool | _Wrong:
        said = fold(written or "")
        return said in _YES if said in _YES | _NO else _Wrong("withdrawn_is_yes_or_no")

    said = table.resolve(["withdrawn"], withdrawn, shown="withdrawn")
    rows["withdrawn"] = said.astype(object).eq(other=True)
    if table.instructions.reason:
        rows["reason"] = rows["reason"].mask(rows["withdrawn"] & rows["reason"].isna(), table.instructions.reason)
    value = rows["value"].astype("string")
    # A dash is how people write that there is no figure; only a status and a reason make it an observation.
    value = _in_unit(table, value.mask(value.isin(NO_VALUE)))
    missing = (status == "M") | rows["withdrawn"]

    def mark(wrong: pandas.Series, rule: str, *, expected: str = "", shown: str = "value") -> None:
        table.mark(rows.index[table.good & wrong.fillna(value=False).astype(bool)], _Wrong(rule, expected), shown)

    mark(value.isna() & ~missing, "value_is_given")
    mark(value.notna() & missing, "missing_has_no_value")
    mark(missing & rows["reason"].isna(), "missing_has_a_reason", shown="reason")
    mark(value.str.match(_ERROR), "value_is_no_error")
    mark(value.str.fullmatch(_BRACKETED), "value_is_not_in_brackets")
    mark(value.notna() & ~value.str.fullmatch(_NUMBER), "value_is_a_number")
    digits = value.str.replace(r"[eE].*", "", regex=True).str.replace(r"[^0-9]", "", regex=True)
    mark(value.notna() & (digits.str.lstrip("0").str.len() > SIGNIFICANT_DIGITS), "value_has_15_digits")
    number = pandas.to_numeric(value.where(table.good), errors="coerce").astype("float64")
    mark((number.abs() > _LARGEST) | (number.abs() < _SMALLEST) & (digits.str.strip("0") != ""), "value_is_a_number")
    decimals = value.str.extract(r"\.([0-9]*[1-9])0*$", expand=False).str.len().fillna(0)
    # The counts behind a rate have no range of their own but that no count is negative.
    counts = rows["breakdown"].isin([NUMERATOR, DENOMINATOR])
    table.mark(rows.index[table.good & counts & (number < 0)], _Wrong("value_is_in_range", "0 – …"), "value")
    for code, members in rows[table.good & ~counts].groupby("indicator", sort=False):
        indicator = table.catalogue.indicators[str(code)]
        low = float("-inf") if indicator.minimum is None else float(indicator.minimum)
        high = float("inf") if indicator.maximum is None else float(indicator.maximum)
        if indicator.decimals == 0:
            broken = number.loc[members.index] % 1 != 0
            table.mark(members.index[broken & number.loc[members.index].notna()], _Wrong("value_is_whole"), "value")
        else:
            finer = members.index[(decimals.loc[members.index] > indicator.decimals) & bool(table.dataset.review)]
            table.mark(finer, _Wrong("value_has_the_decimals", str(indicator.decimals)), "value")
        outside = (number.loc[members.index] < low) | (number.loc[members.index] > high)
        span = (
            f"{indicator.minimum if low > float('-inf') else '…'} – {indicator.maximum if high < float('inf') else '…'}"
        )
        table.mark(members.index[outside], _Wrong("value_is_in_range", span), "value")
    table.rows = rows.assign(status=status, value=value)
    ahead = rows["period_start"] > pandas.Timestamp(now.astimezone(period.LOCAL_ZONE).replace(tzinfo=None))
    mark(ahead & (status != "F"), "period_has_begun", shown="period")


def _in_unit(table: _Table, value: pandas.Series) -> pandas.Series:
    """The values without percent signs, which only an indicator that is measured in percent can have."""
    signed = value.str.endswith("%").fillna(value=False).astype(bool)
    if not signed.any():
        return value
    in_percent = {code for code, each in table.catalogue.indicators.items() if each.unit_measure.startswith("percent")}
    suits = table.rows["indicator"].isin(in_percent)
    table.mark(table.rows.index[table.good & signed & ~suits], _Wrong("percent_sign_suits_unit"), "value")
    return value.mask(signed & suits, value.str.rstrip("% "))


def _published(table: _Table, now: datetime) -> None:
    otherwise = table.instructions.published_at or now

    def meaning(written: str | None) -> datetime | _Wrong:
        if written is not None and table.dataset.review:
            return _Wrong("published_at_is_the_publishers")
        try:
            moment = otherwise if written is None else period.moment(written)
        except period.NotAPeriod:
            return _Wrong("published_at_is_readable")
        return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else _Wrong("published_at_is_readable")

    moments = table.resolve(["published_at"], meaning, shown="published_at")
    table.rows["published_at"] = pandas.to_datetime(moments.astype(object), utc=True)


def _data_dates(table: _Table, _now: datetime) -> None:
    def meaning(written: str | None) -> Any:
        try:
            return None if written is None else period.day_of(written)
        except period.NotAPeriod:
            return _Wrong("data_dates_are_readable")

    for name in ("data_from", "data_to"):
        table.rows[name] = table.resolve([name], meaning, shown=name).astype(object)
    both = table.good & table.rows["data_from"].notna() & table.rows["data_to"].notna()
    days = table.rows.loc[both, ["data_from", "data_to"]]
    table.mark(days.index[days["data_from"] > days["data_to"]], _Wrong("data_dates_are_readable"), "data_from")


def _duplicates(table: _Table, _now: datetime) -> None:
    identity = ["series", "period_start", "published_at"]
    good = table.rows.loc[table.good, identity]
    alike = good[good.duplicated(keep=False)]
    again = alike.index[alike.duplicated()]
    first = alike.drop_duplicates().reset_index(names="first").set_index(identity)["first"]

    def first_place(row: Any) -> str:
        return table.place_of(first.loc[tuple(alike.loc[row])], "value")

    table.mark(again, _Wrong("row_is_not_a_duplicate"), "value", first_place)


def _required(table: _Table, _now: datetime) -> None:
    """Warn of what a form requires and a return leaves out; what stands there and was refused was not left out."""
    required = [item for item in table.dataset.items or () if item.required]
    if table.dataset.owed_by is None or not required or table.instructions.corrects:
        return
    parts = ["indicator", "accumulation", "source", "breakdown"]
    named = table.rows.dropna(subset=["reporting_unit", "the_period", *parts])
    for (unit, when), figures in named.groupby(["reporting_unit", "the_period"], observed=True):
        given = set(figures[parts].itertuples(index=False, name=None))
        left_out = [item for item in required if tuple(getattr(item, part) for part in parts) not in given]
        if left_out:
            names = ", ".join(f"{item.indicator} ({item.accumulation})" for item in left_out)
            rule = table.catalogue.rules["required_is_given"]
            table.tell(finding(rule, place="", found=f"{unit}, {when}", expected=names))


def _related(table: _Table, known: Known | None) -> None:
    """Hold the figures against each other, and against those that are public."""
    rules = [rule for rule in table.catalogue.rules.values() if rule.code not in INTRINSIC]
    there = table.rows[table.good & ~table.rows["withdrawn"].astype(bool)] if rules else table.rows.iloc[:0]
    if there.empty:
        return
    written = there[list(WRITTEN_COLUMNS)].astype({"series": object})
    beside = known(relations.wanted(written, table.catalogue)) if known else written.iloc[:0]
    figures = Figures(written, beside, table.catalogue, table.dataset)
    for rule in rules:
        broken = relations.broken(figures, rule)
        if len(broken):
            table.mark_related(rule, broken, figures)


def _said(value: Any) -> str:
    """A number as a person writes it, without an exponent; a text as it is."""
    if not isinstance(value, float):
        return str(value)
    return f"{Decimal(f'{value:.12g}'):f}"


_STEPS = (
    _periods,
    _indicators,
    _reporting_units,
    _series,
    _values,
    _published,
    _data_dates,
    _duplicates,
    _required,
)


def _each(periods: pandas.Series, told: Callable[[Period], Any]) -> pandas.Series:
    return periods.astype("category").map(told, na_action="ignore").astype(object)
