"""The client that comes with Chiso."""

import re
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pandas
import pytest
from fastapi import FastAPI, Response
from sqlalchemy import Engine

import chiso
from service import app
from service.api.searching import Hit
from service.archive.question import ANSWER_COLUMNS
from service.archive.vintages import VINTAGE_COLUMNS
from service.settings import Rates
from tests.service.country import served

KEY = "A.EGDI_RANK.VN.PERIOD.UN._T"


@pytest.fixture(scope="module")
def address(engine: Engine) -> Iterator[str]:
    with served(app.create(engine)) as address:
        yield address


@pytest.fixture(scope="module")
def service(address: str) -> chiso.Client:
    return chiso.Client(address)


def test_a_series_comes_with_its_periods_and_what_is_to_be_known_about_it(service: chiso.Client) -> None:
    ranks = service.series("EGDI_RANK", unit="VN", as_of="2021-01-01")
    assert (ranks.index[-1], ranks.iloc[-1]) == (pandas.Period("2020", "Y"), 86)
    assert ranks.name == "A.EGDI_RANK.VN.PERIOD.UN._T"
    assert ranks.attrs["unit_measure"] == "rank"
    assert ranks.attrs["indicators"][0]["name_vi"].startswith("Xếp hạng")
    assert "as_of=2021-01-01" in ranks.attrs["query"]


@pytest.mark.parametrize("as_of", [date(2021, 1, 1), datetime(2021, 1, 1, 16, 59, tzinfo=UTC)])
def test_a_moment_may_be_one_of_pythons(service: chiso.Client, as_of: date) -> None:
    assert service.series("EGDI_RANK", unit="VN", as_of=as_of).iloc[-1] == 86


def test_a_time_without_a_zone_is_the_services(service: chiso.Client) -> None:
    ours = service.series("EGDI_RANK", unit="VN", as_of=pandas.Timestamp("2021-01-01"))
    assert ours.attrs["as_of"] == "2021-01-01T00:00:00+07:00"
    assert ours.iloc[-1] == 86


def test_observations_are_typed_and_what_is_missing_is_missing(service: chiso.Client) -> None:
    asked = {"indicator": ["EGDI_RANK", "GII_RANK"], "source": ("UN", "WIPO")}
    rows = service.observations(**asked, unit="VN", from_="2018", to="2022")
    assert tuple(rows.columns) == ANSWER_COLUMNS
    assert set(rows["series"]) == {"A.EGDI_RANK.VN.PERIOD.UN._T", "A.GII_RANK.VN.PERIOD.WIPO._T"}
    assert rows["value"].dtype == "float64"
    assert str(rows["published_at"].dtype).startswith("datetime64")
    assert rows["valid_to"].isna().any()
    assert rows.attrs["observations"] == len(rows)


def test_vintages_and_words(service: chiso.Client) -> None:
    said = service.vintages("A.DIGITAL_ECONOMY_GDP_SHARE.VN.PERIOD.GSO._T")
    assert said[said["period"] == "2022"]["value"].tolist() == [12.86, 12.67, 12.83]
    assert said["valid_to"].max() <= said["published_at"].max()
    assert "EGDI_RANK" in set(service.search("chinh phu dien tu")["code"])


@pytest.mark.parametrize(
    ("words", "code"),
    [("chinh phu dien tuu", "EGDI_RANK"), ("brodband", "FIXED_BB_SPEED"), ("Chính phủ đệin tử", "EGDI_RANK")],
)
def test_letters_may_be_wrong_in_what_is_searched(service: chiso.Client, words: str, code: str) -> None:
    assert code in set(service.search(words)["code"])


def test_an_answer_with_nothing_has_its_columns(service: chiso.Client) -> None:
    found, said = service.search("zzzzzzzz"), service.vintages(KEY, to="1990")
    assert (len(found), len(said)) == (0, 0)
    assert list(found.columns) == list(Hit.model_fields) == list(service.search("EGDI").columns)
    assert tuple(said.columns) == VINTAGE_COLUMNS
    assert str(said["published_at"].dtype) == str(service.vintages(KEY)["published_at"].dtype)


def test_a_series_may_be_named_by_its_key_alone(service: chiso.Client) -> None:
    named = service.series("EGDI_RANK", unit="VN", as_of="2021-01-01", from_="2014")
    by_key = service.series(KEY, as_of="2021-01-01", from_="2014")
    pandas.testing.assert_series_equal(by_key, named)
    assert by_key.attrs["query"].endswith(f"/v1/series/{KEY}/observations?as_of=2021-01-01&from=2014")
    with pytest.raises(chiso.Refused, match=re.escape(f"Did you mean {KEY}")):
        service.series(KEY.replace("VN", "VM"))
    with pytest.raises(chiso.Refused, match=r'“EGDI_RANK” is no series key.* unit="VN"') as refused:
        service.series("EGDI_RANK")
    assert (refused.value.status, refused.value.problem["type"]) == (400, "/problems/not-a-series-key")


def test_a_series_keeps_the_status_of_each_period(service: chiso.Client) -> None:
    share = service.series("DIGITAL_ECONOMY_GDP_SHARE", unit="VN", source="GSO", as_of="2023-10-01")
    assert share.attrs["status"]["2022"] == "P"
    assert list(share.attrs["status"]) == [str(period) for period in share.index]


def test_vintages_are_named_as_a_series_is_and_say_what_they_are(service: chiso.Client) -> None:
    said = service.vintages("EGDI_RANK", unit="VN")
    assert said.equals(service.vintages(KEY))
    assert (said.attrs["series"], said.attrs["unit_measure"]) == (KEY, "rank")
    assert said.attrs["title_en"] == "UN E-Government Development Index, rank"
    assert said.attrs["query"].endswith(f"/v1/series/{KEY}/vintages")
    with pytest.raises(chiso.Refused, match="is 2 series"):
        service.vintages("GCI_SCORE", unit="VN")
    with pytest.raises(chiso.Refused, match='unit="VN"'):
        service.vintages("EGDI_RANK")
    with pytest.raises(chiso.Refused, match="There is no figure of EGDI_RANK of US"):
        service.vintages("EGDI_RANK", unit="US")
    for named in ({}, {"unit": "VN"}):
        with pytest.raises(chiso.Refused, match="form_"):
            service.vintages(KEY if not named else "EGDI_RANK", **named, form_="2020")


def test_a_table_is_whole_and_has_no_limit(service: chiso.Client) -> None:
    with pytest.raises(chiso.Refused, match="leave “limit” out"):
        service.observations(indicator="EGDI_RANK", limit=3)


def test_a_key_stays_one_part_of_the_address(service: chiso.Client) -> None:
    for key in ("A/../x", "A?format=csv", "A#b", f"{KEY}/observations"):
        with pytest.raises(chiso.Refused) as refused:
            service.vintages(key)
        assert refused.value.problem["type"] in ("/problems/not-a-series-key", "/problems/not-found"), key


def test_vintages_may_be_of_some_periods_and_of_some_moment(service: chiso.Client) -> None:
    key = "A.DIGITAL_ECONOMY_GDP_SHARE.VN.PERIOD.GSO._T"
    all_of_it = service.vintages(key)
    some = service.vintages(key, from_="2022", to=2022)
    assert set(some["period"]) == {"2022"}
    first = all_of_it[all_of_it["period"] == "2022"]["published_at"].min()
    assert service.vintages(key, from_="2022", to="2022", as_of=first.to_pydatetime())["value"].tolist() == [12.86]


@pytest.mark.parametrize(
    ("indicator", "parameters", "what"),
    [
        ("EGDI_RANK", {"unit": "VN"}, "EGDI_RANK of VN"),
        ("EGDI_RANK", {"unit": "VN", "source": "UN", "to": "2012"}, "EGDI_RANK of VN"),
        (KEY, {}, KEY),
    ],
)
def test_before_the_first_publication_it_is_said_when_that_was(
    service: chiso.Client, indicator: str, parameters: dict[str, Any], what: str
) -> None:
    first = service.vintages(KEY, to=parameters.get("to"))["published_at"].min().tz_convert("Asia/Ho_Chi_Minh").date()
    sentence = f"Nothing was known of {what} at 2000-01-01; the first of it was published on {first}."
    with pytest.raises(chiso.Refused, match=re.escape(sentence)):
        service.series(indicator, **parameters, as_of=date(2000, 1, 1))
    # And that day is one to ask for.
    assert len(service.series(indicator, **parameters, as_of=first)) > 0


def test_of_what_never_was_it_is_not_said_that_it_was_not_known_yet(service: chiso.Client) -> None:
    with pytest.raises(chiso.Refused, match="There is no figure of EGDI_RANK of VN"):
        service.series("EGDI_RANK", unit="VN", as_of="2000-01-01", to="1990")


@pytest.mark.parametrize(
    "address", ["127.0.0.1:8000", "localhost:8000", "chiso.example", "", "ftp://chiso", "http://[::1"]
)
def test_an_address_that_is_none_is_refused_with_how_to_write_it(address: str) -> None:
    with pytest.raises(chiso.Refused, match=r"is no address of a service: .* Write it as http://") as refused:
        chiso.Client(address).search("EGDI")
    assert (refused.value.status, refused.value.problem) == (None, {})


def test_where_no_service_answers_it_is_said_where_and_why() -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else gets it, and nobody answers
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(chiso.Refused, match=rf"{address} gives no answer: .*refused.* See whether") as refused:
            chiso.Client(address).vintages(KEY)
    assert refused.value.status is None


def stranger() -> FastAPI:
    """A service that is none of ours; our server lets those go at its end who listen to it."""
    other = FastAPI()
    other.state.news = SimpleNamespace(end=lambda: None)
    return other


def test_a_page_that_is_no_answer_of_ours_is_refused() -> None:
    other = stranger()

    @other.get("/{rest:path}")
    def _page(rest: str) -> Response:
        return Response(f"<html>Sign in to reach {rest}", media_type="text/html")

    with served(other) as address:
        for ask in (lambda: chiso.Client(address).search("EGDI"), lambda: chiso.Client(address).series(KEY)):
            with pytest.raises(chiso.Refused, match="answers with no figures but with text/html") as refused:
                ask()
            assert refused.value.status == 200


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"indicator": "EGDI_RNK"}, "“EGDI_RNK” is no indicator. Did you mean EGDI_RANK"),
        ({"indicator": "EGDI_RANK", "as_off": "2021"}, "There is no parameter “as_off” here. Did you mean as_of?"),
        ({"indicator": "GCI_SCORE"}, "is 2 series: A.GCI_SCORE.VN.PERIOD.BLAVATNIK._T"),
        ({"indicator": "EGDI_RANK", "to": "1990"}, "There is no figure of EGDI_RANK of VN"),
    ],
)
def test_what_is_refused_is_said_in_the_words_of_the_service(
    service: chiso.Client, asked: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(chiso.Refused, match=re.escape(sentence)) as refused:
        service.series(unit="VN", **asked)
    assert refused.value.problem.get("nearest") or refused.value.status is None


def test_who_is_told_to_wait_waits_as_long_and_asks_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(chiso.time, "sleep", pauses.append)
    with served(app.create(engine, allowed=Rates(per_address=1, per_token=0))) as address:
        service = chiso.Client(address)
        service.search("EGDI")
        with pytest.raises(chiso.Refused, match="may ask 1 times a minute") as refused:
            service.search("EGDI")
    assert refused.value.status == 429
    assert len(pauses) == 5
    assert all(0 < pause <= 60 for pause in pauses)


def test_a_proxy_that_gives_no_problem_is_named_with_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(chiso.time, "sleep", pauses.append)
    proxy, told = stranger(), iter([503, 503, 502])

    @proxy.get("/v1/search")
    def _away() -> Response:
        return Response("<html>", next(told), headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})

    with (
        served(proxy) as address,
        pytest.raises(chiso.Refused, match=r"/v1/search\?q=EGDI&type=indicator answers 502 Bad Gateway"),
    ):
        chiso.Client(address).search("EGDI")
    assert pauses == [2, 4]
