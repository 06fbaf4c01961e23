"""Make GET requests, each on a connection of its own, and keep all connections until the last
answer is there, so that a scheduler which counts connections sees them.

Argument: ``{"timeout": seconds, "targets": {name: {"address": str, "port": int, "tls": bool,
"path": str, "times": int}}}``. Prints ``{name: [reply]}``; a reply is ``{"status": int,
"node": str or null, "text": str}`` (``node`` is the header X-Node) or ``{"error": str,
"refused": bool}`` (``refused`` where nothing listens there). After three failures in a row a
target is given up.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
from typing import Any

LONGEST = 65536
"""Bytes of a body that are read."""


def main() -> None:
    request = json.loads(sys.argv[1])
    replies = {name: ask(target, request["timeout"]) for name, target in request["targets"].items()}
    json.dump(replies, sys.stdout)


def ask(target: dict[str, Any], timeout: float) -> list[dict[str, Any]]:
    held: list[http.client.HTTPConnection] = []
    replies: list[dict[str, Any]] = []
    for _ in range(target["times"]):
        connection = connect(target["address"], target["port"], target["tls"], timeout)
        held.append(connection)
        replies.append(get(connection, target["path"]))
        if len(replies) > 2 and all("error" in reply for reply in replies[-3:]):
            break
    for connection in held:
        connection.close()
    return replies


def connect(address: str, port: int, tls: bool, timeout: float) -> http.client.HTTPConnection:
    if not tls:
        return http.client.HTTPConnection(address, port, timeout=timeout)
    # Who answers is asked here, not whether the certificate is good.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(address, port, timeout=timeout, context=context)


def get(connection: http.client.HTTPConnection, path: str) -> dict[str, Any]:
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(LONGEST)
    except (OSError, http.client.HTTPException) as error:
        refused = isinstance(error, ConnectionRefusedError)
        return {"error": str(error) or type(error).__name__, "refused": refused}
    return {
        "status": response.status,
        "node": response.getheader("X-Node"),
        "text": body.decode("utf-8", "replace"),
    }


if __name__ == "__main__":
    main()
