"""Sending a file over the API: all or none, the same file once, and every refusal with its place."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from ingest.submission import SIZE_LIMIT_BYTES, TREE_SIZE_LIMIT_BYTES
from service.api import case_shapes
from service.limits import JSON_LIMIT_BYTES

HEADING = "indicator,reporting_unit,period,value,accumulation,published_at\n"


def row(value: str, unit: str = "Hà Nội", period: str = "2024-Q1") -> str:
    return f"ONLINE_FILING_RATE,{unit},{period},{value},PERIOD,2024-04-12\n"


def send(client: TestClient, content: str | bytes, **fields: Any) -> Any:
    return client.post(
        "/v1/submissions",
        files={"file": ("figures.csv", content if isinstance(content, bytes) else content.encode())},
        data={"dataset": "PUBLISHED_FIGURES"} | fields,
    )


def counted(own_engine: Engine, table: str) -> int:
    with own_engine.connect() as connection:
        return connection.execute(text(f"select count(*) from {table}")).scalar_one()


def asked(client: TestClient, unit: str) -> dict[str, float]:
    parameters = {"indicator": "ONLINE_FILING_RATE", "reporting_unit": unit, "frequency": "Q", "source": "REPORT"}
    return {
        row["period"]: row["value"] for row in client.get("/v1/observations", params=parameters).json()["observations"]
    }


def test_a_sound_file_is_published_and_can_be_asked_for(sender: TestClient) -> None:
    answer = send(sender, HEADING + row("45.5", "Cà Mau") + row("46", "Cà Mau", "2024-Q2"))
    assert answer.status_code == 201, answer.text
    told = case_shapes.Submission.model_validate_json(answer.text)
    assert told.state == "published"
    assert told.summary == case_shapes.Summary(created=2, revised=0, unchanged=0, refused=0)
    assert asked(sender, "GSO96") == {"2024-Q1": 45.5, "2024-Q2": 46}
    assert case_shapes.Submission.model_validate_json(sender.get(f"/v1/submissions/{told.id}").text) == told
    listed = case_shapes.Submissions.model_validate_json(sender.get("/v1/submissions?limit=1").text)
    assert listed.submissions[0].id == told.id
    assert "findings" not in sender.get("/v1/submissions?limit=1").json()["submissions"][0]
    assert listed.next


def test_a_second_upload_of_the_same_file_is_the_same_submission(sender: TestClient, own_engine: Engine) -> None:
    content = HEADING + row("45.5", "Bạc Liêu")
    first = send(sender, content)
    before = counted(own_engine, "observation")
    second = send(sender, content)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert counted(own_engine, "observation") == before


def test_one_wrong_row_refuses_the_file_and_names_its_line(sender: TestClient, own_engine: Engine) -> None:
    before = counted(own_engine, "observation")
    answer = send(sender, HEADING + row("45.5", "Sơn La") + row("145.5", "Sơn La", "2024-Q2"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert 'line 3, column "value"' in told["detail"]
    assert told["findings"][0]["vi"].startswith("145,5 nằm ngoài khoảng")
    assert counted(own_engine, "observation") == before
    assert asked(sender, "GSO14") == {}
    kept = sender.get(f"/v1/submissions/{told['submission']}").json()
    assert (kept["state"], kept["summary"]["refused"], len(kept["findings"])) == ("examined", 1, 1)


def test_the_good_rows_alone_are_published_only_when_asked_for(sender: TestClient) -> None:
    content = HEADING + row("45.5", "Lào Cai") + row("145.5", "Lào Cai", "2024-Q2")
    assert send(sender, content).status_code == 422
    answer = send(sender, content, accept_good_rows="true")
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["summary"] == {"created": 1, "revised": 0, "unchanged": 0, "refused": 1}
    assert asked(sender, "GSO10") == {"2024-Q1": 45.5}
    assert [found["place"] for found in answer.json()["findings"]] == ['line 3, column "value"']


def test_a_dry_run_says_everything_and_stores_nothing(sender: TestClient, own_engine: Engine) -> None:
    before = [counted(own_engine, table) for table in ("observation", "submission", "series", "audit", "finding")]
    answer = send(sender, HEADING + row("45.5", "Lai Châu"), dry_run="true")
    assert answer.status_code == 200
    assert case_shapes.Tried.model_validate_json(answer.text).summary.created == 1
    refused = send(sender, HEADING + row("x", "Lai Châu"), dry_run="true")
    assert refused.status_code == 200
    assert case_shapes.Tried.model_validate_json(refused.text).findings[0].rule == "value_is_given"
    assert [
        counted(own_engine, table) for table in ("observation", "submission", "series", "audit", "finding")
    ] == before


def test_a_revision_asks_for_a_reason_and_then_keeps_both_figures(sender: TestClient) -> None:
    send(sender, HEADING + row("45.5", "Hà Giang"))
    changed = (HEADING + row("47", "Hà Giang")).replace("2024-04-12", "2024-05-12")
    answer = send(sender, changed)
    assert answer.status_code == 422
    assert "Say why they are revised" in answer.json()["detail"]
    answer = send(sender, changed, reason="late files counted")
    assert answer.json()["summary"] == {"created": 0, "revised": 1, "unchanged": 0, "refused": 0}
    key = "Q.ONLINE_FILING_RATE.GSO02.PERIOD.REPORT._T"
    vintages = sender.get(f"/v1/series/{key}/vintages").json()["vintages"]
    assert [(vintage["value"], vintage["reason"]) for vintage in vintages] == [(45.5, None), (47, "late files counted")]


def test_the_same_file_sent_again_with_another_reason_says_something_new(sender: TestClient) -> None:
    first, second = HEADING + row("45", "Trà Vinh"), HEADING + row("47", "Trà Vinh")
    assert send(sender, first).status_code == 201
    assert send(sender, second, reason="late files counted").json()["summary"]["revised"] == 1
    assert asked(sender, "GSO84") == {"2024-Q1": 47}
    assert send(sender, first).status_code == 200
    assert asked(sender, "GSO84") == {"2024-Q1": 47}
    before = send(sender, first).json()["id"]
    answer = send(sender, first, reason="the second file was wrong")
    assert (answer.status_code, answer.json()["summary"]["revised"]) == (201, 1)
    replaced = sender.get(f"/v1/submissions/{before}").json()
    assert (replaced["state"], replaced["superseded_by"]) == ("superseded", answer.json()["id"])
    assert asked(sender, "GSO84") == {"2024-Q1": 45}


def test_an_embargoed_figure_leaves_no_trace_in_any_answer(sender: TestClient) -> None:
    content = HEADING.replace("accumulation", "accumulation,breakdown") + (
        "ONLINE_FILING_RATE,Bến Tre,2024-Q1,45,PERIOD,SECRET_PART,2099-01-01\n"
    )
    assert send(sender, content).status_code == 201
    key = "Q.ONLINE_FILING_RATE.GSO83.PERIOD.REPORT.SECRET_PART"
    for path in (
        f"/v1/series/{key}/observations",
        f"/v1/series/{key[:-1]}/observations",
        f"/v1/series/{key}/vintages",
        "/v1/observations?breakdown=SECRET_PARTT",
        "/v1/series?reporting_unit=GSO83",
        "/v1/observations?reporting_unit=GSO83&as_of=2100-01-01",
        "/metrics",
    ):
        answer = sender.get(path)
        assert "SECRET_PART" not in answer.text.replace(key, "").replace(key[:-1], "").replace("SECRET_PARTT", ""), path
        assert '"value":45' not in answer.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"dataset": "PUBLISHED_FIGURE"}, "Did you mean PUBLISHED_FIGURES"),
        ({"mapping": "EGDI"}, "Did you mean EGDI_CSV"),
        ({"period": "2024-Q9"}, "There is no period “2024-Q9”"),
        ({"reporting_unit": "Atlantis", "period": "2024"}, "There is no reporting unit “Atlantis”"),
        ({"published_at": "soon"}, "“soon” is no day or time"),
        ({"reson": "x"}, "There is no field “reson” here. Did you mean reason"),
        ({"dry_run": "perhaps"}, "“dry_run” is “perhaps”"),
    ],
)
def test_what_the_sender_says_beside_the_file_must_exist(
    sender: TestClient, own_engine: Engine, fields: dict[str, str], sentence: str
) -> None:
    before = counted(own_engine, "submission")
    answer = send(sender, HEADING + row("45.5"), **fields)
    assert answer.status_code == 400, answer.text
    assert sentence in answer.json()["detail"]
    assert counted(own_engine, "submission") == before


def test_an_unreadable_file_is_kept_and_refused_with_a_sentence(sender: TestClient) -> None:
    answer = send(sender, b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert answer.status_code == 422
    assert "PNG" in answer.json()["detail"]


def test_an_empty_file_is_refused(sender: TestClient) -> None:
    assert send(sender, b"").status_code == 422


def test_what_is_too_large_is_refused_before_it_is_kept(sender: TestClient, own_engine: Engine) -> None:
    before = counted(own_engine, "submission")
    workbook = send(sender, b"PK\x03\x04" + bytes(TREE_SIZE_LIMIT_BYTES))
    announced = {"content-type": "multipart/form-data; boundary=x", "content-length": str(10**9)}
    line = sender.post("/v1/submissions", content=b"--x", headers=announced)
    figures = sender.post("/v1/submissions", content=b" " * (JSON_LIMIT_BYTES + 1))
    for answer, limit_bytes in (
        (workbook, TREE_SIZE_LIMIT_BYTES),
        (line, SIZE_LIMIT_BYTES + 2**20),
        (figures, JSON_LIMIT_BYTES),
    ):
        assert answer.status_code == 413
        assert f"may have {limit_bytes // 2**20} MB" in answer.json()["detail"]
    assert counted(own_engine, "submission") == before


def test_nobody_sends_without_the_secret(sender: TestClient) -> None:
    for credentials in (None, ("admin", "wrong"), ("nobody", "x")):
        answer = sender.post(
            "/v1/submissions",
            files={"file": b"x"},
            data={"dataset": "X"},
            auth=credentials or (lambda request: request),
        )
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Basic")


def test_long_json_is_taken_as_the_csv_is(sender: TestClient) -> None:
    figures = [
        {
            "indicator": "ONLINE_FILING_RATE",
            "reporting_unit": "Kon Tum",
            "period": "2024-Q1",
            "value": 45.5,
            "accumulation": "PERIOD",
        }
    ]
    answer = send(sender, json.dumps({"observations": figures}))
    assert answer.status_code == 201, answer.text
    assert asked(sender, "GSO62") == {"2024-Q1": 45.5}


def test_what_was_done_is_in_the_audit(sender: TestClient, own_engine: Engine) -> None:
    number = send(sender, HEADING + row("12", "Yên Bái")).json()["id"]
    with own_engine.connect() as connection:
        acts = connection.execute(
            text("select act, actor from audit where object = :object order by id"), {"object": f"submission {number}"}
        ).all()
    assert [tuple(act) for act in acts] == [(act, "admin") for act in ("receive", "examine", "submit", "publish")]
