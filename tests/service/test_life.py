"""One return at a time, over HTTP: decisions that cross, corrections, withdrawals, evidence, requests made twice."""

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.authority import Grant
from service import app, database
from service.api import case_shapes
from service.identity import tokens
from tests.conftest import TEST, Clock
from tests.service.country import DATASET, PERIOD, People, Person, clock_at, served

RATE, NUMBER = "ONLINE_PAYMENT_RATE", "COMMUNITY_TEAMS"
PDF = b"%PDF-1.7\n" + b"x" * 100


@dataclass
class Ministry:
    """A province, the ministry that reviews it, and the clock on its wall."""

    clock: Clock
    people: People
    reporter: Person
    reviewers: tuple[Person, Person]
    publisher: Person
    colleague: Person


@pytest.fixture(scope="module")
def ministry(own_engine: Engine) -> Iterator[Ministry]:
    clock = clock_at("2025-01-08T08:00:00")
    with served(app.create(own_engine, clock=clock)) as address:
        people = People(own_engine, address)
        reviewer = Grant("reviewer", "MOST_2025")
        yield Ministry(
            clock,
            people,
            reporter=people.come("lan", Grant("reporter", "VN")),
            reviewers=(people.come("minh", reviewer), people.come("nga", reviewer)),
            publisher=people.come("phong", Grant("publisher", "VN")),
            colleague=people.come("quang", Grant("reporter", "VN"), reviewer, Grant("publisher", "VN")),
        )
        people.leave()


def row(unit: str, value: float, indicator: str = RATE, **more: str) -> bytes:
    heading = ",".join(["indicator", "reporting_unit", "period", "value", *more])
    return f"{heading}\n{','.join([indicator, unit, PERIOD, str(value), *more.values()])}\n".encode()


def submitted(ministry: Ministry, unit: str, value: float = 50, **said: Any) -> dict[str, Any]:
    answer = ministry.reporter.send(unit, row(unit, value), **said)
    assert answer.status_code == 201, answer.text
    case = answer.json()
    left_out = next((found["number"] for found in case["findings"] if found["severity"] == "warning"), None)
    justified = {} if left_out is None else {"justifications": {left_out: "các chỉ tiêu khác báo cáo sau"}}
    return ministry.reporter.done(case, "submit", **justified)


def published(ministry: Ministry, unit: str, value: float = 50, **publication: Any) -> dict[str, Any]:
    accepted = ministry.reviewers[0].done(submitted(ministry, unit, value), "accept")
    return ministry.publisher.done(accepted, "publish", **publication)


def known(ministry: Ministry, unit: str, **asked: str) -> list[float]:
    rows = ministry.people.public.get(
        "/v1/observations", indicator=RATE, reporting_unit=unit, frequency="Q", source="REPORT", **asked
    )["observations"]
    return [each["value"] for each in rows]


def test_of_two_reviewers_who_decide_at_once_one_wins_and_the_other_is_told(ministry: Ministry) -> None:
    case = submitted(ministry, "GSO12_2004")
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(
                lambda decision: decision[0].act(case, decision[1], reason="xem lại"),
                zip(ministry.reviewers, ("accept", "return"), strict=True),
            )
        )
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200, 412]
    lost = answers[statuses.index(412)]
    winner = ("minh", "nga")[statuses.index(200)]
    assert f"by {winner} at" in lost.json()["detail"]
    assert lost.json()["type"] == "/problems/seen-otherwise"
    now = ministry.reviewers[0].get(f"/v1/submissions/{case['id']}")
    assert now["version"] == case["version"] + 1
    assert lost.headers["etag"] == f'"{now["version"]}"'
    late = ministry.reviewers[1].act(now, "take-up")
    assert late.status_code == 409
    assert f"is {now['state']} (" in late.json()["detail"]


def test_a_decision_says_what_it_saw(ministry: Ministry) -> None:
    case = submitted(ministry, "GSO15")
    blind = ministry.reviewers[0].client.post(f"/v1/submissions/{case['id']}/accept")
    assert blind.status_code == 428
    assert 'If-Match: "3"' in blind.json()["detail"]
    odd = ministry.reviewers[0].client.post(f"/v1/submissions/{case['id']}/accept", headers={"If-Match": "*"})
    assert odd.status_code == 400


def test_nobody_accepts_or_withdraws_what_they_sent(ministry: Ministry, own_engine: Engine) -> None:
    sent = ministry.colleague.send("GSO17", row("GSO17", 40)).json()
    case = ministry.colleague.done(sent, "submit", justifications={sent["findings"][0]["number"]: "báo cáo sau"})
    assert not case["may_accept"]
    refused = ministry.colleague.act(case, "accept")
    assert refused.status_code == 403
    assert "another person" in refused.json()["detail"]
    with own_engine.connect() as connection, pytest.raises(Exception, match="accepted by another person than quang"):
        connection.execute(
            text(
                "insert into submission_move (submission, version, at, by, act, state)"
                " values (:id, :version + 1, now(), 'quang', 'accept', 'accepted')"
            ),
            {"id": case["id"], "version": case["version"]},
        )
    done = ministry.colleague.done(ministry.reviewers[0].done(case, "accept"), "publish")
    assert (
        done["may_withdraw"],
        ministry.colleague.act(done, "withdraw", reason_code="correction", reason="x").status_code,
    ) == (False, 403)


def test_what_a_reviewer_remarks_on_must_be_there(ministry: Ministry) -> None:
    case = submitted(ministry, "GSO19")
    [figure] = ministry.reviewers[0].get(f"/v1/submissions/{case['id']}/diff")["figures"]
    case_shapes.Compared.model_validate_json(
        ministry.reviewers[0]
        .client.get(f"/v1/submissions/{case['id']}/diff?limit=1")
        .text.split('"figures":[')[1]
        .split("]")[0]
    )
    assert (figure["place"], figure["outcome"], figure["published_value"]) == (
        'line 2, column "value"',
        "created",
        None,
    )
    remark = {"place": "line 22", "text": "sai"}
    refused = ministry.reviewers[0].act(case, "return", reason="xem lại", remarks=[remark])
    assert refused.status_code == 422
    assert 'one is at “line 2, column "value"”' in refused.json()["detail"]
    returned = ministry.reviewers[0].done(
        case, "return", reason="xem lại", remarks=[{**remark, "place": figure["place"]}]
    )
    assert ministry.reporter.get(f"/v1/submissions/{case['id']}")["moves"][-1] == returned["moves"][-1]
    again = ministry.reporter.done(returned, "submit")  # what was justified once stays justified
    assert (again["state"], again["level"]) == ("submitted", 1)


def test_a_reason_is_not_empty_and_a_member_that_there_is_not_is_refused(ministry: Ministry) -> None:
    case = submitted(ministry, "GSO20")
    for blank in ("", "  ", "\u200b", "..."):
        assert ministry.reviewers[0].act(case, "return", reason=blank).status_code == 400
    assert ministry.reviewers[0].act(case, "return").status_code == 400
    for body, sentence in (
        (b"[1]", "“body” must be an object"),
        (b"{", "The body is no JSON"),
        (b'{"reason": "a\\u0000b"}', "“reason” holds a NUL character"),
        (b'{"reason": "x", "remarks": [{"place": "line 2", "text": "a\\u0000"}]}', "holds a NUL character"),
        (b'{"reason": "\\ud800"}', "holds half a character"),
    ):
        path, seen = f"/v1/submissions/{case['id']}/return", {"If-Match": '"3"', "Content-Type": "application/json"}
        refused = ministry.reviewers[0].client.post(path, content=body, headers=seen)
        assert (refused.status_code, sentence in refused.json()["detail"]) == (400, True), refused.text
    for body in (b"[1]", b'{"dataset": "PUBLISHED_FIGURES", "figures": [{"value": "a\\u0000"}]}'):
        headers = {"Content-Type": "application/json"}
        assert ministry.publisher.client.post("/v1/submissions", content=body, headers=headers).status_code == 400
    wrong = ministry.reviewers[0].act(case, "return", resaon="x")
    assert "There is no field “resaon” here. Did you mean reason?" in wrong.json()["detail"]


def test_a_correction_keeps_both_figures_and_asks_for_its_reason(ministry: Ministry) -> None:
    ministry.clock.is_now("2025-01-20T08:00:00")
    first = published(ministry, "GSO22", 50)
    [compared] = ministry.publisher.get(f"/v1/submissions/{first['id']}/diff")["figures"]
    assert (compared["published_value"], compared["outcome"]) == (50, "unchanged")
    ministry.clock.is_now("2025-02-20T08:00:00")
    answer = ministry.reporter.send("GSO22", row("GSO22", 55), corrects=first["id"])
    assert answer.status_code == 201, answer.text
    sent = answer.json()
    assert [found["rule"] for found in sent["findings"]] == ["revision_has_a_reason"]
    unexplained = ministry.reporter.act(sent, "submit", corrects=first["id"])
    assert unexplained.status_code == 422
    said = {"corrects": first["id"], "reason_code": "reconciliation", "reason": "đối soát với EMC"}
    case = ministry.reporter.done(sent, "submit", **said)
    assert (case["reason_code"], case["moves"][-1]["reason"]) == ("reconciliation", "đối soát với EMC")
    second = ministry.publisher.done(ministry.reviewers[0].done(case, "accept"), "publish")
    assert known(ministry, "GSO22") == [55]
    assert known(ministry, "GSO22", as_of="2025-02-19") == [50]
    stale = ministry.reporter.send("GSO22", row("GSO22", 56), corrects=first["id"], reason="x")
    assert stale.status_code == 422
    assert f"say that this one corrects {second['id']}" in stale.json()["detail"]
    unnamed = ministry.reporter.send("GSO22", row("GSO22", 57), reason="x", submit="true")
    assert unnamed.status_code == 422
    warned = ministry.reporter.get(f"/v1/submissions/{unnamed.json()['submission']}")
    assert (warned["state"], warned["unanswered"]) == ("examined", 1)


def test_a_correction_of_what_is_under_embargo_is_public_with_it_and_stays(ministry: Ministry) -> None:
    ministry.clock.is_now("2025-03-01T08:00:00")
    first = published(ministry, "GSO42", 50, at="2025-03-10T08:00:00+07:00")
    said = {"corrects": first["id"], "reason_code": "correction", "reason": "đính chính"}
    sent = ministry.reporter.send("GSO42", row("GSO42", 77), submit="true", **said)
    assert (sent.status_code, sent.json()["state"]) == (201, "submitted")
    case = ministry.reviewers[0].done(sent.json(), "accept")
    early = ministry.publisher.act(case, "publish", at="2025-03-05T08:00:00+07:00")
    assert (early.status_code, "is public from 2025-03-10T08:00:00+07:00" in early.json()["detail"]) == (422, True)
    second = ministry.publisher.done(case, "publish")
    assert second["published_at"].startswith("2025-03-10T08:00:00")
    assert known(ministry, "GSO42") == []
    ministry.clock.is_now("2025-03-11T08:00:00")
    assert known(ministry, "GSO42") == [77]


def test_a_correction_withdrawn_before_it_is_public_leaves_what_it_corrected(ministry: Ministry) -> None:
    ministry.clock.is_now("2025-03-01T08:00:00")
    first = published(ministry, "GSO44", 50)
    said = {"corrects": first["id"], "reason_code": "correction", "reason": "đính chính"}
    sent = ministry.reporter.send("GSO44", row("GSO44", 77), **said).json()
    case = ministry.reviewers[0].done(ministry.reporter.done(sent, "submit"), "accept")
    second = ministry.publisher.done(case, "publish", at="2025-03-10T08:00:00+07:00")
    ministry.publisher.done(second, "withdraw", reason_code="correction", reason="nhầm biểu")
    assert known(ministry, "GSO44") == [50]
    ministry.clock.is_now("2025-03-11T08:00:00")
    assert known(ministry, "GSO44") == [50]
    back = ministry.reporter.get(f"/v1/submissions/{first['id']}")
    assert (back["state"], back["superseded_by"], back["moves"][-1]["act"]) == ("published", None, "reinstate")


def test_who_sends_somebody_elses_file_again_changes_nothing_of_it(ministry: Ministry) -> None:
    sent = ministry.reporter.send("GSO45", row("GSO45", 50), headers={"Prefer": "respond-async"}).json()
    again = ministry.colleague.send("GSO45", row("GSO45", 50), submit="true", reason="của tôi")
    assert again.status_code == 422
    case = ministry.reporter.get(f"/v1/submissions/{sent['id']}")
    assert (case["state"], case["reason"], case["received_by"]) == ("examined", None, "lan")
    left_out = {case["findings"][0]["number"]: "báo cáo sau"}
    case = ministry.colleague.done(case, "submit", justifications=left_out)
    assert not ministry.colleague.get(f"/v1/submissions/{case['id']}")["may_accept"]
    assert ministry.colleague.act(case, "accept").status_code == 403


def test_who_submitted_before_it_was_returned_does_not_accept_it_afterwards(ministry: Ministry) -> None:
    case = ministry.reporter.send("GSO46", row("GSO46", 50)).json()
    left_out = {case["findings"][0]["number"]: "báo cáo sau"}
    case = ministry.colleague.done(case, "submit", justifications=left_out)
    case = ministry.reporter.done(ministry.reviewers[0].done(case, "return", reason="xem lại"), "submit")
    assert not ministry.colleague.get(f"/v1/submissions/{case['id']}")["may_accept"]
    refused = ministry.colleague.act(case, "accept")
    assert (refused.status_code, "four eyes" in refused.json()["detail"]) == (403, True)


def test_senders_of_one_return_who_submit_at_once_are_each_told_what_became_of_it(ministry: Ministry) -> None:
    cases = [ministry.reporter.send("GSO48", row("GSO48", 50 + number)).json() for number in range(6)]
    left_out = {cases[0]["findings"][0]["number"]: "báo cáo sau"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda case: ministry.reporter.act(case, "submit", justifications=left_out), cases))
    assert {answer.status_code for answer in answers} <= {200, 409, 412}
    states = Counter(ministry.reporter.get(f"/v1/submissions/{case['id']}")["state"] for case in cases)
    assert states["submitted"] == 1


def test_a_file_that_is_refused_leaves_the_published_one_in_its_place(ministry: Ministry) -> None:
    content = row("GSO49", 41, source="REPORT", accumulation="PERIOD")

    def send(**said: str) -> Any:
        fields = {"dataset": "PUBLISHED_FIGURES"} | said
        return ministry.publisher.client.post("/v1/submissions", files={"file": ("f.csv", content)}, data=fields)

    first = send(published_at="2025-02-01").json()
    assert first["state"] == "published"
    assert send(published_at="2500-01-01").status_code == 422
    assert ministry.publisher.get(f"/v1/submissions/{first['id']}")["state"] == "published"


def test_a_withdrawal_takes_the_figures_from_the_public_and_from_nobody_s_memory(ministry: Ministry) -> None:
    ministry.clock.is_now("2025-03-01T08:00:00")
    case = published(ministry, "GSO24", 50)
    ministry.clock.is_now("2025-03-02T08:00:00")
    gone = ministry.publisher.done(case, "withdraw", reason_code="correction", reason="sai mẫu số")
    assert gone["state"] == "withdrawn"
    assert known(ministry, "GSO24") == []
    assert known(ministry, "GSO24", as_of="2025-03-01") == [50]
    obligation = ministry.people.public.get("/v1/obligations", period=PERIOD, dataset=DATASET, reporting_unit="GSO24")[
        "obligations"
    ][0]
    assert (obligation["state"], obligation["submission_state"]) == ("overdue", "withdrawn")
    again = ministry.reporter.send("GSO24", row("GSO24", 50))
    assert again.status_code == 201
    assert again.json()["id"] != case["id"]  # what was withdrawn may be sent anew


def test_what_is_withdrawn_before_its_embargo_ends_is_never_public(ministry: Ministry) -> None:
    ministry.clock.is_now("2025-03-01T08:00:00")
    case = published(ministry, "GSO25", 50, at="2025-03-10T08:00:00+07:00")
    ministry.publisher.done(case, "withdraw", reason_code="correction", reason="sai mẫu số")
    ministry.clock.is_now("2025-03-11T08:00:00")
    assert known(ministry, "GSO25") == []
    early = ministry.reviewers[0].done(submitted(ministry, "GSO26"), "accept")
    refused = ministry.publisher.act(early, "publish", at="2025-03-01")
    assert (refused.status_code, "lies in the past" in refused.json()["detail"]) == (422, True)


def test_a_withdrawn_correction_under_embargo_leaves_what_another_submission_said(
    ministry: Ministry, own_engine: Engine
) -> None:
    ministry.clock.is_now("2025-03-01T08:00:00")
    collected = ministry.publisher.client.post(
        "/v1/submissions",
        files={"file": ("f.csv", row("GSO27", 41, source="REPORT", accumulation="PERIOD", published_at="2025-02-01"))},
        data={"dataset": "PUBLISHED_FIGURES"},
    )
    assert collected.status_code == 201, collected.text
    sent = ministry.reporter.send("GSO27", row("GSO27", 50), reason="số liệu của tỉnh").json()
    warned = [found["number"] for found in sent["findings"] if found["severity"] == "warning"]
    case = ministry.reporter.done(sent, "submit", justifications=dict.fromkeys(warned, "báo cáo sau"))
    case = ministry.publisher.done(ministry.reviewers[0].done(case, "accept"), "publish", at="2025-03-10")
    ministry.publisher.done(case, "withdraw", reason_code="correction", reason="sai mẫu số")
    ministry.clock.is_now("2025-03-11T08:00:00")
    assert known(ministry, "GSO27") == [41]


def test_a_sender_takes_back_what_is_not_decided(ministry: Ministry) -> None:
    case = submitted(ministry, "GSO30")
    taken = ministry.reporter.done(case, "take-back", reason="gửi nhầm")
    assert (taken["state"], taken["may_submit"]) == ("withdrawn", False)
    assert ministry.reviewers[0].act(taken, "accept").status_code == 409


def test_a_later_return_takes_the_place_of_one_on_its_way_but_not_of_an_accepted_one(ministry: Ministry) -> None:
    first = submitted(ministry, "GSO31", 50)
    second = submitted(ministry, "GSO31", 51)
    replaced = ministry.reporter.get(f"/v1/submissions/{first['id']}")
    assert (replaced["state"], replaced["superseded_by"]) == ("superseded", second["id"])
    ministry.reviewers[0].done(second, "accept")
    sent = ministry.reporter.send("GSO31", row("GSO31", 52)).json()
    refused = ministry.reporter.act(sent, "submit", justifications={sent["findings"][0]["number"]: "báo cáo sau"})
    assert refused.status_code == 409
    assert f"Submission {second['id']} of this return is accepted" in refused.json()["detail"]


def test_an_earlier_submission_does_not_overtake_a_later_one_that_is_under_review(ministry: Ministry) -> None:
    early = ministry.reporter.send("GSO38", row("GSO38", 50)).json()
    later = ministry.reporter.send("GSO38", row("GSO38", 51)).json()
    left_out = {early["findings"][0]["number"]: "báo cáo sau"}
    later = ministry.reporter.done(later, "submit", justifications=left_out)
    early = ministry.reporter.get(f"/v1/submissions/{early['id']}")
    assert early["state"] == "superseded"
    third = ministry.reporter.send("GSO38", row("GSO38", 52)).json()
    fourth = ministry.reporter.done(
        ministry.reporter.send("GSO38", row("GSO38", 53)).json(), "submit", justifications=left_out
    )
    assert ministry.reporter.get(f"/v1/submissions/{third['id']}")["state"] == "superseded"
    assert fourth["state"] == "submitted"


def test_a_correction_of_what_is_withdrawn_meanwhile_is_not_published(ministry: Ministry) -> None:
    ministry.clock.is_now("2025-03-01T08:00:00")
    first = published(ministry, "GSO40", 50)
    why = {"reason_code": "correction", "reason": "đính chính"}
    sent = ministry.reporter.send("GSO40", row("GSO40", 55), corrects=first["id"], reason="đính chính").json()
    case = ministry.reviewers[0].done(ministry.reporter.done(sent, "submit", corrects=first["id"], **why), "accept")
    ministry.publisher.done(first, "withdraw", **why)
    refused = ministry.publisher.act(case, "publish")
    assert refused.status_code == 422
    assert f"There is no published submission {first['id']} of this return to correct" in refused.json()["detail"]
    back = ministry.publisher.done(case, "return", reason="số liệu đã được thu hồi")
    asked = ministry.reporter.act(back, "submit")  # it is no correction now, but the whole return
    [left_out] = asked.json()["findings"]
    assert (asked.status_code, left_out["rule"]) == (422, "required_is_given")
    again = ministry.reporter.done(back, "submit", justifications={left_out["number"]: "báo cáo sau"})
    assert (again["state"], again["corrects"]) == ("submitted", None)


def test_figures_come_as_json_and_may_be_submitted_at_once(ministry: Ministry) -> None:
    figures = [{"indicator": RATE, "reporting_unit": "GSO33", "period": PERIOD, "value": 12.5}]
    said = {
        "dataset": DATASET,
        "reporting_unit": "Hưng Yên",
        "period": "Quý IV/2024",
        "figures": figures,
        "submit": True,
    }
    answer = ministry.reporter.client.post("/v1/submissions", json=said)
    assert answer.status_code == 422  # a warning asks first
    assert answer.json()["findings"][0]["rule"] == "required_is_given"
    case = ministry.reporter.get(f"/v1/submissions/{answer.json()['submission']}")
    assert (case["state"], case["reporting_unit"], case["file_name"]) == ("examined", "GSO33", "figures.json")
    for wrong, sentence in (
        ({"figurse": []}, "There is no field “figurse” here. Did you mean figures"),
        ({"period": None, "reporting_unit": "GSO33"}, "say “reporting_unit” and “period”"),
        ({"published_at": "2025-01-01"}, "leave out “published_at”"),
        ({"accept_good_rows": True}, "leave out “accept_good_rows”"),
        ({"reporting_unit": "MOH"}, "is owed by province, not by MOH"),
        ({"corrects": 999_999}, "There is no published submission 999999 of this return"),
        ({"reason_code": "because"}, "There is no reason code “because”"),
    ):
        refused = ministry.reporter.client.post("/v1/submissions", json=said | wrong)
        assert sentence in refused.json()["detail"], refused.text


def test_when_a_return_is_public_its_publisher_says_and_not_the_file(ministry: Ministry) -> None:
    case = ministry.reporter.send("GSO34", row("GSO34", 50, published_at="2024-12-31")).json()
    assert case["findings"][0]["rule"] == "published_at_is_the_publishers"
    assert (case["errors"], case["may_submit"]) == (1, False)


def office(main: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("[Content_Types].xml", f"<Types><Override ContentType='{main}'/></Types>")
    return content.getvalue()


def test_evidence_lies_beside_a_cell_and_is_never_shown(ministry: Ministry) -> None:
    case = ministry.reporter.send("GSO35", row("GSO35", 50)).json()
    path = f"/v1/submissions/{case['id']}/evidence"

    def attach(content: bytes, name: str = "bằng chứng.pdf", who: Person = ministry.reporter, **said: str) -> Any:
        return who.client.post(path, files={"file": (name, content)}, data=said)

    answer = attach(PDF, place='line 2, column "value"')
    assert answer.status_code == 201, answer.text
    kept = case_shapes.Evidence.model_validate_json(answer.text)
    assert (kept.media_type, kept.place, kept.size_bytes) == ("application/pdf", 'line 2, column "value"', len(PDF))
    assert attach(PDF, place='line 2, column "value"').json()["id"] == kept.id
    for content in (
        b"",
        b"<html><script>alert(1)</script>",
        b"MZ" + bytes(100),
        office("application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
        b"PK\x03\x04broken",
    ):
        assert attach(content, "tệp.pdf").status_code == 415
    sheet = office("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml")
    assert attach(sheet).json()["media_type"].endswith("spreadsheetml.sheet")
    assert attach(b"%PDF-" + bytes(10 * 2**20)).status_code == 413
    assert attach(PDF, "tải.exe").json()["file_name"] == "tải.exe.pdf"
    assert attach(PDF, place="line 99").status_code == 422
    assert attach(PDF, who=ministry.reviewers[0]).status_code == 403
    saved = ministry.reviewers[0].client.get(f"{path}/{kept.id}")
    assert saved.content == PDF
    assert saved.headers["content-disposition"].startswith("attachment; filename*=UTF-8''b%E1%BA%B1ng")
    assert (saved.headers["x-content-type-options"], saved.headers["content-type"]) == (
        "nosniff",
        "application/octet-stream",
    )
    assert len(ministry.reviewers[0].get(f"/v1/submissions/{case['id']}")["evidence"]) == 3
    assert ministry.reviewers[0].client.get(f"{path}/999999").status_code == 404
    original = ministry.reviewers[0].client.get(f"/v1/submissions/{case['id']}/file")
    assert (original.content, original.headers["content-disposition"]) == (
        row("GSO35", 50),
        "attachment; filename*=UTF-8''return.xlsx",
    )


def test_fifty_requests_under_one_key_make_one_submission_and_fifty_same_answers(
    ministry: Ministry, own_engine: Engine
) -> None:
    with own_engine.connect() as connection:
        before = connection.execute(text("select count(*), (select count(*) from audit) from submission")).one()
    key = {"Idempotency-Key": "ha-nam-2024-q4"}
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: ministry.reporter.send("GSO35", row("GSO35", 66), headers=key), range(50)))
    assert {(answer.status_code, answer.content, answer.headers["etag"]) for answer in answers} == {
        (201, answers[0].content, '"2"')
    }
    with own_engine.connect() as connection:
        after = connection.execute(text("select count(*), (select count(*) from audit) from submission")).one()
    assert (after[0] - before[0], after[1] - before[1]) == (1, 2)  # received, examined
    other = ministry.reporter.send("GSO35", row("GSO35", 67), headers=key)
    assert other.status_code == 422
    assert "was used for another request" in other.json()["detail"]
    case = answers[0].json()
    warned = {found["number"]: "báo cáo sau" for found in case["findings"]}
    with ThreadPoolExecutor(8) as pool:
        key = {"Idempotency-Key": "submit-once"}
        done = list(
            pool.map(lambda _: ministry.reporter.act(case, "submit", headers=key, justifications=warned), range(8))
        )
    assert {(answer.status_code, answer.content) for answer in done} == {(200, done[0].content)}
    assert ministry.reviewers[0].send("GSO35", b"x", headers=key).status_code == 403  # another asker, another key


def test_what_is_to_be_examined_later_is_answered_at_once(ministry: Ministry, own_engine: Engine) -> None:
    answer = ministry.reporter.send("GSO36", row("GSO36", 50), headers={"Prefer": "respond-async"})
    assert answer.status_code == 202
    assert answer.json()["state"] == "received"
    assert answer.headers["location"] == f"/v1/submissions/{answer.json()['id']}"


def test_a_machine_sends_its_day_and_is_connected_from_then_on(ministry: Ministry, own_engine: Engine) -> None:
    with database.writing(own_engine) as connection:
        right = Grant("machine", "OOG", "PLATFORM_DAILY")
        ministry.clock.is_now("2026-02-03T06:00:00")
        token = tokens.create(connection, "npsp", right, days=30, by=TEST, now=ministry.clock())

    def send(day: str, dataset: str = "PLATFORM_DAILY", unit: str = "OOG", of: str = "GSO01_2008") -> Any:
        figures = [{"indicator": "INDEX766_TOTAL", "reporting_unit": of, "period": day, "value": 81.2}]
        said = {"dataset": dataset, "reporting_unit": unit, "period": day, "figures": figures}
        return ministry.people.public.client.post(
            "/v1/submissions", json=said, headers={"Authorization": f"Bearer {token}"}
        )

    def state(day: str) -> str:
        asked = {"dataset": "PLATFORM_DAILY", "period": day}
        return ministry.people.public.get("/v1/obligations", **asked)["obligations"][0]["state"]

    assert state("2026-02-02") == "not_connected"
    answer = send("2026-02-02")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["state"], answer.json()["received_by"]) == ("published", "machine:npsp")
    assert (state("2026-02-02"), state("2026-01-15")) == ("on_time", "overdue")
    assert send("2026-02-02", dataset="MINISTRY_QUARTERLY").status_code == 422  # no such period of that form
    refused = send("2026-02-02", unit="MOH")
    assert (refused.status_code, "is owed by OOG, not by MOH" in refused.json()["detail"]) == (422, True)
    figures = {"dataset": DATASET, "reporting_unit": "GSO01_2008", "period": PERIOD, "figures": []}
    refused = ministry.people.public.client.post(
        "/v1/submissions", json=figures, headers={"Authorization": f"Bearer {token}"}
    )
    assert (refused.status_code, "is sent by a reporter or machine of it" in refused.json()["detail"]) == (403, True)


def test_a_return_with_two_reviews_needs_two_people(ministry: Ministry, own_engine: Engine) -> None:
    with own_engine.begin() as connection:
        connection.execute(text("update dataset set review = '{MOST_2025,VN}' where code = 'NATIONAL_YEARLY'"))
        connection.execute(text("update catalogue_version set loaded_at = clock_timestamp()"))
    national = ministry.people.come("tam", Grant("reviewer", "VN"))
    sent = ministry.reporter.client.post(
        "/v1/submissions",
        data={"dataset": "NATIONAL_YEARLY", "reporting_unit": "VN", "period": "2024"},
        files={
            "file": (
                "f.csv",
                b"indicator,reporting_unit,period,value,accumulation\nICT_WORKFORCE,VN,2024,1500000,STOCK\n",
            )
        },
    ).json()
    warned = {found["number"]: "báo cáo sau" for found in sent["findings"] if found["severity"] == "warning"}
    case = ministry.reporter.done(sent, "submit", justifications=warned, reason="tổng điều tra của Bộ")
    assert national.act(case, "accept").status_code == 200  # the nation is above the ministry and may stand in for it
    case = national.get(f"/v1/submissions/{case['id']}")
    assert (case["state"], case["level"], case["may_accept"]) == ("in_review", 2, False)
    other = ministry.people.come("yen", Grant("reviewer", "VN"))
    case = other.done(case, "accept")
    assert (case["state"], [move["level"] for move in case["moves"] if move["act"] == "accept"]) == ("accepted", [1, 2])
    assert ministry.publisher.done(case, "publish")["state"] == "published"
