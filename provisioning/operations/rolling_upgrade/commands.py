"""Begin, check, pause, resume and abort an upgrade: the forms of ``cluster rolling-upgrade``."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...engine.fleet import Fleet
from ...model.hooks import Step
from ..cluster.cluster import Cluster
from ..hooks.hooks import foreseen
from ..notifying.hook import Hook
from ..notifying.notifier import notifying
from ..operation import Operation
from ..rolling import window
from ..rolling.events import RunEvent
from ..rolling.notification import fields_of
from ..rolling.result import Outcome
from . import forecast, registration, state_file, state_machine
from .dialogue import UpgradeDialogue
from .options import UpgradeOptions, require_pace
from .planning import (
    UpgradeConflictError,
    require_new_run,
    require_unfinished,
    unfinished,
)
from .runner import Runner
from .state import Upgrade
from .upgrade import (
    Ready,
    UpgradeResult,
    execute,
    prepare,
    rebuild_release,
)

_HOOKED: tuple[Step, ...] = ("upgrade", "drain", "switchover")
"""Steps of an upgrade that have hooks."""


def pause(cluster: Cluster) -> None:
    """Ask the run under way to stop after its present nodes. Raises ``UpgradeConflictError``."""
    if not state_file.pause_request(cluster.state_dir).ask_if_running():
        raise UpgradeConflictError("no upgrade is under way here, so none can be paused")


@dataclass(slots=True, kw_only=True)
class UpgradeCommand(ABC):
    """A command that drives an upgrade."""

    verifies: bool
    """Prove the cluster at the end."""
    hooks: tuple[Hook, ...]
    """Notified of start and end."""

    @abstractmethod
    def execute(self, op: Operation, dialogue: UpgradeDialogue) -> Outcome:
        """Run the command to its end, a pause or a failure. Raises ``ClusterError``,
        ``KeyboardInterrupt``, and whatever the dialogue ends with after a no."""

    def _drive(
        self,
        op: Operation,
        dialogue: UpgradeDialogue,
        ready: Ready,
        work: Callable[[Runner], Upgrade],
    ) -> Outcome:
        with (
            notifying(self.hooks, dialogue.complain) as notifier,
            dialogue.watching(ready.upgrade) as watch,
        ):

            def announce(event: RunEvent) -> None:
                watch(event)
                about = fields_of(op, "rolling-upgrade", target=ready.upgrade.target)
                notifier.send({**about, **event.record()})

            registration.register(op.cluster, ready.upgrade)
            result = execute(
                op, ready, work, verifies=self.verifies, watch=watch, announce=announce
            )
        dialogue.report(result)
        return result.outcome


@dataclass(slots=True, kw_only=True)
class Begin(UpgradeCommand):
    """A new upgrade."""

    hosts: Sequence[str]
    to: str | None
    """Another source or ref than the inventory's."""
    bundle: Path | None = None
    """The bundle that the release is in."""
    how: UpgradeOptions

    def check(self, cluster: Cluster, fleet: Fleet) -> Ready:
        """Plan without a run. Raises as ``prepare``."""
        ready = prepare(cluster, fleet, self.hosts, self.to, self.how, "check", self.bundle)
        with contextlib.suppress(state_file.StateFileError):
            ready = _expecting(ready, state_file.load(cluster.state_dir))
        return replace(ready, notes=(*ready.notes, *foreseen(cluster.inventory.hooks, _HOOKED)))

    def execute(self, op: Operation, dialogue: UpgradeDialogue) -> Outcome:
        """Plan, ask and upgrade. Raises ``UpgradeConflictError`` while an earlier run has a node in
        the middle."""
        before = state_file.load(op.cluster.state_dir)
        require_new_run(before)
        registration.require_none_elsewhere(op.cluster)
        ready = prepare(op.cluster, op.fleet, self.hosts, self.to, self.how, op.run.id, self.bundle)
        ready = _expecting(ready, before)
        dialogue.confirm(ready.upgrade, (*ready.notes, *op.hooks.foreseen(_HOOKED)))
        if not ready.upgrade.nodes:
            return UpgradeResult(ready.upgrade).outcome
        return self._drive(op, dialogue, ready, Runner.run)


@dataclass(slots=True, kw_only=True)
class Resume(UpgradeCommand):
    """An upgrade that was paused, cut or stopped, continued."""

    given: dict[str, Any]
    """Options that replace those of the earlier run."""
    bundle: Path | None = None
    """The bundle that the release is in."""

    def execute(self, op: Operation, dialogue: UpgradeDialogue) -> Outcome:
        """Continue from the state that the cluster remembers. Raises ``UpgradeConflictError`` where
        nothing is unfinished, or the source has changed."""
        cluster = op.cluster
        if (former := registration.registered_elsewhere(cluster)) and former.state is None:
            raise UpgradeConflictError(f"{former}; continue there (--resume)")
        saved = require_unfinished(state_file.load(cluster.state_dir))
        saved = with_choices(saved, self.given)
        source = rebuild_release(cluster, saved, self.bundle)
        release = source.release if source else None
        ready = Ready(state_machine.resume(saved), (), release, source)
        return self._drive(op, dialogue, ready, Runner.run)


@dataclass(slots=True, kw_only=True)
class Abort(UpgradeCommand):
    """An upgrade that was cut, taken back and ended."""

    given: dict[str, Any]
    """Options that replace those of the earlier run."""

    def execute(self, op: Operation, dialogue: UpgradeDialogue) -> Outcome:
        """Take nodes under way back to the old release, or forget an upgrade whose folder is
        gone."""
        saved = state_file.load(op.cluster.state_dir)
        if saved is None or not unfinished(saved):
            return self._forget_elsewhere(op, dialogue, saved)
        ready = Ready(with_choices(saved, self.given), (), None)
        return self._drive(op, dialogue, ready, lambda runner: runner.abort("aborted"))

    def _forget_elsewhere(
        self, op: Operation, dialogue: UpgradeDialogue, saved: Upgrade | None
    ) -> Outcome:
        if upgrade := registration.registered_elsewhere(op.cluster):
            dialogue.confirm_forgetting(upgrade)
        else:
            require_unfinished(saved)
        registration.unregister(op.cluster)
        dialogue.note(
            "Aborted. Drains and releases of its nodes stay as they are: `cluster status`."
        )
        return Outcome.DONE


def _expecting(ready: Ready, before: Upgrade | None) -> Ready:
    """The upgrade, with what phases took in the one before it."""
    if before is None:
        return ready
    return replace(ready, upgrade=replace(ready.upgrade, expected=forecast.learned(before)))


def with_choices(saved: Upgrade, given: dict[str, Any]) -> Upgrade:
    """The saved upgrade with other options. Pure. Raises ``OptionError``."""
    require_pace(given, saved.options.max_out)
    changed = replace(saved, options=replace(saved.options, **given))
    for node in window.regrouped(changed) if changed.options.max_out else ():
        changed = changed.with_node(node)
    return changed
