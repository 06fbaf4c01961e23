"""Hosts without Python get it before they are asked which wheels fit."""

import os
from pathlib import Path

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.engine.plan import HostPlan, PlannedStep
from provisioning.engine.progress import Event, silent
from provisioning.operations.planning import Plans
from provisioning.operations.release import ReleaseError
from provisioning.operations.release.interpreter import install_interpreters
from provisioning.resources.base import Change
from tests.cli.sandbox_hosts import OPT, SandboxHost

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="fragments run as root")

PYTHON = f"{OPT}/python3"


def planned(host: str, apply: str) -> HostPlan:
    """A plan that installs packages and makes something else, which must wait for its turn."""
    steps = (
        PlannedStep("packages:python3", Change("install python3", apply=apply, undo="")),
        PlannedStep("file:/x", Change("create", apply=f"touch {OPT}/too-early", undo="")),
    )
    return HostPlan(host, steps=steps)


def install(hosts: dict[str, SandboxHost], apply: str) -> list[Event]:
    """Run it for these hosts and return its events."""
    fleet = Fleet(hosts.__getitem__, forks=2, progress=silent)
    fleet.connect(hosts)
    plans = Plans({name: planned(name, apply) for name in hosts})
    events: list[Event] = []
    install_interpreters(hosts, PYTHON, plans, fleet, events.append)
    return events


def test_packages_are_installed_where_the_interpreter_is_missing_and_nothing_else(
    tmp_path: Path,
) -> None:
    hosts = {name: SandboxHost(tmp_path / name, 1) for name in ("rs1", "rs2")}
    (hosts["rs2"].opt / "python3").touch(mode=0o755)
    # The folder of the state, where the services of packages are held, comes with the first change.
    events = install(hosts, f'touch "$STATE/held"; install -m 755 /dev/null {PYTHON}')
    assert [event.host for event in events] == ["rs1"] and PYTHON in events[0].text
    for host in hosts.values():
        assert [path.name for path in host.opt.iterdir()] == ["python3"]
    assert install(hosts, "false") == []


def test_packages_that_cannot_be_installed_are_an_error_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="rs1: install python3: does the host reach its mirror"):
        install({"rs1": SandboxHost(tmp_path, 1)}, 'fail "does the host reach its mirror?"')
