"""What Prometheus scrapes."""

import re
from datetime import datetime

from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine

from ingest.period import LOCAL_ZONE
from service import app, metrics


def samples(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = tuple(sample.labels.get(label, "") for label in metrics.Figures.LABELS)
            found.setdefault(sample.name, {})[key] = sample.value
            assert sample.timestamp is None
    return found


EGDI = ("EGDI_RANK", "VN", "A", "PERIOD", "UN", "_T")


def test_the_latest_value_of_every_series_is_a_gauge_with_its_period_and_publication(client: TestClient) -> None:
    there = samples(client.get("/metrics").text)
    assert there["chiso_database_up"] == {("",) * 6: 1}
    assert there["chiso_indicator_value"][EGDI] == 71
    end = datetime(2025, 1, 1, tzinfo=LOCAL_ZONE).timestamp()
    assert there["chiso_indicator_period_end_timestamp_seconds"][EGDI] == end
    published = datetime(2024, 9, 17, tzinfo=LOCAL_ZONE).timestamp()
    assert there["chiso_indicator_published_timestamp_seconds"][EGDI] == published


def test_there_is_one_gauge_for_every_series_that_the_api_lists(client: TestClient) -> None:
    listed = client.get("/v1/series").json()["series"]
    gauges = samples(client.get("/metrics").text)["chiso_indicator_value"]
    assert len(listed) == len(gauges) > 150


def test_requests_are_counted_by_the_template_of_their_route(client: TestClient) -> None:
    client.get("/v1/indicators/EGDI_RANK")
    client.get("/v1/indicators/NOTHING")
    client.get("/some/path/that/is/nowhere")
    text = client.get("/metrics").text
    assert re.search(r'chiso_http_requests_total{method="GET",route="/v1/indicators/{code}",status="200"} \d', text)
    assert re.search(r'chiso_http_requests_total{method="GET",route="/v1/indicators/{code}",status="404"} \d', text)
    assert "nowhere" not in text
    assert "NOTHING" not in text


def test_a_database_that_is_down_is_a_zero_and_no_error() -> None:
    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with TestClient(app.create(nowhere), raise_server_exceptions=False) as client:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert "chiso_database_up 0.0" in answer.text
        assert "chiso_indicator_value" not in answer.text
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["type"]) == (503, "/problems/database-unreachable")
        assert client.get("/v1/indicators").status_code == 503
