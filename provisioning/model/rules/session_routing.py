"""Nodes that pass requests to each other know each other by a secret."""

from collections.abc import Iterator

from ..derived.resolve import routes_sessions
from ..secrets.secret import SecretError, reveal_unasked
from .finding import Context, Finding, warning

SHORTEST_SECRET = 16
"""Bytes."""


def secret(context: Context) -> Iterator[Finding]:
    """Long enough not to be guessed, and of use."""
    source, path = context.inventory.app.secret, ("app", "secret")
    if source is None:
        return
    if not routes_sessions(context.inventory):
        yield warning(
            path,
            "has no effect: the nodes do not route sessions",
            "remove it, or write session_routing: true",
            "",
        )
        return
    try:
        length = len(reveal_unasked(source, context.base_dir).strip().encode())
    except SecretError:
        # Told of by the rule for all secrets.
        return
    if length < SHORTEST_SECRET:
        yield Finding(
            path,
            f"a secret of {length} bytes can be guessed",
            "make one: openssl rand -base64 32",
            "",
            f"at least {SHORTEST_SECRET} bytes",
        )
