"""Observation of a real cluster, without changes."""

import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.model.hosts import ServiceManager
from provisioning.model.resolve import service_manager_of
from provisioning.node_api import STATUS as STATUS_PATH
from provisioning.operations.planning import Plans, plan_hosts
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.ports import ActionError
from provisioning.operations.rolling_upgrade.snapshot import ClusterSnapshot
from provisioning.operations.rolling_upgrade.ssh import app_probe, keepalived
from provisioning.operations.rolling_upgrade.ssh.snapshot_builder import Answers, build_snapshot
from provisioning.operations.session import Site
from provisioning.operations.tables import holders_of, look_at_tables
from provisioning.resources.base import Observation
from provisioning.roles import director
from provisioning.roles.desired import DesiredHost
from provisioning.roles.rendering import Templates
from provisioning.transport.base import Transport

READY = "/readyz"
OBSERVE_TIMEOUT = 30.0
"""Seconds that an observation of a host may take."""


@dataclass(slots=True, kw_only=True)
class Observer:
    """The half of ``ClusterActions`` that only observes. One lock gives the directors and the
    runtime state to one thread at a time."""

    site: Site
    fleet: Fleet
    options: UpgradeOptions
    directors: threading.RLock = field(default_factory=threading.RLock)

    def look(self) -> ClusterSnapshot:
        inventory = self.site.inventory
        with self.directors:
            servers, directors = list(inventory.real_servers.hosts), list(inventory.directors.hosts)
            self.fleet.connect([*servers, *directors])
            tables = look_at_tables(directors, self.fleet)
            masters = holders_of(inventory, self.fleet)
            answers = self.fleet.each(servers, self._ask)
            silent = {
                name: str(self.fleet.errors[name])
                for name in (*servers, *directors)
                if name in self.fleet.errors
            }
            return build_snapshot(inventory, self.site.runtime, tables, masters, answers, silent)

    def director_changes(self, host: str) -> tuple[list[str], bool]:
        with self.directors:
            plan = self.plans(self.director(host)).hosts[host]
            old = self.observe(host, {"old": keepalived.REPLACED})["old"]
        changes = [f"{step.id}: {step.change.summary}" for step in plan.steps]
        restarts = any(one.handler.name == keepalived.RESTART for one in plan.handlers)
        reasons = {
            "its running Keepalived was replaced on the disk": old.status == 0,
            "newest packages": self.options.upgrade_packages,
            "a restart was asked for": self.options.restart_directors,
        }
        more = [reason for reason, holds in reasons.items() if holds]
        return [*changes, *more], restarts or bool(more)

    def director(self, host: str) -> DesiredHost:
        """Desired state of a director as such; other roles of the host stay as they are."""
        inventory = self.site.inventory
        part = director.part(inventory, host, Templates(inventory), self.site.runtime)
        return DesiredHost(host, part.requirements, part.resources, partial=True)

    def plans(self, wanted: DesiredHost) -> Plans:
        """Plan the changes of a host. Raises ``ActionError`` where it cannot be observed."""
        plans = plan_hosts(self.site.inventory, {wanted.name: wanted}, self.fleet)
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

    def manager(self, host: str) -> ServiceManager:
        """Service manager of a host."""
        return service_manager_of(self.site.inventory, host)

    def _ask(self, name: str, transport: Transport) -> Answers:
        current = shlex.quote(str(self.site.inventory.app.directory / "current"))
        asked = {
            "app": app_probe.gets(self.site.inventory, name, (READY, STATUS_PATH)),
            "release": f"readlink {current}",
        }
        found = run_fragments(name, transport, asked, timeout=OBSERVE_TIMEOUT)
        return Answers(found["release"].stdout.strip(), found["app"])
