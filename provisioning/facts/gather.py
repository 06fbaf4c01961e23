"""Gathering of facts: one round trip a host, however many there are."""

from collections.abc import Iterable
from typing import Any, TypeVar

from ..engine.fleet import Fleet
from ..engine.observe import run_fragments
from ..transport.base import Transport
from .fact import Answers, Fact, fragments

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


def ask_each(
    hosts: Iterable[str], fleet: Fleet, fact: Fact[T], *, timeout: float | None = None
) -> dict[str, T]:
    """Ask every connected host for one fact, at once. Those that cannot be reached are missing, and
    are in ``fleet.errors``. Raises what the fact's parser raises."""
    return fleet.each(hosts, lambda host, transport: ask(host, transport, fact, timeout=timeout))
