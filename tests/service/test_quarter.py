"""A whole quarter of a whole country, over HTTP, with real accounts and a clock that is told to go on.

63 provinces and 22 ministries owe the fourth quarter of 2024 by 14 January 2025. At each moment compliance, the public
answers and the audit have to be right.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest import audit
from ingest.authority import Grant
from service import app
from tests.conftest import Clock
from tests.service.country import DATASET, PERIOD, People, Person, clock_at, filled, served

FORMS = {"province": DATASET, "ministry": "MINISTRY_QUARTERLY"}
NEVER = "GSO04"  # Cao Bằng
WRONG = ("GSO01_2008", "GSO10", "MOH")  # a value that cannot be
SPARSE = ("GSO79", "MOIT")  # leaves something out that the form requires
LATE = ("GSO02", "GSO06", "MOC")
AT_THE_LAST_SECOND = "GSO08"
RETURNED = ("GSO11", "GSO14", "MOET")
CORRECTED = "GSO91"
EMBARGO = "2025-02-06T09:00:00"
RATE = "WHOLE_SERVICE_RATE"


@dataclass
class Country:
    """Who is at work, and what they have sent."""

    clock: Clock
    people: People
    reviewer: Person
    publisher: Person
    operator: Person
    reporters: dict[str, Person] = field(default_factory=dict[str, Person])
    forms: dict[str, list[dict[str, str]]] = field(default_factory=dict[str, list[dict[str, str]]])
    cases: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    @property
    def public(self) -> Person:
        return self.people.public

    def dataset(self, unit: str) -> str:
        return DATASET if unit.startswith("GSO") else FORMS["ministry"]

    def rows(self, unit: str, value: float) -> bytes:
        """What the template of this reporting unit asks for, as CSV with this value everywhere."""
        dataset = self.dataset(unit)
        if dataset not in self.forms:
            self.forms[dataset] = self.public.get(f"/v1/datasets/{dataset}")["items"]
        parts = ("indicator", "accumulation", "source", "breakdown")
        lines = [",".join([*(item[part] for part in parts), unit, PERIOD, str(value)]) for item in self.forms[dataset]]
        return "\n".join([",".join([*parts, "reporting_unit", "period", "value"]), *lines]).encode()

    def compliance(self, **asked: str) -> Counter[str]:
        rows = self.public.get("/v1/compliance", period=PERIOD, by="dataset,level,period", **asked)["compliance"]
        counts: Counter[str] = Counter()
        for row in rows:
            counts.update({name: row[name] for name in ("expected", "received", "on_time", "late", "overdue", "due")})
        return counts

    def said_to_the_public(self, unit: str, **asked: str) -> list[float]:
        rows = self.public.get(
            "/v1/observations", indicator=RATE, reporting_unit=unit, frequency="Q", source="REPORT", **asked
        )
        return [row["value"] for row in rows["observations"]]


@pytest.fixture(scope="module")
def country(own_engine: Engine, cheap_hashes: None) -> Iterator[Country]:
    clock = clock_at("2025-01-06T08:00:00")
    with served(app.create(own_engine, clock=clock)) as address:
        people = People(own_engine, address)
        at_work = Country(
            clock,
            people,
            reviewer=people.come("minh", Grant("reviewer", "MOST_2025")),
            publisher=people.come("phong", Grant("publisher", "VN")),
            operator=people.come("vinh", Grant("operator")),
        )
        for row in people.public.get("/v1/obligations", period=PERIOD, limit=1000)["obligations"]:
            if row["dataset"] in FORMS.values():
                unit = row["reporting_unit"]
                at_work.reporters[unit] = people.come(f"bc.{unit.lower()}", Grant("reporter", unit))
        yield at_work
        people.leave()


def send(country: Country, unit: str, value: float = 50, *, typed: bool = False, **wrong: object) -> dict[str, Any]:
    """Get the template, fill it in, send it, and read what was found; `typed` are the same figures without it."""
    person, dataset = country.reporters[unit], country.dataset(unit)
    content = country.rows(unit, value) if typed else filled(person.template(unit, dataset), value, **wrong)
    answer = person.send(unit, content, dataset)
    assert answer.status_code == 201, answer.text
    country.cases[unit] = answer.json()
    return country.cases[unit]


def hand_in(country: Country, unit: str, **said: Any) -> None:
    country.cases[unit] = country.reporters[unit].done(country.cases[unit], "submit", **said)


SIGNED = {"compiled_by": "Lê Lan", "signed_by": "Nguyễn Hải", "signed_as": "KT.", "document_number": "15/BC-UBND"}


def test_a_quarter_of_the_whole_country(country: Country, own_engine: Engine) -> None:
    clock, minh = country.clock, country.reviewer
    provinces = [unit for unit in country.reporters if unit.startswith("GSO")]
    assert (len(provinces), len(country.reporters)) == (63, 85)
    assert country.compliance() == {"expected": 85, "due": 85, "received": 0, "on_time": 0, "late": 0, "overdue": 0}

    # The files go in, some wrong, some with something left out.
    clock.is_now("2025-01-08T09:00:00")
    in_time = [unit for unit in country.reporters if unit not in (NEVER, *LATE, AT_THE_LAST_SECOND)]
    for number, unit in enumerate(in_time):
        wrong = {"last": 123.456} if unit in WRONG else {"first": None} if unit in SPARSE else {}
        # Workbooks take half of the time: every fifth reporting unit sends one, and whoever has something in it.
        case = send(country, unit, 30 + number % 50, typed=not wrong and number % 5 > 0, **wrong)
        severities = Counter(found["severity"] for found in case["findings"])
        assert severities["error"] == (unit in WRONG), case["findings"]
        assert severities["warning"] == (unit in SPARSE), case["findings"]
        assert case["may_submit"] == (unit not in WRONG)
    assert country.compliance()["received"] == 0  # what was not submitted was not received

    # An error blocks, a warning asks.
    for unit in WRONG:
        refused = country.reporters[unit].act(country.cases[unit], "submit")
        assert refused.status_code == 422
        assert "1 error. Mend it and send it again" in refused.json()["detail"], refused.text
        send(country, unit, 40)
    for unit in SPARSE:
        refused = country.reporters[unit].act(country.cases[unit], "submit")
        assert "1 warning" in refused.json()["detail"]
        number = next(found["number"] for found in country.cases[unit]["findings"])
        hand_in(country, unit, justifications={number: "chưa có dịch vụ công nào"}, signature=SIGNED)
        assert country.cases[unit]["findings"][number]["justified_by"] == country.reporters[unit].name
    for unit in in_time:
        if unit not in SPARSE:
            hand_in(country, unit, signature=SIGNED)
    assert country.compliance()["on_time"] == len(in_time)

    # The reviewer returns some, cell by cell; they come back mended.
    for unit in RETURNED:
        seen = minh.get(f"/v1/submissions/{country.cases[unit]['id']}")
        place = minh.get(f"/v1/submissions/{seen['id']}/diff")["figures"][0]["place"]
        remarks = [{"place": place, "text": "khác biểu của Bộ"}]
        minh.done(seen, "return", reason="số liệu quý IV chưa khớp", remarks=remarks)
        case = country.reporters[unit].get(f"/v1/submissions/{seen['id']}")
        assert (case["state"], case["may_submit"]) == ("returned", True)
        assert case["moves"][-1]["remarks"] == remarks
    assert country.compliance()["on_time"] == len(in_time) - len(RETURNED)
    clock.is_now("2025-01-13T16:00:00")
    for unit in RETURNED:
        before = country.cases[unit]["id"]
        send(country, unit, 44)
        hand_in(country, unit)
        assert country.reporters[unit].get(f"/v1/submissions/{before}")["superseded_by"] == country.cases[unit]["id"]

    # The deadline, to the second.
    clock.is_now("2025-01-14T23:59:59.999")
    send(country, AT_THE_LAST_SECOND)
    hand_in(country, AT_THE_LAST_SECOND)
    clock.is_now("2025-01-15T00:00:00")
    assert country.compliance()["overdue"] == 1 + len(LATE)
    clock.is_now("2025-01-15T07:00:00")
    for unit in LATE:
        send(country, unit)
        hand_in(country, unit)
    counts = {"expected": 85, "received": 84, "on_time": 81, "late": 3, "overdue": 1, "due": 0}
    assert country.compliance() == counts
    states = {
        row["reporting_unit"]: row["state"]
        for row in country.public.get("/v1/obligations", period=PERIOD, limit=1000)["obligations"]
        if row["dataset"] in FORMS.values()
    }
    assert {unit for unit, state in states.items() if state == "late"} == set(LATE)
    assert states[NEVER] == "overdue"
    assert states[AT_THE_LAST_SECOND] == "on_time"

    # Another person accepts; the publisher publishes at the end of an embargo.
    clock.is_now("2025-01-20T10:00:00")
    queue = minh.get("/v1/submissions", state="submitted", limit=1000)["submissions"]
    assert {case["reporting_unit"] for case in queue} == set(country.cases)
    assert len(queue) == 84
    for case in queue:
        assert not country.reporters[case["reporting_unit"]].get(f"/v1/submissions/{case['id']}")["may_accept"]
        accepted = minh.done(case, "accept")
        assert accepted["state"] == "accepted"
        published = country.publisher.done(accepted, "publish", at=f"{EMBARGO}+07:00")
        assert published["summary"]["created"] >= 15
        country.cases[case["reporting_unit"]] = published

    # Not a millisecond early, to nobody; then to everybody.
    unit, value = CORRECTED, country.cases[CORRECTED]
    clock.is_now("2025-02-06T08:59:59.999")
    assert country.said_to_the_public(unit) == []
    clock.is_now(EMBARGO)
    [figure] = country.said_to_the_public(unit)
    for each in country.cases:
        assert len(country.said_to_the_public(each)) == (each not in SPARSE), each
    assert country.said_to_the_public(NEVER) == []
    assert country.said_to_the_public(unit, as_of="2025-02-06T08:59:59.999+07:00") == []

    # A correction: a new submission that says what it corrects and why; both vintages stay.
    clock.is_now("2025-03-03T09:00:00")
    person = country.reporters[unit]
    row = f"indicator,reporting_unit,period,value\n{RATE},{unit},{PERIOD},71.5\n".encode()
    correction = person.send(unit, row, reason="đính chính theo biên bản đối soát").json()
    unnamed = person.act(correction, "submit")
    assert unnamed.status_code == 422
    assert f"corrects {value['id']}" in unnamed.json()["detail"]
    correction = person.done(
        correction, "submit", corrects=value["id"], reason_code="correction", reason="đính chính theo biên bản đối soát"
    )
    correction = country.publisher.done(minh.done(correction, "accept"), "publish")
    assert correction["summary"] == {"created": 0, "revised": 1, "unchanged": 0, "refused": 0}
    assert person.get(f"/v1/submissions/{value['id']}")["superseded_by"] == correction["id"]
    assert country.said_to_the_public(unit) == [71.5]
    assert country.said_to_the_public(unit, as_of="2025-03-02") == [figure]
    vintages = country.public.get(f"/v1/series/Q.{RATE}.{unit}.STOCK.REPORT._T/vintages")["vintages"]
    assert [row["value"] for row in vintages] == [figure, 71.5]
    assert vintages[1]["reason"] == "đính chính theo biên bản đối soát"
    assert country.compliance() == counts  # a correction makes nobody late

    # What was known when is known still; and everything that was done is in an unbroken chain.
    assert country.compliance(as_of="2025-01-15T00:00:00+07:00")["overdue"] == 4
    assert country.compliance(as_of="2025-01-08T08:00:00+07:00")["due"] == 85
    acts = Counter(row["act"] for row in all_acts(country))
    assert acts["accept"] == acts["publish"] - 8 == 85  # eight files of published figures came with the start
    assert acts["return"] == len(RETURNED)
    with own_engine.connect() as connection:
        assert audit.verify(connection).broken is None
        wrong = connection.execute(text(_WRONG)).all()
    assert wrong == []


def all_acts(country: Country) -> list[dict[str, Any]]:
    page = country.operator.get("/v1/audit", limit=100_000)
    assert page["next"] is None
    return page["acts"]


# No submission is anywhere else than its moves say, and none that was not published has a figure in the ledger.
_WRONG = """
select submission.id, submission.state, submission.version
from submission
left join lateral (
    select count(*) as moves, (array_agg(state order by version desc))[1] as state
    from submission_move where submission = submission.id
) as moved on true
where moved.moves <> submission.version
    or moved.state <> submission.state
    or submission.state not in ('published', 'superseded', 'withdrawn')
    and exists (select from observation where submission_id = submission.id)
"""


def test_nobody_reads_what_does_not_concern_them(country: Country) -> None:
    number = country.cases[CORRECTED]["id"]
    stranger = country.reporters["GSO96"]
    answer = stranger.client.get(f"/v1/submissions/{number}")
    assert answer.status_code == 404
    assert country.public.client.get(f"/v1/submissions/{number}").status_code == 401
    assert {case["reporting_unit"] for case in stranger.get("/v1/submissions")["submissions"]} == {"GSO96"}
    assert country.public.client.get("/v1/audit").status_code == 401
    assert stranger.client.get("/v1/audit").status_code == 403
