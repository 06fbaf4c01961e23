"""A lab that is up: where its things are, and how to reach its machines."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from provisioning.lab import network, ssh_client
from provisioning.lab.commands import SEARCH_PATH
from provisioning.lab.errors import LabError
from provisioning.lab.requirements import require_linux, require_root
from provisioning.lab.state import Phase, Record, StateFolder
from provisioning.lab.topology import CLIENTS, Kernel, Topology


class Lab:
    """A handle on a lab of this machine; it keeps nothing open."""

    def __init__(self, folder: StateFolder, record: Record) -> None:
        self.folder = folder
        self.record = record

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.folder.name

    @property
    def topology(self) -> Topology:
        """Its machines and LAN."""
        return self.record.topology

    @property
    def inventory(self) -> Path:
        """The inventory file that describes its machines."""
        return self.folder.inventory

    @property
    def url(self) -> str:
        """Where a browser on this machine reaches the app's port of the VIP."""
        return f"http://127.0.0.1:{self.record.forwards[0].host_port}"

    def ssh_command(self, node: str, argv: Sequence[str] = (), tty: bool = False) -> list[str]:
        """The ssh command that opens a shell on a machine, or runs ``argv`` word for word.

        Raises LabError if there is no such machine.
        """
        name = self.topology.node(node).name
        return ssh_client.command(self.folder.ssh_config, name, argv, tty)

    def exec(self, node: str, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command on a machine over SSH and return its output and status.

        Raises LabError if there is no such machine.
        """
        command = self.ssh_command(node, argv)
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def client_command(self, argv: Sequence[str], client: str | None = None) -> list[str]:
        """The command that runs ``argv`` as root in a client's network, with the host's files.

        Raises LabError if there is no such client.
        """
        name = client or self.topology.of_kind(CLIENTS)[0].name
        node = self.topology.node(name)
        if node.kernel is not Kernel.NAMESPACE:
            raise LabError(f"{name} is no client: it has a kernel of its own; use exec.")
        path = f"{os.environ.get('PATH', '')}:{SEARCH_PATH}"
        space = network.namespace(self.name, node)
        return ["env", f"PATH={path}", "ip", "netns", "exec", space, *argv]

    def client_exec(
        self, argv: Sequence[str], client: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `client_command` and return its output and status."""
        command = self.client_command(argv, client)
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )


def find(name: str) -> Lab:
    """The lab of that name.

    Raises LabError if it is not up, or only root may know.
    """
    require_linux()
    require_root()
    folder = StateFolder(name)
    record = folder.read()
    if record is None:
        raise LabError(f"No lab {name!r} is up. Make one: cluster lab up{_option(name)}")
    if record.phase is not Phase.UP:
        raise LabError(
            f"The lab {name!r} is being made, or its making was cut off. Wait, or remove it:"
            f" cluster lab down{_option(name)}"
        )
    return Lab(folder, record)


def _option(name: str) -> str:
    return "" if name == "lab" else f" --name {name}"
