"""Announcements on a LAN between machines that all run this at the same time, beside packets that
go to one of them alone.

Argument: ``{"device": str, "source": str, "peers": [address], "enough": int, "seconds": float}``;
``source`` is an IPv4 address of this host's own on the device. Ten times a second each sends a
small datagram to every other and to VRRP's group, both to UDP's port 9 (discard, RFC 863), and says
by a gratuitous ARP what is so anyway (RFC 5227, section 3). It ends once ``enough`` datagrams of
every peer are there, or the time is up. Prints ``{peer: [to this host, to the group, gratuitous
ARPs]}``, in numbers.

Linux, as root (raw sockets): they are counted before any packet filter of this host sees them.
"""

from __future__ import annotations

import ctypes
import json
import select
import socket
import struct
import sys
import time

ARP, IP, UDP = 0x0806, 0x0800, 17
GROUP, DISCARD = "224.0.0.18", 9
SO_ATTACH_FILTER = 26
EVERY = 0.1
"""Seconds."""
LONGER = 3
"""Turns after it has heard enough: others may have begun later."""
MARK = b"cosyvoice-cluster doctor"

# Of classic BPF (linux/filter.h), on a frame of Ethernet: UDP to port 9, as a director may see
# hundreds of thousands of other packets a second.
ONLY = (
    (0x30, 0, 0, 23),  # the protocol
    (0x15, 0, 4, UDP),
    (0xB1, 0, 0, 14),  # the length of IP's header
    (0x48, 0, 0, 16),  # the port behind it
    (0x15, 0, 1, DISCARD),
    (0x06, 0, 0, 0xFFFF),
    (0x06, 0, 0, 0),
)


def main() -> None:
    json.dump(exchange(**json.loads(sys.argv[1])), sys.stdout)


def exchange(
    device: str, source: str, peers: list[str], enough: int, seconds: float
) -> dict[str, list[int]]:
    came = {peer: [0, 0, 0] for peer in peers}
    own = socket.inet_aton(source)
    mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mouth.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
    mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
    mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    mouth.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + own)
    mouth.bind((source, 0))
    datagrams, arps = tap(device, IP), tap(device, ARP)
    mac = arps.getsockname()[4]
    head = b"\xff" * 6 + mac + struct.pack("!HHHBBH", ARP, 1, IP, 6, 4, 1)
    announcement = head + mac + own + b"\0" * 6 + own
    end, more = time.monotonic() + seconds, LONGER
    while more and (begun := time.monotonic()) < end:
        for target in (*peers, GROUP):
            say(mouth, target)
        arps.send(announcement)
        while (left := begun + EVERY - time.monotonic()) > 0:
            for ready in select.select([datagrams, arps], [], [], left)[0]:
                count(ready.recv(2048), own, came)
        more -= all(one >= enough for one, _, _ in came.values())
    return came


def tap(device: str, protocol: int) -> socket.socket:
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
    if protocol == IP:
        code = b"".join(struct.pack("HBBI", *one) for one in ONLY)
        kept = ctypes.create_string_buffer(code)
        program = struct.pack("HP", len(ONLY), ctypes.addressof(kept))
        made.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    made.bind((device, protocol))
    return made


def say(mouth: socket.socket, target: str) -> None:
    try:
        mouth.sendto(MARK, (target, DISCARD))
    except OSError:
        # One that nobody answers for is told by others.
        return


def count(frame: bytes, own: bytes, came: dict[str, list[int]]) -> None:
    if frame[12:14] == struct.pack("!H", ARP):
        sender, target = frame[28:32], frame[38:42]
        kind = 2 if sender == target else None
    else:
        sender, target = frame[26:30], frame[30:34]
        kind = {own: 0, socket.inet_aton(GROUP): 1}.get(target) if MARK in frame else None
    if kind is not None and (peer := socket.inet_ntoa(sender)) in came:
        came[peer][kind] += 1


if __name__ == "__main__":
    main()
