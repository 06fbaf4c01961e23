"""All nodes run the same release of the app."""

from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.faults.fault import Fault


def release_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Real servers without a release, with different ones, or that run another than they have."""
    faults = [
        Fault(name, "no release of the app is installed", "`cluster deploy` installs it")
        for name, server in state.real_servers.items()
        if not server.release
    ]
    installed = {name: one.release for name, one in state.real_servers.items() if one.release}
    if len(set(installed.values())) > 1:
        where = ", ".join(f"{release} on {name}" for name, release in installed.items())
        fix = "`cluster deploy` brings all to one"
        if state.runtime.pins:
            # A deploy leaves pinned ones as they are.
            fix = "`cluster rollback --lift` lets go of pinned ones, then `cluster deploy`"
        faults.append(Fault("", f"different releases: {where}", fix))
    for name, server in state.real_servers.items():
        running = server.app.release if server.app else None
        if running and server.release and running != server.release:
            text = f"runs release {running}, while {server.release} is installed"
            faults.append(Fault(name, text, f"`cluster restart --limit {name}`"))
    return faults
