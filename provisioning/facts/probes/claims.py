"""Machines on the LAN that answer for addresses, or speak VRRP with the addresses' numbers.

Argument: ``{"seconds": float, "wanted": [{"address": str, "device": str, "source": str,
"vrid": int or null}]}``; ``source`` is an address of this host's own on the device, and without a
number nobody is listened to. Prints
``{"owners": {address: {mac: [other addresses]}}, "speakers": [speaker], "problem": str}`` with,
as speaker, ``{"device": str, "vrid": int, "source": str, "priority": int, "addresses": [str]}``.
A host does not answer itself, and does not hear itself. ``problem`` says what could not be asked.

Linux, as root (raw sockets).
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ARP, ARP_REQUEST, ARP_REPLY = 0x0806, 1, 2
NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 135, 136
VRRP = 112
GROUPS = {socket.AF_INET: "224.0.0.18", socket.AF_INET6: "ff02::12"}
TIMES = 2
"""Times that the question is put, as one may be lost."""

Handler = Callable[[], None]


def main() -> None:
    json.dump(look(**json.loads(sys.argv[1])), sys.stdout)


def look(seconds: float, wanted: list[dict[str, Any]]) -> dict[str, Any]:
    owners: dict[str, dict[str, list[str]]] = {one["address"]: {} for one in wanted}
    speakers: dict[tuple[object, ...], dict[str, Any]] = {}
    problems: list[str] = []
    handlers: dict[socket.socket, Handler] = {}
    questions: list[Handler] = []

    def claimed(address: str, mac: str) -> None:
        owners[address].setdefault(mac, [])

    for one in wanted:
        try:
            ask = ask_ipv6 if ":" in one["address"] else ask_ipv4
            link, question, answered = ask(one, claimed)
            handlers[link] = answered
            questions.append(question)
            if one["vrid"] is not None:
                ear, heard = listen(one, speakers)
                handlers[ear] = heard
        except OSError as error:
            problems.append(f"{one['device']}: {error}")
    began = time.monotonic()
    for turn in range(TIMES):
        for question in questions:
            try:
                question()
            except OSError as error:
                problems.append(str(error))
        end = began + seconds * (turn + 1) / TIMES
        while (left := end - time.monotonic()) > 0:
            for ready in select.select(list(handlers), [], [], left)[0]:
                handlers[ready]()
    for address, macs in owners.items():
        for mac in macs:
            macs[mac] = others_of(mac, address)
    said = "; ".join(dict.fromkeys(problems))
    return {"owners": owners, "speakers": list(speakers.values()), "problem": said}


def ask_ipv4(
    one: dict[str, Any], claimed: Callable[[str, str], None]
) -> tuple[socket.socket, Handler, Handler]:
    """An ARP request (RFC 826)."""
    address = one["address"]
    target = socket.inet_aton(address)
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
    link.bind((one["device"], ARP))
    mac = link.getsockname()[4]
    header = b"\xff" * 6 + mac + struct.pack("!HHHBBH", ARP, 1, 0x0800, 6, 4, ARP_REQUEST)
    question = header + mac + socket.inet_aton(one["source"]) + b"\0" * 6 + target

    def answered() -> None:
        packet = link.recv(2048)
        if len(packet) < 38:
            return
        kind, sender, said, asker = struct.unpack("!H6s4s6s", packet[20:38])
        if (kind, said, asker) == (ARP_REPLY, target, mac):
            claimed(address, sender.hex(":"))

    return link, lambda: void(link.send(question)), answered


def ask_ipv6(
    one: dict[str, Any], claimed: Callable[[str, str], None]
) -> tuple[socket.socket, Handler, Handler]:
    """A neighbour solicitation (RFC 4861 section 4.3)."""
    address, device = one["address"], one["device"]
    target = socket.inet_pton(socket.AF_INET6, address)
    group = socket.inet_ntop(socket.AF_INET6, b"\xff\x02" + b"\0" * 9 + b"\1\xff" + target[13:])
    text = Path("/sys/class/net", device, "address").read_text(encoding="ascii")
    mac = bytes.fromhex(text.strip().replace(":", ""))
    index = socket.if_nametoindex(device)
    link = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    # Section 7.1.1: one that could have passed a router is thrown away.
    link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    question = struct.pack("!BBHI", NEIGHBOUR_SOLICITATION, 0, 0, 0) + target + b"\1\1" + mac

    def answered() -> None:
        packet = link.recv(2048)
        if packet[:1] != bytes([NEIGHBOUR_ADVERTISEMENT]) or packet[8:24] != target:
            return
        # Target link-layer address option: type 2, one unit of 8 bytes.
        if packet[24:26] == b"\2\1" and packet[26:32] != mac:
            claimed(address, packet[26:32].hex(":"))

    return link, lambda: void(link.sendto(question, (group, 0, 0, index))), answered


def listen(
    one: dict[str, Any], speakers: dict[tuple[object, ...], dict[str, Any]]
) -> tuple[socket.socket, Handler]:
    """VRRP advertisements (RFC 9568 section 5) with this number."""
    device, vrid = one["device"], one["vrid"]
    family = socket.AF_INET6 if ":" in one["address"] else socket.AF_INET
    ear = socket.socket(family, socket.SOCK_RAW, VRRP)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
    group = socket.inet_pton(family, GROUPS[family])
    index = struct.pack("@i", socket.if_nametoindex(device))
    if family == socket.AF_INET:
        member = group + socket.inet_aton(one["source"]) + index
        ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    else:
        ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + index)

    def heard() -> None:
        packet, (source, *_) = ear.recvfrom(2048)
        if family == socket.AF_INET:
            # With its own header before it.
            packet = packet[(packet[0] & 15) * 4 :]
        if len(packet) < 8 or packet[0] & 15 != 1 or packet[1] != vrid:
            return
        size = 4 if family == socket.AF_INET else 16
        listed = [packet[8 + n * size : 8 + (n + 1) * size] for n in range(packet[3])]
        speaker = {
            "device": device,
            "vrid": vrid,
            "source": source.partition("%")[0],
            "priority": packet[2],
            "addresses": [socket.inet_ntop(family, item) for item in listed if len(item) == size],
        }
        speakers[(device, vrid, source)] = speaker

    return ear, heard


def others_of(mac: str, address: str) -> list[str]:
    """Other IPv4 addresses that this host has seen the machine use (proc(5))."""
    found = []
    for line in Path("/proc/net/arp").read_text(encoding="ascii").splitlines()[1:]:
        words = line.split()
        if len(words) > 3 and words[3].lower() == mac and words[0] != address:
            found.append(words[0])
    return sorted(found)


def void(_: object) -> None:
    """A question has no result: its answers come later."""


if __name__ == "__main__":
    main()
