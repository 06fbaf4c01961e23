"""Lines that a log host sends on, through the real rsyslogd, to stand-ins that check their form."""

import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from provisioning.places import LOG_SENDER_PROGRAM
from provisioning.roles.logs.keeper_program import pack
from provisioning.roles.logs.sender import following, lines
from provisioning.roles.logs.sender.elasticsearch import Elasticsearch
from provisioning.roles.logs.sender.following import Following
from provisioning.roles.logs.sender.loki import Loki
from provisioning.roles.logs.sender.place import NotTakenError
from tests.certificates import Wanted, made
from tests.ports import free_port, refusing_port
from tests.processes import wait_until
from tests.roles.log_receivers import ElasticsearchStandIn, LokiStandIn, Receiver, listening
from tests.roles.log_site import LogSite, line, running
from tests.roles.rendered import files

PASSWORD = "密码 \"'$x:"


def settings(receiver: Receiver, **more: object) -> dict[str, Any]:
    kind = "loki" if isinstance(receiver, LokiStandIn) else "elasticsearch"
    found = {"type": kind, "urls": [f"http://127.0.0.1:{receiver.port}"], "cluster": "语音"}
    return {**found, "index": "cosyvoice", "daily": True, **more}


def record(number: int, text: str = "", **more: str) -> dict[str, str]:
    return {
        "time": "2026-01-31T08:00:00.123456+00:00",
        "received": "2026-01-31T23:59:59.5+08:00",
        "node": "rs1",
        "from": "192.168.1.101",
        "service": "cosyvoice",
        "level": "notice",
        "offset": str(number),
        "line": text or line(number, f"说 {number}", request_id=f"r-{number}"),
        **more,
    }


@pytest.fixture
def search() -> ElasticsearchStandIn:
    return ElasticsearchStandIn()


@contextmanager
def sending(site: LogSite, *receivers: Receiver) -> Iterator[Path]:
    """The program as the log host has it, with its pauses shortened; the folder of its places."""
    given, program = files("logs"), site.folder / "sender"
    for place, file in given.items():
        if place.startswith(f"log1{LOG_SENDER_PROGRAM}/"):
            path = program / place.removeprefix(f"log1{LOG_SENDER_PROGRAM}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            quick = file.content.replace("(1.0, 2.0, 5.0, 10.0, 30.0)", "(0.05,)")
            path.write_text(quick.replace("EVERY = 1.0", "EVERY = 0.05"))
    places = site.folder / "places"
    places.mkdir(exist_ok=True)
    named = []
    for receiver in receivers:
        found = settings(receiver)
        named.append(site.folder / f"{found['type']}.json")
        named[-1].write_text(json.dumps(found))
    words = ["/usr/bin/python3", "-I", program, site.kept, places, *named]
    process = subprocess.Popen(list(map(str, words)))
    try:
        wait_until(lambda: all((places / one.name).exists() for one in named))
        yield places
    finally:
        process.kill()
        process.wait(30)


def test_what_waits_or_is_turned_away_comes_all_the_same(
    tmp_path: Path, search: ElasticsearchStandIn
) -> None:
    loki = LokiStandIn()
    for one in (search, loki):
        one.port = free_port()
    site = LogSite(tmp_path)
    with running(site, site.store, site.shipper), sending(site, search, loki) as places:
        told = [places / f"{name}.json" for name in ("elasticsearch", "loki")]

        def problems() -> list[str]:
            return [json.loads(one.read_text()).get("problem", "-") for one in told]

        # Neither answers yet: files are written, and status has the reason.
        site.write(*(line(n, f"等 {n}") for n in range(200)))
        site.wait_for(200)
        wait_until(lambda: all("refused" in one for one in problems()))
    # All were killed.
    search.answers = [503, 429, 401, [429, 400], [201, 503], [400]]
    loki.answers = [503, 429, 401, 500]
    with running(site, site.store, site.shipper):
        site.write(*(line(n, f"来 {n}") for n in range(200, 260)))
        with listening(search, loki), sending(site, search, loki):
            wait_until(lambda: len(loki.messages) == len(search.messages) == 260, 60)
            wait_until(lambda: problems() == ["", ""])
            said = json.loads(told[0].read_text())
    assert search.wrong == loki.wrong == []
    assert not search.answers and not loki.answers, "each answer was given"
    assert sorted(set(search.messages)) == sorted(search.messages), "none is there twice"
    assert (said["refused"], said["last_refused"]) == (1, "400 document_parsing_exception")
    assert not any("heartbeat" in one for one in search.messages + loki.messages)


def test_documents_have_the_fields_of_the_common_schema(search: ElasticsearchStandIn) -> None:
    with listening(search):
        account = {"username": "日志", "password": PASSWORD}
        Elasticsearch(settings(search, **account)).send(
            [record(1), record(2, "Sat Jan 31 08:00:00 2026: Entering MASTER STATE")]
        )
    (index, _), first = next(iter(search.documents.items()))
    assert index == "cosyvoice-2026.01.31", "of the day in UTC on which it came"
    assert first["@timestamp"] == json.loads(first["message"])["time"]
    assert first["http"]["request"]["id"] == "r-1" and first["log"]["level"] == "info"
    assert first["labels"] == {"cluster": "语音"} and first["host"] == {"name": "rs1"}
    second = list(search.documents.values())[1]
    assert second["@timestamp"].endswith(".123456+00:00") and "http" not in second
    assert search.requests[0]["authorization"].startswith("Basic ")


def test_a_data_stream_is_named_as_it_is_and_the_next_server_is_asked(
    search: ElasticsearchStandIn,
) -> None:
    with refusing_port() as port, listening(search):
        urls = [f"http://127.0.0.1:{port}", f"http://127.0.0.1:{search.port}/behind/"]
        Elasticsearch(settings(search, urls=urls, daily=False)).send([record(1)])
    assert {index for index, _ in search.documents} == {"cosyvoice"} and not search.wrong


def test_streams_have_few_labels_and_times_to_the_nanosecond() -> None:
    loki = LokiStandIn()
    with listening(loki):
        one = Loki(settings(loki, tenant="tts"))
        one.send([record(2), record(1), record(3, "no JSON", level="err"), record(4, "{x")])
    assert not loki.wrong and loki.requests[0]["x-scope-orgid"] == "tts"
    entries = {text: (dict(labels), at) for labels, at, text in loki.entries}
    labels, at = entries[record(1)["line"]]
    assert labels == {"cluster": "语音", "node": "rs1", "service": "cosyvoice", "level": "info"}
    exact = int(datetime(2026, 1, 31, 8, tzinfo=UTC).timestamp()) * 10**9
    assert int(at) == exact + 1_000_000
    assert entries["no JSON"][0]["level"] == "err"
    assert int(entries["{x"][1]) == exact + 123_456_000


def test_what_is_too_large_is_halved_and_one_line_that_is_is_left_out(
    search: ElasticsearchStandIn,
) -> None:
    search.answers = [413, 200, 413, 413, 413]
    with listening(search):
        one = Elasticsearch(settings(search))
        one.send([record(n, f"m{n}") for n in range(8)])
    assert len(search.documents) == 7 and one.refused == 1
    assert len(search.requests) == 7, "8; 4, 4; 2, 2; and 1, which is too large, 1"


def test_only_a_server_that_the_authority_vouches_for_gets_lines(
    search: ElasticsearchStandIn, tmp_path: Path
) -> None:
    authority = made(Wanted(subject="ca", names=(), authority=True))
    own = made(Wanted(subject="localhost", names=("localhost",), issuer=authority))
    pem = tmp_path / "pem"
    pem.write_text(own.key_pem() + own.pem)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pem)
    with listening(search, tls=tls):
        urls = [f"https://localhost:{search.port}"]
        with pytest.raises(NotTakenError, match="its certificate is refused"):
            Elasticsearch(settings(search, urls=urls)).send([record(1)])
        assert not search.requests
        Elasticsearch(settings(search, urls=urls, ca=authority.pem)).send([record(1)])
    assert len(search.documents) == 1


def test_an_answer_of_something_else_counts_as_none(search: ElasticsearchStandIn) -> None:
    loki = LokiStandIn(answers=[404])
    with listening(search, loki):
        with pytest.raises(NotTakenError, match="HTTP 404"):
            Loki(settings(loki)).send([record(1)])
        one = Elasticsearch(settings(search))
        for said in (b"<html>", b"{}", b"[]", b'{"errors": true, "items": [{}]}'):
            with pytest.raises(NotTakenError, match="no answer of a bulk request"):
                one.taken(said)


def kept(number: int) -> bytes:
    return json.dumps(record(number), ensure_ascii=False).encode() + b"\n"


def test_a_line_after_what_a_power_cut_has_left_is_read() -> None:
    raw = lines.compact(record(7, '说 {"time":"x"}'))
    for left in (b"", b"\0" * 100, raw[:-5], raw[: len(raw) // 2] + b"\0" * 9):
        assert lines.record(left + raw) == record(7, '说 {"time":"x"}')
    assert lines.record(raw[:-5]) is None


def test_a_place_outlives_packing_emptying_and_half_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LARGEST", 3 * len(kept(1)))
    folder = tmp_path / "rs1"
    folder.mkdir()
    file = folder / f"{datetime.now(UTC):{following.HOUR}}.jsonl"
    file.write_bytes(b"".join(map(kept, range(2))))

    def came(where: Following) -> list[list[int]]:
        return [[int(json.loads(raw)["offset"]) for raw in piece] for piece in where.new()]

    state = tmp_path / "state.json"
    assert came(Following(tmp_path, state)) == [], "a new output gets what comes from now on"
    with file.open("ab") as to:
        to.write(b"".join(map(kept, range(2, 7))) + kept(7)[:40])
    first = Following(tmp_path, state)
    assert next(first.new()) and came(first) == [[2, 3, 4], [5, 6]], "not sent until it is said"
    with file.open("ab") as to:
        to.write(kept(7)[40:] + kept(8))
    pack(file)
    assert came(Following(tmp_path, state)) == [[7, 8]]
    assert came(Following(tmp_path, state)) == []
    [packed] = folder.iterdir()
    packed.unlink()
    file.write_bytes(kept(9))
    assert came(Following(tmp_path, state)) == [[9]], "emptied, for its writer to go on"
    state.write_text("{")
    assert came(Following(tmp_path, state)) == []
