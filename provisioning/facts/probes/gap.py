"""Open connections one after the other, at even intervals, and tell for how long none succeeded.

Argument: ``{"address": str, "port": int, "seconds": float, "interval": float}``. Prints
``{"attempts": int, "failed": int, "gap": seconds}``; ``gap`` is the longest time between the
beginnings of two attempts that succeeded with only failing ones between them, 0 where all did, and
null where none did. An attempt has just under a second: then TCP itself would try again.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

PATIENCE = 0.9


def main() -> None:
    asked = json.loads(sys.argv[1])
    json.dump(measure(**asked), sys.stdout)


def measure(address: str, port: int, seconds: float, interval: float) -> dict[str, object]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    results: dict[float, bool] = {}
    pending: dict[socket.socket, float] = {}
    with selectors.DefaultSelector() as selector:
        end = time.monotonic() + seconds
        following = time.monotonic()
        while time.monotonic() < end or pending:
            now = time.monotonic()
            if now >= following and now < end:
                following = now + interval
                attempt = socket.socket(family, socket.SOCK_STREAM)
                attempt.setblocking(False)
                attempt.connect_ex((address, port))
                pending[attempt] = now
                selector.register(attempt, selectors.EVENT_WRITE)
            done = {key.fileobj: True for key, _ in selector.select(interval / 4)}
            for attempt, began in list(pending.items()):
                if attempt in done or time.monotonic() - began > PATIENCE:
                    error = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    results[began] = attempt in done and error == 0
                    selector.unregister(attempt)
                    attempt.close()
                    del pending[attempt]
    return summary(results)


def summary(results: dict[float, bool]) -> dict[str, object]:
    gap, last, broken = 0.0, None, False
    for began in sorted(results):
        if results[began]:
            if broken and last is not None:
                gap = max(gap, began - last)
            last, broken = began, False
        else:
            broken = True
    failed = sum(not ok for ok in results.values())
    known = None if failed == len(results) else round(gap, 3)
    return {"attempts": len(results), "failed": failed, "gap": known}


if __name__ == "__main__":
    main()
