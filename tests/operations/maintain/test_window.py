"""A maintenance as a sliding window: so many hosts out at any time, the next when one is back."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.facts.app.metrics import NodeMetrics
from provisioning.operations.maintain.commands import with_choices
from provisioning.operations.maintain.host_command import CommandSeen
from provisioning.operations.maintain.options import MaintenanceOptions
from provisioning.operations.maintain.planning import share_out
from provisioning.operations.maintain.registration import pause_request
from provisioning.operations.maintain.state import HostStatus, Maintenance, from_record, to_record
from provisioning.operations.rolling import window
from provisioning.operations.rolling.errors import PreflightError
from provisioning.operations.rolling.events import RunEvent
from provisioning.operations.rolling.result import Outcome
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade.options import OptionError
from tests.operations.maintain.fake_hosts import Dialogue, Shop
from tests.operations.rolling_upgrade.fake_cluster import Cut, EventRecorder, FakeNode

_WELL = CommandSeen("ended", 0, b"")


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of states are written, and the machine stays on."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def options(max_out: str, **fields: object) -> MaintenanceOptions:
    given = {"max_out": max_out, "soak": 3, "soak_rest": 3, "run_timeout": 1e9, **fields}
    return MaintenanceOptions(**given)  # type: ignore[arg-type]


class Held:
    """Hosts whose commands go on until the test says so."""

    def __init__(self, shop: Shop, *hosts: str) -> None:
        self._hosts, self._let_go = hosts, threading.Event()
        shop.hosts.ends = self._end

    def _end(self, host: str) -> CommandSeen | None:
        return None if host in self._hosts and not self._let_go.wait(0.001) else _WELL

    def let_go(self) -> None:
        self._let_go.set()


def when(shown: Callable[[RunEvent], bool], do: Callable[[], object]) -> Dialogue:
    def heard(event: RunEvent) -> None:
        if shown(event):
            do()

    return Dialogue(EventRecorder(then=heard))


def test_a_slow_host_holds_one_place_and_the_others_go_on(tmp_path: Path) -> None:
    shop = Shop(tmp_path, count=8)
    held = Held(shop, "rs3")

    def all_others(event: RunEvent) -> bool:
        return all(shop.hosts.boots.get(f"rs{n}") == 2 for n in range(1, 9) if n != 3)

    # With barriers rs4 and those after it would wait for rs3, which waits for them.
    dialogue = when(all_others, held.let_go)
    assert shop.begin(dialogue, options=options("25%")) is Outcome.DONE
    assert set(shop.hosts.boots.values()) == {2} and len(shop.hosts.boots) == 8
    assert all(len(keys) == 1 for keys in shop.hosts.ran.values())
    assert shop.hosts.most_out == 2 and shop.hosts.lowest == 600


def test_canaries_go_before_and_the_way_in_after_the_window(tmp_path: Path) -> None:
    shop, dialogue = Shop(tmp_path, count=5), Dialogue()
    names = ("lvs1", "lvs2", *shop.hosts.nodes)
    assert shop.begin(dialogue, *names, options=options("2", canary=1)) is Outcome.DONE
    order = [host for action, host in shop.hosts.said if action == "reboot"]
    assert order[0] == "rs1" and order[-2:] == ["lvs2", "lvs1"]
    assert set(order[1:-2]) == {"rs2", "rs3", "rs4", "rs5"}
    assert dialogue.planned and dialogue.planned.out == {1: 20, 2: 40}
    said = [event.text for event in dialogue.recorder.events if event.kind == "batch"]
    assert "window of 4 real servers, 2 out at most: rs2, rs3, rs4, rs5" in said
    assert any(text.startswith("next: ") and "hosts to go, about" in text for text in said)


def test_never_below_the_quorum_however_many_may_be_out(tmp_path: Path) -> None:
    shop = Shop(tmp_path, count=6)
    shop.hosts.quorum = 400
    assert shop.begin(options=options("5", canary=0)) is Outcome.DONE
    assert shop.hosts.lowest == 400 and shop.hosts.most_out == 2


def test_after_a_failure_none_begins_and_those_under_way_finish(tmp_path: Path) -> None:
    shop = Shop(tmp_path, count=6)
    held = Held(shop, "rs2")
    well = shop.hosts.ends
    failed = CommandSeen("ended", 100, b"")
    shop.hosts.ends = lambda host: failed if host == "rs3" else well(host)
    dialogue = when(lambda event: (event.kind, event.host) == ("put_back", "rs3"), held.let_go)
    assert shop.begin(dialogue, options=options("2")) is Outcome.FAILED
    assert {host.host: host.status for host in shop.state.hosts[:4]} == {
        "rs1": HostStatus.DONE,
        "rs2": HostStatus.DONE,
        "rs3": HostStatus.PUT_BACK,
        "rs4": HostStatus.WAITING,
    }
    shop.hosts.ends = well
    assert shop.resume(retry=True) is Outcome.DONE
    assert {host: len(keys) for host, keys in shop.hosts.ran.items()} == {
        "rs1": 1, "rs2": 1, "rs3": 2, "rs4": 1, "rs5": 1, "rs6": 1,
    }  # fmt: skip


def test_a_pause_lets_those_under_way_finish(tmp_path: Path) -> None:
    shop = Shop(tmp_path, count=6)
    request = pause_request(shop.cluster.state_dir)
    dialogue = when(
        lambda event: (event.kind, event.host, event.phase) == ("phase", "rs2", "stop"),
        request.ask,
    )
    assert shop.begin(dialogue, options=options("2")) is Outcome.PAUSED
    assert {host.status for host in shop.state.hosts} == {HostStatus.DONE, HostStatus.WAITING}
    assert shop.state.status is RunStatus.PAUSED
    assert shop.resume() is Outcome.DONE
    assert all(len(keys) == 1 for keys in shop.hosts.ran.values())


def test_a_cut_window_goes_on_and_no_command_runs_twice(tmp_path: Path) -> None:
    shop = Shop(tmp_path, count=6)
    with pytest.raises(Cut):
        shop.begin(shop.cut_at("rs4", "reboot"), options=options("2"))
    for thread in threading.enumerate():
        if thread.name.startswith("maintain"):
            thread.join()
    assert shop.state.host("rs4").at == "reboot"
    assert shop.resume() is Outcome.DONE
    assert all(len(keys) == 1 for keys in shop.hosts.ran.values())
    assert all(node.weight == 100 for node in shop.hosts.nodes.values())
    assert shop.hosts.most_out <= 2


def planned(shop: Shop, how: MaintenanceOptions) -> Maintenance:
    """A maintenance that was cut before anything was done."""
    with pytest.raises(Cut):
        shop.begin(shop.cut_at("rs1", "check"), options=how)
    return shop.state


def test_a_run_of_batches_is_resumed_as_a_window(tmp_path: Path) -> None:
    shop = Shop(tmp_path, count=5)
    batches = planned(shop, replace(options("1"), max_out="", batch="2"))
    assert [host.batch for host in batches.hosts] == [1, 2, 2, 3, 3]
    changed = with_choices(batches, {"max_out": "3"})
    assert [host.batch for host in changed.hosts] == [1, 2, 2, 2, 2]
    assert window.is_window(changed, 2) and not window.is_window(changed, 1)
    with pytest.raises(OptionError, match="3 out at most; change that by --max-out"):
        with_choices(changed, {"batch": "2"})
    assert shop.resume(max_out="3") is Outcome.DONE
    assert all(len(keys) == 1 for keys in shop.hosts.ran.values())


def test_the_state_of_a_window_survives_the_disk_and_batches_have_the_old_form(
    tmp_path: Path,
) -> None:
    state = planned(Shop(tmp_path), options("50%"))
    record = json.loads(json.dumps(to_record(state)))
    assert record["options"]["max_out"] == "50%"
    assert from_record(record) == state
    old = replace(state, options=MaintenanceOptions())
    assert "max_out" not in to_record(old)["options"]
    assert from_record(json.loads(json.dumps(to_record(old)))) == old


def test_the_share_of_a_window_is_that_of_its_heaviest_hosts(tmp_path: Path) -> None:
    shop = Shop(tmp_path, count=4)
    shop.hosts.nodes["rs3"].weight = 200
    snapshot = shop.hosts.look()
    assert share_out(snapshot, shop.hosts.nodes) == 100
    assert share_out(snapshot, ("rs1", "rs2", "rs3"), 2) == 60
    assert share_out(snapshot, ("rs1", "rs2"), 2) == 40


def test_places_that_failed_hosts_hold_for_good_pause_the_run_and_say_so(tmp_path: Path) -> None:
    shop = Shop(tmp_path, count=4)
    failed = CommandSeen("ended", 1, b"")
    shop.hosts.ends = lambda host: failed if host == "rs2" else _WELL
    mute = {"rs2"}
    shop.hosts.trouble = lambda action, host: (
        "no CUDA" if host in mute and action.startswith("speak") else ""
    )
    with pytest.raises(PreflightError, match="rs2 failed and stays out, and 1 may be out at most"):
        shop.begin(options=options("1", max_fail=1))
    assert shop.state.status is RunStatus.PAUSED and shop.hosts.most_out == 1
    # It is out still, and was known to be.
    with pytest.raises(PreflightError, match="rs3, rs4 cannot begin; mend that and --resume"):
        shop.resume()
    mute.clear()
    assert shop.resume() is Outcome.FAILED
    assert {host: len(keys) for host, keys in shop.hosts.ran.items()} == {
        "rs1": 1, "rs2": 1, "rs3": 1, "rs4": 1,
    }  # fmt: skip
    assert all(node.weight == 100 for node in shop.hosts.nodes.values())


def test_a_host_that_fails_while_it_is_watched_holds_its_place_as_it_is_taken_out(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, count=5)

    def watched(node: FakeNode, now: float) -> NodeMetrics | None:
        bad = node is shop.hosts.nodes["rs2"] and shop.hosts.boots.get("rs2") == 2
        return NodeMetrics(False, "no CUDA", node.started, 0.0, 0.0, 0.0) if bad else None

    shop.hosts.watched = watched
    seen: list[HostStatus] = []
    drain = shop.hosts.drain

    def drained(host: str, reason: str) -> None:
        if host == "rs2" and shop.hosts.boots.get("rs2") == 2:
            seen.append(shop.state.host("rs2").status)
        drain(host, reason)

    shop.hosts.drain = drained  # type: ignore[method-assign]
    assert shop.begin(options=options("1")) is Outcome.FAILED
    # With that in the state it counts as out, and none begins any more.
    assert seen == [HostStatus.OUT]
    assert shop.state.host("rs2").is_out and shop.hosts.nodes["rs2"].weight == 0
