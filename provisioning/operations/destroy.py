"""Takes the cluster off its hosts again."""

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.engine.plan import HostPlan, fragments, removal_plan
from provisioning.engine.waves import Wave
from provisioning.model.inventory import Inventory
from provisioning.operations.planning import Plans
from provisioning.transport.base import Transport


def plan_removal(names: list[str], fleet: Fleet) -> Plans:
    """Plans that remove whatever each host's manifest lists."""
    fleet.connect(names)

    def look(name: str, transport: Transport) -> HostPlan:
        return removal_plan(name, run_fragments(name, transport, fragments((), ())))

    plans = Plans(hosts=fleet.each(names, look))
    plans.unreachable = {name: str(fleet.errors[name]) for name in names if name in fleet.errors}
    return plans


def destroy_waves(inventory: Inventory) -> list[Wave]:
    """Deploy's order backwards: no new clients, then no work, then no storage."""
    return [
        Wave("directors", tuple(inventory.directors.hosts), gate="none"),
        Wave("real servers", tuple(inventory.real_servers.hosts), gate="none"),
        Wave("storage", tuple(inventory.storage.hosts) if inventory.storage else ()),
    ]
