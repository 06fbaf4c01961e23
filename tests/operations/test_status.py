"""What `cluster status` makes of what hosts answer."""

import io
import threading
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from rich.console import Console

from provisioning.cli.status_view import status_view
from provisioning.engine.fleet import Fleet
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.status.faults.everything import all_faults
from provisioning.operations.status.look import host_fragments, look_at
from provisioning.operations.status.record import status_record
from provisioning.operations.status.state import ClusterState
from provisioning.operations.status.wanted import wanted_services
from provisioning.operations.status.watch import Watch
from provisioning.transport.base import Completed, ConnectionLostError, Transport
from tests.operations.replay import INVENTORY, Recording, ReplayTransport, backup, recording, replay


def seen(answers: Recording) -> ClusterState:
    return look_at(INVENTORY, replay(answers), Runtime())


def texts(inventory: Inventory, state: ClusterState) -> list[str]:
    faults = all_faults(inventory, state)
    assert all(fault.fix for fault in faults)
    return [str(fault) for fault in faults]


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
    answers["lvs1"]["director.table"] = [("what?\n", "", 0)]
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


def test_directors_that_disagree_about_a_node_are_named() -> None:
    answers = recording("healthy")
    text, err, status = answers["lvs1"]["director.table"][0]
    fewer = "".join(line for line in text.splitlines(keepends=True) if "10.77.0.22" not in line)
    answers["lvs1"]["director.table"] = [(fewer, err, status)]
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


def test_a_sorry_server_in_the_table_tells_of_the_lost_quorum() -> None:
    answers = recording("healthy")
    for director in ("lvs1", "lvs2"):
        text, err, status = answers[director]["director.table"][0]
        answers[director]["director.table"] = [
            (text.replace("10.77.0.23", "10.77.0.99"), err, status)
        ]
    one = {"scheduler": "rr", "persistence": None, "sorry_server": "10.77.0.99"}
    found = texts(varied(services=[one]), look_at(INVENTORY, replay(answers), Runtime()))
    assert any("the sorry server answers, because the quorum is lost" in text for text in found)


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
    assert "[fd00:77::15]:7860" in host_fragments(six)["rs1"]["real_server.http"]


def test_a_systemd_host_is_asked_by_systemctl() -> None:
    asked = host_fragments(varied(service_manager="systemd"))["rs1"]
    assert asked["real_server.service"] == "systemctl is-active cosyvoice"
    answers = recording("healthy")
    for said, word in (("active\n", "running"), ("failed\n", "failed")):
        answers["rs1"]["real_server.service"] = [(said, "", 0)]
        state = look_at(varied(service_manager="systemd"), replay(answers), Runtime())
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
            assert back.wait(10)
            connected.set()
        first = False
        return Flaky(answers[name])

    Flaky.looks = 0
    watch = Watch(INVENTORY, Fleet(connect, forks=4), Runtime)
    assert not watch.look().unreachable
    assert watch.look().unreachable == {"rs1": "the connection broke"}
    assert "rs1" in watch.look().unreachable, "still away, and the look does not wait for it"
    back.set()
    assert connected.wait(10)
    for _ in range(50):
        if not watch.look().unreachable:
            return
    pytest.fail("the host was never seen again")
