"""A new certificate by ACME at once: one real server asks for it, the others take it over from that
one, one after the other."""

import shlex
import time
from dataclasses import replace

from ...engine.observe import run_fragments
from ...engine.progress import Event
from ...facts.gather import ask
from ...facts.served_certificate import served_certificate
from ...model.derived.tls_hosts import python_of, tls_hosts
from ...model.tls.tls import Tls
from ...places import ACME_LOG, ACME_PROGRAM
from ...transport.base import Transport
from ..errors import OperationError
from ..operation import Operation

_ACTING, _LOOKING, _TAKING_UP = 900.0, 60.0, 30.0
"""Seconds."""


def renew_by_acme(op: Operation, tls: Tls) -> bool:
    """Ask for one and bring it to all; true where all that can be reached show it, and all can be.
    Raises ``OperationError``."""
    inventory = op.cluster.inventory
    names = tls_hosts(inventory)
    op.fleet.connect(names)
    # Real servers come first; edges do not ask.
    there = [name for name in names if name in op.fleet.transports]
    if not any(name in inventory.real_servers.hosts for name in there):
        raise OperationError("no real server can be reached, and one of them has to ask")
    with op.dialogue.progress() as progress:
        wanted = _all_of(replace(op, progress=progress), tls, there)
    away = [name for name in names if name not in there]
    for name in away:
        op.dialogue.note(f"{name}: {op.fleet.errors[name]}; it takes the new one once it is back")
    op.dialogue.done(f"All of {', '.join(there)} show the certificate {wanted}.")
    return not away


def _all_of(op: Operation, tls: Tls, there: list[str]) -> str:
    """The first asks, the others take over; the serial number that all of them show."""
    op.progress(Event("step", there[0], "asks for a certificate"))
    wanted = _made_to(op, tls, there[0], "issue", "")
    for name in there[1:]:
        op.progress(Event("step", name, "takes it over"))
        _made_to(op, tls, name, "fetch", wanted)
    return wanted


def _made_to(op: Operation, tls: Tls, name: str, word: str, wanted: str) -> str:
    """Let the host's own program do it; the serial number that is shown then: ``wanted``, or any
    other than before where that is not known. Nginx takes it up a moment after it was told."""
    command = f"{ACME_PROGRAM} {shlex.quote(word)} 2>&1"
    shown = served_certificate(tls, python_of(op.cluster.inventory, name))

    def work(host: str, transport: Transport) -> str:
        before = ask(host, transport, shown, timeout=_LOOKING).serial
        done = run_fragments(host, transport, {"acme": command}, timeout=_ACTING)["acme"]
        if done.status != 0:
            said = done.stdout.strip().splitlines() or [f"status {done.status}"]
            raise OperationError(f"{host}: {said[-1]}")
        end = time.monotonic() + _TAKING_UP
        while True:
            now = ask(host, transport, shown, timeout=_LOOKING).serial
            if now == wanted if wanted else now not in ("", before):
                return now
            if time.monotonic() > end:
                raise OperationError(
                    f"{host}: goes on showing the certificate {now or '(none)'}; see {ACME_LOG} "
                    "there. It looks again every few minutes"
                )
            time.sleep(1)

    found = op.fleet.each([name], work)
    if name not in found:
        raise OperationError(f"{name}: {op.fleet.errors[name]}")
    return found[name]
