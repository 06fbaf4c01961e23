"""Faults and states that `cluster status` derives from hosts' answers."""

import io
import re
import shlex
import threading
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click
import pytest
from rich.console import Console

from provisioning.cli.running import cluster
from provisioning.cli.views.status import status_view
from provisioning.engine.fleet import Fleet
from provisioning.facts.clock import Clock
from provisioning.facts.fact import fragments
from provisioning.facts.lan.vip_claims import Claims, Speaker
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.operations import faults as faults_package
from provisioning.operations.cluster_state.look import host_views, look_at
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.faults.registry import all_faults
from provisioning.operations.status.record import status_record
from provisioning.operations.status.watch import Watch
from provisioning.roles.wanted_services import wanted_services
from provisioning.transport.base import (
    Completed,
    ConnectionLostError,
    HostKeyError,
    SudoError,
    Transport,
    UnreachableError,
)
from tests.operations.replay import INVENTORY, Recording, ReplayTransport, backup, recording, replay
from tests.processes import wait_until


def seen(answers: Recording) -> ClusterState:
    return look_at(INVENTORY, replay(answers), ClusterRecord())


def texts(inventory: Inventory, state: ClusterState) -> list[str]:
    faults = all_faults(inventory, state)
    for fault in faults:
        assert fault.fix
        for command in fault.commands:
            assert_can_be_typed(command)
    return [str(fault) for fault in faults]


def assert_can_be_typed(command: str) -> None:
    """Its words are taken by the command line as they stand."""
    _, name, *words = shlex.split(command)
    found = cluster.get_command(click.Context(cluster), name)
    assert found is not None
    found.make_context(name, words)


def shown(state: ClusterState, width: int = 160) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(status_view(INVENTORY, state, all_faults(INVENTORY, state)))
    return console.export_text()


def test_a_cluster_in_order_has_no_faults_and_shows_everything() -> None:
    state = seen(recording("healthy"))
    assert texts(INVENTORY, state) == []
    text = shown(state)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    masters = [line for line in lines if "MASTER" in line]
    assert len(masters) == 1 and masters[0].endswith("runs MASTER 10.77.0.100 master")
    assert sum("BACKUP" in line for line in lines) == 1
    assert any(line.startswith("rs3 yes yes running yes 0.1.0-") for line in lines)
    assert "All well." in text and "10.77.0.100:7860  rr" in text


def test_the_record_keeps_to_its_schema() -> None:
    state = seen(recording("healthy"))
    record = status_record(INVENTORY, state, [])
    assert record["healthy"] is True and record["faults"] == [] and record["unreachable"] == {}
    assert set(record["directors"]) == {"lvs1", "lvs2"}
    directors = list(record["directors"].values())
    assert sorted(one["vrrp"]["10.77.0.100"] for one in directors) == ["BACKUP", "MASTER"]
    assert sorted(one["holds"] for one in directors) == [[], ["10.77.0.100"]]
    (service,) = directors[0]["services"]
    assert (service["vip"], service["port"], service["scheduler"]) == ("10.77.0.100", 7860, "rr")
    assert [server["name"] for server in service["servers"]] == ["rs1", "rs2", "rs3"]
    node = record["real_servers"]["rs2"]
    assert node["vips_on_lo"] == ["10.77.0.100"] and node["service"] == "running"
    assert (node["arp_ignore"], node["arp_announce"]) == (1, 2)
    assert set(node["answers"]) == {"10.77.0.22:7860", "10.77.0.100:7860"}
    assert all(answer["ok"] for answer in node["answers"].values())
    assert node["mount"]["fstype"] == "nfs4" and node["mount"]["writable"]
    assert (node["running"], node["waiting"]) == (0, 0)
    assert record["storage"]["nas1"]["threads"] == 8


def test_a_host_that_cannot_be_reached_is_a_row_and_a_fault() -> None:
    answers = recording("healthy")
    del answers["rs2"], answers[backup()]
    state = seen(answers)
    assert texts(INVENTORY, state) == [
        f"{backup()}: cannot be looked at: no answer within 10 s",
        "rs2: cannot be looked at: no answer within 10 s",
    ]
    lines = [" ".join(line.split()) for line in shown(state).splitlines()]
    assert "rs2 unreachable" in lines and f"{backup()} unreachable" in lines


def test_output_that_is_no_table_takes_that_host_out_of_sight_alone() -> None:
    answers = recording("healthy")
    answers["lvs1"]["ipvs_table"] = [("what?\n", "", 0)]
    state = seen(answers)
    assert set(state.directors) == {"lvs2"}
    assert "'what?'" in state.unreachable["lvs1"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("two-masters", "lvs1 and lvs2 hold 10.77.0.100 at the same time"),
        ("table-by-hand", "weight of rs2 is 5 instead of 1"),
        ("node-stopped", "rs3: out of the table for 10.77.0.100:7860 on every director"),
        ("vip-off-lo", "rs1: 10.77.0.100 is not on lo, so packets for it are dropped"),
        ("storage-frozen", "rs1: /srv/cosyvoice/outputs does not answer: 10.77.0.31:/ is down"),
        ("arp-answered", "rs2: arp_ignore is 0, so it answers ARP for the VIP"),
        ("masqueraded", "forwarding to rs3 is Masq instead of Route"),
    ],
)
def test_what_is_wrong_is_said_below_the_tables(name: str, fault: str) -> None:
    state = seen(recording(name))
    assert any(fault in text for text in texts(INVENTORY, state))
    assert fault in " ".join(shown(state, width=400).split())


@pytest.mark.parametrize(
    ("name", "points"), [("two-masters", True), ("vip-off-lo", False), ("healthy", False)]
)
def test_what_no_command_mends_points_to_the_doctor(name: str, points: bool) -> None:
    state = seen(recording(name))
    faults = all_faults(INVENTORY, state)
    told = status_record(INVENTORY, state, faults)["hints"]
    assert any("`cluster doctor`" in hint for hint in told) == points, faults
    assert ("cluster doctor" in shown(state)) == points


def test_directors_that_disagree_about_a_node_are_named() -> None:
    answers = recording("healthy")
    text, err, status = answers["lvs1"]["ipvs_table"][0]
    fewer = "".join(line for line in text.splitlines(keepends=True) if "10.77.0.22" not in line)
    answers["lvs1"]["ipvs_table"] = [(fewer, err, status)]
    assert texts(INVENTORY, seen(answers)) == [
        "rs2: out of the table for 10.77.0.100:7860 on lvs1 but not on lvs2"
    ]


def varied(**changes: Any) -> Inventory:
    content = {
        "vip": "10.77.0.100",
        "interface": "vec0",
        "service_manager": "supervisor",
        "services": [{"scheduler": "rr", "persistence": None}],
        "directors": {"hosts": {"lvs1": "10.77.0.11", "lvs2": "10.77.0.12"}},
        "real_servers": {"hosts": {f"rs{n}": f"10.77.0.2{n}" for n in (1, 2, 3)}},
    }
    return Inventory.model_validate({**content, **changes})


@pytest.mark.parametrize(
    ("service", "fault"),
    [
        ({"scheduler": "wlc", "persistence": None}, "scheduler is rr instead of wlc"),
        ({"scheduler": "rr", "persistence": {}}, "persistence is none instead of 3600"),
        (
            {"scheduler": "rr", "persistence": {"granularity": 24}},
            "persistence granularity is none instead of 24",
        ),
        (
            {"scheduler": "sh", "persistence": None},
            "flags are none instead of sh-fallback",
        ),
        ({"port": 8080, "scheduler": "rr"}, "10.77.0.100:8080 is not in the kernel's table"),
    ],
)
def test_drift_from_a_changed_inventory_is_told(service: dict[str, Any], fault: str) -> None:
    state = seen(recording("healthy"))
    assert any(fault in text for text in texts(varied(services=[service]), state))


def test_weights_that_a_check_sets_are_not_drift() -> None:
    state = seen(recording("table-by-hand"))
    check = {"type": "misc", "command": "/usr/local/bin/load {address}", "dynamic": True}
    one = {"scheduler": "rr", "persistence": None, "check": check}
    assert not any("weight" in text for text in texts(varied(services=[one]), state))


@pytest.mark.parametrize(
    ("what", "address", "said"),
    [
        ({"sorry_server": "10.77.0.99"}, "10.77.0.99", "the sorry server answers"),
        ({"sorry_page": True}, "127.0.0.1", "the sorry page answers"),
    ],
)
def test_what_answers_in_the_nodes_place_tells_of_the_lost_quorum(
    what: dict[str, object], address: str, said: str
) -> None:
    answers = recording("healthy")
    for director in ("lvs1", "lvs2"):
        text, err, status = answers[director]["ipvs_table"][0]
        answers[director]["ipvs_table"] = [(text.replace("10.77.0.23", address), err, status)]
    one = {"scheduler": "rr", "persistence": None, **what}
    state = look_at(INVENTORY, replay(answers), ClusterRecord())
    found = texts(varied(services=[one]), state)
    assert not any("not in the inventory" in text for text in found)
    told = [f for f in all_faults(varied(services=[one]), state) if "quorum is lost" in f.text]
    assert [fault.host for fault in told] == ["lvs1", "lvs2"]
    for fault in told:
        assert said in fault.text and "no more than a consequence" in fault.fix


def test_vips_of_one_sync_group_must_be_on_one_director() -> None:
    two = varied(vip=None, vips=["10.77.0.100", "10.77.0.101"])
    state = seen(recording("healthy"))
    vip, other = ip_address("10.77.0.100"), ip_address("10.77.0.101")
    (backup,) = [n for n, d in state.directors.items() if not d.interfaces.offers(vip)]
    held = state.directors[backup].interfaces
    moved = replace(held, addresses=(*held.addresses, replace(held.addresses[-1], address=other)))
    state.directors[backup] = replace(state.directors[backup], interfaces=moved)
    assert any("of one sync group are apart" in text for text in texts(two, state))


def test_a_full_outputs_folder_is_a_fault() -> None:
    state = seen(recording("healthy"))
    state.storage["nas1"] = replace(state.storage["nas1"], free=2**20, size=2**30)
    (fault,) = texts(INVENTORY, state)
    assert fault == "nas1: /srv/cosyvoice/outputs is nearly full: 1 MiB free"


def test_a_node_that_runs_what_it_no_longer_has_is_told() -> None:
    state = seen(recording("healthy"))
    app = state.real_servers["rs1"].app
    assert app is not None
    state.real_servers["rs1"] = replace(
        state.real_servers["rs1"], app=replace(app, release="0.0.9-old", node="rs9")
    )
    found = texts(INVENTORY, state)
    assert any("runs release 0.0.9-old" in text for text in found)
    assert any("calls itself 'rs9'" in text for text in found)


def test_ipv6_services_have_endpoints_and_addresses_of_their_family() -> None:
    six = varied(
        vip="fd00:77::64",
        real_servers={
            "hosts": {
                "rs1": {"address": "10.77.0.21", "address6": "fd00:77::15"},
                "rs2": "10.77.0.22",
            }
        },
        services=[{"scheduler": "wrr", "persistence": {"timeout": 60, "granularity": 128}}],
    )
    (one,) = wanted_services(six, Runtime())
    assert one.endpoint == "[fd00:77::64]:7860"
    assert one.servers == {"rs1": ip_address("fd00:77::15")}
    assert one.granularity is None, "all of the address is how the table says none"
    assert "[fd00:77::15]:7860" in fragments(host_views(six)["rs1"].facts)["health_checks"]


def test_a_systemd_host_is_asked_by_systemctl() -> None:
    asked = fragments(host_views(varied(service_manager="systemd"))["rs1"].facts)
    assert asked["app_service"] == "systemctl is-active cosyvoice"
    answers = recording("healthy")
    for said, word in (("active\n", "running"), ("failed\n", "failed")):
        answers["rs1"]["app_service"] = [(said, "", 0)]
        state = look_at(varied(service_manager="systemd"), replay(answers), ClusterRecord())
        assert state.real_servers["rs1"].service == word


class Flaky(ReplayTransport):
    """A host that is lost at the second look."""

    looks = 0

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        Flaky.looks += 1
        if Flaky.looks == 2:
            raise ConnectionLostError("rs1: the connection broke")
        return super().run(script, root=root, timeout=timeout, on_stdout=on_stdout)


def test_a_watch_sees_a_lost_host_again_without_waiting_for_it() -> None:
    answers, back, connected = recording("healthy"), threading.Event(), threading.Event()
    first = True

    def connect(name: str) -> Transport:
        nonlocal first
        if name != "rs1":
            return ReplayTransport(answers[name])
        if not first:
            assert back.wait(60)
            connected.set()
        first = False
        return Flaky(answers[name])

    Flaky.looks = 0
    watch = Watch(INVENTORY, Fleet(connect, forks=4), ClusterRecord)
    assert not watch.look().unreachable
    assert watch.look().unreachable == {"rs1": "the connection broke"}
    assert "rs1" in watch.look().unreachable, "still away, and the look does not wait for it"
    back.set()
    assert connected.wait(60)
    wait_until(lambda: not watch.look().unreachable)


def test_every_command_that_a_rule_names_is_one_of_the_command_line() -> None:
    folder = Path(faults_package.__file__).parent
    named = {
        (file.name, command)
        for file in folder.glob("*.py")
        for command in re.findall(r"`cluster ([a-z-]+)", file.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    known = cluster.list_commands(click.Context(cluster))
    assert {one for one in named if one[1] not in known} == set()


def clocked(**offsets: tuple[float, float]) -> ClusterState:
    state = seen(recording("healthy"))
    others = {name: Clock(-0.01, 0.01, 0.1) for name in host_views(INVENTORY)}
    changed = {name: Clock(*span, 0.1) for name, span in offsets.items()}
    return replace(state, clocks=others | changed)


@pytest.mark.parametrize(
    ("offsets", "found"),
    [
        ({"rs1": (-600.2, -599.7)}, ["rs1: its clock is 10 min behind"]),
        ({"rs1": (4.0, 4.2), "lvs2": (3600, 3601)}, ["lvs2: its clock is 60 min ahead", "rs1"]),
        # The look took long, so that it may as well be right.
        ({"rs1": (-1.0, 20.0)}, []),
        ({"rs1": (2.0, 2.2)}, []),
    ],
)
def test_a_clock_that_is_off_is_named(
    offsets: dict[str, tuple[float, float]], found: list[str]
) -> None:
    said = texts(INVENTORY, clocked(**offsets))
    assert len(said) == len(found)
    assert all(text.startswith(start) for text, start in zip(said, found, strict=True)), said


def test_where_this_machine_is_the_one_that_is_off_no_host_is_blamed() -> None:
    names = host_views(INVENTORY)
    state = clocked(**dict.fromkeys(names, (99.0, 99.1)))
    assert texts(INVENTORY, state) == []


def test_a_host_that_is_far_away_is_a_hint() -> None:
    state = clocked()
    state.clocks["rs2"] = Clock(-0.5, 0.5, 1.4)
    assert texts(INVENTORY, state) == []
    assert "hint: rs2: the look at it spent 1.4 s on the way, 0.1 s" in shown(state)
    assert status_record(INVENTORY, state, [])["healthy"]


def test_nodes_that_know_each_other_by_other_things_are_told() -> None:
    state = seen(recording("healthy"))
    differing: dict[str, dict[str, Any]] = {
        "rs1": {"peers": frozenset()},
        "rs2": {"secret": "6" * 64, "peers": frozenset({("rs1", "http://10.77.0.99:7860")})},
        "rs3": {"secret": ""},
    }
    for name, changes in differing.items():
        state.real_servers[name] = replace(state.real_servers[name], **changes)
    found = texts(INVENTORY, state)
    assert [text.partition(" (")[0] for text in found[:2]] == [
        "rs1: its list of peers",
        "rs2: its list of peers",
    ]
    assert found[0].endswith(" lacks rs1, rs2, rs3")
    assert found[1].endswith(" lacks rs1, rs2, rs3 and has rs1 http://10.77.0.99:7860")
    assert found[2].startswith("rs3: has no cluster secret")
    assert found[3] == "the nodes have different cluster secrets: rs1, others than rs2"
    assert "6666" not in str(status_record(INVENTORY, state, all_faults(INVENTORY, state)))


def claiming(name: str, claims: Claims) -> ClusterState:
    state = seen(recording("healthy"))
    state.directors[name] = replace(state.directors[name], claims=claims)
    return state


VIP = ip_address("10.77.0.100")


def test_a_stranger_that_answers_for_the_vip_is_named() -> None:
    state = claiming("lvs1", Claims({VIP: {"02:00:00:00:00:99": (ip_address("10.77.0.77"),)}}))
    assert texts(INVENTORY, state) == [
        "a machine that is not in the inventory answers for 10.77.0.100 on the LAN:"
        " 02:00:00:00:00:99, 10.77.0.77"
    ]
    theirs = state.directors["lvs2"].interfaces.macs["vec0"]
    assert texts(INVENTORY, claiming("lvs1", Claims({VIP: {theirs: ()}}))) == []


def test_a_machine_that_may_be_a_host_not_seen_is_not_called_a_stranger() -> None:
    state = claiming("lvs1", Claims({VIP: {"02:00:00:00:00:99": (ip_address("10.77.0.23"),)}}))
    del state.real_servers["rs3"]
    state.unreachable["rs3"] = "no answer"
    assert "rs3: answers for 10.77.0.100 on the LAN (02:00:00:00:00:99)" in " ".join(
        texts(INVENTORY, state)
    )


@pytest.mark.parametrize(
    ("source", "holds", "fix"),
    [
        ("10.77.0.66", "10.77.0.100", "stop Keepalived on 10.77.0.66"),
        ("10.77.0.66", "10.77.0.9", "another cluster uses this VRID"),
        ("10.77.0.12", "10.77.0.100", None),
    ],
)
def test_who_speaks_vrrp_with_our_number_is_named(source: str, holds: str, fix: str | None) -> None:
    speaker = Speaker(51, ip_address(source), 200, (ip_address(holds),))
    state = claiming("lvs1", Claims(speakers=(speaker,)))
    found = all_faults(INVENTORY, state)
    assert [fix in fault.fix for fault in found if fix] == ([True] if fix else [])
    said = f"{source} speaks VRRP with VRID 51, priority 200, for {holds}; lvs1 hears it"
    assert texts(INVENTORY, state) == ([said] if fix else [])


def test_an_empty_table_is_not_blamed_on_health_checks() -> None:
    answers = recording("healthy")
    header, err, status = answers["lvs1"]["ipvs_table"][0]
    empty = "".join(header.splitlines(keepends=True)[:3])
    answers["lvs1"]["ipvs_table"] = [(empty, err, status)]
    found = texts(INVENTORY, seen(answers))
    assert found == ["lvs1: 10.77.0.100:7860 is not in the kernel's table"]


def test_a_ready_node_that_directors_do_not_reach_is_told_from_one_that_is_not_ready() -> None:
    answers = recording("healthy")
    for director in ("lvs1", "lvs2"):
        text, err, status = answers[director]["ipvs_table"][0]
        fewer = "".join(x for x in text.splitlines(keepends=True) if "10.77.0.22" not in x)
        answers[director]["ipvs_table"] = [(fewer, err, status)]
    (fault,) = all_faults(INVENTORY, seen(answers))
    assert "rs2 itself is ready" in fault.fix and "10.77.0.22:7860" in fault.fix
    assert_can_be_typed(fault.commands[0])
    answers["rs2"]["app_service"] = [("STARTING 0\n", "", 0)]
    out, starting = all_faults(INVENTORY, seen(answers))
    assert out.fix == "no more than a consequence: see what is said of rs2 itself"
    assert str(starting) == "rs2: the app is starting"


def test_what_to_do_about_a_host_that_is_not_seen_depends_on_why() -> None:
    def connect(name: str) -> Transport:
        raise {
            "lvs1": HostKeyError("lvs1: 10.77.0.11: the host key CHANGED"),
            "lvs2": SudoError("lvs2: sudo wants a password"),
        }.get(name, UnreachableError(f"{name}: root@10.77.0.2:22: no answer within 10 s"))

    state = look_at(INVENTORY, Fleet(connect, forks=4), ClusterRecord())
    found = {fault.host: fault for fault in all_faults(INVENTORY, state)}
    assert "compare the keys" in found["lvs1"].fix
    assert found["lvs2"].commands == ("cluster exec --root lvs2 true",)
    assert found["rs1"].commands == ("cluster ssh rs1", "cluster deploy")
    assert str(found["rs1"]).count("rs1") == 1


def test_a_silent_host_does_not_keep_the_others_waiting() -> None:
    answers = recording("healthy")
    looked = {name: threading.Event() for name in answers}

    class Seen(ReplayTransport):
        def run(self, script: str | bytes, **how: Any) -> Completed:
            looked[self.name].set()
            return super().run(script, **how)

        name = ""

    def connect(name: str) -> Transport:
        if name == "rs1":
            # Not before all others have been looked at.
            assert all(one.wait(60) for other, one in looked.items() if other in others)
            raise UnreachableError("rs1: no answer within 10 s")
        transport = Seen(answers[name])
        transport.name = name
        return transport

    others = host_views(INVENTORY).keys() - {"rs1"}
    state = look_at(INVENTORY, Fleet(connect, forks=10), ClusterRecord())
    assert set(state.unreachable) == {"rs1"}


def test_of_hosts_that_were_not_asked_for_nothing_is_looked_at_or_said() -> None:
    answers = recording("healthy")
    # Nobody may ask these; rs3's own state is of no interest, and neither is it missed in tables.
    del answers["rs3"]
    answers["rs2"]["app_service"] = [("STARTING 0\n", "", 0)]
    for other in host_views(INVENTORY).keys() - {"lvs1", "lvs2", "rs1", "rs2", "rs3"}:
        del answers[other]
    state = look_at(INVENTORY, replay(answers), ClusterRecord(), ["rs2"])
    assert set(state.real_servers) == {"rs2"} and set(state.directors) == {"lvs1", "lvs2"}
    assert not state.unreachable
    faults = all_faults(INVENTORY, state)
    assert [fault.host for fault in faults] == ["rs2"]
    shown = Console(width=200, file=io.StringIO(), record=True)
    shown.print(status_view(INVENTORY, state, faults))
    text = shown.export_text()
    assert "rs2" in text and "rs1" not in text and "rs3" not in text and "unreachable" not in text
