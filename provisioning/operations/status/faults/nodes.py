"""The app on each real server runs, is ready, and answers for the VIPs."""

from provisioning.model.inventory import Inventory
from provisioning.operations.status.faults.fault import Fault
from provisioning.operations.status.state import ClusterState

_LOG = "look into the app's log on the host"


def node_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Faults of services and readiness."""
    faults = []
    for name, server in state.real_servers.items():
        if server.service != "running":
            why = server.service or "the service manager does not know it"
            text = f"the app's service does not run: {why}"
            faults.append(Fault(name, text, _LOG))
        elif server.app and server.app.draining:
            text = "is draining: it finishes what it has and takes nothing new"
            faults.append(Fault(name, text, "nothing, if that is meant"))
        elif bad := [place for place, answer in server.answers.items() if not answer.ok]:
            said = server.answers[bad[0]].text
            faults.append(Fault(name, f"not ready at {' and '.join(bad)}: {said}", _LOG))
        if server.app and server.app.node and server.app.node != name:
            text = f"the app there calls itself {server.app.node!r}"
            faults.append(Fault(name, text, "`cluster deploy` tells it its name"))
    return faults
