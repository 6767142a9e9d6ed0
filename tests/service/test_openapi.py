"""Questions that nobody would think of: made by schemathesis from the description that the service gives of itself."""

from typing import Any

import pytest
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

from service import app, database
from service.identity import credentials
from tests.conftest import TEST

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
# As many as there are: one that is no longer there is missed, and a new one is counted here.
OPERATIONS, ASKING_WHO = 106, 29
EXAMPLES, OF_A_REFUSAL = 12, 3


def test_every_schema_and_operation_has_a_simple_name_of_its_own(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    operations = [each["operationId"] for path in described["paths"].values() for each in path.values()]
    assert len(set(operations)) == len(operations)
    assert [name for name in (*described["components"]["schemas"], *operations) if "__" in name] == []


@pytest.fixture(scope="module")
def operations(own_engine: Engine) -> list[Any]:
    """Everything that the service says it can be asked, on a database of its own."""
    description = schemathesis.openapi.from_asgi("/openapi.json", app.create(own_engine))
    return [each.ok() for each in description.get_all_operations()]


def asks_who(operation: Any) -> bool:
    """Whether it is for people with an account; to sign in or out is for everybody."""
    return "401" in operation.definition.raw["responses"] and not operation.path.startswith("/v1/session")


def try_out(operation: Any, *, examples: int = EXAMPLES, **said: Any) -> None:
    """Ask whatever may be asked there, and some of what may not."""
    statuses: set[int] = set()

    @given(case=operation.as_strategy())
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case[Any]) -> None:
        answer = case.call(**said)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    ask()
    assert statuses
    if said:
        assert 401 not in statuses, operation.label


def test_every_operation_is_there(operations: list[Any]) -> None:
    assert (len(operations), sum(map(asks_who, operations))) == (OPERATIONS, ASKING_WHO)


def test_whoever_may_be_asked_for_a_format_may_say_that_it_is_none(operations: list[Any]) -> None:
    told = [each.definition.raw for each in operations if not each.path.startswith("/fred")]
    asked = [each for each in told if "format" in {said["name"] for said in each.get("parameters", ())}]
    assert [each["summary"] for each in asked if "406" not in each["responses"]] == []
    assert len(asked) == 39


# First: signing in with made-up secrets, as everybody does below, closes the door for a while.
def test_every_answer_to_the_administrator_is_as_described_whatever_is_asked(
    operations: list[Any], own_engine: Engine, cheap_hashes: None
) -> None:
    with database.writing(own_engine) as connection:
        secret = credentials.new_secret(connection, by=TEST)
    for operation in filter(asks_who, operations):
        try_out(operation, auth=(credentials.ADMINISTRATOR, secret))


def test_every_answer_to_everybody_is_as_described_whatever_is_asked(operations: list[Any]) -> None:
    for operation in operations:
        try_out(operation, examples=OF_A_REFUSAL if asks_who(operation) else EXAMPLES)
