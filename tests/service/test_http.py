"""HTTP as caches, browsers and many clients at once need it: validators, compression, other sites' pages, rates."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pyarrow
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from ingest import registry
from ingest.authority import Grant
from service import app, caching, database, rates
from service.formats.kinds import KINDS
from service.identity import tokens
from service.settings import Rates
from tests.conftest import TEST, Clock
from tests.ingest.test_ledger import append

EGDI = "A.EGDI_RANK.VN.PERIOD.UN._T"
PATH = f"/v1/series/{EGDI}/observations"
CATALOGUE_AND_FIGURES = (
    PATH,
    f"/v1/series/{EGDI}/vintages",
    f"/v1/series/{EGDI}/changes",
    "/v1/series?indicator=EGDI_RANK",
    "/v1/observations?reporting_unit=VN",
    "/v1/observations?reporting_unit=VN&format=csv",
    *(f"{PATH}?format={name}" for name in KINDS),
    "/v1/indicators",
    "/v1/indicators/EGDI_RANK",
    "/v1/reporting-units?level=province",
    "/v1/datasets",
    "/v1/rules",
    "/v1/targets?indicator=EGDI_RANK",
    "/v1/verdicts?indicator=EGDI_RANK",
    "/v1/verdicts?indicator=EGDI_RANK&format=xlsx",
    "/v1/trends?indicator=EGDI_SCORE",
    "/v1/trends?indicator=EGDI_SCORE&format=xlsx",
    "/v1/search?q=dich+vu+cong",
    "/v1/availability?indicator=EGDI_RANK",
    "/v1/groups",
    "/v1/groups/ASEAN?valid_on=2024-01-01",
)
# Answers that end with time and not with a change of the data.
OTHERS = (
    *("/v1/compliance?dataset=PROVINCE_QUARTERLY", "/v1/latest", "/v1/calendar", "/v1/changes"),
    *("/healthz", "/metrics", "/openapi.json"),
)


@pytest.fixture(scope="module")
def readers(own_engine: Engine) -> Iterator[list[TestClient]]:
    """Two services on one database, as two machines behind a proxy are, on a data version of its own."""
    with ExitStack() as open_:
        yield [open_.enter_context(TestClient(app.create(own_engine))) for _ in range(2)]


def publish(engine: Engine, value: object, **facts: str) -> datetime:
    """Say another figure of the rank in 2018, and when it was recorded."""
    with database.writing(engine) as connection:
        now = connection.execute(text("select clock_timestamp()")).scalar_one().isoformat()
        row = {"series": EGDI, "period": "2018", "published_at": now, "value": str(value)}
        append(connection, row | facts, reason="test of caches")
        return connection.execute(text("select max(recorded_at) from batch")).scalar_one()


def rank(answer: Any) -> int:
    return next(row["value"] for row in answer.json()["observations"] if row["period"] == "2018")


@pytest.mark.parametrize("path", CATALOGUE_AND_FIGURES)
def test_who_holds_an_answer_is_told_that_it_still_holds(client: TestClient, path: str) -> None:
    whole = client.get(path)
    tag = whole.headers["etag"]
    assert tag.startswith('"')
    again = client.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "last-modified", "cache-control", "vary"):
        assert again.headers[name] == whole.headers[name], name
    assert client.head(path).headers == whole.headers
    assert client.get(path, headers={"If-None-Match": '"other"'}).content == whole.content


@pytest.mark.parametrize("path", OTHERS)
def test_what_ends_with_time_and_not_with_the_data_has_no_tag_of_the_data(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert not {"etag", "last-modified"} & set(answer.headers)
    assert path[:3] != "/v1" or answer.headers["cache-control"] == "no-store"


def test_a_tag_is_of_one_address_one_format_one_language_and_one_encoding(client: TestClient) -> None:
    asked = [
        {},
        {"headers": {"Accept": "text/csv"}},
        {"headers": {"Accept-Language": "vi"}},
        {"headers": {"Accept-Encoding": "gzip"}},
        {"headers": {"Accept-Encoding": "br"}},
        {"headers": {"Accept-Encoding": "zstd"}},
        {"headers": {"Accept-Encoding": "identity"}},
        {"params": {"format": "csv"}},
        {"params": {"from": "2010"}},
        {"params": {"as_of": "2021-01-01"}},
    ]
    found = [client.get(PATH, **each).headers["etag"] for each in asked]
    # Which encoding the first request gets is for its client to say: one of those below it.
    assert len(set(found[1:])) == len(found) - 1


@pytest.mark.parametrize("format", ["parquet", "zip", "xlsx"])
def test_of_one_tag_are_the_same_bytes_though_a_file_tells_its_address(client: TestClient, format: str) -> None:  # noqa: A002
    one = client.get(f"/v1/observations?indicator=EGDI_RANK&reporting_unit=VN&format={format}")
    turned = client.get(f"/v1/observations?reporting_unit=VN&indicator=EGDI_RANK&format={format}")
    elsewhere = client.get(str(one.url), headers={"Host": "stats.example.vn"})
    assert len({each.headers["etag"] for each in (one, turned, elsewhere)}) == 3
    assert client.get(str(one.url)).content == one.content


def test_the_copy_that_an_asker_holds_counts_where_it_can_still_read_its_encoding(client: TestClient) -> None:
    tag = client.get(PATH, headers={"Accept-Encoding": "br"}).headers["etag"]
    assert tag.endswith('-br"')

    def told(accepted: str, held: str = tag) -> int:
        return client.get(PATH, headers={"Accept-Encoding": accepted, "If-None-Match": held}).status_code

    assert [told(each) for each in ("br", "gzip, br;q=0.5", "*", "gzip, *;q=0.1")] == [304] * 4
    assert [told(each) for each in ("gzip", "identity", "br;q=0", "*, br;q=0.0")] == [200] * 4
    plain = client.get(PATH, headers={"Accept-Encoding": "identity"}).headers["etag"]
    assert [told(each, plain) for each in ("br", "identity", "")] == [304] * 3
    assert told("br", "*") == 304


@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip"])
@pytest.mark.parametrize("path", ["/v1/observations?format=csv&reporting_unit=VN", "/v1/reporting-units", "/metrics"])
def test_what_is_long_is_sent_compressed_and_is_the_same(client: TestClient, path: str, encoding: str) -> None:
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    packed = client.get(path, headers={"Accept-Encoding": encoding})
    assert packed.headers["content-encoding"] == encoding
    assert "content-encoding" not in plain.headers
    if path != "/metrics":  # which counts these two requests too
        # What the client cannot unpack itself it leaves as it is.
        content = packed.content
        if encoding == "zstd" and content.startswith(b"\x28\xb5\x2f\xfd"):
            content = pyarrow.CompressedInputStream(pyarrow.BufferReader(content), "zstd").read()
        assert content == plain.content


@pytest.mark.parametrize("name", ["xlsx", "parquet", "zip"])
def test_what_is_compressed_inside_is_sent_as_it_is(client: TestClient, name: str) -> None:
    answer = client.get("/v1/observations", params={"reporting_unit": "VN", "format": name})
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers
    assert not answer.headers["etag"].endswith(('-zstd"', '-br"', '-gzip"'))


@pytest.mark.parametrize("name", ["arrow", "json-stat", "openmetrics"])
def test_formats_that_are_not_are_compressed(client: TestClient, name: str) -> None:
    answer = client.get("/v1/observations", params={"reporting_unit": "VN", "format": name})
    assert answer.headers["content-encoding"] in ("zstd", "br", "gzip")
    assert answer.headers["etag"].endswith(f'-{answer.headers["content-encoding"]}"')


def test_a_stream_that_is_compressed_still_comes_in_pieces(engine: Engine) -> None:
    pieces = FastAPI()
    sent: list[int] = []

    @pieces.get("/figures.csv")
    def _figures() -> Any:
        from fastapi.responses import StreamingResponse

        def rows() -> Iterator[bytes]:
            for number in range(20):
                sent.append(number)
                yield b"".join(b"%d,%d\n" % (number, each * 7919 % 10007) for each in range(20_000))

        return StreamingResponse(rows(), media_type="text/csv")

    caching.install(pieces)
    with TestClient(pieces) as client:
        answer = client.get("/figures.csv", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-length" not in answer.headers
    assert answer.text.count("\n") == 400_000


def test_everything_varies_by_the_three_and_refusals_are_kept_by_nobody(client: TestClient) -> None:
    for path, status in ((PATH, 200), ("/v1/observations?x=1", 400), ("/v1/nothing", 404), (f"{PATH}?format=x", 406)):
        answer = client.get(path)
        assert answer.status_code == status
        named = [name.strip() for name in answer.headers["vary"].split(",")]
        assert named == [*caching.VARIES_BY, "Origin"], path
        assert answer.headers["cache-control"] == ("no-store" if status >= 400 else caching._SHARED)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/observations?x=1", 400),
        ("/v1/series/A.NOTHING.VN.PERIOD.UN._T/observations", 404),
        ("/v1/observations?indicator=NOPE", 404),
        ("/v1/indicators/NOPE", 404),
        ("/v1/observations?from=xx", 400),
        ("/v1/observations?format=xx", 406),
        ("/v1/observations?indicator=EGDI_RANK&transform=pch", 422),
    ],
)
def test_a_refusal_goes_before_what_is_held(
    readers: list[TestClient], own_engine: Engine, path: str, status: int
) -> None:
    _alone_in_its_second(own_engine)
    client = readers[0]
    date = client.get(PATH).headers["last-modified"]
    for held in ({}, {"If-None-Match": "*"}, {"If-Modified-Since": date}):
        answer = client.get(path, headers=held)
        assert answer.status_code == status, held
        # So nobody can have a tag of an answer that there is not.
        assert "etag" not in answer.headers


@pytest.mark.parametrize("path", [PATH, f"{PATH}?format=csv", f"{PATH}?format=parquet"])
def test_what_is_held_by_star_or_date_is_told_so_without_a_body_as_by_its_tag(
    readers: list[TestClient], own_engine: Engine, path: str
) -> None:
    _alone_in_its_second(own_engine)
    client = readers[0]
    whole = client.get(path)
    tag = client.get(path, headers={"If-None-Match": whole.headers["etag"]})
    for held in ({"If-None-Match": "*"}, {"If-Modified-Since": whole.headers["last-modified"]}):
        answer = client.get(path, headers=held)
        assert (answer.status_code, answer.content) == (304, b"")
        assert {name: each for name, each in answer.headers.items() if name != "link"} == dict(tag.headers), held


def test_an_answer_says_of_which_moment_it_is_and_is_byte_for_byte_the_same_until_something_changes(
    readers: list[TestClient], own_engine: Engine
) -> None:
    recorded = publish(own_engine, 88)
    first, second = (reader.get(PATH) for reader in readers)
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert datetime.fromisoformat(first.json()["as_of"]) == recorded
    publish(own_engine, 89)
    third = readers[0].get(PATH, headers={"If-None-Match": first.headers["etag"]})
    assert (third.status_code, rank(third)) == (200, 89)


def test_last_modified_is_the_last_publication_and_holds_exactly(readers: list[TestClient], own_engine: Engine) -> None:
    second = _alone_in_its_second(own_engine)
    answer = readers[0].get(PATH)
    said = answer.headers["last-modified"]
    assert parsedate_to_datetime(said) == second
    asked = {"If-Modified-Since": said}
    assert readers[1].get(PATH, headers=asked).status_code == 304
    assert readers[1].get(PATH, headers=asked | {"If-None-Match": '"other"'}).status_code == 200
    for other in (second - timedelta(days=1), second + timedelta(days=1)):
        written = other.strftime("%a, %d %b %Y %H:%M:%S GMT")
        assert readers[1].get(PATH, headers={"If-Modified-Since": written}).status_code == 200
    assert readers[1].get(PATH, headers={"If-Modified-Since": "last week"}).status_code == 200


def test_a_date_does_not_hold_where_two_things_changed_within_its_second(
    readers: list[TestClient], own_engine: Engine
) -> None:
    before = publish(own_engine, 60).replace(microsecond=0)
    while (second := publish(own_engine, rank(readers[0].get(PATH)) + 1).replace(microsecond=0)) != before:
        before = second
    answer = readers[0].get(PATH)
    assert parsedate_to_datetime(answer.headers["last-modified"]) == second
    told = readers[0].get(PATH, headers={"If-Modified-Since": answer.headers["last-modified"]})
    assert told.status_code == 200


def test_a_date_says_nothing_of_the_day_whose_reporting_units_were_seen(
    readers: list[TestClient], own_engine: Engine
) -> None:
    _alone_in_its_second(own_engine)
    seen = f"{PATH}{'&' if '?' in PATH else '?'}geography=current"
    for path, status in ((PATH, 304), (seen, 200)):
        said = readers[0].get(path).headers["last-modified"]
        assert readers[1].get(path, headers={"If-Modified-Since": said}).status_code == status


def test_another_catalogue_changes_every_tag(readers: list[TestClient], own_engine: Engine) -> None:
    before = [readers[0].get(path).headers["etag"] for path in CATALOGUE_AND_FIGURES]
    with database.writing(own_engine) as connection:
        known = registry.read(connection)
        connection.execute(
            text("insert into catalogue_version (version, loaded_by, loaded_at) values ('x', 'test', '2020-01-01')")
        )
    assert known.version
    after = [readers[1].get(path).headers["etag"] for path in CATALOGUE_AND_FIGURES]
    assert not set(before) & set(after)


def test_nobody_is_told_that_an_old_figure_still_holds_while_others_publish(
    readers: list[TestClient], own_engine: Engine
) -> None:
    publish(own_engine, 100)
    committed, last = [100], 140
    bodies: dict[str, bytes] = {}
    failures: list[str] = []

    def read(reader: TestClient) -> None:
        held, tag, told_unchanged = 0, "", 0
        while held < last and not failures:
            floor = committed[0]
            answer = reader.get(PATH, headers={"If-None-Match": tag} if tag else {})
            if answer.status_code == 200:
                held, tag = rank(answer), answer.headers.get("etag", "")
                if tag and bodies.setdefault(tag, answer.content) != answer.content:
                    failures.append(f"{tag} is two answers")
            else:
                told_unchanged += 1
            if held < floor:
                failures.append(f"{held} was held after {floor} was published")

    threads = [threading.Thread(target=read, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for value in range(101, last + 1):
        publish(own_engine, value)
        committed[0] = value
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(bodies) > 1


def test_the_end_of_an_embargo_changes_the_tag_at_its_moment_and_not_before(
    readers: list[TestClient], own_engine: Engine
) -> None:
    publish(own_engine, 41)
    with own_engine.connect() as connection:
        now = connection.execute(text("select clock_timestamp()")).scalar_one()
    end = now + timedelta(seconds=1)
    publish(own_engine, 42, published_at=end.isoformat())
    old = readers[0].get(PATH)
    assert rank(old) == 41
    tag, before, after = old.headers["etag"], 0, None
    while after is None:
        reader = readers[before % 2]
        began = _now(own_engine)
        answer = reader.get(PATH, headers={"If-None-Match": tag})
        ended = _now(own_engine)
        if answer.status_code == 200:
            after = answer
            assert ended >= end
        else:
            assert began < end, "told to go on with the old figure after the end of the embargo"
            before += 1
    assert before > 0
    assert rank(after) == 42
    assert after.headers["etag"] != tag
    assert parsedate_to_datetime(after.headers["last-modified"]) == end.replace(microsecond=0)


def test_a_look_that_began_before_a_batch_but_sees_it_has_no_tag(own_engine: Engine) -> None:
    publish(own_engine, 50)
    with own_engine.connect() as connection:
        connection.execute(text("select now()"))
        publish(own_engine, 51)
        assert not connection.execute(text(caching._VERSION)).one().is_settled
    with own_engine.connect() as connection:
        assert connection.execute(text(caching._VERSION)).one().is_settled


def test_a_batch_under_embargo_that_comes_while_a_look_begins_takes_no_tag_from_it(own_engine: Engine) -> None:
    publish(own_engine, 50)
    with own_engine.connect() as connection:
        before = connection.execute(text(caching._VERSION)).one()
        publish(own_engine, 51, published_at="2999-01-01")
        assert connection.execute(text(caching._VERSION)).one() == before


def test_a_service_whose_clock_is_behind_gives_no_tag_to_what_it_does_not_know_to_be_public(
    own_engine: Engine,
) -> None:
    publish(own_engine, 52)
    with TestClient(app.create(own_engine, clock=Clock(datetime(2025, 1, 1, tzinfo=UTC)))) as behind:
        answer = behind.get(PATH)
        assert answer.status_code == 200
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
        assert behind.get(PATH, headers={"If-None-Match": "*"}).status_code == 200


def test_pages_of_other_sites_may_read_and_are_told_all_of_it(client: TestClient) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    for path in (PATH, "/v1/nothing", "/v1/observations?x=1"):
        answer = client.get(path, headers=origin)
        assert answer.headers["access-control-allow-origin"] == "*"
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"Link", "ETag", "Last-Modified", "RateLimit", "RateLimit-Policy", "Retry-After"} <= set(exposed)
    asked = origin | {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
    preflight = client.options(PATH, headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-max-age"] == "86400"
    for refused in ({"Access-Control-Request-Method": "POST"}, {"Access-Control-Request-Headers": "authorization"}):
        assert client.options("/v1/submissions", headers=asked | refused).status_code == 400


def test_even_what_nobody_foresaw_is_told_to_pages_of_other_sites(own_engine: Engine) -> None:
    application = app.create(own_engine)

    @application.get("/v1/broken")
    def _broken() -> None:
        raise RuntimeError

    with TestClient(application, raise_server_exceptions=False) as client:
        answer = client.get("/v1/broken", headers={"Origin": "https://elsewhere.example"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (500, "*")
    assert answer.headers["cache-control"] == "no-store"


def test_an_address_that_is_too_long_is_refused_with_a_shorter_way(client: TestClient) -> None:
    answer = client.get("/v1/observations", params={"indicator": ",".join(["EGDI_RANK"] * 2_000)})
    assert (answer.status_code, answer.json()["type"]) == (414, "/problems/address-too-long")
    assert answer.json()["limit_bytes"] == 16_384
    assert "indicator=EGDI_*" in answer.json()["detail"]
    assert client.get("/v1/observations", params={"indicator": ",".join(["EGDI_RANK"] * 1_000)}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "near"),
    [
        ("/v1/observations?Indicator=EGDI_RANK", 400, "Did you mean indicator?"),
        ("/v1/observations?reporting_unit=VN&reporting-unit=VN", 400, "Did you mean reporting_unit?"),
        ("/v1/observations?as_of=2020&as_of=2021", 400, "said twice"),
        ("/v1/observations?indicator=EGDI_RNAK", 404, "Did you mean EGDI_RANK"),
        ("/v1/observations?format=jsn", 406, "json"),
        (f"/v1/series/{EGDI}/observations?limit=0", 400, "limit"),
        ("/v1/observations?limit=100001", 400, "less than or equal to 100000"),
    ],
)
def test_what_there_is_not_is_refused_with_the_nearest(client: TestClient, path: str, status: int, near: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert near in answer.json()["detail"]


def test_a_slash_too_many_leads_to_the_address_without_it(client: TestClient) -> None:
    answer = client.get("/v1/observations/?indicator=EGDI_RANK&reporting_unit=VN", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"].endswith("/v1/observations?indicator=EGDI_RANK&reporting_unit=VN")


def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(client: TestClient) -> None:
    answer = client.delete(PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


# ---- How often one may ask


class Seconds:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    clock = Seconds()
    monkeypatch.setattr(rates.time, "monotonic", clock)
    return clock


@pytest.fixture
def rated(own_engine: Engine) -> Iterator[Callable[..., TestClient]]:
    """Makes a client, from an address, of a service that answers three requests a minute, and five with a token."""
    application = app.create(own_engine, allowed=Rates(per_address=3, per_token=5))
    rated_from = [TestClient(application)]
    with rated_from[0]:
        yield lambda address="192.0.2.1": TestClient(application, client=(address, 50000))


@pytest.fixture(scope="module")
def token(own_engine: Engine) -> str:
    with database.writing(own_engine) as connection:
        right = Grant("machine", "VN", "PUBLISHED_FIGURES")
        return tokens.create(connection, "reader", right, days=1, by=TEST, now=datetime.now(UTC))


def test_who_asks_too_often_is_told_when_to_ask_again(rated: Callable[..., TestClient]) -> None:
    client = rated()
    left = [client.get(PATH).headers["ratelimit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = client.get(PATH, headers={"Origin": "https://elsewhere.example"})
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-often")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert f"ask again in {refused.headers['retry-after']} seconds" in refused.json()["detail"]
    assert refused.headers["ratelimit-policy"] == '"address";q=3;w=60'
    assert refused.headers["ratelimit"] == f'"address";r=0;t={refused.headers["ratelimit-reset"]}'
    assert (refused.headers["ratelimit-limit"], refused.headers["cache-control"]) == ("3", "no-store")
    assert refused.headers["access-control-allow-origin"] == "*"
    assert rated("192.0.2.2").get(PATH).status_code == 200


def test_one_customer_of_ipv6_has_one_count_whatever_the_last_bits(rated: Callable[..., TestClient]) -> None:
    statuses = [rated(f"2001:db8:1:1::{last}").get("/v1/indicators/EGDI_RANK").status_code for last in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert rated("2001:db8:1:2::1").get("/v1/indicators/EGDI_RANK").status_code == 200


def test_a_machine_has_a_count_of_its_own_from_whichever_address(rated: Callable[..., TestClient], token: str) -> None:
    said = {"Authorization": f"Bearer {token}"}
    statuses = [rated(f"192.0.2.{last}").get(PATH, headers=said).status_code for last in range(6)]
    assert statuses == [200] * 5 + [429]
    assert rated("192.0.2.0").get(PATH).headers["ratelimit-remaining"] == "2"


def test_a_token_that_is_none_of_ours_gives_no_more_than_the_address_has(rated: Callable[..., TestClient]) -> None:
    client = rated("192.0.2.7")
    made_up = [f"chs_{number:012x}_{'x' * 43}" for number in range(4)]
    statuses = [client.get(PATH, headers={"Authorization": f"Bearer {each}"}).status_code for each in made_up]
    assert statuses == [200, 200, 200, 429]


def test_who_watches_us_is_never_counted(rated: Callable[..., TestClient]) -> None:
    for path in ("/metrics", "/healthz", "/readyz", "/static/chiso.css"):
        answers = [rated("192.0.2.8").get(path) for _ in range(5)]
        assert {answer.status_code for answer in answers} <= {200, 404}, path
        assert "ratelimit" not in answers[-1].headers


def test_without_limits_nothing_is_counted(client: TestClient) -> None:
    assert "ratelimit" not in client.get(PATH).headers


def test_a_minute_begins_with_the_first_request_and_memory_has_a_bound() -> None:
    seconds = Seconds()
    counts = rates.Counts(seconds, most=3)
    assert [counts.count("a"), counts.count("a")] == [(1, 60), (2, 60)]
    seconds.now += 59.5
    assert counts.count("a") == (3, 1)
    seconds.now += 0.5
    assert counts.count("a") == (1, 60)
    seconds.now += 1
    for name in ("b", "c", "d", "e"):
        counts.count(name)
    assert len(counts) == 3
    assert (counts.count_of("a"), counts.count_of("e")) == (0, 1)
    seconds.now += 61
    assert counts.count("f") == (1, 60)
    assert len(counts) == 1


def _now(engine: Engine) -> datetime:
    with engine.connect() as connection:
        return connection.execute(text("select clock_timestamp()")).scalar_one()


def _changes_in(engine: Engine, second: datetime) -> int:
    with engine.connect() as connection:
        return connection.execute(text(caching._CHANGES_WITHIN_A_SECOND), {"second": second}).scalar_one()


def _alone_in_its_second(engine: Engine) -> datetime:
    """Publish until a publication has a second to itself; say which."""
    value = 70
    while True:
        value = 71 if value == 70 else 70
        second = publish(engine, value).replace(microsecond=0)
        if _changes_in(engine, second) == 1:
            return second
