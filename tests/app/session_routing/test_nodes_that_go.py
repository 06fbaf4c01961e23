"""Owners that die, hang, drain and return."""

import contextlib
import signal
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.app.patient_client import patient_client
from tests.app.session_routing.cluster import NAMES, Nodes
from tests.app.session_routing.session import Session

IN_TIME = 60
"""Seconds after which nobody would call it bounded; it takes about ten."""


@contextlib.contextmanager
def gone(nodes: Nodes, name: str) -> Iterator[None]:
    """Killed here, and back afterwards."""
    nodes.kill(name)
    try:
        yield
    finally:
        nodes.start(name)
        nodes.wait_for(name)
        nodes.agree()


def place_of(session: Session, nodes: Nodes) -> tuple[str, str]:
    """The session's owner, and the address of a node that is not."""
    owner = session.run(nodes.url, "slow", "where").rsplit(" ", 1)[1]
    return owner, nodes.own_url(next(name for name in NAMES if name != owner))


def test_a_stream_whose_owner_dies_ends_as_one_that_failed(nodes: Nodes) -> None:
    session = Session(nodes.url)
    owner, other = place_of(session, nodes)
    event = session.join(other, "long", 30)
    stream = session.events(other)
    while next(stream)["msg"] != "process_generating":
        pass
    with gone(nodes, owner):
        failed, closed = list(stream)[-2:]
        assert closed["msg"] == "close_stream"
        assert (failed["msg"], failed["event_id"]) == ("process_completed", event)
        assert not failed["success"] and failed["node_gone"]
        # The session goes on, on another node.
        assert owner not in session.run(other, "slow", "again")


@pytest.mark.long
def test_gradios_client_hears_of_it_too(nodes: Nodes) -> None:
    client = patient_client(nodes.own_url("one"))
    # Its session begins elsewhere.
    nodes.drain("one")
    try:
        owner = client.predict("x", api_name="/slow").rsplit(" ", 1)[1]
    finally:
        nodes.undrain("one")
    job = client.submit(30, api_name="/long")
    while not job.outputs():
        time.sleep(0.05)
    with gone(nodes, owner), pytest.raises(Exception, match="has gone"):
        job.result(timeout=IN_TIME)


@pytest.mark.long
def test_an_event_found_by_its_id_ends_with_an_error(nodes: Nodes) -> None:
    call = httpx.post(
        f"{nodes.own_url('one')}/gradio_api/call/long", json={"data": [30]}, timeout=30
    )
    owner, event = call.headers["x-made-by"], call.json()["event_id"]
    other = nodes.own_url(next(name for name in NAMES if name != owner))
    where = f"{other}/gradio_api/call/long/{event}"
    with httpx.stream("GET", where, timeout=30) as answer:
        parts = answer.iter_text()
        assert "generating" in next(parts)
        with gone(nodes, owner):
            said = "".join(parts)
    assert said.endswith("\n\n") and "event: error" in said.split("\n\n")[-2]


@pytest.mark.long
def test_a_node_that_hangs_is_given_up_and_not_chosen(nodes: Nodes) -> None:
    session = Session(nodes.url)
    owner, other = place_of(session, nodes)
    session.join(other, "long", 90)
    stream = session.events(other)
    while next(stream)["msg"] != "process_generating":
        pass
    nodes.send(owner, signal.SIGSTOP)
    began = time.monotonic()
    try:
        assert [message["msg"] for message in stream][-1] == "close_stream"
        assert time.monotonic() - began < IN_TIME
        new_owner = session.run(other, "slow", "again").rsplit(" ", 1)[1]
        assert new_owner != owner
        assert time.monotonic() - began < IN_TIME
        for number in range(6):
            assert owner not in Session(other).run(other, "slow", str(number))
    finally:
        nodes.send(owner, signal.SIGCONT)
    nodes.agree()
    # What it had it has lost: it takes over nothing that lives elsewhere.
    assert session.run(nodes.own_url(owner), "slow", "still").endswith(new_owner)


@pytest.mark.long
def test_requests_to_a_node_that_hangs_are_answered_by_another(nodes: Nodes) -> None:
    """It hangs when they come, and nobody has noticed yet."""
    session = Session(nodes.url)
    owner, other = place_of(session, nodes)
    nodes.send(owner, signal.SIGSTOP)
    began = time.monotonic()
    try:
        assert owner not in session.run(other, "slow", "now")
        assert time.monotonic() - began < IN_TIME
    finally:
        nodes.send(owner, signal.SIGCONT)
    nodes.agree()


def test_sessions_stay_on_a_node_that_drains_and_new_ones_do_not_come(nodes: Nodes) -> None:
    session = Session(nodes.url)
    owner, _ = place_of(session, nodes)
    nodes.drain(owner)
    try:
        for at in (*map(nodes.own_url, NAMES), nodes.url):
            assert session.run(at, "slow", "stay").endswith(owner)
        for number in range(6):
            at = nodes.own_url(NAMES[number % 3])
            assert not Session(at).run(at, "slow", "new").endswith(owner)
    finally:
        nodes.undrain(owner)
    assert session.run(nodes.url, "slow", "stay").endswith(owner)


@pytest.mark.long
def test_a_node_that_was_started_anew_has_no_sessions(nodes: Nodes) -> None:
    session = Session(nodes.url)
    owner, other = place_of(session, nodes)
    nodes.restart(owner)
    nodes.agree()
    nodes.drain(owner)
    try:
        # Were it still held for the owner, the session would stay there.
        assert owner not in session.run(other, "slow", "anew")
    finally:
        nodes.undrain(owner)


@pytest.mark.long
def test_the_last_node_serves_alone(nodes: Nodes) -> None:
    session = Session(nodes.url)
    with gone(nodes, "one"), gone(nodes, "two"):
        at = nodes.own_url("three")
        assert session.run(at, "slow", "x").endswith("three")
        assert patient_client(at).predict("alone", api_name="/greet") == "alone by three 1"
