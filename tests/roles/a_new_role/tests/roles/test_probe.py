"""A probe from its line in the inventory until it is destroyed."""

import tarfile
from io import StringIO
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from rich.console import Console

from provisioning.cli.commands.init import init
from provisioning.cli.views.status import status_view
from provisioning.engine.apply_plans import ApplyResult, Pace, apply_plans
from provisioning.engine.fleet import Fleet
from provisioning.engine.journal import Journal
from provisioning.engine.waves import Wave
from provisioning.lab.topology import Size, plan
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.inventory import Inventory
from provisioning.model.loader.diagnostic import InventoryError
from provisioning.model.loader.load import load_inventory, parse_inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster.selection import select
from provisioning.operations.cluster_state.look import look_at
from provisioning.operations.deploy.decommission import decommission_waves
from provisioning.operations.destroy import destroy_waves, plan_removal
from provisioning.operations.faults.registry import all_faults
from provisioning.operations.logs.reading import read_logs
from provisioning.operations.logs.sources import LogSource, log_sources
from provisioning.operations.planning import Plans, plan_hosts, waves
from provisioning.operations.state_folder.deployed_hosts import (
    departed,
    inventory_with,
    load_deployed_hosts,
    remember,
)
from provisioning.operations.status.record import status_record
from provisioning.operations.support_bundle.bundle import write_bundle
from provisioning.places import STATE
from provisioning.roles.desired import desired_hosts
from provisioning.transport.base import Transport, UnreachableError
from tests.operations import sandbox_cluster
from tests.operations.sandbox_cluster import SandboxHost

CONTENT = {
    "vip": "10.77.0.100",
    "interface": "eth0",
    "directors": {"hosts": {"lvs1": "10.77.0.11", "lvs2": "10.77.0.12"}},
    "real_servers": {"hosts": {"rs1": "10.77.0.21", "rs2": "10.77.0.22"}},
    "storage": {"hosts": {"nas1": "10.77.0.31"}},
    "probes": {"hosts": {"probe1": {"address": "10.77.0.41", "interval": 30}}},
}
WITHOUT = {key: value for key, value in CONTENT.items() if key != "probes"}
SCRIPT, UNIT = "usr/local/sbin/cosyvoice-probe", "etc/systemd/system/cosyvoice-probe.service"
SYSTEMCTL = """#!/bin/sh
verb=$1
[ "$verb" != --quiet ] || verb=$2
for name; do :; done
name=${name%.service}
at=ROOT/units/$name
case $verb in
show)
    [ -e "ROOT/etc/systemd/system/$name.service" ] && load=loaded || load=not-found
    echo LoadState=$load
    [ -e "$at.active" ] && echo ActiveState=active || echo ActiveState=inactive
    [ -e "$at.enabled" ] && echo UnitFileState=enabled || echo UnitFileState=disabled
    echo MainPID=1
    ;;
is-active) [ -e "$at.active" ] && echo active || { echo inactive; exit 3; } ;;
enable) : > "$at.enabled" ;;
disable) rm -f "$at.enabled" ;;
start | restart) : > "$at.active" ;;
stop) rm -f "$at.active" ;;
esac
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(yaml.safe_dump(CONTENT, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SandboxHost:
    own = ("/usr/local/sbin/cosyvoice-probe", "/etc/systemd/system", "/proc/1/comm")
    monkeypatch.setattr(sandbox_cluster, "_PATHS", (*sandbox_cluster._PATHS, *own))
    host = SandboxHost(tmp_path / "probe1")
    for folder in ("usr/local/sbin", "etc/systemd/system", "proc/1", "units"):
        (host.root / folder).mkdir(parents=True)
    (host.root / "proc/1/comm").write_text("systemd\n")
    (host.root / "addresses").write_text("2: eth0 inet 10.77.0.41/24 scope global\n")
    (host.root / "bin/systemctl").write_text(SYSTEMCTL.replace("ROOT", str(host.root)))
    journal = host.root / "bin/journalctl"
    journal.write_text("#!/bin/sh\necho 2026-01-01T00:00:00+0000 probe1 probe: 200 0.012\n")
    journal.chmod(0o755)
    monkeypatch.setenv("PATH", f"{host.root}/bin", prepend=":")
    return host


def nobody(name: str) -> Transport:
    raise UnreachableError(f"{name}: no answer within 10 s")


def fleet_of(host: SandboxHost) -> Fleet:
    def connect(name: str) -> Transport:
        if name != "probe1":
            return nobody(name)
        return host

    return Fleet(connect, forks=4)


def applied(
    plans: Plans, order: list[Wave], fleet: Fleet, folder: Path
) -> tuple[ApplyResult, list[str]]:
    """Result, and the titles of the waves that did anything."""
    titles = []
    result = apply_plans(
        plans,
        order,
        {"probe1": ()},
        fleet,
        pace=Pace(),
        run_id="r1",
        holder="test",
        journal=Journal(folder / "history", "r1"),
        progress=lambda event: titles.append(event.text) if event.kind == "wave" else None,
    )
    return result, titles


def deploy(inventory: Inventory, host: SandboxHost, folder: Path) -> list[str]:
    fleet = fleet_of(host)
    desired = {"probe1": desired_hosts(inventory, None, Runtime())["probe1"]}
    plans = plan_hosts(inventory, desired, fleet)
    result, titles = applied(plans, waves(inventory, plans), fleet, folder)
    assert result.ok, result
    assert not plan_hosts(inventory, desired, fleet).changes
    return titles


def test_its_lines_in_the_inventory_are_validated(path: Path) -> None:
    assert load_inventory(path).probes is not None
    text = path.read_text(encoding="utf-8")
    with pytest.raises(InventoryError) as wrong:
        parse_inventory(text.replace("interval: 30", "interval: 0"), path)
    assert [one.key for one in wrong.value.diagnostics] == ["probes.hosts.probe1.interval"]
    with pytest.raises(InventoryError, match=r"one level deeper: probes: \{hosts: \{probe9"):
        parse_inventory(f"{text}  probe9: 10.77.0.49\n", path)
    with pytest.raises(InventoryError, match="a host cannot be called probes"):
        parse_inventory(text.replace("probe1:", "probes:"), path)


def test_it_can_be_chosen_as_a_group(path: Path) -> None:
    assert select(load_inventory(path), ("probes",)) == ["probe1"]


def test_it_is_deployed_last_and_put_to_use(path: Path, host: SandboxHost, tmp_path: Path) -> None:
    inventory = load_inventory(path)
    titles = [wave.title for wave in waves(inventory, Plans())]
    assert titles == ["storage", "real servers", "first director", "other directors", "probes"]
    assert deploy(inventory, host, tmp_path) == ["probes"]
    assert "http://10.77.0.100:7860" in (host.root / SCRIPT).read_text()
    assert (host.root / UNIT).exists()
    assert {each.name for each in (host.root / "units").iterdir()} == {
        "cosyvoice-probe.active",
        "cosyvoice-probe.enabled",
    }


def test_destroyed_it_leaves_nothing(path: Path, host: SandboxHost, tmp_path: Path) -> None:
    inventory = load_inventory(path)
    before = {each for each in host.root.rglob("*") if each.is_file()}
    deploy(inventory, host, tmp_path)
    fleet = fleet_of(host)
    order = [wave for wave in destroy_waves(inventory) if wave.hosts]
    assert order[0].hosts == ("probe1",)
    result, titles = applied(plan_removal(["probe1"], fleet), order, fleet, tmp_path)
    assert result.ok and titles == ["probes"]
    after = {each for each in host.root.rglob("*") if each.is_file()}
    assert {each for each in after - before if STATE not in str(each)} == set()
    assert not plan_removal(["probe1"], fleet_of(host)).changes


def test_one_that_leaves_the_inventory_is_known_and_cleaned(path: Path, tmp_path: Path) -> None:
    remember(tmp_path, load_inventory(path), ["probe1"])
    left = Inventory.model_validate(WITHOUT)
    leaving = departed(load_deployed_hosts(tmp_path), left)
    again = inventory_with(left, leaving)
    assert again.probes is not None and again.probes.hosts["probe1"].interval == 30
    order = [wave.hosts for wave in decommission_waves(left, Plans(), leaving)]
    assert order[-2:] == [("probe1",), ("nas1",)]


def test_its_logs_are_found(path: Path, host: SandboxHost) -> None:
    inventory = load_inventory(path)
    supervised = Inventory.model_validate({**CONTENT, "service_manager": "supervisor"})
    [source] = log_sources(inventory, "probe1")
    assert source == LogSource("probe1", "cosyvoice-probe", None)
    assert log_sources(supervised, "probe1")[0].file == "/var/log/cosyvoice-probe.log"
    lines: list[str] = []
    errors = read_logs(
        fleet_of(host),
        {"probe1": [source]},
        lines=5,
        since=None,
        take=lambda _source, line: lines.append(line),
    )
    assert not errors and lines[0].endswith("probe: 200 0.012")


def test_it_is_in_a_support_bundle(path: Path, host: SandboxHost, tmp_path: Path) -> None:
    inventory = load_inventory(path)
    deploy(inventory, host, tmp_path)
    archive = tmp_path / "bundle.tar.gz"
    write_bundle(Cluster(inventory, path), fleet_of(host), archive)
    with tarfile.open(archive) as found:
        names = {name.partition("/")[2] for name in found.getnames()}
    assert {
        "hosts/probe1/probe.txt",
        f"rendered/probe1/{SCRIPT}",
        f"found/probe1/{UNIT}",
        "logs/probe1/cosyvoice-probe.log",
    } <= names


@pytest.mark.parametrize("runs", [True, False])
def test_status_shows_it_and_what_is_wrong_with_it(
    runs: bool, path: Path, host: SandboxHost
) -> None:
    inventory = load_inventory(path)
    program = host.root / "bin/pgrep"
    program.write_text(f"#!/bin/sh\nexit {0 if runs else 1}\n")
    program.chmod(0o755)
    state = look_at(inventory, fleet_of(host), ClusterRecord())
    assert state.unreachable.keys() == {"lvs1", "lvs2", "rs1", "rs2", "nas1"}
    faults = [one for one in all_faults(inventory, state) if one.host == "probe1"]
    assert [one.text for one in faults] == ([] if runs else ["the probe does not run"])
    assert status_record(inventory, state, faults)["probes"] == {"probe1": {"running": runs}}
    shown = StringIO()
    Console(width=100, file=shown).print(status_view(inventory, state, faults))
    assert "Probes" in shown.getvalue()
    assert ("runs" if runs else "stopped") in shown.getvalue()


def test_without_one_status_is_silent_about_it() -> None:
    state = look_at(Inventory.model_validate(WITHOUT), Fleet(nobody, forks=4), ClusterRecord())
    assert state.others == {}


def test_init_asks_for_it(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    flags = [
        *("--vip", "192.168.1.100", "--interface", "eth0", "--storage", "none"),
        *("--director", "192.168.1.11,192.168.1.12", "--real-server", "192.168.1.21"),
    ]
    assert CliRunner().invoke(init, [str(path), *flags, "--probe", "192.168.1.41"]).exit_code == 0
    found = load_inventory(path).probes
    assert found is not None and list(found.hosts) == ["probe1"]
    assert CliRunner().invoke(init, [str(path), *flags, "--force"]).exit_code == 0
    assert load_inventory(path).probes is None


def test_the_lab_makes_it_a_machine() -> None:
    names = [node.name for node in plan("lab", Size(probes=2)).nodes]
    assert names[-3:] == ["probe1", "probe2", "client1"]
    assert "probe1" not in [node.name for node in plan().nodes]
