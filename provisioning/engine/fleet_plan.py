"""Plans of many hosts."""

from dataclasses import dataclass, field

from .plan import HostPlan


@dataclass(slots=True)
class FleetPlan:
    """Changes of every host, and the hosts of which none can be told."""

    hosts: dict[str, HostPlan] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    """With the reason."""

    @property
    def changes(self) -> bool:
        """Tell whether any host would change."""
        return any(plan.changes for plan in self.hosts.values())

    @property
    def blocked(self) -> dict[str, HostPlan]:
        """Hosts that may not be touched."""
        return {name: plan for name, plan in self.hosts.items() if plan.blocked}
