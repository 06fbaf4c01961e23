"""The firewall of a role, deployed and removed by the engine on a host with its own network."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioning.engine.apply import HostResult
from provisioning.engine.apply_plans import Pace, apply_plans
from provisioning.engine.fleet import Fleet
from provisioning.engine.fleet_plan import FleetPlan
from provisioning.engine.journal import Journal
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.plan import HostPlan
from provisioning.engine.plan_record import plan_record
from provisioning.engine.progress import silent
from provisioning.engine.waves import Wave
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.resources.base import Resource
from provisioning.roles.desired import desired_hosts
from provisioning.transport.base import Completed, Transport, UnreachableError
from tests.engine.sandbox import SandboxTransport

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes networks and mounts")
_INVENTORY = """\
vip: 192.168.1.100
directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}
real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}
ssh: {connect_timeout: 1}
"""
_HELD = """\
cd "$1"
mkdir etc sbin run lib
cp -a /etc/passwd /etc/group etc
for folder in etc:/etc sbin:/usr/local/sbin run:/run lib:/var/lib; do
    mount --bind "${folder%%:*}" "${folder#*:}"
done
ip link set lo up
echo
read end
"""
_UNITS = ("packages:", "service:", "file:/etc/systemd/")


class Namespaced(SandboxTransport):
    """A host in namespaces, where every path is its own."""

    def __init__(self, folder: Path, pid: int) -> None:
        super().__init__(folder)
        self.pid = pid

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        data = script.encode() if isinstance(script, str) else script
        enter = ["nsenter", f"--target={self.pid}", "--mount", "--net", "--", "sh", "-s"]
        done = subprocess.run(enter, input=data, capture_output=True, timeout=60, check=False)
        if on_stdout:
            on_stdout(done.stdout)
        return Completed(done.stdout, done.stderr, done.returncode)


class Site:
    """One host, deployed to as often as a test likes."""

    def __init__(self, folder: Path, pid: int) -> None:
        self.folder, self.host, self.runs = folder, Namespaced(folder, pid), 0

    def wanted(self, firewall: str) -> tuple[Resource, ...]:
        """Its firewall, without package and unit: there is neither apt nor systemd here."""
        path = self.folder / "inventory.yaml"
        path.write_text(f"{_INVENTORY}firewall: {firewall}\n", encoding="utf-8")
        every = desired_hosts(load_inventory(path), None, Runtime())["lvs1"].resources
        ids = [one.id for one in every]
        ours = every[ids.index("packages:nftables") :] if "packages:nftables" in ids else ()
        return tuple(one for one in ours if not one.id.startswith(_UNITS))

    def plan(self, wanted: tuple[Resource, ...]) -> HostPlan:
        return observe_and_plan("lvs1", self.host, (), wanted, {})[0]

    def deploy(self, wanted: tuple[Resource, ...], *, lets_in: bool = True) -> HostResult:
        """``lets_in`` tells whether a new connection would come about."""

        def connect(_name: str) -> Transport:
            if fleet.transports and not lets_in:
                raise UnreachableError("lvs1: no answer within 1 s")
            return self.host

        fleet = Fleet(connect, forks=1)
        fleet.connect(["lvs1"])
        self.runs += 1
        run = f"20260101T00000{self.runs}.000Z-0000"
        done = apply_plans(
            FleetPlan(hosts={"lvs1": self.plan(wanted)}),
            [Wave("hosts", ("lvs1",))],
            {"lvs1": ()},
            fleet,
            pace=Pace(),
            run_id=run,
            holder="me",
            journal=Journal(self.folder / "journal", run),
            progress=silent,
        )
        return done.hosts["lvs1"]

    def table(self) -> str:
        return self.host.run("nft list ruleset").stdout.decode()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    command = ["unshare", "--mount", "--net", "--propagation", "private", "sh", "-euc", _HELD]
    with subprocess.Popen(
        [*command, "sh", str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout and holder.stdout.readline()
        yield Site(tmp_path, holder.pid)
        holder.kill()


def test_deployed_changed_and_removed(site: Site) -> None:
    first = site.wanted("true")
    assert site.deploy(first).ok, "it was not deployed"
    assert "tcp dport 22 accept" in site.table()
    assert not site.plan(first).changes
    # A change is shown line by line, as any file's is.
    second = site.wanted("{ssh_from: [10.0.0.9]}")
    steps = {step["id"]: step for step in plan_record(site.plan(second))["steps"]}
    assert "+        ip saddr { 10.0.0.9 } tcp dport { 22 } accept" in (
        steps["file:/etc/cosyvoice/firewall.nft"]["diff"].splitlines()
    )
    assert steps["firewall:cosyvoice"]["summary"] == "load the new rules"
    assert site.deploy(second).ok
    assert "ip saddr 10.0.0.9 tcp dport 22 accept" in site.table()
    # Taken out of the inventory.
    assert site.deploy(site.wanted("false")).ok
    assert site.table() == ""
    left = site.host.run("ls -A /etc /usr/local/sbin /run /var/lib").stdout.decode()
    assert "cosyvoice" not in left


def test_a_host_that_locks_its_operator_out_goes_back_and_says_so(site: Site) -> None:
    first = site.wanted("true")
    assert site.deploy(first).ok
    locked = site.wanted("{ssh_from: [10.0.0.9]}")
    trial = locked[-1]
    # Less patience than a deploy has.
    object.__setattr__(trial, "patience", 1)
    result = site.deploy(locked, lets_in=False)
    assert not result.ok
    assert "no new connection could use it (lvs1: no answer within 1 s)" in result.message
    assert "correct firewall.ssh_from" in result.message
    end = time.monotonic() + 100
    while "10.0.0.9" in site.table():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert "tcp dport 22 accept" in site.table()
    # What is wanted is still in the file, and the next deploy tries again.
    assert [step.change.summary for step in site.plan(locked).steps] == ["load the new rules"]
    assert site.deploy(locked).ok
    assert "10.0.0.9" in site.table()
