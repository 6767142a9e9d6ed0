"""The SDMX face: targets and verdicts as dataflows, read by clients of SDMX as they are."""

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pandas
import pysdmx.io
import pytest
import sdmx
from fastapi.testclient import TestClient
from pysdmx.io.pd import PandasDataset
from sqlalchemy import Engine

from service import app
from service.api.sdmx.flows import FLOWS
from service.archive.targets import TARGET_COLUMNS
from service.archive.verdicts import reaching
from tests.conftest import NOW
from tests.service.country import clock_at, served

DOCUMENT = (Path(__file__).parents[2] / "docs" / "sdmx.md").read_text(encoding="utf-8")
KEYS = {"TARGETS": ["PLAN", "INDICATOR", "SCOPE"], "VERDICTS": ["PLAN", "INDICATOR", "SCOPE", "REPORTING_UNIT"]}
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def address(engine: Engine) -> Iterator[str]:
    with served(app.create(engine, clock=clock_at("2026-11-22 10:00"))) as url:
        yield url


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[sdmx.Client]:
    """sdmx1 as it is; only the address is ours."""
    source = {"id": "CHISO", "name": "Chiso", "url": f"{address}/sdmx/2.1", "supports": {"preview": True}}
    sdmx.add_source(source, override=True)
    client = sdmx.Client("CHISO")
    yield client
    client.session.close()


@pytest.fixture(scope="module")
def ask(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{address}/sdmx/2.1", timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def verdicts(engine: Engine) -> list[dict[str, Any]]:
    """What the archive says of every target, in the order of the answer."""
    with engine.connect() as connection:
        return reaching.reached(connection, reaching.Wanted(), as_of=NOW, today=TODAY).rows()


def by_key(rows: list[dict[str, Any]], flow: str, column: str) -> dict[tuple[str, ...], Any]:
    names = [each.column for each in FLOWS[flow].dimensions]
    return {(*(row[name] for name in names), row["period"]): row[column] for row in rows}


def plain(value: Any) -> str:
    """A value as text whatever a reader took it for: 100.0 is 100, and what is missing is nothing."""
    return "" if pandas.isna(value) or value == "" else str(value).removesuffix(".0")


def table(dataset: Any, flow: str) -> Any:
    """What sdmx1 makes of data, by the dimensions in their own order."""
    read = sdmx.to_pandas(dataset, attributes="o")
    return read.reorder_levels([*KEYS[flow], "TIME_PERIOD"])


def test_sdmx1_lists_the_dataflows_with_their_names_in_both_languages(client: sdmx.Client) -> None:
    flows = client.dataflow().dataflow
    assert list(flows) == list(FLOWS)
    assert flows["TARGETS"].name.localizations["vi"] == "Chỉ tiêu kế hoạch"
    assert flows["TARGETS"].name.localizations["en"].startswith("Targets")


@pytest.mark.parametrize("flow", FLOWS)
def test_sdmx1_reads_the_structure_of_a_dataflow_with_all_its_codes(client: sdmx.Client, flow: str) -> None:
    told = client.dataflow(flow)
    structure = told.structure[f"DSD_{flow}"]
    assert [each.id for each in structure.dimensions] == [*KEYS[flow], "TIME_PERIOD"]
    assert [each.id for each in structure.attributes] == [each.id for each in FLOWS[flow].attributes]
    lists = {each.code_list for each in FLOWS[flow].components if each.code_list}
    assert set(told.codelist) == lists
    assert client.datastructure(f"DSD_{flow}").structure[f"DSD_{flow}"].id == structure.id


def test_the_states_of_a_verdict_are_a_code_list_in_both_languages(client: sdmx.Client) -> None:
    states = client.codelist("CL_VERDICT_STATE").codelist["CL_VERDICT_STATE"]
    names = {code.id: (code.name.localizations["vi"], code.name.localizations["en"]) for code in states}
    assert names["acceleration_needed"] == ("cần tăng tốc", "acceleration needed")
    assert names["cannot_be_judged"] == ("chưa đánh giá được", "cannot be judged")
    assert len(names) == 6


def test_sdmx1_reads_every_target_as_the_api_tells_it(client: sdmx.Client, address: str) -> None:
    read = table(client.data("TARGETS").data[0], "TARGETS")
    told = httpx2.get(f"{address}/v1/targets").json()["targets"]
    assert read["value"].to_dict() == {key: float(value) for key, value in by_key(told, "TARGETS", "value").items()}
    for id_, column in [
        ("DOCUMENT", "document"),
        ("WORDS", "words"),
        ("TARGET_KIND", "kind"),
        ("LAST_DAY", "last_day"),
    ]:
        seen = {key: str(value) for key, value in read[id_].items() if plain(value)}
        assert seen == {key: value for key, value in by_key(told, "TARGETS", column).items() if value is not None}


def test_sdmx1_reads_every_verdict_as_the_archive_reaches_it(
    client: sdmx.Client, verdicts: list[dict[str, Any]]
) -> None:
    read = table(client.data("VERDICTS").data[0], "VERDICTS")
    values = {key: None if pandas.isna(value) else value for key, value in read["value"].items()}
    assert values == by_key(verdicts, "VERDICTS", "value")
    assert {key: str(value) for key, value in read["STATE"].items()} == by_key(verdicts, "VERDICTS", "state")
    for id_, column in [("GAP", "gap"), ("NEEDED_VALUE", "needed_value"), ("PROGRESS_PERCENT", "progress_percent")]:
        seen = {key: float(str(value)) for key, value in read[id_].items() if str(value) not in ("", "nan")}
        told = by_key(verdicts, "VERDICTS", column)
        assert seen == {key: value for key, value in told.items() if value is not None}
        assert seen


def test_sdmx1_asks_by_a_key_of_words_and_by_periods(client: sdmx.Client) -> None:
    key = {"INDICATOR": ["EGDI_RANK", "DIGITAL_ECONOMY_GDP_SHARE"], "SCOPE": "VN"}
    read = client.data("TARGETS", key=key, params={"startPeriod": "2026", "endPeriod": "2030"})
    told = sdmx.to_pandas(read.data[0])
    assert set(told.index.get_level_values("INDICATOR")) == {"EGDI_RANK", "DIGITAL_ECONOMY_GDP_SHARE"}
    assert set(told.index.get_level_values("TIME_PERIOD")) == {"2030"}


@pytest.mark.parametrize("provider", ["CHISO", "all"])
def test_sdmx1_reads_what_is_asked_of_a_provider_too(client: sdmx.Client, address: str, provider: str) -> None:
    """It has no parameter for a provider any more; other clients of SDMX 2.1 send one."""
    asked = client.get(url=f"{address}/sdmx/2.1/data/TARGETS/.EGDI_RANK./{provider}")
    alike = client.data("TARGETS", key=".EGDI_RANK.")
    assert table(asked.data[0], "TARGETS").equals(table(alike.data[0], "TARGETS"))


def test_sdmx1_reads_structure_specific_data_where_it_has_the_structure(
    client: sdmx.Client, verdicts: list[dict[str, Any]]
) -> None:
    structure = client.dataflow("VERDICTS").structure["DSD_VERDICTS"]
    answer = client.data("VERDICTS", dsd=structure)
    assert "structurespecificdata" in answer.response.headers["Content-Type"]
    read = table(answer.data[0], "VERDICTS")["value"]
    told = by_key(verdicts, "VERDICTS", "value")
    assert {key: value for key, value in read.items() if not pandas.isna(value)} == {
        key: value for key, value in told.items() if value is not None
    }
    assert len(read) == len(told)


def test_sdmx1_looks_at_the_series_before_it_asks_for_data(client: sdmx.Client, verdicts: list[dict[str, Any]]) -> None:
    keys = client.preview_data("VERDICTS")
    assert len(keys) == len({key[:-1] for key in by_key(verdicts, "VERDICTS", "state")})


def test_an_empty_selection_is_an_empty_data_set(client: sdmx.Client) -> None:
    assert len(client.data("TARGETS", params={"startPeriod": "2099"}).data[0]) == 0


@pytest.mark.parametrize("flow", FLOWS)
def test_pysdmx_reads_the_same_from_every_format(ask: httpx2.Client, flow: str) -> None:
    structures = ask.get(f"/dataflow/CHISO/{flow}/latest?references=all").text
    assert pysdmx.io.read_sdmx(structures, validate=True).get_data_structure_definitions()[0].id == f"DSD_{flow}"
    read = {}
    for media_format in ("genericdata", "structurespecificdata", "csv"):
        message = pysdmx.io.read_sdmx(ask.get(f"/data/{flow}?format={media_format}").text, validate=True)
        (told,) = message.get_datasets()
        assert isinstance(told, PandasDataset)
        columns = [each.id for each in FLOWS[flow].components if each.id in told.data.columns]
        read[media_format] = sorted([*map(plain, row)] for row in told.data[columns].itertuples(index=False))
    assert len(read["csv"]) > 100
    assert read["genericdata"] == read["structurespecificdata"] == read["csv"]


def test_as_of_a_past_moment_only_what_was_promised_by_then_is_told(ask: httpx2.Client) -> None:
    def plans(as_of: str) -> set[str]:
        answer = ask.get("/data/TARGETS", params={"asOf": as_of, "format": "csv"})
        return set(pandas.read_csv(io.StringIO(answer.text))["PLAN"])

    assert "NQ57_2024" in plans("2026-01-01")
    assert "NQ57_2024" not in plans("2023-01-01")
    assert "QD749_2020" in plans("2023-01-01")


def test_a_verdict_of_the_past_passes_the_deadlines_of_its_day(ask: httpx2.Client, engine: Engine) -> None:
    with engine.connect() as connection:
        moment = clock_at("2024-12-31 23:59")()
        told = reaching.reached(connection, reaching.Wanted(), as_of=moment, today=date(2024, 12, 31)).rows()
    read = pandas.read_csv(io.StringIO(ask.get("/data/VERDICTS?asOf=2024-12-31&format=csv").text), dtype=str)
    assert read["STATE"].tolist() == [row["state"] for row in told]
    assert "on_track" in set(read["STATE"])


@pytest.mark.parametrize(
    ("address_asked", "status", "said"),
    [
        ("/data/TARGET", 404, "TARGETS"),
        ("/data/ECB,TARGETS", 404, "CHISO"),
        ("/data/CHISO,TARGETS,9.9", 404, "1.0.0"),
        ("/data/TARGETS/.EGDI_RNK.", 404, "EGDI_RANK"),
        ("/data/TARGETS/EGDI_RANK", 400, "PLAN.INDICATOR.SCOPE"),
        ("/data/TARGETS/all/ECB", 404, "CHISO"),
        ("/data/TARGETS?startPeriod=soon", 400, "soon"),
        ("/data/TARGETS?startperiod=2025", 400, "startPeriod"),
        ("/data/TARGETS?key=all", 400, "startPeriod"),
        ("/data/TARGETS?format=cvs", 406, "csv"),
        ("/dataflow/CHISO/TARGETZ/latest", 404, "TARGETS"),
        ("/hierarchicalcodelist/all/all/latest", 404, "codelist"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(
    ask: httpx2.Client, address_asked: str, status: int, said: str
) -> None:
    answer = ask.get(address_asked)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_a_media_type_that_is_not_given_is_refused(ask: httpx2.Client) -> None:
    answer = ask.get("/data/TARGETS", headers={"Accept": "application/vnd.sdmx.data+json;version=2.0.0"})
    assert answer.status_code == 406
    csv = ask.get("/data/TARGETS", headers={"Accept": "application/vnd.sdmx.data+csv;version=2.0.0"})
    assert csv.headers["Content-Type"].startswith("application/vnd.sdmx.data+csv;version=2.0.0")


def test_every_code_of_the_data_is_in_its_code_list(client: sdmx.Client, verdicts: list[dict[str, Any]]) -> None:
    lists = client.dataflow("VERDICTS").codelist
    for each in FLOWS["VERDICTS"].components:
        if each.code_list:
            used = {row[each.column] for row in verdicts} - {None}
            assert used <= set(lists[each.code_list].items), each.id


def test_every_component_of_a_dataflow_is_a_column_of_its_rows() -> None:
    assert {each.column for each in FLOWS["TARGETS"].components} <= {*TARGET_COLUMNS, "unit_measure"}
    assert {each.column for each in FLOWS["VERDICTS"].components} <= set(reaching.ANSWER_COLUMNS)


@pytest.mark.parametrize("path", re.findall(r"127\.0\.0\.1:8000/sdmx/2\.1([^'\s\"]+)'", DOCUMENT))
def test_every_address_in_the_document_answers(ask: httpx2.Client, path: str) -> None:
    assert ask.get(path).status_code == 200


def test_the_example_in_the_document_runs(address: str) -> None:
    example = re.findall(r"```python\n(.+?)```", DOCUMENT, re.DOTALL)[0].replace("http://127.0.0.1:8000", address)
    said: dict[str, Any] = {}
    exec(example.replace("add_source(source)", "add_source(source, override=True)"), said)
    assert list(said["flows"].index) == list(FLOWS)
    assert set(said["verdicts"].index.get_level_values("INDICATOR")) == {"EGDI_RANK"}
    said["chiso"].session.close()


def test_structures_that_are_held_are_not_sent_again(engine: Engine) -> None:
    with TestClient(app.create(engine)) as at_present:
        path = "/sdmx/2.1/codelist/CHISO/CL_VERDICT_STATE/latest"
        first = at_present.get(path)
        again = at_present.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304)
        assert "ETag" not in at_present.get("/sdmx/2.1/data/VERDICTS").headers


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/dataflow/CHISO/TARGETS/latest?references=children", {"TARGETS", "DSD_TARGETS"}),
        ("/datastructure/CHISO/DSD_TARGETS/1.0.0?references=parents", {"TARGETS", "DSD_TARGETS"}),
        ("/codelist/CHISO/CL_VERDICT_STATE/latest?references=parents", {"CL_VERDICT_STATE", "DSD_VERDICTS"}),
        ("/conceptscheme/all/all/latest", {"CS_CHISO"}),
    ],
)
def test_references_are_followed_as_far_as_they_are_asked_for(ask: httpx2.Client, path: str, found: set[str]) -> None:
    told = sdmx.read_sdmx(io.BytesIO(ask.get(path).content))
    collections = (told.dataflow, told.structure, told.codelist, told.concept_scheme)
    assert {each.id for named in collections for each in named.values() if not each.is_external_reference} >= found


def test_a_code_list_that_is_gone_to_alone_comes_alone(ask: httpx2.Client) -> None:
    told = sdmx.read_sdmx(io.BytesIO(ask.get("/codelist/CHISO/CL_VERDICT_STATE/latest").content))
    assert (list(told.codelist), list(told.structure)) == (["CL_VERDICT_STATE"], [])
