"""A switch-over: who may take over, what the master does, and what the probe sees."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from provisioning.engine.script import observe_script
from provisioning.facts.probes import gap
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.cluster_state.look import look_at
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.switchover.failover_readiness import Blocker, blockers
from provisioning.operations.switchover.switch_over import yield_script
from provisioning.places import KEEPALIVED_CONF
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from tests.operations.replay import INVENTORY, Recording, backup, recording, replay


def seen(answers: Recording) -> ClusterState:
    return look_at(INVENTORY, replay(answers), ClusterRecord())


def test_the_backup_of_a_healthy_cluster_is_fit() -> None:
    assert blockers(INVENTORY, seen(recording("healthy")), backup()) == []


@pytest.mark.parametrize(
    ("changes", "blocker"),
    [
        ({"keepalived": False}, Blocker("Keepalived does not run there", absolute=True)),
        ({"hangs": ("its VRRP process hangs",)}, Blocker("its VRRP process hangs")),
        (
            {"vrrp": {ip_address("10.77.0.100"): "FAULT"}},
            Blocker("it is FAULT for 10.77.0.100, not BACKUP", absolute=True),
        ),
        ({"sync": ()}, Blocker("its connection sync daemon does not run as backup")),
        (
            {"problem": "no module", "table": ()},
            Blocker("it has no IPVS table: no module", absolute=True),
        ),
    ],
)
def test_a_backup_that_lacks_something_is_not(changes: dict[str, object], blocker: Blocker) -> None:
    state = seen(recording("healthy"))
    state.directors[backup()] = replace(state.directors[backup()], **changes)  # type: ignore[arg-type]
    assert blocker in blockers(INVENTORY, state, backup())


Lines = Callable[[list[str]], list[str]]


def with_table(director: str, answers: Recording, change: Lines) -> Recording:
    text, err, status = answers[director]["ipvs_table"][0]
    lines = change(text.splitlines(keepends=True))
    answers[director]["ipvs_table"] = [("".join(lines), err, status)]
    return answers


def master() -> str:
    return next(name for name in INVENTORY.directors.hosts if name != backup())


def without(*words: str) -> Lines:
    return lambda lines: [line for line in lines if not any(word in line for word in words)]


def replacing(old: str, new: str) -> Lines:
    return lambda lines: [line.replace(old, new) for line in lines]


@pytest.mark.parametrize(
    ("change", "reason", "absolute"),
    [
        (without("Route"), "its health checks see no server of 10.77.0.100:7860", True),
        (without("TCP", "Route"), "10.77.0.100:7860 is not in its kernel's table", False),
        (without("10.77.0.22"), "rs2, which has nothing instead of weight 1", False),
        (replacing("7860 rr", "7860 wlc"), "its scheduler, persistence or forwarding", False),
        (replacing("10.77.0.22", "10.77.0.99"), "10.77.0.99, which is not in the inventory", False),
        (replacing("Route   1 ", "Route   7 "), "weight 7 instead of weight 1", False),
        (replacing("Route ", "Masq  "), "its scheduler, persistence or forwarding", False),
    ],
)
def test_a_backup_whose_table_is_not_the_inventorys_is_not(
    change: Lines, reason: str, absolute: bool
) -> None:
    answers = with_table(backup(), recording("healthy"), change)
    found = [b for b in blockers(INVENTORY, seen(answers), backup()) if reason in b.reason]
    assert {blocker.absolute for blocker in found} == {absolute}


@pytest.mark.parametrize(
    "change",
    [
        without("TCP", "Route"),
        without("10.77.0.22"),
        replacing("7860 rr", "7860 wlc"),
        replacing("Route   1 ", "Route   7 "),
    ],
)
def test_a_broken_master_is_no_measure_of_the_backup(change: Lines) -> None:
    answers = with_table(master(), recording("healthy"), change)
    assert blockers(INVENTORY, seen(answers), backup()) == []


def test_a_server_that_no_director_sends_to_is_no_fault_of_the_backup() -> None:
    answers = recording("healthy")
    for name in INVENTORY.directors.hosts:
        with_table(name, answers, without("10.77.0.22"))
    assert blockers(INVENTORY, seen(answers), backup()) == []


@pytest.mark.parametrize(
    ("what", "address"),
    [({"sorry_server": "10.77.0.99"}, "10.77.0.99"), ({"sorry_page": True}, "127.0.0.1")],
)
def test_what_answers_in_the_nodes_place_is_no_strange_server(
    what: dict[str, object], address: str
) -> None:
    answers = with_table(backup(), recording("healthy"), replacing("10.77.0.22", address))
    content = INVENTORY.model_dump(mode="json", exclude_unset=True)
    content["services"] = [{"scheduler": "rr", "persistence": None, **what}]
    inventory = Inventory.model_validate(content)
    state = look_at(inventory, replay(answers), ClusterRecord())
    (found,) = blockers(inventory, state, backup())
    assert "rs2, which has nothing" in found.reason


def test_one_that_cannot_be_reached_is_not() -> None:
    answers = recording("healthy")
    del answers[backup()]
    assert "no answer within 10 s" in str(blockers(INVENTORY, seen(answers), backup())[0])


@pytest.mark.parametrize(
    ("results", "wanted"),
    [
        ({0.0: True, 0.1: True, 0.2: True}, 0.0),
        ({0.0: True, 0.1: False, 0.2: False, 0.35: True, 0.4: False, 0.5: True}, 0.35),
        ({0.0: False, 0.1: True}, 0.0),
        ({0.0: False}, None),
    ],
)
def test_the_gap_is_the_longest_time_between_successes(
    results: dict[float, bool], wanted: float | None
) -> None:
    assert gap.summary(results)["gap"] == wanted


def test_the_probe_sees_a_server_that_goes_and_comes() -> None:
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=256))
        port = server.getsockname()[1]
        asked = {"address": "127.0.0.1", "port": port, "seconds": 8.0, "interval": 0.02}
        command = [sys.executable, "-I", "-S", gap.__file__, json.dumps(asked)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as probe:
            server.accept()[0].close()
            server.close()
            time.sleep(0.5)
            again = stack.enter_context(socket.create_server(("127.0.0.1", port), backlog=256))
            said, _ = probe.communicate(timeout=60)
            assert again
    result = json.loads(said)
    assert 0 < result["failed"] < result["attempts"]
    assert result["gap"] >= 0.5


class Directors:
    """Two directors in networks of their own on one bridge, with the Keepalived of this machine
    and the configuration that is rendered for them."""

    def __init__(self, stack: ExitStack, folder: Path, *, preempt: bool, runtime: Runtime) -> None:
        self.inventory = Inventory.model_validate(
            {
                "vip": "10.9.0.100/24",
                "ipvs": {"sync_daemon": None},
                "vrrp": {"preempt": preempt, "advert_interval": 0.5},
                "directors": {"hosts": {"lvs1": "10.9.0.1", "lvs2": "10.9.0.2"}},
                "real_servers": {"hosts": {"rs1": "10.9.0.21"}},
            }
        )
        lan = self._place(stack)
        self._run(lan, "ip link add br0 type bridge; ip link set br0 up")
        self.places = {name: self._place(stack) for name in self.inventory.directors.hosts}
        for number, (name, place) in enumerate(self.places.items(), 1):
            self._run(
                lan,
                f"ip link add {name} type veth peer name eth0 netns {place}; "
                f"ip link set {name} master br0 up",
            )
            self._run(place, f"ip link set eth0 up; ip address add 10.9.0.{number}/24 dev eth0")
        desired = desired_hosts(self.inventory, None, runtime)
        for name, place in self.places.items():
            (conf,) = (
                one
                for one in desired[name].resources
                if isinstance(one, File) and one.path == KEEPALIVED_CONF
            )
            path = folder / f"{name}.conf"
            # Neither IPVS nor a script: what is tried here is VRRP.
            lines = conf.content.partition("\nvirtual_server")[0].splitlines(keepends=True)
            path.write_text("".join(line for line in lines if "fifo" not in line))
            path.chmod(0o600)
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            command = [
                "keepalived",
                "-P",
                "-n",
                "-l",
                "-f",
                str(path),
                "-p",
                "/run/k",
                "-r",
                "/run/v",
            ]
            daemon = subprocess.Popen(
                [*self._enter(place), *command], stdout=log, stderr=subprocess.STDOUT
            )
            stack.callback(daemon.wait)
            stack.callback(daemon.terminate)

    def _place(self, stack: ExitStack) -> int:
        command = ["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c"]
        holder = subprocess.Popen(
            [*command, "mount -t tmpfs tmpfs /run && ip link set lo up && echo; read end"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        stack.enter_context(holder)
        assert holder.stdin and holder.stdout
        stack.callback(holder.stdin.close)
        if not holder.stdout.readline():
            pytest.skip("this machine lets nobody make namespaces")
        return holder.pid

    @staticmethod
    def _enter(place: int) -> list[str]:
        return ["nsenter", f"--target={place}", "--mount", "--net", "--"]

    def _run(self, place: int, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._enter(place), "sh", "-s"],
            input=script,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )

    def masters(self) -> list[str]:
        look = "ip -o -4 address show"
        return [n for n, p in self.places.items() if " 10.9.0.100/" in self._run(p, look).stdout]

    def master(self, *, of: int = 60) -> str:
        """The only one, once there is one for a second."""
        found: list[list[str]] = []
        for _ in range(of * 4):
            found.append(self.masters())
            if len(found[-1]) == 1 and found[-4:] == [found[-1]] * 4:
                return found[-1][0]
            time.sleep(0.25)
        raise AssertionError(found[-8:])

    def switch(self, name: str) -> str:
        script = observe_script({"yield": yield_script(self.inventory)}, "@mark@")
        return self._run(self.places[name], script).stdout

    def fault(self, name: str) -> str:
        return self._run(self.places[name], "cat /run/cosyvoice-switchover").stdout.strip()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def test_the_master_yields_and_the_other_stays_master(stack: ExitStack, tmp_path: Path) -> None:
    directors = Directors(stack, tmp_path, preempt=False, runtime=Runtime())
    for _ in range(2):
        old = directors.master()
        assert "@mark@ yield 0" in directors.switch(old)
        assert directors.fault(old) == "0"
        assert directors.master() != old


def test_with_preemption_the_preferred_one_stays_master(stack: ExitStack, tmp_path: Path) -> None:
    directors = Directors(stack, tmp_path, preempt=True, runtime=Runtime(preferred="lvs2"))
    assert directors.master() == "lvs2"
    directors.switch("lvs2")
    # It is back some adverts after its fault is over: it is the one of highest priority.
    end = time.monotonic() + 60
    while directors.masters() != ["lvs2"]:
        assert time.monotonic() < end, directors.masters()
        time.sleep(0.25)
