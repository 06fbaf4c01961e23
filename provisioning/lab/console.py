"""The keyboard of a User Mode Linux machine: its management console (mconsole), a Unix socket."""

import socket
import struct
from pathlib import Path

from .errors import LabError

_MAGIC, _VERSION, _LENGTH = 0xCAFEBABE, 2, 512
_PATIENCE = 10.0
"""Seconds the kernel may take to answer."""


def ctrl_alt_del(pid: int, folder: Path) -> None:
    """Press Ctrl+Alt+Del, which systemd takes as the wish to reboot (systemd.special(7)).

    Raises LabError if the kernel does not answer.
    """
    # The folder is in the machine's mount namespace only, where PID 1 of its leader shows it.
    address = f"/proc/{pid}/root{folder}/memory/kernel/mconsole"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        connection.settimeout(_PATIENCE)
        # The answer comes out of another network namespace: to a file, not to an abstract name.
        own = folder / "keyboard"
        own.unlink(missing_ok=True)
        connection.bind(str(own))
        try:
            connection.sendto(request("cad"), address)
            connection.recv(2 * _LENGTH)
        except OSError as error:
            raise LabError(f"The kernel's console {address} does not answer: {error}") from error
        finally:
            own.unlink()


def request(command: str) -> bytes:
    """A datagram of the protocol, as arch/um/drivers/mconsole.h has it. Pure."""
    text = command.encode()
    return struct.pack(f"=III{_LENGTH}s", _MAGIC, _VERSION, len(text), text)
