"""Who may do what, over HTTP: somebody of each role at every address that the matrix of roles is about."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection, Engine

from ingest.authority import MATRIX, ROLES, Actor, Grant, NotYours, Role
from ingest.case import ACTS
from service import app, database
from service.identity import accounts, credentials, tokens
from tests.conftest import NOW, TEST
from tests.service.country import DATASET, PERIOD, People, Person, clock_at, served

# No address: a file is examined when it comes in, and accounts and tokens are for the command line (see below).
WITHOUT_ADDRESS = {("submission", "examine")} | {
    (thing, action) for thing in ("account", "token") for action in MATRIX[thing]
}
REFUSALS = {401, 403, 404}


@dataclass
class Desk:
    """Somebody of each role, and a return in whatever state they are to find it."""

    by_role: dict[str, Person]
    units: Iterator[str]
    _standing: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def case(self, state: str) -> dict[str, Any]:
        """A return in that state: the one that nobody could move on yet, or another."""
        if state not in self._standing:
            self._standing[state] = self._brought_to(state)
        return self._standing[state]

    def moved_on(self) -> None:
        self._standing.clear()

    def _brought_to(self, state: str) -> dict[str, Any]:
        case = received(self.by_role["reporter"], next(self.units)).json()
        if state != "examined":
            warned = {found["number"]: "báo cáo sau" for found in case["findings"]}
            case = self.by_role["reporter"].done(case, "submit", justifications=warned)
        if state in ("accepted", "published"):
            case = self.by_role["reviewer"].done(case, "accept")
        return self.by_role["publisher"].done(case, "publish") if state == "published" else case


@pytest.fixture(scope="module")
def desk(own_engine: Engine, cheap_hashes: None) -> Iterator[Desk]:
    clock = clock_at("2025-01-08T08:00:00")
    with served(app.create(own_engine, clock=clock)) as address:
        people = People(own_engine, address)
        with database.writing(own_engine) as connection:
            right = Grant("machine", "VN", DATASET)
            token = tokens.create(connection, "machine", right, days=1, by=TEST, now=clock())
        by_role = {role: people.come(f"a.{role}", Grant(role)) for role in ROLES if role not in ("public", "machine")}
        owed = people.public.get("/v1/obligations", period=PERIOD, dataset=DATASET, limit=100)["obligations"]
        with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}) as machine:
            yield Desk(
                by_role | {"public": people.public, "machine": Person(machine)},
                iter([each["reporting_unit"] for each in owed]),
            )
        people.leave()


def received(who: Person, unit: str) -> httpx2.Response:
    figures = [{"indicator": "ONLINE_PAYMENT_RATE", "reporting_unit": unit, "period": PERIOD, "value": 50}]
    return who.client.post(
        "/v1/submissions", json={"dataset": DATASET, "reporting_unit": unit, "period": PERIOD, "figures": figures}
    )


def collected(who: Person) -> httpx2.Response:
    figures = [{"indicator": "EGDI_RANK", "reporting_unit": "VN", "period": "1998", "status": "M", "reason": "x"}]
    said = {"dataset": "PUBLISHED_FIGURES", "figures": figures, "dry_run": True}
    return who.client.post("/v1/submissions", json=said)


def extended(who: Person, unit: str) -> httpx2.Response:
    said = {"dataset": DATASET, "reporting_unit": unit, "period": PERIOD, "until": "2025-03-31", "reason": "bão"}
    return who.client.post("/v1/obligations/extensions", json=said)


def attached(who: Person, case: dict[str, Any]) -> httpx2.Response:
    return who.client.post(f"/v1/submissions/{case['id']}/evidence", files={"file": ("x.pdf", b"%PDF-1.7\n")})


def act(name: str, state: str) -> Callable[[Desk, Person], httpx2.Response]:
    said = {"reason": "xem lại"} if ACTS[name].with_reason or name == "submit" else {}
    said |= {"reason_code": "correction"} if name == "withdraw" else {}

    def tried(desk: Desk, who: Person) -> httpx2.Response:
        case = desk.case(state)
        warned = {found["number"]: "báo cáo sau" for found in case["findings"]} if name == "submit" else None
        answers = said | ({"justifications": warned} if warned else {})
        return who.act(case, name.replace("_", "-"), **answers)

    return tried


def looked(path: str) -> Callable[[Desk, Person], httpx2.Response]:
    return lambda desk, who: who.client.get(path.format(id=desk.case("submitted")["id"]))


TRIES: dict[tuple[str, str], Callable[[Desk, Person], httpx2.Response]] = {
    ("figures", "read"): looked("/v1/observations?limit=1"),
    ("obligation", "read"): looked("/v1/obligations?limit=1"),
    ("compliance", "read"): looked("/v1/compliance"),
    ("obligation", "extend"): lambda desk, who: extended(who, next(desk.units)),
    ("submission", "read"): looked("/v1/submissions/{id}"),
    ("submission", "receive"): lambda desk, who: received(who, next(desk.units)),
    ("submission", "submit"): act("submit", "examined"),
    ("submission", "take_up"): act("take_up", "submitted"),
    ("submission", "accept"): act("accept", "submitted"),
    ("submission", "return"): act("return", "accepted"),
    ("submission", "publish"): act("publish", "accepted"),
    ("submission", "take_back"): act("take_back", "submitted"),
    ("submission", "withdraw"): act("withdraw", "published"),
    ("collection", "receive"): lambda _, who: collected(who),
    ("evidence", "read"): looked("/v1/submissions/{id}/evidence"),
    ("evidence", "attach"): lambda desk, who: attached(who, desk.case("submitted")),
    ("audit", "read"): looked("/v1/audit"),
    ("audit", "verify"): looked("/v1/audit/verification"),
    ("hook", "read"): looked("/v1/hooks"),
    ("snapshot", "read"): looked("/v1/snapshots"),
    ("snapshot", "freeze"): lambda _, who: who.client.post("/v1/snapshots", params={"indicator": "EGDI_RANK"}),
    ("hook", "change"): lambda _, who: who.client.post("/v1/hooks", json={"url": "https://1.1.1.1/hook"}),
}


def test_every_cell_of_the_matrix_is_tried_or_has_no_address() -> None:
    assert set(TRIES) | WITHOUT_ADDRESS == {(thing, action) for thing, acts in MATRIX.items() for action in acts}


@pytest.mark.parametrize("cell", TRIES, ids=".".join)
def test_an_address_is_open_to_the_roles_of_the_matrix_and_to_no_other(desk: Desk, cell: tuple[str, str]) -> None:
    thing, action = cell
    for role in ROLES:
        answer = TRIES[cell](desk, desk.by_role[role])
        if role in MATRIX[thing][action]:
            assert answer.is_success, (role, answer.text)
            if action in ACTS:
                desk.moved_on()
        else:
            assert answer.status_code in REFUSALS, (role, answer.text)
            assert (answer.status_code == 401) is (role == "public")


# What no address does yet, and every page will: (thing, action), and how it is asked.
CHORES: dict[str, tuple[str, str, Callable[[Connection, Actor], object]]] = {
    "add": ("account", "change", lambda to, by: accounts.add(to, "mai", by=by)),
    "grant": ("account", "change", lambda to, by: accounts.grant(to, "hoa", Grant("publisher"), by=by)),
    "revoke": ("account", "change", lambda to, by: accounts.revoke(to, "hoa", Grant("reporter"), by=by)),
    "disable": ("account", "change", lambda to, by: accounts.disable(to, "hoa", by=by, now=NOW)),
    "enable": ("account", "change", lambda to, by: accounts.enable(to, "nga", by=by)),
    "new secret": ("account", "change", lambda to, by: credentials.new_secret(to, "hoa", by=by)),
    "first administrator": ("account", "change", lambda to, by: credentials.new_secret(to, by=by)),
    "create token": (
        "token",
        "change",
        lambda to, by: tokens.create(to, "emc", Grant("machine", "VN", DATASET), days=1, by=by, now=NOW),
    ),
    "revoke token": ("token", "change", lambda to, by: tokens.revoke(to, "old", by=by, now=NOW)),
}


@pytest.mark.parametrize("chore", CHORES)
@pytest.mark.parametrize("role", ROLES)
def test_accounts_and_tokens_are_changed_by_the_roles_of_the_matrix_and_no_other(
    connection: Connection, cheap_hashes: None, role: Role, chore: str
) -> None:
    accounts.add(connection, "hoa", Grant("reporter"), by=TEST)
    accounts.add(connection, "nga", by=TEST)
    accounts.disable(connection, "nga", by=TEST, now=NOW)
    tokens.create(connection, "old", Grant("machine", "VN", DATASET), days=1, by=TEST, now=NOW)
    thing, action, done = CHORES[chore]
    by = Actor("somebody", (Grant(role),))
    if role in MATRIX[thing][action]:
        done(connection, by)
    else:
        with pytest.raises(NotYours, match=f"To {action} {thing}s is for the administrator of the whole service"):
            done(connection, by)
