"""Questions that nobody would think of: made by schemathesis from the description that the service gives of itself."""

import schemathesis
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


# A database of its own: signing in with made-up secrets fails, and failures are kept.
def test_every_answer_is_as_described_whatever_is_asked(own_engine: Engine, cheap_hashes: None) -> None:
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
