"""A whole upgrade: prepared, executed, announced, proved."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from provisioning.engine.fleet import Fleet
from provisioning.operations.operation import Operation
from provisioning.operations.release import build_release
from provisioning.operations.rolling_upgrade import state_file, state_machine
from provisioning.operations.rolling_upgrade.downtime import downtimes
from provisioning.operations.rolling_upgrade.events import UpgradeEvent, Watcher
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.phases.stage import STAGE
from provisioning.operations.rolling_upgrade.planning import UpgradeConflictError, plan_upgrade
from provisioning.operations.rolling_upgrade.runner import Runner
from provisioning.operations.rolling_upgrade.ssh.cluster import SSHCluster
from provisioning.operations.rolling_upgrade.ssh.observer import Observer
from provisioning.operations.rolling_upgrade.state import NodeStatus, RunStatus, Upgrade
from provisioning.operations.rolling_upgrade.target import app_for
from provisioning.operations.session import Site
from provisioning.operations.verify import CheckResult, verify
from provisioning.roles.release_archive import ReleaseArchive


@dataclass(frozen=True, slots=True)
class Ready:
    """An upgrade that can be executed."""

    upgrade: Upgrade
    notes: tuple[str, ...]
    """For the operator."""
    release: ReleaseArchive | None
    """The release to stage; None where every node has it."""


class Outcome(Enum):
    """End of a command."""

    DONE = "done"
    FAILED = "failed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class UpgradeResult:
    """An upgrade at the end of a run."""

    upgrade: Upgrade
    checks: tuple[CheckResult, ...] = ()
    """The proof at its end, if one was made."""

    @property
    def ok(self) -> bool:
        """True where the upgrade went as the operator asked, also into a pause or an abort."""
        proved = all(check.ok is not False for check in self.checks)
        return proved and self.upgrade.status is not RunStatus.STOPPED and not self.bad

    @property
    def outcome(self) -> Outcome:
        """The result in one word; a pause with failures is a failure."""
        if not self.ok:
            return Outcome.FAILED
        return Outcome.PAUSED if self.upgrade.status is RunStatus.PAUSED else Outcome.DONE

    @property
    def bad(self) -> list[str]:
        """Failures, one a node."""
        if self.upgrade.status is RunStatus.ABORTED:
            return []
        return [f"{node.host}: {node.reason}" for node in state_machine.failures(self.upgrade)]


def prepare(
    site: Site,
    fleet: Fleet,
    hosts: Collection[str],
    to: str | None,
    options: UpgradeOptions,
    run_id: str,
) -> Ready:
    """Build the release and observe the cluster; change nothing. Raises what building and
    ``plan_upgrade`` raise."""
    app = app_for(site.inventory.app, to, site.base_dir)
    release = build_release(app, site.base_dir)
    looker = Observer(site=site, fleet=fleet, options=options)
    plan = plan_upgrade(site.inventory, hosts, release.id, options, looker)
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    upgrade = Upgrade(run_id, release.id, {"to": to or ""}, options, plan.nodes, begun)
    return Ready(upgrade, plan.notes, release)


def rebuild_release(site: Site, saved: Upgrade) -> ReleaseArchive | None:
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
    app = app_for(site.inventory.app, saved.source.get("to") or None, site.base_dir)
    release = build_release(app, site.base_dir)
    if release.id != saved.target:
        raise UpgradeConflictError(
            f"the source gives {release.id} now, and the upgrade to resume brings "
            f"{saved.target}; restore the source, or --abort and begin a new one"
        )
    return release


def execute(
    op: Operation,
    ready: Ready,
    work: Callable[[Runner], Upgrade],
    *,
    verifies: bool,
    watch: Watcher,
    announce: Callable[[UpgradeEvent], None],
) -> UpgradeResult:
    """Run ``work`` on an upgrade. ``watch`` gets every event, ``announce`` start and end. Raises
    ``PreflightError``, ``UpgradeBlockedError``, ``StateFileError`` and ``KeyboardInterrupt``, which
    are announced as well."""
    site = op.site
    state_file.forget_pause(site.state_dir)
    upgrade = ready.upgrade

    def journaled(event: UpgradeEvent, /) -> None:
        if event.kind != "waiting":
            op.run.journal.write("upgrade", **event.record())
        watch(event)

    cluster = SSHCluster(
        op=op,
        options=upgrade.options,
        target=upgrade.target,
        release=ready.release,
        own=not upgrade.source.get("to"),
    )
    announce(UpgradeEvent("start", text=f"upgrade to {upgrade.target}"))
    runner = Runner(
        upgrade, cluster, site.state_dir, journaled, cluster.clock, forks=site.inventory.forks
    )
    try:
        upgrade = work(runner)
    except KeyboardInterrupt:
        announce(UpgradeEvent("failure", text="interrupted; --resume continues"))
        raise
    except Exception as error:
        announce(UpgradeEvent("failure", text=str(error), facts=facts(runner.upgrade)))
        raise
    checks = []
    if upgrade.status is RunStatus.FINISHED and verifies:
        checks = verify(site.inventory, op.fleet, site.record)
    result = UpgradeResult(upgrade, tuple(checks))
    announce(end_event(result))
    return result


def end_event(ended: UpgradeResult) -> UpgradeEvent:
    """Announce the result."""
    upgrade = ended.upgrade
    numbers = facts(upgrade)
    if upgrade.status is RunStatus.PAUSED and not ended.bad:
        return UpgradeEvent("paused", text="paused; --resume continues", facts=numbers)
    if upgrade.status is RunStatus.ABORTED:
        return UpgradeEvent("finish", text="aborted; all nodes serve", facts=numbers)
    if ended.bad:
        return UpgradeEvent("failure", text="; ".join(ended.bad), facts=numbers)
    if not ended.ok:
        text = "; ".join(f"{one.name}: {one.evidence}" for one in ended.checks if one.ok is False)
        return UpgradeEvent("failure", text=f"upgraded, but not proved: {text}", facts=numbers)
    return UpgradeEvent("finish", text=f"all run {upgrade.target}", facts=numbers)


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


def context_of(op: Operation, upgrade: Upgrade) -> dict[str, Any]:
    """Fields that every notification begins with."""
    return {
        "cluster": op.site.inventory.name,
        "operation": "rolling-upgrade",
        "run": op.run.id,
        "who": op.run.holder,
        "target": upgrade.target,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
