"""The machines of a run: a director, nodes, and a client that asks."""

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence

FOLDER = "/run/entries"
"""Of what is written on a machine, in a folder of its name: some share a file system."""

_MORE = 230
"""The end of the first of ten addresses that no machine has."""


class Failed(Exception):  # noqa: N818
    """Told as it is."""


class Machines(ABC):
    """Where they are differs; what is done on them does not."""

    director: str
    nodes: tuple[str, ...]
    client: str
    vip: str
    """An address that nobody has."""
    about: str
    """The machines in words, for the table."""

    @abstractmethod
    def command(self, name: str, argv: Sequence[str]) -> list[str]:
        """The command that runs another one as root there."""

    @abstractmethod
    def address(self, name: str) -> str:
        """The machine's own."""

    @abstractmethod
    def processor_time(self, name: str) -> float:
        """Seconds of processor time that the machine has used."""

    @abstractmethod
    def memory(self, name: str) -> int:
        """Bytes in use there."""

    def run(self, name: str, script: str, text: str = "") -> str:
        """The output of a shell script there. Raises ``Failed``."""
        command = self.command(name, ["sh", "-c", script])
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{name}: {script.splitlines()[0]}: {done.stderr.strip()[-800:]}")
        return done.stdout

    def interface(self, name: str) -> str:
        """The one with the machine's own address. Raises ``Failed``."""
        told = self.run(name, "PATH=$PATH:/sbin; ip -o -4 address show")
        for line in told.splitlines():
            words = line.split()
            if words[3].partition("/")[0] == self.address(name):
                return words[1]
        raise Failed(f"{name}: no interface has {self.address(name)}")

    def sources(self, number: int) -> list[str]:
        """So many addresses of the client, which gets those that it lacks; ten at most."""
        own = self.address(self.client)
        net, device = own.rpartition(".")[0], self.interface(self.client)
        more = [f"{net}.{_MORE + index}" for index in range(min(number, 10) - 1)]
        for address in more:
            add = f"ip address replace {address}/24 dev {device}"
            self.run(self.client, f"PATH=$PATH:/sbin; {add}")
        return [own, *more]

    def put(self, name: str, file: str, text: str) -> str:
        """Write a file; its path there."""
        path = f"{FOLDER}/{name}/{file}"
        self.run(name, f"mkdir -p {FOLDER}/{name} && cat > {path}", text)
        return path

    def has(self, name: str, script: str) -> bool:
        """Tell whether a script succeeds there."""
        try:
            self.run(name, script)
        except Failed:
            return False
        return True
