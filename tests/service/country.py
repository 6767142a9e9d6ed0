"""A country at work, for tests: a service on a socket with a clock of its own, and people with accounts who use it."""

import io
import itertools
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import openpyxl
from fastapi import FastAPI
from sqlalchemy import Engine

from ingest.authority import Grant
from ingest.readers.workbook import INPUT_SHEET, VALUE_HEADING
from service import database
from service.identity import accounts
from service.serving import Protocol, Server
from tests.conftest import TEST, Clock

DATASET, PERIOD = "PROVINCE_QUARTERLY", "2024-Q4"


def clock_at(written: str) -> Clock:
    """A clock that shows this moment of the country."""
    clock = Clock()
    clock.is_now(written)
    return clock


@contextmanager
def served(app: FastAPI, protocol: type[Protocol] = Protocol) -> Iterator[str]:
    """The application on a socket of this machine, in a thread; its address."""
    server = Server(app, protocol=protocol)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


class SigningIn(httpx2.Auth):
    """Signs in where the service asks for it: at first, and whenever the session has ended."""

    requires_response_body = True

    def __init__(self, name: str, secret: str) -> None:
        self._said = {"name": name, "secret": secret}

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        answer = yield request
        if answer.status_code != 401:
            return
        signed_in = yield httpx2.Request("POST", request.url.copy_with(raw_path=b"/v1/session"), json=self._said)
        assert signed_in.status_code == 201, signed_in.text
        request.headers["Cookie"] = signed_in.headers["set-cookie"].split(";")[0]
        yield request


class Person:
    """Somebody with an account, who signs in when asked to; or the public."""

    def __init__(self, client: httpx2.Client, name: str | None = None) -> None:
        self.client, self.name = client, name

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def template(self, unit: str, dataset: str = DATASET, period: str = PERIOD) -> openpyxl.Workbook:
        answer = self.client.get(f"/v1/datasets/{dataset}/template", params={"reporting_unit": unit, "period": period})
        assert answer.status_code == 200, answer.text
        return openpyxl.load_workbook(io.BytesIO(answer.content))

    def send(
        self,
        unit: str,
        content: bytes,
        dataset: str = DATASET,
        *,
        headers: Mapping[str, str] | None = None,
        **said: Any,
    ) -> httpx2.Response:
        return self.client.post(
            "/v1/submissions",
            files={"file": ("return.xlsx", content)},
            data={"dataset": dataset, "reporting_unit": unit, "period": PERIOD} | said,
            headers=headers,
        )

    def act(
        self, case: Mapping[str, Any], act: str, *, headers: Mapping[str, str] | None = None, **said: Any
    ) -> httpx2.Response:
        """Do this to the case as it was seen."""
        seen = {"If-Match": f'"{case["version"]}"'} | dict(headers or {})
        return self.client.post(f"/v1/submissions/{case['id']}/{act}", json=said, headers=seen)

    def done(self, case: Mapping[str, Any], act: str, **said: Any) -> dict[str, Any]:
        answer = self.act(case, act, **said)
        assert answer.status_code == 200, answer.text
        return answer.json()


class People:
    """Accounts of a country, made on its database, and their sessions on its service."""

    def __init__(self, engine: Engine, address: str) -> None:
        self._engine, self._address = engine, address
        self._clients: list[httpx2.Client] = []
        self.public = Person(self._client())

    def come(self, name: str, *grants: Grant) -> Person:
        """Make an account for somebody."""
        with database.writing(self._engine) as connection:
            secret = accounts.add(connection, name, *grants, by=TEST)
        assert secret
        return Person(self._client(SigningIn(name, secret)), name)

    def leave(self) -> None:
        for client in self._clients:
            client.close()

    def _client(self, auth: httpx2.Auth | None = None) -> httpx2.Client:
        self._clients.append(httpx2.Client(base_url=self._address, timeout=60, auth=auth))
        return self._clients[-1]


def filled(book: openpyxl.Workbook, value: float, **wrong: object) -> bytes:
    """The template with this value in every cell that is filled in; `wrong` names cells (`first`, `last`) to spoil.

    Some indicators count whole things and some are rates: any whole number up to 100 suits both.
    """
    sheet = book[INPUT_SHEET]
    row, column = next(
        (cell.row, cell.column)
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.value).startswith(VALUE_HEADING)
    )
    rows = list(itertools.takewhile(lambda each: sheet.cell(each, 1).value, itertools.count(row + 1)))
    for each in rows:
        sheet.cell(each, column, value)
    for place, spoilt in wrong.items():
        sheet.cell(rows[{"first": 0, "last": -1}[place]], column).value = spoilt
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
