"""Deploy of the benchmark's work by this project's engine, as `cluster deploy` does it.

python -m benchmarks.fleet.ours INVENTORY
"""

import sys
from pathlib import Path

from benchmarks.fleet.work import FILES, FOLDERS
from provisioning.engine.apply import HostResult, apply_plan
from provisioning.engine.progress import silent
from provisioning.model.loader.load import load_inventory
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster.fleet import open_fleet
from provisioning.operations.planning import plan_hosts
from provisioning.resources.base import Resource
from provisioning.resources.directory import Directory
from provisioning.resources.file import File
from provisioning.roles.desired import DesiredHost
from provisioning.transport.base import Transport


def main() -> None:
    """Plan all hosts, change those that need it, and count."""
    path = Path(sys.argv[1])
    cluster = Cluster(load_inventory(path), path)
    resources: tuple[Resource, ...] = (
        *(Directory(path=folder) for folder in FOLDERS),
        *(File(path=name, content=content) for name, content in FILES.items()),
    )
    hosts = cluster.inventory.real_servers.hosts
    wanted = {name: DesiredHost(name, resources=resources) for name in hosts}
    with open_fleet(cluster) as fleet:
        plans = plan_hosts(cluster.inventory, wanted, fleet)

        def apply(name: str, transport: Transport) -> HostResult:
            return apply_plan(
                plans.hosts[name], transport, run_id="fleet", holder="benchmark", progress=silent
            )

        results = fleet.each(wanted, apply)
    bad = [result.message for result in results.values() if not result.ok]
    if bad or plans.unreachable:
        sys.exit("\n".join([*bad, *plans.unreachable.values()]))
    changed = sum(result.outcome == "changed" for result in results.values())
    print(f"changed={changed} of {len(results)}")


if __name__ == "__main__":
    main()
