"""SDMX messages in every syntax and layout: the same observations come out, and what is wrong is said.

The messages are written here after the schemas of the standard; the real ones of the ECB and of pysdmx stand beside.
"""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import formats, rules
from ingest.catalogue import Catalogue
from ingest.mapping import BreakdownPlace, IndicatorPlace, Mapping, PeriodPlace, PublishedPlace, UnitPlace, ValuePlace
from ingest.place import in_vietnamese, place
from ingest.readers import sdmx, sdmx_ml
from ingest.submission import Finding, Instructions, Reading
from tests.conftest import NOW

V21 = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
V30 = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0"

RATES = Mapping(
    "RATES_SDMX",
    "",
    "",
    "https://data.ecb.europa.eu",
    "sdmx",
    (
        ValuePlace(
            "RATE",
            "ECB",
            "PERIOD",
            column="OBS_VALUE",
            breakdown=BreakdownPlace("CURRENCY", {"XDR": "_T"}),
            when={"CURRENCY_DENOM": "EUR"},
        ),
    ),
    reporting_unit=UnitPlace(constant="DE"),
    period=PeriodPlace(column="TIME_PERIOD"),
)
# currency, period, value, status
FIGURES = [
    ("CHF", "2010-08", "1.3413", "A"),
    ("CHF", "2010-09", "1.3089", "E"),
    ("USD", "2010-08", "1.2894", "A"),
    ("USD", "2010-09", "1.30670", "P"),
]
KEY = {"FREQ": "M", "CURRENCY_DENOM": "EUR"}


def header(at_observation: str, version: str = V21) -> str:
    named = '<Ref agencyID="ECB" id="EXR" version="1.0"/>'
    if version == V30:
        named = "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure=ECB:EXR(1.0)"
    return (
        "<m:Header><m:ID>X</m:ID><m:Test>false</m:Test><m:Prepared>2024-01-01</m:Prepared><m:Sender id='ECB'/>"
        f'<m:Structure structureID="S" dimensionAtObservation="{at_observation}">'
        f"<c:Structure>{named}</c:Structure></m:Structure></m:Header>"
    )


def message(root: str, at_observation: str, data: str, version: str = V21, more: str = "") -> bytes:
    kind = "generic" if root.startswith("Generic") else "structurespecific"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><m:{root} xmlns:m="{version}/message" xmlns:c="{version}/common" '
        f'xmlns:g="{version}/data/generic" xmlns:d="{version}/data/{kind}" xmlns:x="urn:x" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{header(at_observation, version)}'
        f'<m:DataSet d:structureRef="S" {more}>{data}</m:DataSet></m:{root}>'
    ).encode()


def values(**named: str) -> str:
    return "".join(f'<g:Value id="{name}" value="{text}"/>' for name, text in named.items())


def generic_observation(dimension: str, value: str, status: str) -> str:
    said = f"<g:Attributes>{values(OBS_STATUS=status)}</g:Attributes>"
    return f'<g:Obs>{dimension}<g:ObsValue value="{value}"/>{said}</g:Obs>'


def generic_flat() -> bytes:
    rows = (
        generic_observation(
            f"<g:ObsKey>{values(**KEY, CURRENCY=currency, TIME_PERIOD=period)}</g:ObsKey>", value, status
        )
        for currency, period, value, status in FIGURES
    )
    return message("GenericData", "AllDimensions", "".join(rows))


def by(at: int) -> dict[str, list[tuple[str, ...]]]:
    grouped: dict[str, list[tuple[str, ...]]] = {}
    for figure in FIGURES:
        grouped.setdefault(figure[at], []).append(figure)
    return grouped


def generic_series(root: str, at: str) -> bytes:
    across = at != "TIME_PERIOD"
    written = ""
    for text, figures in by(1 if across else 0).items():
        key = values(**KEY, **{"TIME_PERIOD" if across else "CURRENCY": text})
        written += f"<g:Series><g:SeriesKey>{key}</g:SeriesKey><g:Attributes>{values(DECIMALS='4')}</g:Attributes>"
        for figure in figures:
            named = 'id="CURRENCY" ' if across else ""
            written += generic_observation(
                f'<g:ObsDimension {named}value="{figure[0 if across else 1]}"/>', figure[2], figure[3]
            )
        written += "</g:Series>"
    return message(root, at, written)


def attributes(**named: str) -> str:
    return " ".join(f'{name}="{text}"' for name, text in named.items())


def specific_flat(version: str = V21) -> bytes:
    rows = (
        f"<Obs {attributes(**KEY, CURRENCY=currency, TIME_PERIOD=period, OBS_VALUE=value, OBS_STATUS=status)}/>"
        for currency, period, value, status in FIGURES
    )
    return message("StructureSpecificData", "AllDimensions", "".join(rows), version)


def specific_series(at: str, root: str = "StructureSpecificData", version: str = V21) -> bytes:
    across = at != "TIME_PERIOD"
    written = ""
    for text, figures in by(1 if across else 0).items():
        written += f"<Series {attributes(**KEY, **{'TIME_PERIOD' if across else 'CURRENCY': text})}>"
        for figure in figures:
            own = {at: figure[0 if across else 1], "OBS_VALUE": figure[2], "OBS_STATUS": figure[3]}
            written += f"<Obs {attributes(**own)}/>"
        written += "</Series>"
    return message(root, at, written, version)


def json_rates(version: str = "1.0", layout: str = "flat") -> bytes:
    def component(name: str, *codes: str) -> dict[str, object]:
        return {"id": name, "values": [{"id": code, "name": code} for code in codes]}

    currencies, periods = component("CURRENCY", "CHF", "USD"), component("TIME_PERIOD", "2010-08", "2010-09")
    statuses = component("OBS_STATUS", "A", "E", "P")
    places = (
        [("CHF", "USD").index(figure[0]) for figure in FIGURES],
        [int(figure[1] == "2010-09") for figure in FIGURES],
    )
    listed = [[figure[2], "AEP".index(figure[3])] for figure in FIGURES]
    of_all = [component(name, code) for name, code in KEY.items()]
    if layout == "flat":
        dimensions = {"dataSet": of_all, "series": [], "observation": [currencies, periods]}
        keys = (f"{one}:{other}" for one, other in zip(*places, strict=True))
        data_set: dict[str, object] = {"observations": dict(zip(keys, listed, strict=True))}
    else:
        dimensions = {"dataSet": of_all, "series": [currencies], "observation": [periods]}
        series: dict[str, dict[str, dict[str, object]]] = {}
        for one, other, told in zip(*places, listed, strict=True):
            series.setdefault(str(one), {"observations": {}})["observations"][str(other)] = told
        data_set = {"series": series}
    structure = {"dimensions": dimensions, "attributes": {"dataSet": [], "series": [], "observation": [statuses]}}
    link = {"rel": "dataflow", "urn": "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=ECB:EXR(1.0)"}
    structure["links"] = [link]  # type: ignore[assignment]
    if version == "2.0":
        document = {"meta": {"id": "X"}, "data": {"structures": [structure], "dataSets": [data_set | {"structure": 0}]}}
    elif version == "1.0":
        document = {"meta": {"id": "X"}, "data": {"structure": structure, "dataSets": [data_set]}}
    else:
        document = {"header": {"id": "X"}, "structure": structure, "dataSets": [data_set]}
    written = json.dumps(document)
    for figure in FIGURES:  # numbers, with their digits
        written = written.replace(f'["{figure[2]}"', f"[{figure[2]}")
    return written.encode()


def csv_rates(first: str, *, delimiter: str = ",", comma: bool = False) -> bytes:
    names = ["CURRENCY", *KEY, "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS"]
    start = {"1.0": ["DATAFLOW"], "2.0": ["STRUCTURE", "STRUCTURE_ID", "ACTION"]}[first]
    about = {"1.0": ["ECB:EXR(1.0)"], "2.0": ["dataflow", "ECB:EXR(1.0)", "R"]}[first]
    lines = [
        [*about, currency, *KEY.values(), period, value.replace(".", ",") if comma else value, status]
        for currency, period, value, status in FIGURES
    ]
    return "\n".join(delimiter.join(line) for line in [start + names, *lines]).encode()


def read(content: bytes, mapping: Mapping | None = RATES) -> Reading:
    reading = formats.read(content, mapping=mapping)
    assert [each for each in reading.findings if each.severity == "error"] == []
    return reading


def only_finding(content: bytes, mapping: Mapping | None = RATES) -> Finding:
    reading = formats.read(content, mapping=mapping)
    found = {each.rule: each for each in reading.findings if each.rule != "no_rows"} or {
        each.rule: each for each in reading.findings
    }
    (finding,) = found.values()
    assert reading.frame.empty
    assert finding.severity == "error"
    assert finding.en.endswith(".")
    assert finding.vi.endswith(".")
    return finding


WRITTEN: dict[str, Callable[[], bytes]] = {
    "generic, flat": generic_flat,
    "generic, time series": lambda: generic_series("GenericData", "TIME_PERIOD"),
    "generic time series": lambda: generic_series("GenericTimeSeriesData", "TIME_PERIOD"),
    "generic, cross-sectional": lambda: generic_series("GenericData", "CURRENCY"),
    "specific, flat": specific_flat,
    "specific, time series": lambda: specific_series("TIME_PERIOD"),
    "specific time series": lambda: specific_series("TIME_PERIOD", "StructureSpecificTimeSeriesData"),
    "specific, cross-sectional": lambda: specific_series("CURRENCY"),
    "3.0, flat": lambda: specific_flat(V30),
    "3.0, time series": lambda: specific_series("TIME_PERIOD", version=V30),
    "3.0, cross-sectional": lambda: specific_series("CURRENCY", version=V30),
    "3.0 in UTF-16": lambda: (
        specific_series("CURRENCY", version=V30).decode().replace("UTF-8", "UTF-16", 1).encode("utf-16")
    ),
    "JSON with a header": lambda: json_rates("header"),
    "JSON 1.0, flat": json_rates,
    "JSON 1.0, series": lambda: json_rates("1.0", "series"),
    "JSON 2.0, flat": lambda: json_rates("2.0"),
    "JSON 2.0, series": lambda: json_rates("2.0", "series"),
    "CSV 1.0": lambda: csv_rates("1.0"),
    "CSV 2.0": lambda: csv_rates("2.0"),
    "CSV 2.0, semicolons": lambda: csv_rates("2.0", delimiter=";", comma=True),
}


@pytest.mark.parametrize("layout", WRITTEN)
def test_the_same_observations_come_out_of_every_syntax_and_layout(layout: str) -> None:
    frame = read(WRITTEN[layout]()).frame
    got = frame[["breakdown", "period", "value", "status"]].sort_values(["breakdown", "period"])
    assert [tuple(row) for row in got.itertuples(index=False)] == sorted(FIGURES)
    assert set(frame["frequency"]) == {"M"}
    assert set(frame["reporting_unit"]) == {"DE"}
    assert set(frame["column"]) == {"OBS_VALUE"}


def test_the_twelve_rates_of_the_ecb_are_those_listed_beside_them(shared_data: Path) -> None:
    frame = read((shared_data / "sdmx/ecb_exr/ng-flat.xml").read_bytes()).frame
    listed = (shared_data / "sdmx/ecb_exr/ng-flat-expected.txt").read_text().splitlines()[1:]
    expected = [tuple(line.split()[at] for at in (1, 5, 6)) for line in listed]
    assert list(frame[["breakdown", "period", "value"]].itertuples(index=False, name=None)) == expected
    assert frame["line"].tolist() == list(range(1, 13))


def test_places_are_observations_and_can_be_said_in_vietnamese() -> None:
    broken = specific_flat().replace(b'OBS_STATUS="E"', b'OBS_STATUS="U"')
    (finding,) = formats.read(broken, mapping=RATES).findings
    assert (finding.rule, finding.place) == ("status_is_not_ours", 'observation 2, "OBS_STATUS"')
    assert "low reliability" in finding.en
    assert in_vietnamese(finding.place) == 'quan sát 2, "OBS_STATUS"'
    assert in_vietnamese(place(None, 3, "x", format="parquet")) == 'hàng 3, "x"'


def test_the_measures_of_a_cross_sectional_message_are_told_apart_by_their_types() -> None:
    written = (
        '<Series FREQ="A" TIME_PERIOD="2007" CURRENCY_DENOM="EUR"><Obs xsi:type="x:BIRTHS" OBS_VALUE="1.82"/>'
        '<Obs xsi:type="x:DEATHS" OBS_VALUE="9.4"/></Series>'
    )
    mapping = Mapping(
        "DEMO_SDMX",
        "",
        "",
        "",
        "sdmx",
        (ValuePlace(IndicatorPlace("DEMO", {"BIRTHS": "B", "DEATHS": "D"}), "X", "PERIOD", column="OBS_VALUE"),),
        reporting_unit=UnitPlace(constant="VN"),
        period=PeriodPlace(column="TIME_PERIOD"),
    )
    frame = read(message("StructureSpecificData", "DEMO", written), mapping).frame
    assert frame[["indicator", "value"]].to_numpy().tolist() == [["B", "1.82"], ["D", "9.4"]]


@pytest.mark.parametrize(
    "content",
    [
        message(
            "StructureSpecificData",
            "TIME_PERIOD",
            '<Group xsi:type="x:Sibling" CURRENCY="CHF" CURRENCY_DENOM="EUR" UNIT_MULT="3"/>'
            '<Group xsi:type="x:Sibling" CURRENCY="USD" CURRENCY_DENOM="EUR" UNIT_MULT="0"/>'
            '<Series FREQ="M" CURRENCY="CHF" CURRENCY_DENOM="EUR"><Obs TIME_PERIOD="2010-08" OBS_VALUE="1"/></Series>'
            '<Series FREQ="M" CURRENCY="USD" CURRENCY_DENOM="EUR"><Obs TIME_PERIOD="2010-08" OBS_VALUE="2"/></Series>',
        ),
        message(
            "GenericData",
            "TIME_PERIOD",
            f'<g:Group type="Sibling"><g:GroupKey>{values(CURRENCY="CHF")}</g:GroupKey>'
            f"<g:Attributes>{values(UNIT_MULT='3')}</g:Attributes></g:Group>"
            + "".join(
                f"<g:Series><g:SeriesKey>{values(**KEY, CURRENCY=currency)}</g:SeriesKey><g:Obs>"
                f'<g:ObsDimension value="2010-08"/><g:ObsValue value="{value}"/></g:Obs></g:Series>'
                for currency, value in (("CHF", "1"), ("USD", "2"))
            ),
        ),
    ],
)
def test_what_a_group_says_holds_for_its_series_alone(content: bytes) -> None:
    reading = formats.read(content, mapping=RATES)
    assert [(each.rule, each.place) for each in reading.findings] == [
        ("value_is_multiplied", 'observation 1, "UNIT_MULT"')
    ]
    assert reading.frame["value"].tolist() == ["2"]


def test_a_mapping_that_names_the_multiplier_takes_the_values_as_they_stand() -> None:
    content = csv_rates("2.0").replace(b"OBS_STATUS", b"UNIT_MULT")
    for status in (b"A", b"E", b"P"):
        content = content.replace(b"," + status + b"\n", b",3\n")
    content = content.removesuffix(b"P") + b"3"
    value = ValuePlace("RATE", "ECB", "PERIOD", column="OBS_VALUE", when={"UNIT_MULT": "3"})
    named = Mapping("K_SDMX", "", "", "", "sdmx", (value,), period=PeriodPlace(column="TIME_PERIOD"))
    assert read(content, named).frame["value"].tolist() == [figure[2] for figure in FIGURES]
    assert only_finding(content).rule == "value_is_multiplied"


OURS = "FREQ,INDICATOR,REPORTING_UNIT,ACCUMULATION,SOURCE,BREAKDOWN,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MEASURE"
OUR_ROW = "A,EGDI_RANK,VN,PERIOD,UN,_T,2022,86,A,rank"


def our_csv(row: str = OUR_ROW, headings: str = OURS) -> bytes:
    return f"DATAFLOW,{headings}\nVN_NDTC:NDTI(1.0),{row}\n".encode()


def our_xml(row: str = OUR_ROW, headings: str = OURS) -> bytes:
    named = dict(zip(headings.split(","), row.split(","), strict=True))
    return message("StructureSpecificData", "AllDimensions", f"<Obs {attributes(**named)}/>", V30)


@pytest.mark.parametrize("written", [our_csv, our_xml])
def test_our_own_dataflow_needs_no_mapping(written: Callable[..., bytes]) -> None:
    reading = read(written(), None)
    (row,) = reading.frame.to_dict("records")
    assert {name: row[name] for name in ("indicator", "reporting_unit", "period", "value", "status")} == {
        "indicator": "EGDI_RANK",
        "reporting_unit": "VN",
        "period": "2022",
        "value": "86",
        "status": "A",
    }
    assert (row["frequency"], row["accumulation"], row["source"], row["breakdown"]) == ("A", "PERIOD", "UN", "_T")
    assert row["column"] == "OBS_VALUE"
    assert reading.places["period"] == "TIME_PERIOD"


def test_the_area_of_our_dataflow_may_be_called_as_sdmx_calls_it() -> None:
    reading = read(our_xml(headings=OURS.replace("REPORTING_UNIT", "REF_AREA")), None)
    assert reading.frame["reporting_unit"].tolist() == ["VN"]
    finding = only_finding(our_xml(headings=OURS.replace("REPORTING_UNIT", "REPORTING_UNT")), None)
    assert (finding.rule, finding.expected) == ("unknown_column", "REPORTING_UNIT")


def test_a_value_of_several_parts_is_one_text() -> None:
    obs = dict(zip(OURS.split(","), OUR_ROW.split(","), strict=True))
    comment = '<Comp id="OBS_COMMENT"><Value>rank</Value><Value>of 193</Value></Comp>'
    written = message("StructureSpecificData", "AllDimensions", f"<Obs {attributes(**obs)}>{comment}</Obs>", V30)
    assert read(written, None).frame["comment"].tolist() == ["rank; of 193"]


def test_a_withdrawal_may_be_written_in_a_column_or_as_an_action() -> None:
    headings = OURS.replace("UNIT_MEASURE", "WITHDRAWN,REASON")
    lines = [OUR_ROW.replace("86,A,rank", ",A,yes,twice"), OUR_ROW.replace("2022,86,A,rank", "2020,,A,,")]
    content = (
        f"STRUCTURE,STRUCTURE_ID,ACTION,{headings}\ndataflow,X:Y(1.0),I,{lines[0]}\ndataflow,X:Y(1.0),D,{lines[1]}\n"
    )
    frame = read(content.encode(), None).frame
    assert frame["withdrawn"].tolist() == ["yes", "yes"]
    assert frame["reason"].fillna("").tolist() == ["twice", ""]


def test_what_is_nobodys_dataflow_asks_for_a_mapping() -> None:
    finding = only_finding(generic_flat(), None)
    assert finding.rule == "not_our_dataflow"
    assert "ECB:EXR(1.0)" in finding.en
    assert "CURRENCY_DENOM" in finding.en


@pytest.mark.parametrize(
    ("value", "status", "expected"),
    [
        ("86", "", ("86", None, None)),
        ("86", "P", ("86", "P", None)),
        ("", "A", (None, "M", "không có số liệu")),
        ("NaN", "A", (None, "M", "không có số liệu")),
        ("", "O", (None, "M", "không có số liệu")),
        ("", "L", (None, "M", "có số liệu nhưng không được thu thập")),
        ("", "N", (None, "M", "số liệu không đáng kể")),
        ("", "Q", (None, "M", "số liệu được giữ kín")),
        ("", "U", (None, "M", "không có số liệu")),
    ],
)
def test_a_status_of_the_standard_becomes_ours_and_no_value_is_never_zero(
    value: str, status: str, expected: tuple[str | None, ...]
) -> None:
    row = OUR_ROW.replace(",86,A,", f",{value},{status},")
    frame = read(our_csv(row), None).frame
    got = frame[["value", "status", "reason"]].astype(object).where(frame.notna(), None)
    assert tuple(got.iloc[0]) == expected


@pytest.mark.parametrize(
    ("row", "headings", "rule"),
    [
        (OUR_ROW.replace(",A,rank", ",I,rank"), OURS, "status_is_not_ours"),
        (OUR_ROW.replace(",A,rank", ",N,rank"), OURS, "status_is_not_ours"),
        (OUR_ROW.replace(",A,rank", ",ZZ,rank"), OURS, "status_is_not_ours"),
        (OUR_ROW.replace("2022", "2022-01-01/P1Y"), OURS, "period_is_a_range"),
        (OUR_ROW + ",C", OURS + ",OBS_CONF", "value_is_confidential"),
        (OUR_ROW + ",6", OURS + ",UNIT_MULT", "value_is_multiplied"),
        (OUR_ROW + ",2030-01-01", OURS + ",EMBARGO_TIME", "value_is_embargoed"),
        (OUR_ROW + ",--07-01", OURS + ",REPORTING_YEAR_START_DAY", "year_is_not_the_calendars"),
    ],
)
def test_a_value_that_is_not_what_it_looks_like_is_refused(row: str, headings: str, rule: str) -> None:
    assert only_finding(our_csv(row, headings), None).rule == rule
    assert only_finding(our_xml(row, headings), None).rule == rule


def test_a_mapping_may_take_the_embargo_for_the_publication() -> None:
    content = specific_flat().replace(b'OBS_STATUS="', b'EMBARGO_TIME="2030-01-01T09:00:00+07:00" OBS_STATUS="')
    assert only_finding(content).rule == "value_is_embargoed"
    place_of = PublishedPlace(column="EMBARGO_TIME")
    value = ValuePlace("RATE", "ECB", "PERIOD", column="OBS_VALUE")
    named = Mapping("E_SDMX", "", "", "", "sdmx", (value,), period=RATES.period, published_at=place_of)
    assert set(read(content, named).frame["published_at"]) == {"2030-01-01T09:00:00+07:00"}


def deletion(row: str = OUR_ROW, action: str = "D") -> bytes:
    return f"STRUCTURE,STRUCTURE_ID,ACTION,{OURS}\ndataflow,VN_NDTC:NDTI(1.0),{action},{row}\n".encode()


def test_what_a_message_deletes_is_withdrawn_and_the_sender_says_why(words: Catalogue) -> None:
    reading = read(deletion(), None)
    (row,) = reading.frame[["indicator", "period", "withdrawn"]].to_numpy().tolist()
    assert row == ["EGDI_RANK", "2022", "yes"]
    assert reading.frame["value"].isna().all()
    published = words.datasets["PUBLISHED_FIGURES"]
    silent = rules.check(reading, words, published, Instructions("PUBLISHED_FIGURES"), now=NOW)
    assert [each.rule for each in silent.findings] == ["missing_has_a_reason"]
    said = Instructions("PUBLISHED_FIGURES", reason="counted twice")
    explained = rules.check(read(deletion(), None), words, published, said, now=NOW)
    assert explained.findings == []
    assert explained.observations[["withdrawn", "reason"]].to_numpy().tolist() == [[True, "counted twice"]]


def test_a_deletion_through_a_mapping_is_withdrawn_too() -> None:
    frame = read(csv_rates("2.0").replace(b",R,CHF", b",D,CHF")).frame
    assert frame["withdrawn"].fillna("").tolist() == ["yes", "yes", "", ""]
    assert frame["value"].fillna("").tolist() == ["", "", "1.2894", "1.30670"]
    whole = specific_flat().replace(
        b'<m:DataSet d:structureRef="S" ', b'<m:DataSet d:structureRef="S" d:action="Delete" '
    )
    assert set(read(whole).frame["withdrawn"]) == {"yes"}
    # As pysdmx writes it, without the namespace.
    bare = our_xml().replace(b"<m:DataSet ", b'<m:DataSet action="Delete" dataScope="DataStructure" ')
    assert set(read(bare, None).frame["withdrawn"]) == {"yes"}


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (deletion(OUR_ROW.replace("2022", "")), "deletes_no_observation"),
        (deletion(OUR_ROW.replace(",86,A,rank", ",,,-")), "deletes_no_observation"),
        (deletion(action="E"), "unknown_action"),
        (deletion(action="append"), "unknown_action"),
    ],
)
def test_an_action_that_is_unknown_or_wipes_out_more_than_one_figure_is_refused(content: bytes, rule: str) -> None:
    assert only_finding(content, None).rule == rule


def test_two_dataflows_in_one_file_are_told_apart_by_a_mapping_or_refused() -> None:
    content = csv_rates("1.0").replace(b"ECB:EXR(1.0),USD", b"ECB:EXR(2.0),USD")
    finding = only_finding(content)
    assert (finding.rule, finding.found) == ("several_dataflows", "ECB:EXR(1.0), ECB:EXR(2.0)")
    value = ValuePlace("RATE", "ECB", "PERIOD", column="OBS_VALUE", when={"DATAFLOW": "ECB:EXR(2.0)"})
    named = Mapping("TWO_SDMX", "", "", "", "sdmx", (value,), period=PeriodPlace(column="TIME_PERIOD"))
    reading = read(content, named)
    assert reading.frame["value"].tolist() == ["1.2894", "1.30670"]
    assert [(each.rule, each.found) for each in reading.findings] == [("not_in_mapping", "DATAFLOW = ECB:EXR(1.0)")]


def test_two_data_sets_of_one_message_are_both_read() -> None:
    twice = specific_flat()
    start, end = twice.index(b"<m:DataSet"), twice.index(b"</m:StructureSpecificData>")
    second = twice[start:end].replace(b"2010-08", b"2011-08").replace(b"2010-09", b"2011-09")
    assert len(read(twice[:end] + second + twice[end:]).frame) == 8


DERIVATIVES = Mapping(
    "BIS_SDMX",
    "",
    "",
    "https://data.bis.org",
    "sdmx",
    (ValuePlace("TURNOVER", "BIS", "PERIOD", column="OBS_VALUE", breakdown=BreakdownPlace("DER_CURR_LEG1")),),
    reporting_unit=UnitPlace(column="DER_REP_CTY", scheme="BIS"),
    period=PeriodPlace(column="TIME_PERIOD"),
)
SAMPLES = "sdmx/pysdmx/tests/io/csv"


def test_the_thousand_lines_of_the_bis_are_read_with_their_gaps(shared_data: Path) -> None:
    content = (shared_data / SAMPLES / "sdmx10/reader/samples/data_v1.csv").read_bytes()
    printed = list(csv.DictReader(content.decode().splitlines()))
    frame = read(content, DERIVATIVES).frame
    assert len(frame) == 1000
    assert frame["value"].fillna("").tolist() == [line["OBS_VALUE"] for line in printed]
    gaps = [not line["OBS_VALUE"] for line in printed]
    assert (frame["status"] == "M").tolist() == gaps
    assert frame.loc[gaps, "reason"].notna().all()
    assert frame["line"].tolist() == list(range(2, 1002))
    second = read((shared_data / SAMPLES / "sdmx20/reader/samples/data_v2.csv").read_bytes(), DERIVATIVES).frame
    assert second["value"].fillna("").tolist() == [line["OBS_VALUE"] for line in printed[:20]]


@pytest.mark.parametrize("name", ["csv_labels_both.csv", "csv_keys_both.csv"])
def test_labels_and_keys_beside_the_codes_change_nothing(shared_data: Path, name: str) -> None:
    value = ValuePlace("X", "Y", "PERIOD", column="OBS_VALUE", breakdown=BreakdownPlace("DIM2"), when={"DIM1": "A"})
    mapping = Mapping("MD_SDMX", "", "", "", "sdmx", (value,), period=PeriodPlace(column="TIME_PERIOD"))
    frame = read((shared_data / SAMPLES / "sdmx20/reader/samples" / name).read_bytes(), mapping).frame
    assert frame[["breakdown", "period", "value"]].to_numpy().tolist() == [["B", "2020", "1"]]


def test_names_in_columns_of_their_own_are_passed_over() -> None:
    content = (
        b"STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,INDICATOR,Name,REF_AREA,Area,TIME_PERIOD,Time,OBS_VALUE,Value\n"
        b"dataflow,VN:X(1.0),Targets,I,EGDI_RANK,Rank,VN,Viet Nam,2022,Year 2022,86,\n"
    )
    frame = read(content, None).frame
    assert frame[["indicator", "reporting_unit", "period", "value"]].to_numpy().tolist() == [
        ["EGDI_RANK", "VN", "2022", "86"]
    ]


@pytest.mark.parametrize(
    ("name", "column", "rule"),
    [
        ("data_v2_action_col.csv", "OBS_VALUE", "field_count"),
        ("data_v2_invalid_action.csv", "Me_1", "unknown_action"),
        ("data_v2_three_actions.csv", "Me_1", "deletes_no_observation"),
    ],
)
def test_the_faulty_samples_are_refused_for_what_is_wrong_with_them(
    shared_data: Path, name: str, column: str, rule: str
) -> None:
    value = ValuePlace("X", "Y", "PERIOD", column=column)
    mapping = Mapping("MD_SDMX", "", "", "", "sdmx", (value,))
    reading = formats.read((shared_data / SAMPLES / "sdmx20/reader/samples" / name).read_bytes(), mapping=mapping)
    assert reading.findings[0].rule == rule
    assert reading.findings[0].severity == "error"


@pytest.mark.parametrize("period", ["2024", "2024-A1", "2024-S1", "2024-Q1", "2024-M03", "2024-03", "2024-W05"])
def test_every_way_of_the_standard_to_write_a_period_is_understood(words: Catalogue, period: str) -> None:
    reading = read(our_csv(OUR_ROW.replace("2022", period)), None)
    found = rules.check(
        reading, words, words.datasets["PUBLISHED_FIGURES"], Instructions("PUBLISHED_FIGURES"), now=NOW
    ).findings
    assert not [each for each in found if each.rule == "period_is_readable"]


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><m:GenericData xmlns:m="http://x">&c;</m:GenericData>"""
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]><x>&file;</x>"""


@pytest.mark.parametrize(
    ("content", "rule", "where"),
    [
        (LAUGHS, "document_type", ""),
        (OUTSIDE, "document_type", ""),
        (LAUGHS.decode().encode("utf-16"), "document_type", ""),
        (generic_flat()[:-300], "broken_xml", "line 1"),
        (b'<?xml version="1.0"?>\n<order', "broken_xml", "line 2"),
        (b'<?xml version="1.0"?><order xmlns="urn:shop"/>', "no_sdmx", ""),
        (generic_flat().replace(b"resources/sdmxml", b"resources/other"), "no_sdmx", ""),
        (generic_flat().replace(b"v2_1", b"v2_0"), "sdmx_version", ""),
        (message("Structure", "TIME_PERIOD", ""), "no_data_message", ""),
        (message("Error", "TIME_PERIOD", ""), "no_data_message", ""),
        (message("GenericData", "TIME_PERIOD", ""), "no_rows", ""),
        (b"<a>" * 1000, "no_sdmx", ""),
        (message("GenericData", "TIME_PERIOD", "<g:a>" * 100), "xml_too_deep", ""),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "not_utf8", ""),
        (message("StructureSpecificData", "TIME_PERIOD", f'<Obs A="{"x" * 40_000}"/>'), "text_too_long", ""),
        (b'{"meta": {"schema": "sdmx-json-structure-schema"}, "data": {"codelists": []}}', "no_data_message", ""),
        (b'{"meta": {"schema": "sdmx-json"}, "data": {"dataSets": []}}', "no_rows", ""),
        (json_rates()[:-5], "broken_json", "line 1"),
        (json_rates().replace(b'"0:0"', b'"7:0"'), "broken_sdmx_json", ""),
        (json_rates().replace(b'"0:0"', b'"0:-1"'), "broken_sdmx_json", ""),
        (json_rates().replace(b'"0:0"', b'"0"'), "broken_sdmx_json", ""),
        (b'{"data": {"dataSets": 3}, "x": "sdmx-json"}', "broken_sdmx_json", ""),
    ],
)
def test_what_is_no_data_message_or_a_trap_is_refused_with_its_sentence(content: bytes, rule: str, where: str) -> None:
    finding = only_finding(content)
    assert (finding.rule, finding.place) == (rule, where)


def test_the_structures_of_the_ecb_are_no_figures(shared_data: Path) -> None:
    for name in ("ng-structure.xml", "ng-structure-full.xml"):
        finding = only_finding((shared_data / "sdmx/ecb_exr" / name).read_bytes())
        assert (finding.rule, finding.found) == ("no_data_message", "Structure")


def test_a_small_message_that_repeats_a_long_text_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdmx, "MOST_CHARACTERS", 1_000_000)
    written = f'<Series TITLE="{"x" * 30_000}">' + '<Obs TIME_PERIOD="2024" OBS_VALUE="1"/>' * 1_000 + "</Series>"
    finding = only_finding(message("StructureSpecificData", "TIME_PERIOD", written))
    assert finding.rule == "too_large"


def test_what_does_not_fit_in_one_chunk_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdmx, "_PACKED_ROWS", 3)
    table = sdmx_ml.table(specific_series("TIME_PERIOD"))
    assert table.columns[table.headings.index("OBS_VALUE")].to_pylist() == [figure[2] for figure in FIGURES]


@pytest.mark.parametrize("written", [specific_flat, json_rates, lambda: csv_rates("1.0")])
def test_a_mapping_of_another_format_is_told_what_this_is(written: Callable[[], bytes]) -> None:
    other = Mapping("OTHER_JSON", "", "", "", "json", RATES.values, records="observations")
    finding = only_finding(written(), other)
    assert finding.rule == "wrong_format"
    assert finding.found.startswith("SDMX-")
    assert only_finding(b"indicator,value\nA,1\n").rule == "wrong_format"
    assert only_finding(b'[{"indicator": "A"}]').rule == "wrong_format"
