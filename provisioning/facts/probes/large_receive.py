"""Large receive offload (LRO) of an interface: packets of one connection that the card joins.

Argument: the interface. Prints true or false. Linux (ethtool's ioctl, which needs no ethtool).
"""

from __future__ import annotations

import array
import fcntl
import json
import socket
import struct
import sys

SIOCETHTOOL, ETHTOOL_GFLAGS, ETH_FLAG_LRO = 0x8946, 0x25, 1 << 15


def main() -> None:
    value = array.array("B", struct.pack("II", ETHTOOL_GFLAGS, 0))
    asked = struct.pack("16sP", json.loads(sys.argv[1]).encode(), value.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        fcntl.ioctl(way, SIOCETHTOOL, asked.ljust(40, b"\0"))
    flags = struct.unpack("II", value.tobytes())[1]
    json.dump(bool(flags & ETH_FLAG_LRO), sys.stdout)


if __name__ == "__main__":
    main()
