"""Figures of a Chiso service as pandas has them.

    import chiso

    ranks = chiso.Client("https://chiso.example.gov.vn").series("EGDI_RANK", unit="VN", as_of="2021-01-01")

Asked as Arrow's stream: its columns have types, and what is to be known about the answer travels in it.
"""

import time
from datetime import date, datetime
from typing import Any

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

    def series(self, indicator: str, *, unit: str, **parameters: Any) -> pandas.Series:
        """One series by period, missing values as NaN; its metadata is in `attrs`.

        Further parameters are those of /v1/observations: frequency, accumulation, source, breakdown, from_, to, as_of,
        and so on. The index has pandas' periods, or the text where pandas knows none (half-years, weeks).

        Raises Refused where there is none, or more than one.
        """
        rows = self.observations(indicator=indicator, unit=unit, **parameters)
        keys = list(rows["series"].unique())
        if len(keys) != 1:
            some = f"{len(keys)} series: {', '.join(keys[:5])}{', …' if len(keys) > 5 else ''}" if keys else "nothing"
            more = "Name one by frequency, accumulation, source and breakdown; observations() gives all."
            raise Refused(f"{indicator} of {unit} is {some}. {more if keys else 'See search(), and ask for less.'}")
        told = pandas.Series(rows["value"].to_numpy(), index=_periods(rows["period"], keys[0][0]), name=keys[0])
        told.attrs = {**rows.attrs, "unit_measure": str(rows["unit_measure"].iloc[-1])}
        return told

    def observations(self, **parameters: Any) -> pandas.DataFrame:
        """All that the parameters of /v1/observations name, a row an observation; the metadata is in `attrs`.

        A list is several codes. Raises Refused.
        """
        body = self._asked("/v1/observations", parameters | {"format": "arrow"}).content
        with pyarrow.ipc.open_stream(pyarrow.py_buffer(body)) as stream:
            table = stream.read_all()
        rows = table.to_pandas(strings_to_categorical=False)
        rows.attrs = msgspec.json.decode((table.schema.metadata or {}).get(b"chiso", b"{}"))
        return rows

    def vintages(self, key: str) -> pandas.DataFrame:
        """Everything that was ever public of the series with this key, with the span in which it stood.

        Raises Refused.
        """
        told = self._asked(f"/v1/series/{key}/vintages", {}).json()
        rows = pandas.DataFrame(told["vintages"])
        for name in ("published_at", "valid_to", "recorded_at"):
            rows[name] = pandas.to_datetime(rows[name], utc=True, format="ISO8601")
        rows.attrs = {"series": told["series"]}
        return rows

    def search(self, words: str) -> pandas.DataFrame:
        """The indicators that these words find, the nearest first; marks may be left out and letters mistyped."""
        told = self._asked("/v1/search", {"q": words, "type": "indicator"}).json()
        return pandas.DataFrame(told["hits"])

    def _asked(self, path: str, parameters: dict[str, Any]) -> httpx2.Response:
        """The answer; where the service has no time (429, 503) it is asked again when it says so."""
        said = {_NAMES.get(name, name): _written(value) for name, value in parameters.items() if value is not None}
        answer = self._got(path, said)
        for attempt in range(1, _ATTEMPTS):
            pause_seconds = _pause_seconds(answer, attempt)
            if answer.status_code not in (429, 503) or pause_seconds > _LONGEST_PAUSE_SECONDS:
                break
            time.sleep(pause_seconds)
            answer = self._got(path, said)
        if answer.is_success:
            return answer
        is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
        problem = answer.json() if is_problem else {}
        sentence = problem.get("detail", f"{answer.url} answers {answer.status_code} {answer.reason_phrase}.")
        raise Refused(sentence, status=answer.status_code, problem=problem)

    def _got(self, path: str, said: dict[str, str]) -> httpx2.Response:
        address = f"{self._address}{path}"
        return httpx2.get(address, params=said, headers=self._headers, timeout=_TIMEOUT_SECONDS, follow_redirects=True)


def _written(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{value} is a time without a zone; say which, or give a day.")
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
