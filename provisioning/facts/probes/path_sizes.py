"""Sizes of packets that pass to other machines and back: the largest of an interface, and small
ones, as pings that nobody on the way may cut up.

Argument: ``{"device": str, "seconds": float, "wanted": [address]}``. Prints ``{"mtu": int,
"words": [str]}`` with the interface's MTU and, for each address, ``all`` (both are answered, or a
router says what it takes), ``small`` (only small ones are) or ``silent``.

Linux, as root (raw sockets).
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PROBE = 10, 23, 3
"""linux/in.h: never cut up, whatever is known of the way."""
ECHO, REPLY, UNREACHABLE, TOO_LARGE = 8, 0, 3, 4
ECHO6, REPLY6, TOO_LARGE6 = 128, 129, 2
HEADERS, HEADERS6 = 28, 48
"""Bytes of IP and of ICMP."""
TIMES = 2
"""Times that each is sent, as one may be lost."""
NUMBER = os.getpid() & 0xFFFF


def main() -> None:
    json.dump(look(**json.loads(sys.argv[1])), sys.stdout)


def look(device: str, seconds: float, wanted: list[str]) -> dict[str, object]:
    mtu = int(Path("/sys/class/net", device, "mtu").read_text(encoding="ascii"))
    ears = {family: ear(family) for family in {family_of(one) for one in wanted}}
    # Twice the place of an address is the number of its small packet, and one more of its large.
    waiting = set(range(2 * len(wanted)))
    for turn in range(TIMES):
        for number in sorted(waiting):
            address = wanted[number // 2]
            family = family_of(address)
            send(ears[family], family, address, number, mtu if number % 2 else 0)
        end = time.monotonic() + seconds * (turn + 1) / TIMES
        # What is there is read, however late it is: a busy host may not run this in time.
        while waiting and (ready := heard(ears, end - time.monotonic())):
            for one in ready:
                waiting.difference_update(answered(one.family, one.recv(65535)))
    return {"mtu": mtu, "words": [word(waiting, place) for place in range(len(wanted))]}


def heard(ears: dict[int, socket.socket], left: float) -> list[socket.socket]:
    return select.select(list(ears.values()), [], [], max(0.0, left))[0]


def word(waiting: set[int], place: int) -> str:
    if 2 * place in waiting:
        return "silent"
    return "small" if 2 * place + 1 in waiting else "all"


def family_of(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def ear(family: int) -> socket.socket:
    if family == socket.AF_INET:
        made = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        made.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PROBE)
    else:
        made = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        made.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PROBE)
    return made


def send(link: socket.socket, family: int, address: str, number: int, size: int) -> None:
    kind, headers = (ECHO, HEADERS) if family == socket.AF_INET else (ECHO6, HEADERS6)
    head = struct.pack("!BBHHH", kind, 0, 0, NUMBER, number)
    packet = head + bytes(max(0, size - headers))
    if family == socket.AF_INET:
        # The kernel counts for IPv6 alone.
        packet = head[:2] + struct.pack("!H", checksum(packet)) + packet[4:]
    try:
        link.sendto(packet, (address, 0))
    except OSError:
        # No way there: it stays silent.
        return


def checksum(packet: bytes) -> int:
    """Of RFC 1071."""
    packet += b"\0" * (len(packet) % 2)
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def answered(family: int, packet: bytes) -> Iterator[int]:
    """Numbers of packets of this process that are settled by what came."""
    if family == socket.AF_INET:
        packet = inside(packet)
        too_large = packet[:2] == bytes([UNREACHABLE, TOO_LARGE])
        inner = inside(packet[8:]) if too_large else packet
        wanted = ECHO if too_large else REPLY
    else:
        too_large = packet[:1] == bytes([TOO_LARGE6])
        inner = packet[48:] if too_large else packet
        wanted = ECHO6 if too_large else REPLY6
    if len(inner) >= 8 and inner[0] == wanted:
        mine, number = struct.unpack("!HH", inner[4:8])
        if mine == NUMBER:
            yield number


def inside(packet: bytes) -> bytes:
    """Without the header of IPv4."""
    return packet[(packet[0] & 15) * 4 :] if packet else b""


if __name__ == "__main__":
    main()
