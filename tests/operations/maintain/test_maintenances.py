"""Maintenances of a fake cluster, story by story."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.facts.app.metrics import NodeMetrics
from provisioning.model.cluster_record import from_text, to_text
from provisioning.model.runtime import Drain
from provisioning.operations.maintain import registration
from provisioning.operations.maintain.host_command import CommandSeen
from provisioning.operations.maintain.options import MaintenanceOptions
from provisioning.operations.maintain.registration import MaintenanceConflictError
from provisioning.operations.maintain.state import HostStatus
from provisioning.operations.maintain.work import Work
from provisioning.operations.rolling.errors import PreflightError, RunBlockedError
from provisioning.operations.rolling.events import RunEvent
from provisioning.operations.rolling.result import Outcome
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.state_folder.runtime_state import save_runtime, with_drain
from tests.operations.maintain.fake_hosts import (
    QUICK,
    UPGRADE,
    Dialogue,
    Shop,
    card,
    driver,
)
from tests.operations.rolling_upgrade.fake_cluster import Cut, EventRecorder, FakeNode

ALL = ("lvs1", "lvs2", "rs1", "rs2", "rs3", "nas1", "mon1", "edge1", "edge2")


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is written a hundred times a story; no power is cut here."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def weights(shop: Shop) -> list[int]:
    return [node.weight for node in shop.hosts.nodes.values()]


def runs(shop: Shop) -> dict[str, int]:
    """Number of commands that each host began."""
    return {host: len(keys) for host, keys in shop.hosts.ran.items()}


def history(shop: Shop, kind: str) -> list[dict[str, str]]:
    text = (shop.cluster.history_dir / "test.jsonl").read_text(encoding="utf-8")
    return [one for one in map(json.loads, text.splitlines()) if one["kind"] == kind]


def test_real_servers_go_one_after_the_other_each_drained_run_rebooted_and_proved(
    shop: Shop,
) -> None:
    shop.hosts.away_for = {"rs2": 3}
    assert shop.begin() is Outcome.DONE
    of_rs2 = [action for action, host in shop.hosts.said if host == "rs2"]
    assert [one for one in of_rs2 if one not in ("boot id", "command")] == [
        "drain",
        "settle",
        "stop",
        "begin",
        "reboot",
        "start 1.0-aaaa",
        "warm 1.0-aaaa",
        "undrain",
    ]
    assert runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}
    assert shop.hosts.boots == {"rs1": 2, "rs2": 2, "rs3": 2}
    assert weights(shop) == [100] * 3 and shop.hosts.lowest == 200
    assert registration.load(shop.cluster) is None
    assert [one["outcome"] for one in history(shop, "host")] == ["changed"] * 3


def test_batches_leave_those_that_are_needed(shop: Shop) -> None:
    options = MaintenanceOptions(batch="2", canary=1, soak=0, soak_rest=0)
    assert shop.begin(options=options) is Outcome.DONE
    assert shop.hosts.lowest == 100
    shop.hosts.quorum = 200
    with pytest.raises(PreflightError, match="the quorum is 200"):
        shop.begin(options=options)
    assert weights(shop) == [100] * 3


def test_the_way_in_goes_by_switch_over_backup_first_and_storage_last(tmp_path: Path) -> None:
    shop = Shop(tmp_path, more=("edges", "storage", "monitoring"))
    # The holders are named first: the others go before them all the same.
    dialogue = Dialogue()
    assert shop.begin(dialogue, *ALL) is Outcome.DONE
    order = [host for action, host in shop.hosts.said if action == "reboot"]
    assert order == [
        "rs1", "rs2", "rs3", "mon1", "edge2", "edge1", "lvs2", "lvs1", "nas1",
    ]  # fmt: skip
    assert shop.hosts.directors == {"lvs1": False, "lvs2": True}
    assert shop.hosts.edges == {"edge1": False, "edge2": True}
    assert dialogue.planned
    assert any("rs1, rs2, rs3 write to it" in note for note in dialogue.planned.notes)


def test_an_edge_is_left_alone_while_connections_go_through_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path, more=("edges",))
    shop.hosts.connections = {"edge1": 1000}
    options = replace(QUICK, drain_timeout=20)
    assert shop.begin(None, "edge1", options=options) is Outcome.FAILED
    (host,) = shop.state.hosts
    assert host.status is HostStatus.PUT_BACK and "--on-deadline kill" in host.reason
    assert not shop.hosts.ran
    shop.hosts.connections = {"edge1": 5}
    assert shop.resume(retry=True) is Outcome.DONE
    assert runs(shop) == {"edge1": 1}


def test_a_director_that_fails_keeps_the_other_one_untouched(shop: Shop) -> None:
    shop.hosts.ends = lambda host: CommandSeen("ended", 100, b"")
    options = replace(QUICK, max_fail=5)
    assert shop.begin(None, "lvs1", "lvs2", options=options) is Outcome.FAILED
    assert runs(shop) == {"lvs2": 1} and not shop.hosts.boots
    assert [host.status for host in shop.state.hosts] == [HostStatus.PUT_BACK, HostStatus.WAITING]


def test_a_director_that_is_not_well_keeps_the_other_one_untouched_in_later_runs_too(
    shop: Shop,
) -> None:
    shop.hosts.away_for = {"lvs2": 10**6}
    assert shop.begin(None, "lvs1", "lvs2") is Outcome.FAILED
    assert shop.resume() is Outcome.FAILED
    assert runs(shop) == {"lvs2": 1} and shop.hosts.boots == {"lvs2": 2}
    shop.hosts.away_for = {}
    assert shop.resume() is Outcome.DONE
    assert runs(shop) == {"lvs1": 1, "lvs2": 1}


def test_the_only_director_is_rebooted_by_force_alone(shop: Shop, tmp_path: Path) -> None:
    directors = shop.inventory.directors.model_copy(
        update={"hosts": {"lvs1": shop.inventory.directors.hosts["lvs1"]}}
    )
    shop.inventory = shop.inventory.model_copy(update={"directors": directors})
    shop.hosts.directors = {"lvs1": True}
    with pytest.raises(PreflightError, match="the only director, so no client is served"):
        shop.begin(None, "lvs1")
    assert not shop.hosts.ran


def test_a_command_that_fails_stops_the_run_and_a_host_that_is_well_serves_again(
    shop: Shop,
) -> None:
    shop.hosts.ends = lambda host: CommandSeen("ended", 100 if host == "rs2" else 0, b"")
    shop.hosts.says = "读取软件包列表…\nE: 磁盘空间不足\n".encode()
    dialogue = Dialogue()
    assert shop.begin(dialogue) is Outcome.FAILED
    state = shop.state
    assert state.status is RunStatus.STOPPED
    assert [host.status for host in state.hosts] == [
        HostStatus.DONE, HostStatus.PUT_BACK, HostStatus.WAITING,
    ]  # fmt: skip
    assert "status 100: 读取软件包列表… / E: 磁盘空间不足" in state.host("rs2").reason
    assert weights(shop) == [100] * 3 and shop.hosts.boots == {"rs1": 2}
    assert "| E: 磁盘空间不足" not in dialogue.recorder.text()
    assert ("output", "rs2", "E: 磁盘空间不足") in [
        (event.kind, event.host, event.text) for event in dialogue.recorder.events
    ]
    assert any("磁盘空间不足" in one["text"] for one in history(shop, "output"))
    assert [one["outcome"] for one in history(shop, "host")] == ["changed", "failed"]
    # A second run goes on with the third, and neither runs the first nor the second again.
    assert shop.resume() is Outcome.FAILED
    assert runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}
    # With the cause mended the second gets another try, and no other host.
    shop.hosts.ends = lambda host: CommandSeen("ended", 0, b"")
    assert shop.resume(retry=True) is Outcome.DONE
    assert runs(shop) == {"rs1": 1, "rs2": 2, "rs3": 1}
    assert registration.load(shop.cluster) is None


def test_a_host_that_is_not_well_after_its_command_failed_stays_out(shop: Shop) -> None:
    shop.hosts.ends = lambda host: CommandSeen("ended", 1, b"")
    shop.hosts.trouble = lambda action, host: "no CUDA" if action.startswith("speak") else ""
    assert shop.begin() is Outcome.FAILED
    host = shop.state.host("rs1")
    assert host.status is HostStatus.OUT
    assert "not proved well" in host.reason and "no CUDA" in host.reason
    assert weights(shop) == [0, 100, 100]
    assert "it stays drained" in history(shop, "host")[0]["message"]
    # Once it is mended it is proved again, and its command is not run again.
    shop.hosts.trouble = lambda action, host: ""
    shop.hosts.ends = lambda host: CommandSeen("ended", 0, b"")
    shop.resume()
    assert weights(shop) == [100] * 3 and runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}
    assert shop.state.host("rs1").status is HostStatus.PUT_BACK


def test_failures_are_allowed_up_to_a_number(shop: Shop) -> None:
    shop.hosts.ends = lambda host: CommandSeen("ended", int(host == "rs1"), b"")
    assert shop.begin(options=replace(QUICK, max_fail=1)) is Outcome.FAILED
    assert runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}
    assert [host.status for host in shop.state.hosts] == [
        HostStatus.PUT_BACK, HostStatus.DONE, HostStatus.DONE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "phase", ["check", "drain", "stop", "run", "reboot", "come_back", "start", "smoke_test", "soak"]
)
def test_a_run_that_is_cut_goes_on_where_it_was_and_runs_nothing_twice(
    shop: Shop, phase: str
) -> None:
    with pytest.raises(Cut):
        shop.begin(shop.cut_at("rs2", phase))
    with pytest.raises(MaintenanceConflictError, match="rs2 under way; --resume"):
        shop.begin()
    assert shop.resume() is Outcome.DONE
    assert runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}
    assert shop.hosts.boots == {"rs1": 2, "rs2": 2, "rs3": 2}
    assert weights(shop) == [100] * 3


def test_a_command_that_went_on_while_nobody_looked_is_not_run_again(shop: Shop) -> None:
    looks = []

    def goes_on(host: str) -> CommandSeen | None:
        looks.append(host)
        if len(looks) == 3:
            raise Cut
        return CommandSeen("ended", 0, b"") if len(looks) > 6 else None

    shop.hosts.ends = goes_on
    with pytest.raises(Cut):
        shop.begin()
    dialogue = Dialogue()
    assert shop.resume(dialogue) is Outcome.DONE
    assert runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1} and not dialogue.asked


def cut_in_the_command(shop: Shop) -> None:
    """The machine of the operator dies, and then the host in the middle of its command."""

    def dies(host: str) -> CommandSeen | None:
        raise Cut

    shop.hosts.ends = dies
    with pytest.raises(Cut):
        shop.begin()
    shop.hosts.ends = lambda host: CommandSeen(
        "cut" if len(shop.hosts.ran[host]) == 1 and host == "rs1" else "ended", 0, b""
    )


@pytest.mark.parametrize(
    ("choice", "outcome", "begun"),
    [("again", Outcome.DONE, 2), ("done", Outcome.DONE, 1), ("failed", Outcome.FAILED, 1)],
)
def test_a_command_that_was_cut_is_asked_about(
    shop: Shop, choice: str, outcome: Outcome, begun: int
) -> None:
    cut_in_the_command(shop)
    dialogue = Dialogue(choice=choice)  # type: ignore[arg-type]
    assert shop.resume(dialogue) is outcome
    assert dialogue.asked == ["rs1"] and runs(shop)["rs1"] == begun
    assert weights(shop) == [100] * 3


def test_a_command_that_is_cut_in_front_of_our_eyes_is_a_failure(shop: Shop) -> None:
    shop.hosts.ends = lambda host: CommandSeen("cut", None, b"")
    assert shop.begin() is Outcome.FAILED
    assert "its command was cut" in shop.state.host("rs1").reason
    assert runs(shop) == {"rs1": 1} and weights(shop) == [100] * 3


def test_a_command_that_does_not_end_keeps_its_host_out_and_is_looked_at_again(
    shop: Shop,
) -> None:
    shop.hosts.ends = lambda host: None
    assert shop.begin(options=replace(QUICK, run_timeout=60)) is Outcome.FAILED
    host = shop.state.host("rs1")
    assert host.status is HostStatus.OUT and "has not ended within 60 s" in host.reason
    assert weights(shop) == [0, 100, 100]
    shop.hosts.ends = lambda host: CommandSeen("ended", 0, b"")
    assert shop.resume() is Outcome.DONE
    assert runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}


def test_a_host_that_does_not_come_back_stays_out_until_it_does(shop: Shop) -> None:
    shop.hosts.away_for = {"rs1": 10**6}
    assert shop.begin() is Outcome.FAILED
    assert "not back within 900 s: no route to host" in shop.state.host("rs1").reason
    assert weights(shop) == [0, 100, 100]
    shop.hosts.away_for = {}
    assert shop.resume() is Outcome.DONE
    assert shop.hosts.boots == {"rs1": 2, "rs2": 2, "rs3": 2}
    assert weights(shop) == [100] * 3


def test_a_host_with_another_key_is_not_waited_for(shop: Shop) -> None:
    def changes(event: RunEvent) -> None:
        if (event.kind, event.phase) == ("phase", "come_back"):
            shop.hosts.wrong_key.add("rs1")

    assert shop.begin(Dialogue(EventRecorder(then=changes))) is Outcome.FAILED
    assert "its key is another one" in shop.state.host("rs1").reason
    assert shop.hosts.clock.time < 1100 and weights(shop) == [0, 100, 100]


def test_gpus_are_compared_with_before(shop: Shop) -> None:
    shop.hosts.driver_of = lambda cluster, host: (
        driver("535.1", card(0), card(1))
        if cluster.boots.get(host, 1) == 1
        else driver("550.2", card(0), *([card(1)] if host == "rs1" else []))
    )
    dialogue = Dialogue()
    assert shop.begin(dialogue) is Outcome.FAILED
    assert "note rs1 gpus driver 535.1 -> 550.2, 2 GPUs" in dialogue.recorder.text()
    assert shop.state.host("rs1").status is HostStatus.DONE
    assert "1 of the 2 GPUs that were there before" in shop.state.host("rs2").reason
    assert weights(shop) == [100, 0, 100]


def test_a_node_that_is_not_well_at_work_is_taken_out_again(shop: Shop) -> None:
    def restarts(node: FakeNode, now: float) -> NodeMetrics | None:
        again = node is shop.hosts.nodes["rs1"] and node.weight > 0
        return NodeMetrics(ready=True, started=now) if again else None

    shop.hosts.watched = restarts
    assert shop.begin() is Outcome.FAILED
    host = shop.state.host("rs1")
    assert host.status is HostStatus.OUT
    assert "its process ended and was started again" in host.reason
    assert weights(shop) == [0, 100, 100]
    shop.hosts.watched = lambda node, now: None
    assert shop.resume() is Outcome.DONE
    assert weights(shop) == [100] * 3 and runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}


def test_what_the_operator_drained_stays_so(shop: Shop) -> None:
    drain = Drain("ann", "2026-01-01T00:00:00+00:00")
    save_runtime(shop.cluster.state_dir, with_drain(shop.cluster.runtime, "rs2", drain))
    shop.hosts.nodes["rs2"].weight = 0
    dialogue = Dialogue()
    assert shop.begin(dialogue) is Outcome.DONE
    assert weights(shop) == [100, 0, 100] and runs(shop)["rs2"] == 1
    assert dialogue.planned and any("will stay so" in note for note in dialogue.planned.notes)


def test_a_pause_ends_the_run_between_hosts(shop: Shop) -> None:
    def asks(event: RunEvent) -> None:
        if (event.kind, event.host) == ("maintained", "rs1"):
            registration.pause_request(shop.cluster.state_dir).ask()

    assert shop.begin(Dialogue(EventRecorder(then=asks))) is Outcome.PAUSED
    assert runs(shop) == {"rs1": 1}
    assert shop.resume() is Outcome.DONE
    assert runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}


def test_an_aborted_maintenance_leaves_no_host_in_the_middle(shop: Shop) -> None:
    with pytest.raises(Cut):
        shop.begin(shop.cut_at("rs2", "start"))
    assert shop.abort() is Outcome.DONE
    assert weights(shop) == [100] * 3 and "rs3" not in shop.hosts.ran
    assert registration.load(shop.cluster) is None
    with pytest.raises(MaintenanceConflictError, match="no maintenance is unfinished"):
        shop.resume()


def test_a_director_that_dies_in_the_middle_is_waited_for(shop: Shop) -> None:
    def dies(event: RunEvent) -> None:
        if (event.kind, event.host, event.phase) == ("phase", "rs1", "start"):
            shop.hosts.away = "lvs1"

    with pytest.raises(RunBlockedError, match=r"rs1 is blocked at restoring.*lvs1: no an"):
        shop.begin(Dialogue(EventRecorder(then=dies)))
    assert weights(shop) == [0, 100, 100]
    shop.hosts.away = ""
    assert shop.resume() is Outcome.DONE
    assert weights(shop) == [100] * 3 and runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}


def test_a_host_that_left_the_inventory_meanwhile_is_left_alone(shop: Shop) -> None:
    with pytest.raises(Cut):
        shop.begin(shop.cut_at("rs2", "start"))
    left = {n: h for n, h in shop.inventory.real_servers.hosts.items() if n != "rs2"}
    servers = shop.inventory.real_servers.model_copy(update={"hosts": left})
    shop.inventory = shop.inventory.model_copy(update={"real_servers": servers})
    shop.hosts.said.clear()
    assert shop.resume() is Outcome.DONE
    assert runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}
    assert not [action for action, host in shop.hosts.said if host == "rs2"]


def test_ctrl_c_says_what_is_left_and_how_to_go_on(shop: Shop) -> None:
    def interrupts(event: RunEvent) -> None:
        if (event.kind, event.phase) == ("output", "run"):
            raise KeyboardInterrupt

    shop.hosts.says = b"Unpacking linux-image\n"
    recorder = EventRecorder(then=interrupts)
    with pytest.raises(KeyboardInterrupt):
        shop.begin(Dialogue(recorder))
    said = recorder.events[-1].text
    assert "rs1: its command goes on there, stays out of service" in said
    assert "--resume" in said and "--abort" in said
    assert weights(shop) == [0, 100, 100]


def test_only_a_reboot_or_only_a_command(shop: Shop) -> None:
    assert shop.begin(work=Work(reboot=True)) is Outcome.DONE
    assert not shop.hosts.ran and shop.hosts.boots == {"rs1": 2, "rs2": 2, "rs3": 2}
    assert shop.begin(work=Work(run="true")) is Outcome.DONE
    assert shop.hosts.boots == {"rs1": 2, "rs2": 2, "rs3": 2}
    assert runs(shop) == {"rs1": 1, "rs2": 1, "rs3": 1}


def test_the_state_is_in_the_clusters_record_and_comes_back_whole(shop: Shop) -> None:
    work = Work(run="真的", script="#!/bin/sh\necho 完\n", script_name="驱动.sh", reboot=True)
    with pytest.raises(Cut):
        shop.begin(shop.cut_at("rs2", "run"), work=work)
    record = shop.cluster.record
    assert from_text(to_text(record)) == record
    assert shop.state.work == work and shop.state.options == QUICK
    assert shop.state.host("rs2").at == "run"
    assert str(record.maintenance).startswith("the maintenance (真的, then 驱动.sh, then reboot;")
    assert UPGRADE.commands == ("apt-get -y upgrade",)
