"""The app on each real server runs, is ready, and answers for the VIPs."""

from provisioning.model.inventory import Inventory
from provisioning.operations.status.faults.fault import Fault
from provisioning.operations.status.state import ClusterState, RealServerState

_LOG = "look into the app's log on the host"


def node_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Faults of services and readiness."""
    faults = []
    for name, server in state.real_servers.items():
        if name in state.runtime.drains:
            faults += _drained(name, server)
        elif server.service != "running":
            why = server.service or "the service manager does not know it"
            text = f"the app's service does not run: {why}"
            faults.append(Fault(name, text, _LOG))
        elif server.app and server.app.draining:
            text = "is draining: it finishes what it has and takes nothing new"
            fix = "nothing while it is being stopped, else `cluster undrain` it"
            faults.append(Fault(name, text, fix))
        elif bad := [place for place, answer in server.answers.items() if not answer.ok]:
            said = server.answers[bad[0]].text
            faults.append(Fault(name, f"not ready at {' and '.join(bad)}: {said}", _LOG))
        if server.app and server.app.node and server.app.node != name:
            text = f"the app there calls itself {server.app.node!r}"
            faults.append(Fault(name, text, "`cluster deploy` tells it its name"))
    return faults


def _drained(name: str, server: RealServerState) -> list[Fault]:
    """A drained node may be stopped and need not be ready, but must not take sessions."""
    if server.app is None or server.app.draining:
        return []
    text = "is drained, but the app there does not know it and takes new sessions"
    return [Fault(name, text, f"`cluster drain {name}` once more")]
