"""A host of a cluster behind its firewall, and a client beside it, in networks of their own."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

_HELD = ["unshare", "--net", "sh", "-c", "ip link set lo up; echo; read end"]
_LISTEN = """
import select, socket, sys
places = [place.rsplit(" ", 1) for place in sys.argv[1:]]
held = []
for address, port in places:
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((address, int(port)))
    one.listen(64)
    held.append(one)
print(flush=True)
while True:
    for ready in select.select(held, [], [])[0]:
        ready.accept()[0].close()
"""
_CONNECT = """
import json, selectors, socket, sys, time
waiting, reached = selectors.DefaultSelector(), []
for number, (source, address, port) in enumerate(json.loads(sys.argv[1])):
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    one.setblocking(False)
    one.bind((source, 0))
    one.connect_ex((address, port))
    waiting.register(one, selectors.EVENT_WRITE, number)
end = time.monotonic() + float(sys.argv[2])
while waiting.get_map() and time.monotonic() < end:
    for key, _ in waiting.select(end - time.monotonic()):
        if not key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            reached.append(key.data)
        waiting.unregister(key.fileobj)
print(json.dumps(reached))
"""
Try = tuple[str, str, int]
"""Source, destination and port of a connection."""


@dataclass(frozen=True)
class Place:
    """A network of its own."""

    pid: int

    def argv(self, *words: str) -> list[str]:
        return ["nsenter", f"--target={self.pid}", "--net", "--", *words]

    def run(self, *words: str, text: str | None = None) -> str:
        done = subprocess.run(
            self.argv(*words), input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout


@dataclass(frozen=True)
class Site:
    """Both, on one segment."""

    host: Place
    client: Place

    def load(self, rules: str) -> None:
        self.host.run("nft", "-f", "-", text=rules)

    def reached(self, tries: Sequence[Try], patience: float = 0.4) -> list[Try]:
        """Those connections that came about, all tried at once."""
        argument = json.dumps(tries)
        said = self.client.run(sys.executable, "-ISc", _CONNECT, argument, str(patience))
        return [tries[number] for number in sorted(json.loads(said))]

    @contextmanager
    def listening(self, places: Iterable[tuple[str, int]]) -> Iterator[None]:
        """Something answers at these addresses and ports of the host."""
        words = [f"{address} {port}" for address, port in places]
        with subprocess.Popen(
            self.host.argv(sys.executable, "-ISc", _LISTEN, *words), stdout=subprocess.PIPE
        ) as process:
            assert process.stdout and process.stdout.readline()
            try:
                yield
            finally:
                process.kill()


@contextmanager
def site(own: Iterable[str], clients: Iterable[str]) -> Iterator[Site]:
    """``own`` are the host's addresses, ``clients`` those that the client may come from."""
    with _place() as host, _place() as client:
        script = 'ip link add eth0 type veth peer name eth1; ip link set eth1 name eth0 netns "$1"'
        host.run("sh", "-ec", script, "sh", str(client.pid))
        for place, addresses in ((host, own), (client, clients)):
            lines = [
                f"address add {one}/{64 if ':' in one else 16} dev eth0"
                + (" nodad" if ":" in one else "")
                for one in addresses
            ]
            place.run("ip", "-batch", "-", text="\n".join([*lines, "link set eth0 up", ""]))
        yield Site(host, client)


@contextmanager
def _place() -> Iterator[Place]:
    with subprocess.Popen(_HELD, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline()
        try:
            yield Place(holder.pid)
        finally:
            holder.kill()
