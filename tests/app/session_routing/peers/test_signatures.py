"""Passes between nodes whose clocks have nothing in common."""

import pytest

from app.session_routing.peers.signatures import Signature, Signatures, on_behalf_of

SECRET = b"0123456789abcdef"
DAY = 86400.0


class FakeClock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Pair:
    """rs1 writes, rs2 reads; rs2's clock shows `ahead` seconds more."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.clocks = FakeClock(5e6), FakeClock(5e6 + ahead)
        self.writer = Signatures(SECRET, "rs1", self.clocks[0])
        self.reader = Signatures(SECRET, "rs2", self.clocks[1])

    def wait(self, seconds: float) -> None:
        for clock in self.clocks:
            clock.now += seconds

    def write(self, client: str = "") -> bytes:
        return self.writer.write("rs2", "GET", "/queue?a=1", client)

    def read(
        self, header: bytes, target: str = "/queue?a=1", method: str = "GET"
    ) -> Signature | None:
        return self.reader.read(header, method, target)

    def meet(self) -> None:
        header = self.write()
        given = self.read(header)
        assert given is not None and not given.timely
        assert self.writer.learn("rs2", header, self.reader.shown(given))


@pytest.mark.parametrize("ahead", [0.0, 600.0, -600.0, DAY, -DAY, 5e6])
def test_clocks_need_not_agree(ahead: float) -> None:
    pair = Pair(ahead)
    pair.meet()
    for _ in range(3):
        given = pair.read(pair.write("10.0.0.9"))
        assert given is not None and given.timely
        assert (given.sender, given.client) == ("rs1", "10.0.0.9")
        pair.wait(3600)


@pytest.mark.parametrize(
    ("client", "scheme"), [("10.0.0.9", "http"), ("10.0.0.9", "https"), ("fd00::9", "https")]
)
def test_a_request_is_at_its_owner_what_it_was_where_it_was_sent(client: str, scheme: str) -> None:
    pair = Pair()
    pair.meet()
    sent = {"client": (client, 4711), "scheme": scheme}
    given = pair.read(pair.write(on_behalf_of(sent)))
    assert given is not None and given.timely
    there = {"client": ("10.0.0.1", 51234), "scheme": "http"}
    given.restore(there)
    assert there == {"client": (client, 0), "scheme": scheme}


def test_a_pass_is_good_once_and_for_half_a_minute() -> None:
    pair = Pair(-600)
    pair.meet()
    header, late = pair.write(), pair.write()
    assert pair.read(header) is not None
    assert pair.read(header) is None
    pair.wait(29)
    assert pair.read(header) is None
    pair.wait(2)
    given = pair.read(late)
    assert given is not None and not given.timely
    again = pair.read(header)
    assert again is not None and not again.timely


def test_a_pass_is_for_one_request_at_one_node() -> None:
    pair = Pair()
    pair.meet()
    assert pair.read(pair.write(), target="/queue?a=2") is None
    assert pair.read(pair.write(), method="POST") is None
    assert Signatures(SECRET, "rs3", pair.clocks[1]).read(pair.write(), "GET", "/queue?a=1") is None
    assert (
        pair.reader.read(Signatures(b"x" * 16, "rs1").write("rs2", "GET", "/"), "GET", "/") is None
    )
    for bad in (b"", b"rs1 rs2", b"\xff a b c d", pair.write().replace(b"rs1", b"rs3")):
        assert pair.read(bad) is None


def test_a_pass_ends_with_the_process_it_was_made_for() -> None:
    """A new process would not remember that the pass was used."""
    pair = Pair()
    pair.meet()
    used = pair.write()
    assert pair.read(used) is not None
    pair.reader = Signatures(SECRET, "rs2", pair.clocks[1])
    given = pair.read(used)
    assert given is not None and not given.timely
    pair.meet()
    given = pair.read(pair.write())
    assert given is not None and given.timely


def test_a_clock_that_drifts_or_stands_still_is_learned_anew() -> None:
    pair = Pair()
    pair.meet()
    # As that of a virtual machine that was suspended.
    pair.clocks[1].now -= 3600
    pair.meet()
    given = pair.read(pair.write())
    assert given is not None and given.timely


def test_a_clock_is_believed_of_its_node_alone_and_once() -> None:
    pair = Pair()
    header = pair.write()
    given = pair.read(header)
    assert given is not None
    shown = pair.reader.shown(given)
    other = Signatures(SECRET, "rs3", pair.clocks[1])
    assert not pair.writer.learn("rs2", header, other.shown(given))
    assert not pair.writer.learn("rs2", pair.write(), shown), "the answer to another question"
    for forged in ("", "x", shown[:-1] + "é", shown.replace(":", ":9"), "p:1.0 " + "0" * 64):
        assert not pair.writer.learn("rs2", header, forged)
    assert pair.writer.learn("rs2", header, shown)


OTHER = b"another secret here"


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        # Some accept the new one already, and nobody signs with it.
        ((SECRET,), (SECRET, OTHER)),
        ((SECRET, OTHER), (SECRET,)),
        # All accept both, and some sign with the new one.
        ((SECRET, OTHER), (OTHER, SECRET)),
        ((OTHER, SECRET), (SECRET, OTHER)),
        # Some have forgotten the old one.
        ((OTHER, SECRET), (OTHER,)),
        ((OTHER,), (OTHER, SECRET)),
    ],
)
def test_nodes_believe_each_other_at_each_step_of_an_exchange(
    writer: tuple[bytes, ...], reader: tuple[bytes, ...]
) -> None:
    pair = Pair()
    pair.writer = Signatures(lambda: writer, "rs1", pair.clocks[0])
    pair.reader = Signatures(lambda: reader, "rs2", pair.clocks[1])
    pair.meet()
    given = pair.read(pair.write())
    assert given is not None and given.timely
    assert pair.read(pair.write().replace(b"rs1", b"rs3")) is None


def test_a_signature_by_a_secret_that_was_forgotten_is_a_strangers() -> None:
    pair = Pair()
    pair.meet()
    header = pair.write()
    pair.reader = Signatures(lambda: (OTHER,), "rs2", pair.clocks[1])
    assert pair.read(header) is None


def test_a_node_proves_how_far_it_is_without_a_secret() -> None:
    pair = Pair()
    pair.reader = Signatures(lambda: (OTHER, SECRET), "rs2", pair.clocks[1])
    given = pair.read(pair.write())
    assert given is not None
    count, mac = pair.reader.known(given).split(" ")
    alike = Signatures(OTHER, "rs2", pair.clocks[1])
    assert count == "2" and mac != alike.known(given).split(" ")[1], "the count is under it"
    assert SECRET.decode() not in repr(given)
