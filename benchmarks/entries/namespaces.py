"""Machines as network namespaces of this computer, on its own kernel (ip-netns(8))."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.entries.machines import Failed, Machines

_PREFIX = "entries-"
_NET = "10.98.0"
_TICKS = os.sysconf("SC_CLK_TCK")


class Namespaces(Machines):
    """They share processors, so that numbers are for comparison alone."""

    director, client, vip = "director", "client", f"{_NET}.100"

    def __init__(self, nodes: int) -> None:
        self.nodes = tuple(f"node{number}" for number in range(1, nodes + 1))
        self.about = f"network namespaces, {os.cpu_count()} processors, Linux {os.uname().release}"
        self._names = (self.director, self.client, *self.nodes)

    def address(self, name: str) -> str:
        return f"{_NET}.{10 + self._names.index(name)}"

    def command(self, name: str, argv: Sequence[str]) -> list[str]:
        return ["ip", "netns", "exec", f"{_PREFIX}{name}", *argv]

    def processor_time(self, name: str) -> float:
        return sum(_times(pid) for pid in self._processes(name))

    def memory(self, name: str) -> int:
        return sum(_resident(pid) for pid in self._processes(name))

    def _processes(self, name: str) -> list[str]:
        return _ip("netns", "pids", f"{_PREFIX}{name}").split()

    def make(self) -> None:
        """All on one switch, each with one address."""
        _ip("link", "add", f"{_PREFIX}lan", "type", "bridge")
        _ip("link", "set", f"{_PREFIX}lan", "up")
        for number, name in enumerate(self._names):
            space, own = f"{_PREFIX}{name}", f"entries{number}"
            _ip("netns", "add", space)
            _ip("link", "add", own, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", own, "master", f"{_PREFIX}lan", "up")
            for words in (
                f"address add {self.address(name)}/24 dev eth0",
                "link set eth0 up",
                "link set lo up",
            ):
                _ip("-n", space, *words.split())

    def remove(self) -> None:
        """What is there of it, with all that runs there."""
        for name in self._names:
            with contextlib.suppress(Failed):
                for pid in self._processes(name):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), 9)
                _ip("netns", "del", f"{_PREFIX}{name}")
        with contextlib.suppress(Failed):
            _ip("link", "del", f"{_PREFIX}lan")


@contextlib.contextmanager
def namespaces(nodes: int) -> Iterator[Namespaces]:
    """They are there, and gone in the end."""
    found = Namespaces(nodes)
    found.remove()
    try:
        found.make()
        yield found
    finally:
        found.remove()


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def _times(pid: str) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return 0.0


def _resident(pid: str) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
