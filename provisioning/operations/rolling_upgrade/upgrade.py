"""A whole upgrade: prepared, executed, announced, proved."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...engine.fleet import Fleet
from ...roles.release_archive import ReleaseArchive
from ..artifacts.fetching import companions
from ..bundle.source import Source, source_of
from ..cluster.cluster import Cluster
from ..operation import Operation
from ..release import build_release
from ..rolling.events import RunEvent, Watcher
from ..rolling.result import RunResult
from ..rolling.run_status import RunStatus
from ..verify import verify
from . import state_file, state_machine
from .downtime import downtimes
from .options import UpgradeOptions
from .phases.stage import STAGE
from .planning import UpgradeConflictError, plan_upgrade
from .runner import Runner
from .ssh.cluster import SSHCluster
from .ssh.observer import Observer
from .state import NodeStatus, Upgrade
from .target import app_for

_NODE_ENDS = ("upgraded", "rolled_back", "failed")
"""Events of a node that has come to its end."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An upgrade that can be executed."""

    upgrade: Upgrade
    notes: tuple[str, ...]
    """For the operator."""
    release: ReleaseArchive | None
    """The release to stage; None where every node has it."""
    source: Source | None = None
    """What it came from."""


@dataclass(frozen=True, slots=True)
class UpgradeResult(RunResult):
    """An upgrade at the end of a run."""

    upgrade: Upgrade

    @property
    def status(self) -> RunStatus:
        return self.upgrade.status

    @property
    def failures(self) -> list[str]:
        return [f"{node.host}: {node.reason}" for node in state_machine.failures(self.upgrade)]


def prepare(
    cluster: Cluster,
    fleet: Fleet,
    hosts: Collection[str],
    to: str | None,
    options: UpgradeOptions,
    run_id: str,
    bundle: Path | None = None,
) -> Ready:
    """Build the release, or take it from a bundle, and observe the cluster; change nothing. Raises
    what these and ``plan_upgrade`` raise."""
    source = _source(cluster, to, bundle)
    release = source.release
    looker = Observer(cluster=cluster, fleet=fleet, options=options)
    plan = plan_upgrade(cluster.inventory, hosts, release.id, options, looker)
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    upgrade = Upgrade(run_id, release.id, {"to": to or ""}, options, plan.nodes, begun)
    return Ready(upgrade, plan.notes, release, source)


def _source(cluster: Cluster, to: str | None, bundle: Path | None) -> Source:
    if bundle is not None:
        return source_of(cluster, bundle)
    app = app_for(cluster.inventory.app, to, cluster.base_dir)
    return Source(build_release(app, cluster.base_dir, companions(cluster)))


def rebuild_release(cluster: Cluster, saved: Upgrade, bundle: Path | None = None) -> Source | None:
    """Build the release of an earlier run again, where a node lacks it. Raises
    ``UpgradeConflictError`` where the source gives another release now."""
    waiting = [
        node
        for node in saved.nodes
        if node.role == "real_server"
        and node.status in (NodeStatus.WAITING, NodeStatus.ROLLED_BACK)
        and STAGE.name not in node.done
    ]
    if not waiting:
        return None
    source = _source(cluster, saved.source.get("to") or None, bundle)
    release = source.release
    if release.id != saved.target:
        raise UpgradeConflictError(
            f"the source gives {release.id} now, and the upgrade to resume brings "
            f"{saved.target}; restore the source, or --abort and begin a new one"
        )
    return source


def execute(
    op: Operation,
    ready: Ready,
    work: Callable[[Runner], Upgrade],
    *,
    verifies: bool,
    watch: Watcher,
    announce: Callable[[RunEvent], None],
) -> UpgradeResult:
    """Run ``work`` on an upgrade. ``watch`` gets every event, ``announce`` start and end. Raises
    ``PreflightError``, ``RunBlockedError``, ``StateFileError`` and ``KeyboardInterrupt``, which
    are announced as well."""
    cluster = op.cluster
    if ready.source is not None:
        ready.source.unpack(op)
    pause = state_file.pause_request(cluster.state_dir)
    pause.forget()
    upgrade = ready.upgrade

    def journaled(event: RunEvent, /) -> None:
        if event.kind != "waiting":
            op.run.journal.write("upgrade", **event.record())
        watch(event)
        if event.kind in _NODE_ENDS:
            ok = event.kind == "upgraded"
            text, target = event.text, upgrade.target
            op.hooks.after("upgrade", event.host, ok=ok, text=text, target=target)

    actions = SSHCluster(
        op=op,
        options=upgrade.options,
        target=upgrade.target,
        old={node.host: node.old for node in upgrade.nodes},
        release=ready.release,
        own=not upgrade.source.get("to"),
    )
    announce(RunEvent("start", text=f"upgrade to {upgrade.target}"))
    runner = Runner(
        state=upgrade,
        cluster=actions,
        folder=cluster.state_dir,
        pause=pause,
        watch=journaled,
        clock=actions.clock,
        forks=cluster.forks,
    )
    try:
        upgrade = work(runner)
    except KeyboardInterrupt:
        announce(RunEvent("failure", text="interrupted; --resume continues"))
        raise
    except Exception as error:
        announce(RunEvent("failure", text=str(error), facts=facts(runner.state)))
        raise
    checks = []
    if upgrade.status is RunStatus.FINISHED and verifies:
        checks = verify(cluster.inventory, op.fleet, cluster.record)
    result = UpgradeResult(upgrade, checks=tuple(checks))
    announce(end_event(result))
    return result


def end_event(ended: UpgradeResult) -> RunEvent:
    """Announce the result."""
    upgrade = ended.upgrade
    numbers = facts(upgrade)
    if upgrade.status is RunStatus.PAUSED and not ended.bad:
        return RunEvent("paused", text="paused; --resume continues", facts=numbers)
    if upgrade.status is RunStatus.ABORTED:
        return RunEvent("finish", text="aborted; all nodes serve", facts=numbers)
    if ended.bad:
        return RunEvent("failure", text="; ".join(ended.bad), facts=numbers)
    if not ended.ok:
        text = f"upgraded, but not proved: {ended.unproved}"
        return RunEvent("failure", text=text, facts=numbers)
    return RunEvent("finish", text=f"all run {upgrade.target}", facts=numbers)


def facts(upgrade: Upgrade) -> dict[str, Any]:
    """Numbers of an upgrade for machines: seconds, statuses by host, and downtimes of each
    node."""
    return {
        "status": upgrade.status.value,
        "nodes": {node.host: node.status.value for node in upgrade.nodes},
        "seconds": round(upgrade.seconds, 1),
        "downtimes": {
            one.host: {**one.parts, "minimum": round(one.minimum, 3), "total": round(one.total, 3)}
            for one in downtimes(upgrade)
        },
    }
