"""Observation of a real cluster, without changes."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ....engine.fleet import Fleet
from ....engine.observe import run_fragments
from ....engine.plan import HostPlan
from ....facts.app.readiness import app_readiness
from ....facts.current_release import current_release
from ....facts.fact import Answers, Fact, fragments
from ....facts.gather import ask_each, gather
from ....facts.gpus import gpus
from ....facts.http_replies import NoReplyError
from ....facts.keepalived import KEEPALIVED_REPLACED
from ....facts.probe import ProbeError
from ....model.derived.nodes import Node, nodes_of
from ....model.derived.resolve import gpus_of, service_manager_of
from ....model.derived.way_in import way_in
from ....model.hosts import ServiceManager
from ....resources.base import Observation
from ....roles.deployment import Deployment
from ....roles.desired import DesiredHost
from ....roles.director.director import DIRECTORS
from ....roles.rendering import Templates
from ....transport.base import Transport
from ...cluster.cluster import Cluster
from ...cluster_state.tables import way_in_of, way_in_questions
from ...planning import Plans, plan_hosts
from ...rolling.errors import ActionError
from ...rolling.snapshot import ClusterSnapshot
from ..options import UpgradeOptions
from . import keepalived
from .snapshot_builder import NodeAnswers, build_snapshot

T = TypeVar("T")

APP_PATIENCE = 5
"""Seconds that the app may take for an answer."""
OBSERVE_TIMEOUT = 30.0
"""Seconds that an observation of a host may take."""


@dataclass(slots=True, kw_only=True)
class Observer:
    """The half of ``ClusterActions`` that only observes. One lock gives the directors and the
    runtime state to one thread at a time."""

    cluster: Cluster
    fleet: Fleet
    options: UpgradeOptions
    directors: threading.RLock = field(default_factory=threading.RLock)
    _seen: tuple[float, ClusterSnapshot] | None = None
    """The last look, and when it ended; None once something was changed."""

    def look(self, at_most: float = 0.0) -> ClusterSnapshot:
        inventory = self.cluster.inventory
        with self.directors:
            if self._seen and time.monotonic() - self._seen[0] <= at_most:
                return self._seen[1]
            servers, directors = list(inventory.real_servers.hosts), way_in(inventory)
            self.fleet.connect([*servers, *directors])
            # A host may be both.
            seen = self.fleet.each(dict.fromkeys([*directors, *servers]), self._ask_all)
            way = way_in_of(inventory, {n: said for n, (said, _) in seen.items() if said})
            answers = {name: said for name, (_, said) in seen.items() if said}
            silent = way.lacking | {
                name: str(self.fleet.errors[name])
                for name in (*servers, *directors)
                if name in self.fleet.errors
            }
            runtime = self.cluster.runtime
            found = build_snapshot(inventory, runtime, way.tables, way.holders, answers, silent)
            self._seen = time.monotonic(), found
            return found

    def director_changes(self, hosts: Sequence[str]) -> dict[str, tuple[list[str], bool]]:
        with self.directors:
            plans = self.plans(*map(self.director, hosts)).hosts
            replaced = ask_each(hosts, self.fleet, KEEPALIVED_REPLACED, timeout=OBSERVE_TIMEOUT)
        if gone := [host for host in hosts if host not in replaced]:
            raise ActionError(str(self.fleet.errors[gone[0]]))
        return {host: self._due(plans[host], replaced=replaced[host]) for host in hosts}

    def _due(self, plan: HostPlan, *, replaced: bool) -> tuple[list[str], bool]:
        changes = [f"{step.id}: {step.change.summary}" for step in plan.steps]
        restarts = any(one.handler.name == keepalived.RESTART for one in plan.handlers)
        reasons = {
            "its running Keepalived was replaced on the disk": replaced,
            "newest packages": self.options.upgrade_packages,
            "a restart was asked for": self.options.restart_directors,
        }
        more = [reason for reason, holds in reasons.items() if holds]
        return [*changes, *more], restarts or bool(more)

    def director(self, host: str) -> DesiredHost:
        """Desired state of a director as such; other roles of the host stay as they are."""
        inventory, runtime = self.cluster.inventory, self.cluster.runtime
        part = DIRECTORS.part(Deployment(inventory, Templates(inventory), runtime), host)
        return DesiredHost(host, part.requirements, part.resources, partial=True)

    def plans(self, *wanted: DesiredHost) -> Plans:
        """Plan the changes of hosts. Raises ``ActionError`` where one cannot be observed."""
        hosts = {one.name: one for one in wanted}
        plans = plan_hosts(self.cluster.inventory, hosts, self.fleet)
        for reason in plans.unreachable.values():
            raise ActionError(reason)
        return plans

    def observe(
        self, host: str, fragments: Mapping[str, str], timeout: float = OBSERVE_TIMEOUT
    ) -> dict[str, Observation]:
        """Run fragments on a host. Raises ``ActionError`` where it cannot be reached."""
        self.fleet.connect([host])

        def look(name: str, transport: Transport) -> dict[str, Observation]:
            return run_fragments(name, transport, fragments, timeout=timeout)

        found = self.fleet.each([host], look)
        if host not in found:
            raise ActionError(str(self.fleet.errors.get(host, f"{host}: no connection")))
        return found[host]

    def ask(self, host: str, fact: Fact[T], timeout: float = OBSERVE_TIMEOUT) -> T:
        """Ask a host for a fact. Raises ``ActionError`` where it cannot be reached or tells
        nothing."""
        with as_no_answer():
            return self.ask_all(host, (fact,), timeout)[fact]

    def ask_all(self, host: str, facts: Iterable[Fact[Any]], timeout: float) -> Answers:
        """Ask a host for several facts in one round trip; ``timeout`` is in seconds, for all
        together. Raises ``ActionError`` where it cannot be reached."""
        return Answers(self.observe(host, fragments(facts), timeout))

    def manager(self, host: str) -> ServiceManager:
        """Service manager of a host."""
        return service_manager_of(self.cluster.inventory, host)

    def nodes(self, host: str) -> tuple[Node, ...]:
        """Nodes of a real server."""
        return nodes_of(self.cluster.inventory, host)

    def _ask_all(
        self, name: str, transport: Transport
    ) -> tuple[Answers | None, NodeAnswers | None]:
        """Ask a host what it is to be asked as a director, or edge alone, and as a real server."""
        inventory, said = self.cluster.inventory, None
        if name in way_in(inventory):
            said = gather(name, transport, way_in_questions(inventory), timeout=OBSERVE_TIMEOUT)
        if name not in inventory.real_servers.hosts:
            return said, None
        return said, self._ask(name, transport)

    def _ask(self, name: str, transport: Transport) -> NodeAnswers:
        inventory = self.cluster.inventory
        release = current_release(inventory.app.directory)
        readiness = app_readiness(inventory, name, patience=APP_PATIENCE)
        expected = gpus_of(inventory, name)
        if expected is None:
            seen = gather(name, transport, (readiness, release), timeout=OBSERVE_TIMEOUT)
            return NodeAnswers(seen[release], seen[readiness])
        cards = gpus(expected, python=str(inventory.app.base_python))
        seen = gather(name, transport, (readiness, release, cards), timeout=OBSERVE_TIMEOUT)
        return NodeAnswers(seen[release], seen[readiness], seen[cards])


@contextmanager
def as_no_answer() -> Iterator[None]:
    """Translate answers that make no sense for a phase. Raises ``ActionError``."""
    try:
        yield
    except (ProbeError, NoReplyError) as error:
        raise ActionError(f"the app cannot be asked: {error}") from None
