"""Tell the other directors of this one's connections, all of them and at once.

The kernel does so by itself, but lets up to two seconds of new connections come together first, and
says nothing of older ones to a director that has just booted (net/netfilter/ipvs/ip_vs_sync.c). A
director that takes over answers packets of a connection that it does not know with a reset. So
before one yields, it sends what its table holds; then, from a process in the background, what comes
in until the VIPs have left it.

Argument: ``{"interface": str, "id": int, "vips": [str], "seconds": float}``: interface and number
of the sync daemon, and for how long at most the process in the background goes on. Prints the
number of connections that were told of first. Runs on a director, as root, with no more than Python
itself.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

CONNECTIONS = Path("/proc/net/ip_vs_conn")
GROUP, PORT = "224.0.0.81", 8848
"""Keepalived leaves them at the kernel's default."""
STATES = {"ESTABLISHED": 1, "SYN_RECV": 3}
"""Those in which a connection needs its entry, by their number in the kernel."""
DIRECT_ROUTING = 3
"""IP_VS_CONN_F_DROUTE in linux/ip_vs.h."""
INET6 = 1
VERSION = 1
ROOM = 1400
"""Bytes of connections in a message: with its header it fits the MTU of Ethernet."""
BURST = 64
"""Messages that a receiver's socket holds by the kernel's defaults, and some."""
PAUSE = 0.02
"""Seconds between two looks, and after a burst."""
AFTERWARDS = 0.2
"""Seconds for which connections are told of once the VIPs are gone."""


def main() -> None:
    asked = json.loads(sys.argv[1])
    told: set[str] = set()
    with group_socket(asked["interface"]) as to:
        print(tell(to, asked["id"], told), flush=True)
        if os.fork():
            os._exit(0)
        # Whoever reads what was printed must not wait for this process.
        os.setsid()
        with Path(os.devnull).open("r+b", buffering=0) as nothing:
            for descriptor in (0, 1, 2):
                os.dup2(nothing.fileno(), descriptor)
        follow(to, asked, told)


def follow(to: socket.socket, asked: dict[str, Any], told: set[str]) -> None:
    """Tell of new connections until the VIPs have left this host."""
    end = time.monotonic() + asked["seconds"]
    holds = True
    while time.monotonic() < end:
        tell(to, asked["id"], told)
        if holds and not any(map(is_own, asked["vips"])):
            holds = False
            end = min(end, time.monotonic() + AFTERWARDS)
        time.sleep(PAUSE)


def is_own(address: str) -> bool:
    """True if this host has the address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def tell(to: socket.socket, syncid: int, told: set[str]) -> int:
    """Send what was not told before; how many connections that were."""
    with CONNECTIONS.open(encoding="ascii") as file:
        new = [line for line in file if line.startswith("TCP ") and key(line) not in told]
    entries = [one for line in new if (one := entry(line))]
    for number, message in enumerate(messages(entries, syncid), 1):
        to.send(message)
        if number % BURST == 0:
            time.sleep(PAUSE)
    told.update(map(key, new))
    return len(entries)


def key(line: str) -> str:
    """The connection without its state and what is left of its time."""
    return " ".join(line.split()[:7])


def entry(line: str) -> bytes:
    """A connection as ``struct ip_vs_sync_v4`` or ``ip_vs_sync_v6``; nothing for one in a state
    that needs no entry."""
    caddr, cport, vaddr, vport, daddr, dport, state, expires = line.split()[1:9]
    if state not in STATES:
        return b""
    addresses = [packed(text) for text in (caddr, vaddr, daddr)]
    kind = INET6 if len(addresses[0]) == 16 else 0
    ports = [int(text, 16) for text in (cport, vport, dport)]
    size = 24 + sum(map(len, addresses))
    fixed = struct.pack(
        "!BBHIHHHHII",
        kind,
        socket.IPPROTO_TCP,
        size,
        DIRECT_ROUTING,
        STATES[state],
        *ports,
        0,
        max(1, int(expires)),
    )
    return fixed + b"".join(addresses)


def packed(text: str) -> bytes:
    """An address as the table prints it: eight digits, or IPv6 in full."""
    return ipaddress.ip_address(text).packed if ":" in text else bytes.fromhex(text)


def messages(entries: Iterable[bytes], syncid: int) -> Iterator[bytes]:
    """Messages of version 1: ``struct ip_vs_sync_mesg`` and its connections."""
    body, count = b"", 0
    for one in entries:
        if count and (len(body) + len(one) > ROOM or count == 255):
            yield header(syncid, body, count) + body
            body, count = b"", 0
        body, count = body + one, count + 1
    if count:
        yield header(syncid, body, count) + body


def header(syncid: int, body: bytes, count: int) -> bytes:
    return struct.pack("!BBHBbH", 0, syncid, 8 + len(body), count, VERSION, 0)


def group_socket(interface: str) -> socket.socket:
    """A socket that sends to the group on an interface, as the sync daemon's does."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    index = struct.pack("@4s4si", b"\0" * 4, b"\0" * 4, socket.if_nametoindex(interface))
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, index)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    made.connect((GROUP, PORT))
    return made


if __name__ == "__main__":
    main()
