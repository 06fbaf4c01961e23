"""Places where something accepts a TCP connection of this host, many tried at the same time.

Argument: ``{"timeout": seconds, "places": [[address, port]]}``. Prints those that accepted as
``[[address, port, source]]``, with the address that they were asked from. A place that refuses or
is silent is not among them.
"""

from __future__ import annotations

import errno
import json
import selectors
import socket
import sys
import time

AT_ONCE = 200
"""Below the number of files that a process may have open by default."""


def main() -> None:
    request = json.loads(sys.argv[1])
    places, timeout = request["places"], request["timeout"]
    found = []
    for start in range(0, len(places), AT_ONCE):
        found += accepted(places[start : start + AT_ONCE], timeout)
    json.dump(found, sys.stdout)


def accepted(places: list[tuple[str, int]], timeout: float) -> list[tuple[str, int, str]]:
    found = []
    with selectors.DefaultSelector() as waiting:
        for address, port in places:
            one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            one.setblocking(False)
            if one.connect_ex((address, port)) in (0, errno.EINPROGRESS):
                waiting.register(one, selectors.EVENT_WRITE, (one, address, port))
            else:
                # No way there.
                one.close()
        end = time.monotonic() + timeout
        while waiting.get_map() and (left := end - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                one, address, port = key.data
                waiting.unregister(one)
                if not one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    found.append((address, port, one.getsockname()[0]))
                one.close()
        for key in list(waiting.get_map().values()):
            key.data[0].close()
    return found


if __name__ == "__main__":
    main()
