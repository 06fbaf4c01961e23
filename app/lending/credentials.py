"""Signatures of requests between nodes whose bodies matter: a digest of the body is under the
HMAC."""

from hashlib import sha256

from ..session_routing.peers.signatures import Signature, Signatures

HEADER = "x-lending"
PATH = "/_lending/"
"""Below it a node answers other nodes, and 404 to everybody else."""


def written(signatures: Signatures, to: str, what: str, body: bytes) -> bytes:
    """The value of the header for a request to the node ``to``."""
    return signatures.write(to, "POST", _signed(what, body))


def read(signatures: Signatures, header: str, what: str, body: bytes) -> Signature | None:
    """The signature of the node that sent a request; None where it is not a node of this
    cluster."""
    return signatures.read(header.encode("latin-1"), "POST", _signed(what, body))


def _signed(what: str, body: bytes) -> str:
    return f"{PATH}{what} {sha256(body).hexdigest()}"
