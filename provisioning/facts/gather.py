"""Gathering of facts: one round trip a host, however many there are."""

from collections.abc import Iterable
from typing import Any, TypeVar

from provisioning.engine.observe import run_fragments
from provisioning.facts.fact import Answers, Fact, fragments
from provisioning.transport.base import Transport

T = TypeVar("T")


def gather(
    host: str,
    transport: Transport,
    facts: Iterable[Fact[Any]],
    *,
    root: bool = True,
    timeout: float | None = None,
) -> Answers:
    """Ask a host for several facts. ``timeout`` is in seconds, for all together. Raises
    ``TransportError``."""
    return Answers(run_fragments(host, transport, fragments(facts), root=root, timeout=timeout))


def ask(
    host: str,
    transport: Transport,
    fact: Fact[T],
    *,
    root: bool = True,
    timeout: float | None = None,
) -> T:
    """Ask a host for one fact. Raises ``TransportError``, and what the fact's parser raises."""
    return gather(host, transport, (fact,), root=root, timeout=timeout)[fact]
