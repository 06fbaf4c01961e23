"""What can be seen of a real cluster without changing anything."""

import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.model.hosts import ServiceManager
from provisioning.model.resolve import service_manager_of
from provisioning.node_api import READY, STATUS
from provisioning.operations.planning import Plans, plan_hosts
from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.hands import HandError
from provisioning.operations.rolling_upgrade.living import asking, keepalived
from provisioning.operations.rolling_upgrade.living.sighting import Answers, assembled
from provisioning.operations.rolling_upgrade.sight import Sight
from provisioning.operations.session import Site
from provisioning.operations.tables import holders_of, look_at_tables
from provisioning.resources.base import Observation
from provisioning.roles import director
from provisioning.roles.deployment import Deployment
from provisioning.roles.desired import DesiredHost
from provisioning.roles.rendering import Templates
from provisioning.transport.base import Transport

LOOK_TIMEOUT = 30.0
"""Seconds that a look at a host may take."""


@dataclass(slots=True, kw_only=True)
class Looking:
    """The half of ``Hands`` that only looks. One lock keeps the directors and the runtime state
    to one thread."""

    site: Site
    fleet: Fleet
    choices: Choices
    directors: threading.RLock = field(default_factory=threading.RLock)

    def look(self) -> Sight:
        """See ``Hands``."""
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
            return assembled(inventory, self.site.runtime, tables, masters, answers, silent)

    def director_changes(self, host: str) -> tuple[list[str], bool]:
        """See ``Hands``."""
        with self.directors:
            plan = self.plans(self.director(host)).hosts[host]
            old = self.observe(host, {"old": keepalived.REPLACED})["old"]
        changes = [f"{step.id}: {step.change.summary}" for step in plan.steps]
        restarts = any(one.handler.name == keepalived.RESTART for one in plan.handlers)
        reasons = {
            "its running Keepalived was replaced on the disk": old.status == 0,
            "newest packages": self.choices.upgrade_packages,
            "a restart was asked for": self.choices.restart_directors,
        }
        more = [reason for reason, holds in reasons.items() if holds]
        return [*changes, *more], restarts or bool(more)

    def director(self, host: str) -> DesiredHost:
        """What a director should have as such; what else the host is stays as it is."""
        inventory = self.site.inventory
        part = director.part(Deployment(inventory, Templates(inventory), self.site.runtime), host)
        return DesiredHost(host, part.requirements, part.resources, partial=True)

    def plans(self, wanted: DesiredHost) -> Plans:
        """What would change on a host. Raises ``HandError`` where it cannot be told."""
        plans = plan_hosts(self.site.inventory, {wanted.name: wanted}, self.fleet)
        for reason in plans.unreachable.values():
            raise HandError(reason)
        return plans

    def observe(
        self, host: str, fragments: Mapping[str, str], timeout: float = LOOK_TIMEOUT
    ) -> dict[str, Observation]:
        """What fragments print on a host. Raises ``HandError`` where it cannot be reached."""
        self.fleet.connect([host])

        def look(name: str, transport: Transport) -> dict[str, Observation]:
            return run_fragments(name, transport, fragments, timeout=timeout)

        found = self.fleet.each([host], look)
        if host not in found:
            raise HandError(str(self.fleet.errors.get(host, f"{host}: no connection")))
        return found[host]

    def manager(self, host: str) -> ServiceManager:
        """What keeps its services running."""
        return service_manager_of(self.site.inventory, host)

    def _ask(self, name: str, transport: Transport) -> Answers:
        current = shlex.quote(str(self.site.inventory.app.directory / "current"))
        asked = {
            "app": asking.gets(self.site.inventory, name, (READY, STATUS)),
            "release": f"readlink {current}",
        }
        found = run_fragments(name, transport, asked, timeout=LOOK_TIMEOUT)
        return Answers(found["release"].stdout.strip(), found["app"])
