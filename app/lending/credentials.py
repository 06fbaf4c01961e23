"""Passes for requests between nodes whose bodies matter: a digest of the body is under the HMAC."""

from hashlib import sha256

from app.session_routing.passes import Pass, Passes

HEADER = "x-lending"
PATH = "/_lending/"
"""Below it a node answers other nodes, and 404 to everybody else."""


def written(passes: Passes, to: str, what: str, body: bytes) -> bytes:
    """The value of the header for a request to the node `to`."""
    return passes.write(to, "POST", _signed(what, body))


def read(passes: Passes, header: str, what: str, body: bytes) -> Pass | None:
    """The pass of the node that sent a request; None where it is no node of this cluster."""
    return passes.read(header.encode("latin-1"), "POST", _signed(what, body))


def _signed(what: str, body: bytes) -> str:
    return f"{PATH}{what} {sha256(body).hexdigest()}"
