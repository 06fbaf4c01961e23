"""Starts, stops and restarts the app on real servers without clients noticing, where that can be:
a node is drained first, and comes back once it is ready."""

from collections.abc import Callable, Iterable

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.engine.progress import Event, Progress
from provisioning.model.hosts import ServiceManager
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import service_manager_of
from provisioning.operations.drain import await_ready, bring_back, settle, take_out
from provisioning.operations.node_work import await_idle
from provisioning.operations.run import Run
from provisioning.operations.runtime_change import OperationError
from provisioning.operations.session import Site
from provisioning.places import APP_SERVICE
from provisioning.resources.base import Observation
from provisioning.resources.service import starting, stopping
from provisioning.transport.base import Transport

_KEY = "service"
_MARGIN = 120.0
"""Seconds beyond the app's own stop timeout, for a slow host."""

Fragment = Callable[[str, ServiceManager], str]


def stop_apps(
    site: Site,
    fleet: Fleet,
    run: Run,
    names: Iterable[str],
    *,
    timeout: float,
    force: bool,
    progress: Progress,
) -> None:
    """Drains real servers, waits for their work, stops the app; they stay drained. Raises
    ``OperationError``; ``force`` goes below the quorum, and stops with jobs left at the deadline
    of ``timeout`` seconds."""
    for name in names:
        take_out(site, fleet, run, name, stopped=True, force=force, progress=progress)
    _finish(site, fleet, run, list(names), timeout=timeout, force=force, progress=progress)
    _each(site.inventory, fleet, names, stopping, "stop", progress)


def start_apps(
    site: Site, fleet: Fleet, run: Run, names: Iterable[str], *, force: bool, progress: Progress
) -> None:
    """Starts the app, waits until it is ready, and gives those their weight that were stopped by
    ``stop_apps``. Raises ``OperationError``."""
    _each(site.inventory, fleet, names, starting, "start", progress)
    for name in names:
        drain = site.runtime.drains.get(name)
        await_ready(site.inventory, fleet, name, drained=drain is not None, progress=progress)
        if drain is not None and drain.stopped:
            bring_back(site, fleet, run, name, force=force, progress=progress)


def restart_apps(
    site: Site,
    fleet: Fleet,
    run: Run,
    names: list[str],
    *,
    batch: int,
    timeout: float,
    force: bool,
    progress: Progress,
) -> None:
    """Batch by batch: drain, wait, stop, start, wait until ready, back. What was drained before
    stays so. Raises ``OperationError``, with later batches untouched."""
    before = site.runtime.drains
    for start in range(0, len(names), batch):
        some = names[start : start + batch]
        ours = [name for name in some if name not in before]
        for name in ours:
            take_out(site, fleet, run, name, reason="restart", force=force, progress=progress)
        try:
            _finish(site, fleet, run, some, timeout=timeout, force=force, progress=progress)
        except OperationError:
            for name in ours:
                bring_back(site, fleet, run, name, force=force, progress=progress)
            raise
        _each(site.inventory, fleet, some, stopping, "stop", progress)
        _each(site.inventory, fleet, some, starting, "start", progress)
        for name in some:
            await_ready(site.inventory, fleet, name, drained=True, progress=progress)
        for name in ours:
            bring_back(site, fleet, run, name, force=force, progress=progress)


def _finish(
    site: Site,
    fleet: Fleet,
    run: Run,
    names: list[str],
    *,
    timeout: float,
    force: bool,
    progress: Progress,
) -> None:
    """Waits for their work. Connections that are open at the deadline are pages, which connect
    again; jobs would be lost."""
    left = await_idle(site.inventory, fleet, names, timeout=timeout, progress=progress)
    jobs = {name: work for name, work in left.items() if work.running or work.waiting}
    if jobs and not force:
        said = "; ".join(f"{name}: {work}" for name, work in jobs.items())
        raise OperationError(
            f"left after {timeout:g} s: {said}. Wait longer (--timeout), or --force loses these"
        )
    for name in names:
        settle(site, fleet, run, name, progress=progress)


def _each(
    inventory: Inventory,
    fleet: Fleet,
    names: Iterable[str],
    fragment: Fragment,
    word: str,
    progress: Progress,
) -> None:
    names = list(names)
    patience = inventory.app.stop_timeout + _MARGIN

    def work(name: str, transport: Transport) -> Observation:
        progress(Event("step", name, f"{word} the app"))
        command = fragment(APP_SERVICE, service_manager_of(inventory, name))
        return run_fragments(name, transport, {_KEY: command}, timeout=patience)[_KEY]

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
