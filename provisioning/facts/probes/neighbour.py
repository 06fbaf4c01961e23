"""Way of packets to an address, and the machines on the LAN that answer for it.

Argument: a list of addresses. Prints ``{address: found}`` with, in ``found``:

``route``    ``link`` (on this host's LAN), ``routed``, ``local`` (this host has it), ``unknown``
``device``   interface they leave by, or null
``cached``   MAC address in the kernel's neighbour cache, or null
``owners``   sorted MAC addresses that answer for it, or null where that could not be asked
``problem``  why it could not be asked, or an empty text

Linux; asking for owners needs root (raw sockets).
"""

from __future__ import annotations

import json
import re
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ARP, ARP_REQUEST, ARP_REPLY = 0x0806, 1, 2
NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 135, 136
LISTEN = 1.2
"""Seconds to wait for answers; the question is put again half-way."""


def main() -> None:
    json.dump({address: way_to(address) for address in json.loads(sys.argv[1])}, sys.stdout)


def way_to(address: str) -> dict[str, Any]:
    said = output(["ip", "route", "get", address])
    words = said.split()
    device = re.search(r"\bdev (\S+)", said)
    found: dict[str, Any] = {
        "route": "unknown",
        "device": device.group(1) if device else None,
        "cached": None,
        "owners": None,
        "problem": "",
    }
    if not device:
        return found
    found["route"] = "local" if words[0] == "local" else "routed" if "via" in words else "link"
    if found["route"] != "link":
        return found
    cached = re.search(r"\blladdr (\S+)", output(["ip", "neigh", "show", address]))
    found["cached"] = cached.group(1).lower() if cached else None
    try:
        ask = ask_ipv6 if ":" in address else ask_ipv4
        found["owners"] = sorted(ask(address, device.group(1)))
    except OSError as error:
        found["problem"] = str(error)
    return found


def output(command: list[str]) -> str:
    try:
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=5, check=False
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired):
        return ""


def ask_ipv4(address: str, device: str) -> set[str]:
    """MAC addresses that answer an ARP request (RFC 826)."""
    target = socket.inet_aton(address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.connect((address, 9))
        source = socket.inet_aton(own.getsockname()[0])
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP)) as link:
        link.bind((device, ARP))
        mac = link.getsockname()[4]
        header = b"\xff" * 6 + mac + struct.pack("!HHHBBH", ARP, 1, 0x0800, 6, 4, ARP_REQUEST)
        question = header + mac + source + b"\0" * 6 + target

        def owner(packet: bytes) -> str | None:
            kind, sender, said, asker = struct.unpack("!H6s4s6s", packet[20:38])
            return sender.hex(":") if (kind, said, asker) == (ARP_REPLY, target, mac) else None

        return answers(link, lambda: link.send(question), owner)


def ask_ipv6(address: str, device: str) -> set[str]:
    """MAC addresses that answer a neighbour solicitation (RFC 4861 section 4.3)."""
    target = socket.inet_pton(socket.AF_INET6, address)
    group = socket.inet_ntop(socket.AF_INET6, b"\xff\x02" + b"\0" * 9 + b"\1\xff" + target[13:])
    text = Path("/sys/class/net", device, "address").read_text(encoding="ascii")
    mac = bytes.fromhex(text.strip().replace(":", ""))
    index = socket.if_nametoindex(device)
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as link:
        # Section 7.1.1: one that could have passed a router is thrown away.
        link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        question = struct.pack("!BBHI", NEIGHBOUR_SOLICITATION, 0, 0, 0) + target + b"\1\1" + mac

        def owner(packet: bytes) -> str | None:
            if packet[0] != NEIGHBOUR_ADVERTISEMENT or packet[8:24] != target:
                return None
            # Target link-layer address option: type 2, one unit of 8 bytes.
            return packet[26:32].hex(":") if packet[24:26] == b"\2\1" else None

        return answers(link, lambda: link.sendto(question, (group, 0, 0, index)), owner)


def answers(
    link: socket.socket, ask: Callable[[], object], owner: Callable[[bytes], str | None]
) -> set[str]:
    """Ask twice, and collect the answers until the time is up."""
    found = set()
    for _ in range(2):
        ask()
        end = time.monotonic() + LISTEN / 2
        while select.select([link], [], [], max(0.0, end - time.monotonic()))[0]:
            mac = owner(link.recv(2048))
            if mac:
                found.add(mac)
    return found


if __name__ == "__main__":
    main()
