"""The app on each real server runs, is ready, and answers for the VIPs."""

from ...facts.hosts.real_server import RealServerState
from ...model.inventory import Inventory
from ..cluster_state.state import ClusterState
from .fault import Fault

_STARTING = {"STARTING", "activating"}


def node_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Faults of services and readiness."""
    faults = []
    for name, server in state.real_servers.items():
        if name in state.runtime.drains:
            faults += _drained(name, server)
        elif server.service != "running":
            why = server.service or "the service manager does not know it"
            text = f"the app's service does not run: {why}"
            fix = f"`cluster deploy` starts it; `cluster logs {name}` says why it ended"
            if {word.rpartition(": ")[2] for word in why.split("; ")} <= _STARTING:
                text, fix = "the app is starting", "wait a minute: its workers start, voices load"
            faults.append(Fault(name, text, fix))
        elif server.app and server.app.draining:
            text = "is draining: it finishes what it has and takes nothing new"
            fix = f"nothing while it is being stopped, else `cluster undrain {name}`"
            faults.append(Fault(name, text, fix))
        elif bad := [place for place, answer in server.answers.items() if not answer.ok]:
            said = server.answers[bad[0]].text
            text = f"not ready at {' and '.join(bad)}: {said}"
            if server.app and server.app.out_for_its_cards:
                text = "takes no clients: all its cards are out of service"
            faults.append(Fault(name, text, _fix(name, server)))
        if server.app and server.app.node and server.app.node != name:
            text = f"the app there calls itself {server.app.node!r}"
            faults.append(Fault(name, text, "`cluster deploy` tells it its name"))
    return faults


def _fix(name: str, server: RealServerState) -> str:
    log = f"`cluster logs {name}` says why"
    if server.app and server.app.out_for_its_cards:
        return "mend the cards, as said below; `cluster history nodes` says what happened"
    if server.app and server.app.not_ready:
        # It lives and says what it waits for.
        return f"it may get over it by itself; {log}"
    # Of a hung process the service manager sees nothing.
    return f"{log}; just started, it needs a minute; `cluster restart --limit {name}` if it hangs"


def _drained(name: str, server: RealServerState) -> list[Fault]:
    """A drained node may be stopped and need not be ready, but must not take sessions."""
    if server.app is None or server.app.draining:
        return []
    text = "is drained, but the app there does not know it and takes new sessions"
    return [Fault(name, text, f"`cluster drain {name}` once more")]
