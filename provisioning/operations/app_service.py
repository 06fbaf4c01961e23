"""Start, stop and restart the app on real servers without interrupting clients, where that is
possible: a node is drained first, and returns to service once it is ready."""

from collections.abc import Callable, Iterable

from ..engine.observe import run_fragments
from ..engine.progress import Event
from ..model.derived.nodes import nodes_of
from ..model.derived.resolve import service_manager_of
from ..model.hosts import ServiceManager
from ..resources.base import Observation
from ..resources.service import starting, stopping
from ..transport.base import Transport
from .drain.in_service import await_everybody
from .drain.remaining_work import await_idle
from .drain.steps import await_ready, bring_back, settle, take_out
from .errors import OperationError
from .operation import Operation

_MARGIN = 120.0
"""Seconds beyond the app's own stop timeout, for a slow host."""

Fragment = Callable[[str, ServiceManager], str]


def stop_apps(op: Operation, names: Iterable[str], *, timeout: float, force: bool) -> None:
    """Drain real servers, wait for their work, stop the app; they stay drained. Raises
    ``OperationError``; ``force`` goes below the quorum, and stops with jobs left at the deadline
    of ``timeout`` seconds."""
    for name in names:
        take_out(op, name, stopped=True, force=force)
    _finish(op, list(names), timeout=timeout, force=force)
    _each(op, names, stopping, "stop")


def start_apps(op: Operation, names: Iterable[str], *, force: bool) -> None:
    """Start the app, wait until it is ready, restore the weight of servers stopped by
    ``stop_apps``, and wait until directors send to them. Raises ``OperationError``."""
    names = list(names)
    _each(op, names, starting, "start")
    for name in names:
        drain = op.cluster.runtime.drains.get(name)
        await_ready(op, name, drained=drain is not None)
        if drain is not None and drain.stopped:
            bring_back(op, name, force=force)
    _await_clients(op, names)


def restart_apps(
    op: Operation, names: list[str], *, batch: int, timeout: float, force: bool
) -> None:
    """Restart batch by batch: drain, wait, stop, start, wait until ready, bring back. Servers
    drained before stay drained. Raises ``OperationError``, with later batches untouched."""
    before = op.cluster.runtime.drains
    for start in range(0, len(names), batch):
        some = names[start : start + batch]
        ours = [name for name in some if name not in before]
        try:
            for name in ours:
                take_out(op, name, reason="restart", force=force)
            _finish(op, some, timeout=timeout, force=force)
        except OperationError:
            for name in ours:
                if name in op.cluster.runtime.drains:
                    bring_back(op, name, force=force)
            raise
        _each(op, some, stopping, "stop")
        _each(op, some, starting, "start")
        for name in some:
            await_ready(op, name, drained=True)
        for name in ours:
            bring_back(op, name, force=force)
        _await_clients(op, ours)


def _await_clients(op: Operation, names: list[str]) -> None:
    """The next ones may go only when these serve."""
    if lacking := await_everybody(op, names):
        raise OperationError("; ".join(lacking))


def _finish(op: Operation, names: list[str], *, timeout: float, force: bool) -> None:
    """Wait for the work of drained servers. Connections that are open at the deadline are pages,
    which connect again; jobs would be lost."""
    left = await_idle(op, names, timeout=timeout)
    jobs = {name: work for name, work in left.items() if work.running or work.waiting}
    if jobs and not force:
        said = "; ".join(f"{name}: {work}" for name, work in jobs.items())
        raise OperationError(
            f"left after {timeout:g} s: {said}. Wait longer (--timeout), or --force loses these"
        )
    for name in names:
        settle(op, name)


def _each(op: Operation, names: Iterable[str], fragment: Fragment, word: str) -> None:
    names, fleet, inventory = list(names), op.fleet, op.cluster.inventory
    patience = inventory.app.stop_timeout + _MARGIN

    def work(name: str, transport: Transport) -> Observation:
        op.progress(Event("step", name, f"{word} the app"))
        manager = service_manager_of(inventory, name)
        nodes = nodes_of(inventory, name)
        # One that does not come keeps no other from it.
        commands = {node.service: fragment(node.service, manager) for node in nodes}
        found = run_fragments(name, transport, commands, timeout=patience * len(commands))
        *_, last = found.values()
        return next((one for one in found.values() if one.status), last)

    fleet.connect(names)
    done = fleet.each(names, work)
    problems = [str(fleet.errors[name]) for name in names if name not in done]
    problems += [
        f"{name}: the app did not {word}: {found.stderr.strip() or found.stdout.strip()}"
        for name, found in done.items()
        if found.status
    ]
    if problems:
        raise OperationError("; ".join(problems))
