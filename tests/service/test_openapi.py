"""Questions that nobody would think of: made by schemathesis from the description that the service gives of itself."""

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from service import app

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]


def test_every_schema_and_operation_has_a_simple_name_of_its_own(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    operations = [each["operationId"] for path in described["paths"].values() for each in path.values()]
    assert len(set(operations)) == len(operations)
    assert [name for name in (*described["components"]["schemas"], *operations) if "__" in name] == []


# A database of its own: signing in with made-up secrets fails, and failures are kept.
def test_every_answer_is_as_described_whatever_is_asked(own_engine: Engine) -> None:
    application = app.create(own_engine)
    operations = [
        each.ok() for each in schemathesis.openapi.from_asgi("/openapi.json", application).get_all_operations()
    ]
    assert len(operations) >= 15
    asked = set()
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def ask(case: schemathesis.Case) -> None:
            case.validate_response(case.call(), checks=CHECKS)
            asked.add(case.operation.label)

        ask()
    assert len(asked) == len(operations)
