"""The whole proof, on what the hosts of a lab answered: in order, and with one thing wrong each.

The recordings named here were made with `tests/operations/replay.py` on a cluster of two
directors, three real servers, a storage host and a client, where the fault was really made.
"""

import array
import io
import json
import math
import random
import wave
from collections.abc import Callable

import pytest

from provisioning.facts.probes.speech import measure
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_state.look import look_at
from provisioning.operations.switchover.failover_readiness import blockers
from provisioning.operations.verify import CheckResult, verify
from tests.operations.replay import INVENTORY, Recording, backup, recording, replay

HOLDER = "one director holds each VIP"
LO = "real servers have the VIPs on lo and are silent about them"
TABLES = "kernel tables are as the inventory says"
IN_SERVICE = "every real server is in service"
SYNC = "connections are copied to the backup"
READY = "every node is ready, at its own address and at the VIPs"
RELEASE = "all nodes have the same release"
FOLDER = "every node has the outputs folder"
SHARED = "what a node writes to the outputs folder, all nodes can read"
REACHED = "every host can be looked at"
OWNER = "10.77.0.100 belongs to the master director alone"
ANSWERS = "10.77.0.100:7860 answers"
SPREAD = "requests to 10.77.0.100:7860 spread as rr says"
DIRECT = "replies from 10.77.0.100:7860 bypass the director"
SPEAKS = "the app speaks through the VIP"


def proved(answers: Recording, *, synthesis: bool = True) -> dict[str, CheckResult]:
    checks = verify(INVENTORY, replay(answers), ClusterRecord(), synthesis=synthesis)
    assert len({check.name for check in checks}) == len(checks)
    return {check.name: check for check in checks}


def lone_director() -> tuple[Inventory, Recording]:
    """The healthy cluster with the master alone, which runs no connection sync."""
    answers = recording("healthy")
    del answers[backup()]
    (master,) = set(INVENTORY.directors.hosts) - {backup()}
    answers[master]["sync_roles"] = [("", "", 0)]
    content = INVENTORY.model_dump(exclude_unset=True)
    content["directors"]["hosts"] = {master: content["directors"]["hosts"][master]}
    return Inventory.model_validate(content), answers


def failed(checks: dict[str, CheckResult]) -> dict[str, str]:
    assert all(check.fix for check in checks.values() if check.ok is False)
    return {name: check.evidence for name, check in checks.items() if check.ok is False}


def test_a_cluster_in_order_holds_in_everything() -> None:
    checks = proved(recording("healthy"))
    # The recorded hosts told no time.
    assert checks.pop("the hosts' clocks agree").ok is None
    assert [check.ok for check in checks.values()] == [True] * 17
    assert checks[SPREAD].evidence == "rs1 4, rs2 4, rs3 4"
    assert checks[DIRECT].evidence.endswith(", OutPkts +0, OutBytes +0")
    assert checks[REACHED].evidence == "6 hosts"
    assert "rs1, rs2, rs3 in /srv/cosyvoice/outputs" in checks[SHARED].evidence
    assert "s of sound by rs" in checks[SPEAKS].evidence


def test_a_lone_director_needs_no_other_to_be_in_order() -> None:
    inventory, answers = lone_director()
    (master,) = inventory.directors.hosts
    checks = {c.name: c for c in verify(inventory, replay(answers), ClusterRecord())}
    assert failed(checks) == {}
    assert (checks[SYNC].ok, checks[SYNC].evidence) == (None, "the inventory has one director")
    state = look_at(inventory, replay(lone_director()[1]), ClusterRecord())
    assert blockers(inventory, state, master) == []


def test_a_real_server_that_answers_arp_is_named() -> None:
    problems = failed(proved(recording("arp-answered")))
    assert set(problems) == {LO, OWNER}
    assert problems[LO] == "rs2: arp_ignore is 0, so it answers ARP for the VIP"
    assert problems[OWNER] == "answered for by rs2 (02:00:0a:4d:00:16) as well"


def test_two_masters_are_named_and_what_hangs_on_them_fails_too() -> None:
    problems = failed(proved(recording("two-masters")))
    assert problems[HOLDER] == "lvs1 and lvs2 hold 10.77.0.100 at the same time"
    assert "no single director holds it" in problems[OWNER]
    assert {SPREAD, DIRECT} < set(problems)


def test_a_stopped_app_is_out_of_the_tables_and_not_ready() -> None:
    problems = failed(proved(recording("node-stopped")))
    assert set(problems) == {IN_SERVICE, READY}
    assert problems[IN_SERVICE] == "rs3: out of the table for 10.77.0.100:7860 on every director"
    assert problems[READY].startswith("rs3: the app's service does not run: STOPPED")


def test_replies_through_the_director_are_counted() -> None:
    problems = failed(proved(recording("masqueraded")))
    assert "packets" in problems[DIRECT] and "went out through the director" in problems[DIRECT]
    assert "forwarding to rs3 is Masq instead of Route" in problems[TABLES]


def test_a_table_changed_by_hand_is_told_on_each_director() -> None:
    problems = failed(proved(recording("table-by-hand")))
    assert "weight of rs2 is 5 instead of 1" in problems[TABLES]
    assert "scheduler is wlc instead of rr" in problems[TABLES]


def test_a_vip_that_is_off_lo_black_holes_its_share() -> None:
    problems = failed(proved(recording("vip-off-lo")))
    assert problems[LO] == "rs1: 10.77.0.100 is not on lo, so packets for it are dropped"
    assert "timed out" in problems[ANSWERS]
    assert "no request reached rs1" in problems[SPREAD]
    assert "rs1: not ready at 10.77.0.100:7860" in problems[READY]


def test_a_silent_file_server_is_found_without_waiting_for_it() -> None:
    problems = failed(proved(recording("storage-frozen")))
    assert set(problems) == {REACHED, FOLDER, SHARED}
    assert "rs1: /srv/cosyvoice/outputs does not answer" in problems[FOLDER]
    assert problems[SHARED].startswith("rs1, rs2, rs3 could not try")


@pytest.mark.parametrize(
    ("samples", "evidence"),
    [
        ([0] * 64000, "the sound is silent (-"),
        ([round(9000 * math.sin(n / 11)) for n in range(64000)], "an even noise or tone"),
        ([random.Random(n).randint(-9000, 9000) for n in range(64000)], "an even noise or tone"),
        ([9000, 0] * 4000, "0.5 s of sound does not fit the sentence"),
    ],
    ids=["silence", "tone", "noise", "cut short"],
)
def test_what_is_no_speech_is_told_from_it(samples: list[int], evidence: str) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16000)
        writer.writeframes(array.array("h", samples).tobytes())
    said = {"status": 200, "node": "rs1", "seconds": 1.0, **measure(file.getvalue())}
    answers = recording("healthy")
    answers["client1"]["speech"] = [(json.dumps(said), "", 0)]
    problems = failed(proved(answers))
    assert set(problems) == {SPEAKS} and evidence in problems[SPEAKS]


def edit(host: str, key: str, old: str, new: str) -> Callable[[Recording], None]:
    def change(answers: Recording) -> None:
        given = answers[host][key]
        assert all(old in text for text, _, _ in given)
        answers[host][key] = [(text.replace(old, new), err, status) for text, err, status in given]

    return change


def broken(host: str, key: str, said: str, status: int) -> Callable[[Recording], None]:
    def change(answers: Recording) -> None:
        answers[host][key] = [("", said, status)]

    return change


def gone(host: str) -> Callable[[Recording], None]:
    def change(answers: Recording) -> None:
        del answers[host]

    return change


@pytest.mark.parametrize(
    ("change", "name", "evidence"),
    [
        (gone("rs2"), REACHED, "rs2: no answer within 10 s"),
        (gone("client1"), "a client reaches the VIPs", "client1: no answer within 10 s"),
        (
            broken("client1", "vip_replies", "sh: 1: python3: not found", 127),
            "a client reaches the VIPs",
            "python3: not found; it needs python3 there",
        ),
        (
            broken("lvs1", "ipvs_table", "Can't initialize ipvs: Protocol not available", 2),
            TABLES,
            "lvs1: no IPVS table: Can't initialize ipvs",
        ),
        (broken("lvs1", "keepalived_runs", "", 1), HOLDER, "lvs1: Keepalived does not run"),
        (
            broken("lvs1", "vrrp_states", "", 0),
            HOLDER,
            "lvs1: Keepalived has not said what it is",
        ),
        (
            edit(backup(), "vrrp_states", "BACKUP", "FAULT"),
            HOLDER,
            "VRRP state of 10.77.0.100 is F",
        ),
        (edit(backup(), "vrrp_states", "BACKUP", "MASTER"), HOLDER, "says it is MASTER"),
        (
            edit("lvs1", "ipvs_table", "10.77.0.23", "10.77.0.29"),
            TABLES,
            "10.77.0.29:7860 gets",
        ),
        (
            edit("lvs2", "ipvs_table", "100:7860", "100:8080"),
            TABLES,
            "lvs2: 10.77.0.100:7860 is not",
        ),
        (
            edit("lvs2", "ipvs_table", "100:7860", "100:8080"),
            TABLES,
            "100:8080 is in the table, not",
        ),
        (
            edit("lvs1", "ipvs_table", "7860 rr", "7860 rr persistent 60"),
            TABLES,
            "persistence is 60",
        ),
        (
            broken("lvs1", "sync_roles", "", 0),
            SYNC,
            "lvs1: the connection sync daemon should run as",
        ),
        (
            edit("rs1", "current_release", "releases/", "releases/old-"),
            RELEASE,
            "different releases: old-",
        ),
        (broken("rs1", "current_release", "", 1), RELEASE, "rs1: no release of the app"),
        (broken("rs1", "arp_settings", "No such file", 1), LO, "rs1: its ARP sysctls could not"),
        (
            edit("rs1", "interfaces", '"prefixlen":32', '"prefixlen":24'),
            LO,
            "makes its whole subnet local",
        ),
        (
            edit("rs1", "interfaces", '"ifname":"lo"', '"ifname":"eth1"'),
            LO,
            "is on eth1, where the LAN sees it",
        ),
        (
            edit("rs2", "mounts", "10.77.0.31:/ rw", "10.77.0.31:/ ro"),
            FOLDER,
            "mounted read-only",
        ),
        (
            edit("rs2", "mounts", "10.77.0.31:/", "10.77.0.32:/"),
            FOLDER,
            "different folders mounted",
        ),
        (
            edit("rs2", "mounts", "/srv/cosyvoice/outputs", "/srv/x"),
            SHARED,
            "rs2 could not try",
        ),
        (
            broken("rs2", "shared", "sh: 1: cannot create x: Permission denied", 2),
            SHARED,
            "rs2 cannot write: sh: 1",
        ),
        (
            edit("nas1", "exports", "/srv/cosyvoice/outputs\t", "/srv/x\t"),
            FOLDER,
            "is not exported",
        ),
        (edit("nas1", "nfs_threads", "8", "0"), FOLDER, "nas1: the NFS server does not run"),
        (
            edit("client1", "vip_replies", '"rs3"', '"gpu9"'),
            SPREAD,
            "not a node in service there: gpu9",
        ),
        (
            edit("client1", "vip_replies", '"status": 200', '"status": 503'),
            ANSWERS,
            "HTTP status 503",
        ),
        (
            edit("client1", "speech", '"node": "rs', '"node": "gpu'),
            SPEAKS,
            "not in the inventory",
        ),
    ],
)
def test_each_thing_that_can_be_wrong_is_told_by_one_check(
    change: Callable[[Recording], None], name: str, evidence: str
) -> None:
    answers = recording("healthy")
    change(answers)
    assert evidence in failed(proved(answers))[name]


@pytest.mark.parametrize(
    ("route", "evidence"), [("routed", "through a router"), ("local", "has the VIP itself")]
)
def test_from_afar_the_owner_cannot_be_seen_and_that_is_said(route: str, evidence: str) -> None:
    answers = recording("healthy")
    edit("client1", "neighbours", '"link"', f'"{route}"')(answers)
    check = proved(answers)[OWNER]
    assert check.ok is None and evidence in check.evidence and "`clients`" in check.fix


def test_without_root_the_owner_is_told_from_the_cache_alone() -> None:
    answers = recording("healthy")
    text, err, status = answers["client1"]["neighbours"][0]
    head, _, tail = text.partition('"owners": [')
    limited = head + '"owners": null, "problem": "Operation not permitted"}}'
    assert tail
    answers["client1"]["neighbours"] = [(limited, err, status)]
    check = proved(answers)[OWNER]
    assert check.ok and "could not be asked: Operation not permitted" in check.evidence


def test_a_stale_neighbour_cache_is_told_from_a_second_owner() -> None:
    answers = recording("healthy")
    text, err, status = answers["client1"]["neighbours"][0]
    before, after = text.split('"cached": "')
    other = "02:00:0a:4d:00:0b" if after.startswith("02:00:0a:4d:00:0c") else "02:00:0a:4d:00:0c"
    stale = before + '"cached": "' + other + after[len(other) :]
    answers["client1"]["neighbours"] = [(stale, err, status)]
    evidence = failed(proved(answers))[OWNER]
    assert evidence.startswith("the client sends to lvs") and "instead" in evidence


def test_without_synthesis_speech_is_skipped_and_says_so() -> None:
    check = proved(recording("healthy"), synthesis=False)[SPEAKS]
    assert check.ok is None and "--synthesis" in check.fix


def test_who_else_speaks_for_the_vips_is_proved_or_said_to_be_unknown() -> None:
    name = "nobody else speaks for the VIPs"
    answers = recording("healthy")
    said = {"owners": {"10.77.0.100": {"02:00:00:00:00:99": []}}, "speakers": [], "problem": ""}
    answers["lvs1"]["vip_claims"] = [(json.dumps(said), "", 0)]
    assert "02:00:00:00:00:99" in failed(proved(answers))[name]
    for director in ("lvs1", "lvs2"):
        answers[director]["vip_claims"] = [("", "sh: python3: not found", 127)]
    check = proved(answers)[name]
    assert check.ok is None
    assert "python3: not found" in check.evidence
