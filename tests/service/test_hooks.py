"""Web hooks on the real database, posted to a real server."""

import itertools
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from service import app, database, posting, settings, worker
from service.hooks import address, subscriptions, telling
from service.hooks.message import signature
from tests.conftest import Clock
from tests.service.test_changes import appended, embargo, said
from tests.service.test_reminders import Receiver
from tests.service.test_worker import await_that, defer

DOCUMENT = (Path(__file__).parents[2] / "docs" / "changes.md").read_text(encoding="utf-8")
years = itertools.count(2010)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def administrator(cheap_hashes: None, own_engine: Engine, sender: TestClient, clock: Clock) -> Iterator[TestClient]:
    """A client of a service on a closed network, which may post to this machine."""
    application = app.create(own_engine, hooks_inside=True, clock=clock)
    with TestClient(application, raise_server_exceptions=False) as client:
        client.auth = sender.auth
        yield client


@pytest.fixture(scope="module")
def clock() -> Clock:
    """What time it is for the service and for who tells the hooks; embargoes go by the clock of the database."""
    return Clock()


Made = Callable[..., dict[str, Any]]


@pytest.fixture
def made(administrator: TestClient, receiver: Receiver) -> Iterator[Made]:
    """Makes a hook to the receiver; what was made is removed."""
    numbers: list[int] = []

    def make(**more: Any) -> dict[str, Any]:
        url = f"http://127.0.0.1:{receiver.server_port}/chiso"
        answer = administrator.post("/v1/hooks", json={"url": url, "indicator": ["NRI_RANK"], **more})
        assert answer.status_code == 201, answer.text
        numbers.append(answer.json()["id"])
        return answer.json()

    yield make
    for number in numbers:
        administrator.delete(f"/v1/hooks/{number}")


def figure(engine: Engine, **more: Any) -> str:
    """A figure that nobody was told of; its period."""
    period = str(next(years))
    appended(engine, said(period, "5", more.pop("published_at", "2020-01-01"), **more))
    return period


def told(receiver: Receiver) -> list[list[str]]:
    """The periods in each message about changes."""
    messages = [json.loads(body) for _, body in receiver.posts]
    return [[each["period"] for each in told["data"]["changes"]] for told in messages if told["type"] == "changes"]


def shown(client: TestClient, hook: dict[str, Any]) -> dict[str, Any]:
    return client.get(f"/v1/hooks/{hook['id']}").json()


def test_a_message_is_signed_as_the_scheme_says() -> None:
    # The example that the libraries of Standard Webhooks are tested with.
    assert (
        signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_what_changes_is_posted_once_and_the_documented_check_accepts_it(
    own_engine: Engine, made: Made, receiver: Receiver, clock: Clock
) -> None:
    hook = made()
    period = figure(own_engine)
    for _ in range(2):
        telling.tell_all(own_engine, inside=True, clock=clock)
    assert told(receiver) == [[period]]
    headers, body = receiver.posts[0]
    message = json.loads(body)
    assert (message["type"], message["data"]["changes"][0]["kind"]) == ("changes", "new")
    found: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)[0], found)
    is_ours: Callable[..., bool] = found["is_from_chiso"]
    given = {name.lower(): value for name, value in headers.items()}
    assert is_ours(given, body, hook["secret"], now=clock().timestamp())
    assert not is_ours(given, body + b" ", hook["secret"], now=clock().timestamp())
    assert not is_ours(given, body, made()["secret"], now=clock().timestamp())
    assert not is_ours(given, body, hook["secret"], now=clock().timestamp() + 3600)


def test_what_is_not_taken_waits_comes_again_the_same_and_nothing_comes_before_it(
    own_engine: Engine, administrator: TestClient, made: Made, receiver: Receiver, clock: Clock
) -> None:
    hook = made()
    receiver.status = 503
    first = figure(own_engine)
    pauses = []
    for _ in range(4):
        telling.tell_all(own_engine, inside=True, clock=clock)
        telling.tell_all(own_engine, inside=True, clock=clock)
        told_so_far = shown(administrator, hook)
        with database.reading(own_engine) as connection:
            kept = subscriptions.find(connection, hook["id"])
        assert kept
        pauses.append(kept.next_try_at - clock())
        clock.now = kept.next_try_at
    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert (told_so_far["state"], told_so_far["failures"]) == ("failing", 4)
    assert told_so_far["why"] == "It answered 503 instead of 2xx."
    second = figure(own_engine)
    receiver.status = 200
    telling.tell_all(own_engine, inside=True, clock=clock)
    assert told(receiver) == [[first]] * 5 + [[second]]
    assert len({body for _, body in receiver.posts[:5]}) == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.posts}) == 2
    assert shown(administrator, hook)["state"] == "active"


def test_who_fails_for_five_days_is_given_up_until_a_ping_is_taken(
    own_engine: Engine, administrator: TestClient, made: Made, receiver: Receiver, clock: Clock
) -> None:
    hook = made()
    receiver.status = 500
    period = figure(own_engine)
    states = []
    for _ in range(22):
        telling.tell_all(own_engine, inside=True, clock=clock)
        states.append(shown(administrator, hook)["state"])
        clock.go_on(hours=6)
    assert states == ["failing"] * 20 + ["dead"] * 2, "after 20 times 6 hours"
    assert administrator.post(f"/v1/hooks/{hook['id']}/ping").json()["taken"] is False
    receiver.status = 200
    tried = len(receiver.posts)
    telling.tell_all(own_engine, inside=True, clock=clock)
    assert len(receiver.posts) == tried
    assert administrator.post(f"/v1/hooks/{hook['id']}/ping").json() == {"taken": True, "why": None}
    assert json.loads(receiver.posts[-1][1])["type"] == "ping"
    telling.tell_all(own_engine, inside=True, clock=clock)
    assert told(receiver)[-1] == [period]
    acts = administrator.get("/v1/audit", params={"object": f"hook {hook['id']}"}).json()["acts"]
    assert [each["act"] for each in acts] == ["ping", "ping", "add"]
    assert hook["secret"] not in json.dumps(acts)


def test_who_says_that_it_is_gone_is_told_nothing_more(
    own_engine: Engine, administrator: TestClient, made: Made, receiver: Receiver, clock: Clock
) -> None:
    hook = made()
    receiver.status = 410
    figure(own_engine)
    telling.tell_all(own_engine, inside=True, clock=clock)
    assert shown(administrator, hook)["state"] == "dead"


def test_what_was_taken_but_not_kept_comes_again_under_the_same_id(
    own_engine: Engine, made: Made, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made()
    period = figure(own_engine)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(subscriptions, "taken", killed)
        with pytest.raises(KeyboardInterrupt):
            telling.tell_all(own_engine, inside=True, clock=clock)
    figure(own_engine)
    telling.tell_all(own_engine, inside=True, clock=clock)
    assert told(receiver)[:2] == [[period], [period]]
    assert receiver.posts[0][0]["webhook-id"] == receiver.posts[1][0]["webhook-id"]
    assert receiver.posts[0][1] == receiver.posts[1][1]


def test_one_that_is_away_holds_up_no_other_and_each_is_told_what_it_asked_for(
    own_engine: Engine, administrator: TestClient, made: Made, receiver: Receiver, clock: Clock
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = made(url=f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        made(indicator=["EGDI_RANK"])
        made(kind=["revised"])
        made()
        period = figure(own_engine)
        telling.tell_all(own_engine, inside=True, clock=clock)
    assert told(receiver) == [[period]]
    assert shown(administrator, away)["why"] == "It could not be reached: ConnectError."


def test_what_is_under_embargo_is_posted_when_it_ends_and_not_before(
    own_engine: Engine, made: Made, receiver: Receiver, clock: Clock
) -> None:
    made()

    def meanwhile(ends: datetime, period: str) -> list[Any]:
        receiver.posts.clear()  # what was public too early, on a slow machine
        appended(own_engine, said(period, "5", ends))
        telling.tell_all(own_engine, inside=True, clock=clock)
        return list(receiver.posts)

    ends, period, posts = embargo(own_engine, meanwhile)
    assert posts == []

    def posted() -> object:
        telling.tell_all(own_engine, inside=True, clock=clock)
        return receiver.posts

    await_that(posted)
    assert told(receiver) == [[period]]
    assert json.loads(receiver.posts[0][1])["timestamp"] >= ends.isoformat()


def test_who_answers_a_byte_at_a_time_is_given_up_at_the_deadline(
    own_engine: Engine, administrator: TestClient, made: Made, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.5)
    hook = made()
    receiver.drips = 500
    answer = administrator.post(f"/v1/hooks/{hook['id']}/ping").json()
    assert answer == {"taken": False, "why": "It did not answer within 0.5 seconds."}
    assert receiver.drips > 0, "it would have gone on"


def test_no_connection_is_held_while_a_receiver_takes_its_time(
    own_engine: Engine, administrator: TestClient, made: Made, receiver: Receiver
) -> None:
    hook = made()
    held: list[int] = []
    receiver.meanwhile = lambda: held.append(own_engine.pool.checkedout())  # type: ignore[attr-defined]
    assert administrator.post(f"/v1/hooks/{hook['id']}/ping").json() == {"taken": True, "why": None}
    assert held == [0]


def test_the_worker_tells_the_hooks(own_engine: Engine, made: Made, receiver: Receiver, clock: Clock) -> None:
    made()
    period = figure(own_engine)
    defer(own_engine, "tell_hooks")
    with worker.running(own_engine, settings.read({"CHISO_HOOKS_INSIDE": "yes"}), clock=clock):
        await_that(lambda: told(receiver) == [[period]])


@pytest.mark.parametrize(
    "url",
    [
        "http://example.gov.vn/",
        "ftp://example.gov.vn/",
        "https://",
        "https://[::1/",
        "https://lan:secret@1.1.1.1/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://10.0.0.8/",
        "https://172.16.3.4/",
        "https://192.168.1.1:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.8]/",
        "https://[2002:7f00:1::]/",
        "https://[64:ff9b::7f00:1]/",
        "https://localhost/",
    ],
)
def test_an_address_that_is_not_public_is_refused_with_a_sentence(sender: TestClient, url: str) -> None:
    answer = sender.post("/v1/hooks", json={"url": url})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-allowed"), answer.text
    assert sender.get("/v1/hooks").json() == {"hooks": []}


def test_a_name_that_comes_to_stand_for_our_own_network_is_not_posted_to(
    own_engine: Engine, administrator: TestClient, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands_for = ["1.1.1.1"]

    def looked_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in stands_for]

    monkeypatch.setattr(address.socket, "getaddrinfo", looked_up)
    url = f"https://hook.example:{receiver.server_port}/"
    hook = administrator.post("/v1/hooks", json={"url": url, "indicator": ["NRI_RANK"]}).json()
    figure(own_engine)
    stands_for[:] = ["1.1.1.1", "127.0.0.1"]
    telling.tell_all(own_engine, inside=False, clock=clock)
    assert receiver.posts == []
    told_of = administrator.get(f"/v1/hooks/{hook['id']}").json()
    assert told_of["why"].startswith("hook.example is 127.0.0.1, which is no address of the public network")
    assert administrator.delete(f"/v1/hooks/{hook['id']}").status_code == 204


def test_the_connection_goes_to_the_address_that_was_looked_at(
    own_engine: Engine, made: Made, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[str] = []
    really = socket.getaddrinfo

    def looked_up(host: Any, port: Any, *how: Any, **more: Any) -> list[Any]:
        asked_for.append(host)
        return really("127.0.0.1" if host == "hook.example" else host, port, *how, **more)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    made(url=f"http://hook.example:{receiver.server_port}/chiso")
    period = figure(own_engine)
    asked_for.clear()
    telling.tell_all(own_engine, inside=True, clock=clock)
    assert told(receiver) == [[period]]
    assert receiver.posts[0][0]["Host"] == f"hook.example:{receiver.server_port}"
    assert asked_for.count("hook.example") == 1, "it was looked up once, and not again to connect"


def test_a_hook_is_made_once_shows_its_secret_once_and_is_removed(
    administrator: TestClient, receiver: Receiver
) -> None:
    body = {"url": f"http://127.0.0.1:{receiver.server_port}/", "indicator": ["egdi_*"], "kind": ["revised"]}
    key = {"Idempotency-Key": "one hook"}
    first, again = (administrator.post("/v1/hooks", json=body, headers=key) for _ in range(2))
    assert first.content == again.content
    hook = first.json()
    assert hook["secret"].startswith("whsec_")
    assert "EGDI_RANK" in hook["selection"]["indicator"]
    assert hook["kinds"] == ["revised"]
    (listed,) = administrator.get("/v1/hooks").json()["hooks"]
    assert listed == {name: value for name, value in hook.items() if name != "secret"}
    assert administrator.delete(f"/v1/hooks/{hook['id']}").status_code == 204
    assert administrator.get(f"/v1/hooks/{hook['id']}").status_code == 404
    assert administrator.delete(f"/v1/hooks/{hook['id']}").status_code == 404
    assert administrator.get("/v1/hooks").json() == {"hooks": []}


def test_what_a_hook_asks_for_must_exist(administrator: TestClient, receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/"
    for wrong in ({"indicator": ["EGDI_RANG"]}, {"kind": ["revized"]}, {"since": "x"}, {"colour": "red"}):
        answer = administrator.post("/v1/hooks", json={"url": url, **wrong})
        assert answer.status_code in (400, 404), answer.text
    assert administrator.get("/v1/hooks").json() == {"hooks": []}


def test_a_hook_from_the_beginning_is_told_everything_in_messages_of_so_many(
    own_engine: Engine, made: Made, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "CHANGES_IN_A_MESSAGE", 5)
    made(since="1990-01-01", indicator=["EGDI_RANK"])
    telling.tell_all(own_engine, inside=True, clock=clock)
    with database.reading(own_engine) as connection:
        known = connection.execute(
            text("select count(*) from vintage join series on series.id = series_id where indicator = 'EGDI_RANK'")
        ).scalar_one()
    sizes = [len(each) for each in told(receiver)]
    assert sum(sizes) == known
    assert set(sizes[:-1]) == {5}
