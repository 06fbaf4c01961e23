"""Changes that are kept only if a new connection says so."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from provisioning.engine.apply import HostResult
from provisioning.engine.apply_plans import Pace, apply_plans
from provisioning.engine.fleet import Fleet
from provisioning.engine.fleet_plan import FleetPlan
from provisioning.engine.journal import Journal
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.progress import silent
from provisioning.engine.waves import Wave
from provisioning.resources.base import Change, Observation
from provisioning.transport.base import Transport, UnreachableError
from tests.engine.marks import Mark
from tests.engine.sandbox import SandboxTransport

ADVICE = "it goes back within 5 s; correct ssh_from"


@dataclass(frozen=True, slots=True)
class Trial:
    """A mark that has to be confirmed."""

    mark: Mark
    fragment: str
    triggers: tuple[()] = ()

    @property
    def id(self) -> str:
        return self.mark.id

    def observe(self) -> str:
        return self.mark.observe()

    def compare(self, observation: Observation) -> Change | None:
        change = self.mark.compare(observation)
        return change and replace(change, confirm=self.fragment, unconfirmed=ADVICE)

    def remove(self) -> str:
        return self.mark.remove()


class Connections:
    """To one host, the first of which is open before the change."""

    def __init__(self, folder: Path, later: Callable[[], Transport]) -> None:
        self.folder, self.later, self.made = folder, later, 0

    def __call__(self, _name: str) -> Transport:
        self.made += 1
        return SandboxTransport(self.folder) if self.made == 1 else self.later()


def deploy(tmp_path: Path, fragment: str, later: Callable[[], Transport]) -> HostResult:
    connections = Connections(tmp_path, later)
    fleet = Fleet(connections, forks=1)
    fleet.connect(["h"])
    trial = Trial(Mark(tmp_path / "a", "1", tmp_path / "log"), fragment)
    plan, _ = observe_and_plan("h", fleet.transports["h"], (), (trial,), {})
    done = apply_plans(
        FleetPlan(hosts={"h": plan}),
        [Wave("hosts", ("h",))],
        {"h": ()},
        fleet,
        pace=Pace(),
        run_id="r1",
        holder="me",
        journal=Journal(tmp_path / "journal", "20260101T000000.000Z-0000"),
        progress=silent,
    )
    assert connections.made == (2 if fragment else 1)
    return done.hosts["h"]


def test_it_is_confirmed_over_a_new_connection(tmp_path: Path) -> None:
    confirmed = tmp_path / "confirmed"
    closed = []

    class Second(SandboxTransport):
        def close(self) -> None:
            closed.append(True)

    result = deploy(tmp_path, f"echo yes > {confirmed}", lambda: Second(tmp_path))
    assert (result.outcome, confirmed.read_text(), closed) == ("changed", "yes\n", [True])


def test_what_needs_no_confirmation_makes_no_connection(tmp_path: Path) -> None:
    assert deploy(tmp_path, "", lambda: pytest.fail("connected again")).ok


def test_a_host_that_lets_nobody_in_is_not_well(tmp_path: Path) -> None:
    def later() -> Transport:
        raise UnreachableError("h: no answer within 10 s")

    result = deploy(tmp_path, "true", later)
    assert not result.ok
    said = "mark:a: was not confirmed: no new connection could use it (h: no answer within 10 s)"
    assert result.message == f"{said}; {ADVICE}"


def test_a_host_that_has_gone_back_says_so(tmp_path: Path) -> None:
    fragment = "echo too late >&2; exit 1"
    result = deploy(tmp_path, fragment, lambda: SandboxTransport(tmp_path))
    assert result.message == f"mark:a: was not confirmed: too late; {ADVICE}"
