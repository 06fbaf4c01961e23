"""Ask the nodes of this host which of its secrets are good for them, and by which they sign.

Argument: ``{"timeout": seconds, "secret": path, "accepted": path, "nodes": {name: {"address": str,
"port": int}}}``. Prints ``{"files": [id], "nodes": {name: reply}}``: ids of the secrets in the two
files, that of the first one first, and of each node ``{"good": [id], "count": int or null,
"signs": id or null}`` (how many are good there in all, and null where it cannot say) or ``{"error":
str, "refused": bool}`` (``refused`` where nothing listens). The secrets themselves stay here.

A node answers a signature that is right, but knows no clock of it, with 409 and a proof of what it
knows; one that is wrong is a stranger's to it (``app/session_routing/peers/signatures.py``).
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import sys
from pathlib import Path
from typing import Any

HEADER, PROOF = "x-session-routing", "x-session-routing-secrets"
TARGET = "/_session_routing/secrets"
ASKER = "cluster"
UNTIMELY = 409


def main() -> None:
    request = json.loads(sys.argv[1])
    known = secrets_here(request)
    nodes = {name: ask(name, place, known, request) for name, place in request["nodes"].items()}
    json.dump({"files": [identity(one) for one in known], "nodes": nodes}, sys.stdout)


def secrets_here(request: dict[str, Any]) -> list[bytes]:
    found: list[bytes] = []
    for path, whole in ((Path(request["secret"]), True), (Path(request["accepted"]), False)):
        if path.exists():
            content = path.read_bytes()
            found += [content] if whole else content.split(b"\n")
    stripped = (one.strip() for one in found)
    return list(dict.fromkeys(one for one in stripped if one))


def ask(
    name: str, place: dict[str, Any], known: list[bytes], request: dict[str, Any]
) -> dict[str, Any]:
    good: list[str] = []
    count, signs = None, None
    for secret in known:
        header = signature(secret, name)
        connection = http.client.HTTPConnection(
            place["address"], place["port"], timeout=request["timeout"]
        )
        try:
            connection.request("GET", TARGET, headers={HEADER: header})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            refused = isinstance(error, ConnectionRefusedError)
            return {"error": str(error) or type(error).__name__, "refused": refused}
        finally:
            connection.close()
        if answer.status != UNTIMELY:
            continue
        good.append(identity(secret))
        told, _, proof = (answer.getheader(PROOF) or "").partition(" ")
        if told.isdigit() and proof.isascii():
            count = int(told)
            signs = signer(known, proof, name, told, header)
    return {"good": good, "count": count, "signs": signs}


def signature(secret: bytes, node: str) -> str:
    """As one that has never met the node."""
    nonce = secrets.token_hex(12)
    return f"{ASKER} {node} - {nonce} {mac(secret, ASKER, node, '-', nonce, '', 'GET', TARGET)}"


def signer(known: list[bytes], proof: str, node: str, told: str, header: str) -> str | None:
    for secret in known:
        if hmac.compare_digest(proof, mac(secret, "secrets", node, told, header)):
            return identity(secret)
    return None


def mac(secret: bytes, *fields: str) -> str:
    return hmac.new(secret, "\n".join(fields).encode(), hashlib.sha256).hexdigest()


def identity(secret: bytes) -> str:
    """As the cluster's record knows a secret (``secret_id``)."""
    return hashlib.sha256(b"cluster secret\0" + secret).hexdigest()[:12]


if __name__ == "__main__":
    main()
