"""Figures of a Chiso service as pandas has them.

    import chiso

    service = chiso.Client("https://chiso.example.gov.vn")
    ranks = service.series("EGDI_RANK", unit="VN", as_of="2021-01-01")
    ranks = service.series("A.EGDI_RANK.VN.PERIOD.UN._T")

Asked as Arrow's stream: its columns have types, and what is to be known about the answer travels in it.
"""

import time
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec
import pandas
import pyarrow

__all__ = ["Client", "Refused"]

_ATTEMPTS = 6
_LONGEST_PAUSE_SECONDS = 120
_TIMEOUT_SECONDS = 60
_FREQUENCIES = {"A": "Y", "Q": "Q", "M": "M", "D": "D"}  # ours, as pandas calls those that it knows too
# What Python's words or the reader's patience leave no room for.
_NAMES = {"unit": "reporting_unit", "from_": "from"}
_JSON = "application/json"
_ARROW = "application/vnd.apache.arrow.stream"
# What an answer that names nothing has for columns too.
_VINTAGE_COLUMNS = (
    "series",
    "period",
    "value",
    "status",
    "unit_measure",
    "published_at",
    "valid_to",
    "recorded_at",
    "submission",
    "reason",
    "document",
    "comment",
    "data_from",
    "data_to",
    "withdrawn",
)
_FOUND_COLUMNS = (
    "type",
    "code",
    "name_vi",
    "name_en",
    "match",
    "valid_from",
    "valid_to",
    "replaced_by",
    "indicators",
    "highlights",
)
# What names series and periods, and says nothing of how they are answered.
_NAMING = ("unit", "reporting_unit", "frequency", "accumulation", "source", "breakdown", "from_", "from", "to")


class Refused(Exception):
    """The service gives no figures for this; the message is its sentence, which says what to do."""

    def __init__(self, sentence: str, *, status: int | None = None, problem: dict[str, Any] | None = None) -> None:
        """Keep the status of HTTP, and the problem with what a program can go by (`nearest`, `parameter`)."""
        super().__init__(sentence)
        self.status, self.problem = status, problem or {}


class Client:
    """One service, by its address; `token` is a machine's, which may ask more often."""

    def __init__(self, address: str = "http://127.0.0.1:8000", *, token: str | None = None) -> None:
        """Ask this service."""
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def series(self, indicator: str, *, unit: str | None = None, **parameters: Any) -> pandas.Series:
        """One series by period, missing values as NaN; its metadata is in `attrs`.

        It is named by indicator and unit, or by its key alone: series("A.EGDI_RANK.VN.PERIOD.UN._T"). Further
        parameters are those of /v1/observations (with a key, of /v1/series/{key}/observations): frequency,
        accumulation, source, breakdown, from_, to, as_of, and so on. The index has pandas' periods, or the text where
        pandas knows none (half-years, weeks). `attrs["status"]` has the status of each period by its text: a forecast
        or a break is one there.

        Raises Refused where there is none, or more than one.
        """
        what, path = (indicator, _of(indicator)) if unit is None else (f"{indicator} of {unit}", "/v1")
        named = {} if unit is None else {"indicator": indicator, "unit": unit}
        try:
            rows = self._table(f"{path}/observations", named | parameters)
        except Refused as refused:
            raise _asking_for_its_unit(indicator, refused) from refused
        keys = list(rows["series"].unique())
        if not keys:
            raise Refused(self._why_nothing(what, path, named, parameters))
        _refuse_several(what, keys)
        told = pandas.Series(rows["value"].to_numpy(), index=_periods(rows["period"], keys[0][0]), name=keys[0])
        told.attrs = {**rows.attrs, "unit_measure": str(rows["unit_measure"].iloc[-1])}
        told.attrs["status"] = dict(zip(map(str, rows["period"]), map(str, rows["status"]), strict=True))
        return told

    def observations(self, **parameters: Any) -> pandas.DataFrame:
        """All that the parameters of /v1/observations name, a row an observation; the metadata is in `attrs`.

        A list is several codes. Raises Refused.
        """
        for name in ("limit", "cursor"):
            if name in parameters:
                raise Refused(f"observations() gives the whole answer: leave “{name}” out, and take head() of it.")
        return self._table("/v1/observations", parameters)

    def _table(self, path: str, parameters: dict[str, Any]) -> pandas.DataFrame:
        body = self._asked(path, parameters | {"format": "arrow"}, _ARROW).content
        with pyarrow.ipc.open_stream(pyarrow.py_buffer(body)) as stream:
            table = stream.read_all()
        rows = table.to_pandas(strings_to_categorical=False)
        rows.attrs = msgspec.json.decode((table.schema.metadata or {}).get(b"chiso", b"{}"))
        return rows

    def vintages(
        self,
        indicator: str,
        *,
        unit: str | None = None,
        from_: Any = None,
        to: Any = None,
        as_of: Any = None,
        **parameters: Any,
    ) -> pandas.DataFrame:
        """Everything that was ever public of one series, with the span in which it stood; what it is is in `attrs`.

        It is named as in series(): by indicator and unit (and frequency, accumulation, source, breakdown), or by its
        key alone. `from_` and `to` name periods; with `as_of` it is what had been public by then. Raises Refused.
        """
        key, parameters = (indicator, parameters) if unit is None else (self._key(indicator, unit, parameters), {})
        try:
            answer = self._asked(f"{_of(key)}/vintages", {"from": from_, "to": to, "as_of": as_of} | parameters)
        except Refused as refused:
            raise _asking_for_its_unit(key, refused) from refused
        told = answer.json()
        rows = pandas.DataFrame(told["vintages"], columns=list(_VINTAGE_COLUMNS))
        for name in ("published_at", "valid_to", "recorded_at"):
            rows[name] = pandas.to_datetime(rows[name], utc=True, format="ISO8601").dt.as_unit("us")
        named = self._asked(f"/v1/indicators/{quote(told['series'].split('.')[1], safe='')}", {}).json()
        rows.attrs = {
            **{name: told[name] for name in ("series", "as_of")},
            "query": str(answer.url),
            "title_vi": named["name_vi"],
            "title_en": named["name_en"],
            "unit_measure": str(rows["unit_measure"].iloc[-1]) if len(rows) else None,
        }
        return rows

    def _key(self, indicator: str, unit: str, parameters: dict[str, Any]) -> str:
        """The key of the one series that there is of this indicator and reporting unit."""
        what = f"{indicator} of {unit}"
        told = self._asked("/v1/series", {"indicator": indicator, "unit": unit} | parameters).json()
        keys = [each["series"] for each in told["series"]]
        if not keys:
            raise Refused(_nothing(what))
        _refuse_several(what, keys)
        return keys[0]

    def search(self, words: str) -> pandas.DataFrame:
        """The indicators that these words find, the nearest first; marks may be left out and letters mistyped.

        Where they find none there are no rows. Raises Refused.
        """
        told = self._asked("/v1/search", {"q": words, "type": "indicator"}).json()
        return pandas.DataFrame(told["hits"], columns=list(_FOUND_COLUMNS))

    def _why_nothing(self, what: str, path: str, named: dict[str, Any], parameters: dict[str, Any]) -> str:
        """Why there are no figures: nothing was published by then, or there are none of this."""
        as_of = parameters.get("as_of")
        # In another geography others published what a reporting unit is given.
        if as_of is not None and "geography" not in parameters:
            asked = named | {name: value for name, value in parameters.items() if name in _NAMING}
            ever, by_then = (
                self._asked(f"{path}/vintage-dates", asked | {"as_of": moment}).json()["vintage_dates"]
                for moment in (None, as_of)
            )
            if ever and not by_then:
                said = f"Nothing was known of {what} at {_written(as_of)}; the first of it was published on {ever[0]}."
                return f"{said} Ask for that day or a later one."
        return _nothing(what)

    def _asked(self, path: str, parameters: dict[str, Any], media_type: str = _JSON) -> httpx2.Response:
        """The answer; where the service has no time (429, 503) it is asked again when it says so."""
        said = {_NAMES.get(name, name): _written(value) for name, value in parameters.items() if value is not None}
        answer = self._got(path, said)
        for attempt in range(1, _ATTEMPTS):
            pause_seconds = _pause_seconds(answer, attempt)
            if answer.status_code not in (429, 503) or pause_seconds > _LONGEST_PAUSE_SECONDS:
                break
            time.sleep(pause_seconds)
            answer = self._got(path, said)
        answered = answer.headers.get("content-type", "")
        if answer.is_success and answered.startswith(media_type):
            return answer
        if answer.is_success:
            sentence = f"{answer.url} answers with no figures but with {answered or 'nothing that it names'}."
            raise Refused(f"{sentence} See whether {self._address} is a Chiso service.", status=answer.status_code)
        is_problem = answered.startswith("application/problem+json")
        problem = answer.json() if is_problem else {}
        sentence = problem.get("detail", f"{answer.url} answers {answer.status_code} {answer.reason_phrase}.")
        raise Refused(sentence, status=answer.status_code, problem=problem)

    def _got(self, path: str, said: dict[str, str]) -> httpx2.Response:
        address = f"{self._address}{path}"
        try:
            return httpx2.get(
                address, params=said, headers=self._headers, timeout=_TIMEOUT_SECONDS, follow_redirects=True
            )
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as failure:
            sentence = f"“{self._address}” is no address of a service: {_reason(failure)}."
            raise Refused(f"{sentence} Write it as http://127.0.0.1:8000 or https://chiso.example.gov.vn.") from failure
        except httpx2.RequestError as failure:
            sentence = f"{self._address} gives no answer: {_reason(failure)}."
            raise Refused(f"{sentence} See whether the service runs there and can be reached from here.") from failure


def _nothing(what: str) -> str:
    return (
        f"There is no figure of {what}, or none that fits what else was asked. search() tells the indicators there are,"
        " and observations() of one of them for which reporting units."
    )


def _refuse_several(what: str, keys: list[str]) -> None:
    if len(keys) > 1:
        some = f"{len(keys)} series: {', '.join(keys[:5])}{', …' if len(keys) > 5 else ''}"
        more = "Name one by frequency, accumulation, source and breakdown; observations() gives all."
        raise Refused(f"{what} is {some}. {more}")


def _asking_for_its_unit(named: str, refused: Refused) -> Refused:
    """The refusal; of an indicator alone, which is no key, it says what is missing."""
    if refused.problem.get("type") != "/problems/not-a-series-key" or "." in named:
        return refused
    sentence = f'“{named}” is no series key; with an indicator say whose figures too, as in unit="VN".'
    return Refused(sentence, status=refused.status, problem=refused.problem)


def _of(key: str) -> str:
    return f"/v1/series/{quote(key, safe='')}"


def _reason(failure: Exception) -> str:
    return str(failure).removesuffix(".") or type(failure).__name__


def _written(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return ",".join(value) if isinstance(value, list | tuple | set | frozenset) else str(value)


def _pause_seconds(answer: httpx2.Response, attempt: int) -> int:
    said = answer.headers.get("retry-after", "")
    return int(said) if said.isdecimal() else 2**attempt  # a proxy in between may say a date, or nothing


def _periods(written: Any, frequency: str) -> pandas.Index:
    texts = [str(each) for each in written]
    known = _FREQUENCIES.get(frequency)
    return pandas.PeriodIndex(texts, freq=known, name="period") if known else pandas.Index(texts, name="period")
