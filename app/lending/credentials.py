"""Passes for requests between nodes whose bodies matter: a digest of the body is under the HMAC."""

from hashlib import sha256

from app.session_routing.passes import Passes

HEADER = "x-lending"
PATH = "/_lending/"
"""Below it a node answers other nodes, and 404 to everybody else."""


def written(passes: Passes, to: str, what: str, body: bytes) -> dict[str, str]:
    """The header for a request to the node `to`."""
    return {HEADER: passes.write(to, "POST", _signed(what, body)).decode()}


def sender(passes: Passes, header: str, what: str, body: bytes) -> str | None:
    """The node that sent a request; None where it is no node of this cluster."""
    found = passes.read(header.encode("latin-1"), "POST", _signed(what, body))
    return found[0] if found else None


def _signed(what: str, body: bytes) -> str:
    return f"{PATH}{what} {sha256(body).hexdigest()}"
