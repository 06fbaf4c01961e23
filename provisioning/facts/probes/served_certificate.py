"""Ask who listens on a port of this host for the certificate it shows; nothing is said of its
worth.

Argument: ``{"address": str, "port": int, "name": str or null, "timeout": seconds, "sha256": str or
null}``; ``name`` is what is asked for (SNI). Prints ``{"pem": str}`` or ``{"error": str}``. Where
another certificate than that of ``sha256`` is shown, the status is 1.
"""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import sys
from typing import Any


def main() -> None:
    request = json.loads(sys.argv[1])
    try:
        certificate = shown(request)
    except OSError as error:
        json.dump({"error": str(error) or type(error).__name__}, sys.stdout)
        sys.exit(request["sha256"] is not None)
    json.dump({"pem": ssl.DER_cert_to_PEM_cert(certificate)}, sys.stdout)
    sys.exit(request["sha256"] not in (None, hashlib.sha256(certificate).hexdigest()))


def shown(request: dict[str, Any]) -> bytes:
    """In DER, the server's own."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    place = request["address"], request["port"]
    with (
        socket.create_connection(place, request["timeout"]) as plain,
        context.wrap_socket(plain, server_hostname=request["name"]) as encrypted,
    ):
        return encrypted.getpeercert(True) or b""


if __name__ == "__main__":
    main()
