"""The way from the host into the lab: loopback ports that lead to addresses on its LAN.

The listening sockets are made in the host's network namespace and handed down; the daemon runs in
the switch's namespace, and a socket stays in the namespace it was made in. So every connection
taken on the host becomes a connection of its own on the LAN: behind the VIP, IPVS schedules each.
What the LAN reaches of the host is what `Inward` names, and nothing else.
"""

import json
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from . import network, processes
from .errors import LabError
from .forwarder import Inward, Route
from .state import Forward
from .topology import Topology

PART = "forwarder"
_BACKLOG = 1024
_SSH_PORT = 22


def listen(port: int = 0) -> socket.socket:
    """A listening socket on 127.0.0.1; 0 is any free port.

    Raises LabError if the port cannot be had.
    """
    try:
        return socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)
    except OSError as error:
        raise LabError(
            f"Port {port} of 127.0.0.1 cannot be listened on ({error.strerror}); choose another."
        ) from error


def to_sshd(topology: Topology, ports: Mapping[str, int]) -> list[Forward]:
    """One forward for each machine's sshd, on these ports or any free ones. Pure."""
    return [
        Forward(ports.get(node.name, 0), str(node.address), _SSH_PORT) for node in topology.nodes
    ]


def start(
    lab: str, targets: Sequence[Forward], log: Path, inward: Sequence[Inward] = ()
) -> list[Forward]:
    """Start the daemon and return the forwards with the host ports they got.

    Raises LabError if a port asked for is taken.
    """
    with ExitStack() as ours:
        listeners = [ours.enter_context(listen(target.host_port)) for target in targets]
        routes = [
            Route(listener.fileno(), target.address, target.port)
            for listener, target in zip(listeners, targets, strict=True)
        ]
        command = _command(lab, routes, inward)
        processes.start(command, lab, PART, log, [route.descriptor for route in routes])
        return [
            Forward(listener.getsockname()[1], target.address, target.port)
            for listener, target in zip(listeners, targets, strict=True)
        ]


def _command(lab: str, routes: Sequence[Route], inward: Sequence[Inward]) -> list[str]:
    source = Path(__file__).parents[2]
    argument = json.dumps([[asdict(each) for each in routes], [asdict(each) for each in inward]])
    python = ["env", f"PYTHONPATH={source}", sys.executable, "-m", f"{__package__}.forwarder"]
    return ["ip", "netns", "exec", network.switch_namespace(lab), *python, argument]
