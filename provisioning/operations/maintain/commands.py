"""Begin, check, pause, resume and abort a maintenance: the forms of ``cluster maintain``."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ...engine.fleet import Fleet
from ...model.derived.resolve import managed_hosts
from ...model.hooks import Step
from ..cluster.cluster import Cluster
from ..hooks.hooks import foreseen
from ..notifying.hook import Hook
from ..notifying.notifier import notifying
from ..operation import Operation
from ..rolling import window
from ..rolling.clock import Clock, WallClock
from ..rolling.errors import ActionError
from ..rolling.events import RunEvent
from ..rolling.notification import fields_of
from ..rolling.result import Outcome
from ..rolling.run_status import RunStatus
from ..rolling.snapshot import ClusterSnapshot
from ..rolling_upgrade import state_file
from ..rolling_upgrade.options import require_pace
from ..rolling_upgrade.planning import require_new_run
from ..rolling_upgrade.ssh.observer import Observer
from ..verify import verify
from . import registration, state_machine
from .dialogue import MaintenanceDialogue
from .host_command import command_key, folder_of
from .options import MaintenanceOptions
from .planned import Planned
from .planning import plan_maintenance, share_out
from .ports import MaintenanceActions
from .registration import MaintenanceConflictError
from .result import MaintenanceResult, end_event, facts, whereabouts_of_cut
from .runner import Runner
from .ssh_hosts import SSHHosts, holding
from .state import HostState, HostStatus, Maintenance, Ran
from .work import Work

_HOOKED: tuple[Step, ...] = ("drain", "switchover")
MakeActions = Callable[[Operation, Work, MaintenanceOptions], MaintenanceActions]


def pause(cluster: Cluster) -> None:
    """Ask the run under way to stop after its present hosts. Raises
    ``MaintenanceConflictError``."""
    if not registration.pause_request(cluster.state_dir).ask_if_running():
        raise MaintenanceConflictError("no maintenance is under way here, so none can be paused")


def over_ssh(op: Operation, work: Work, options: MaintenanceOptions) -> MaintenanceActions:
    """Actions on a real cluster."""
    return SSHHosts(op=op, options=options.of_upgrade(), work=work)


@dataclass(slots=True, kw_only=True)
class MaintenanceCommand(ABC):
    """A command that drives a maintenance."""

    verifies: bool
    """Prove the cluster at the end."""
    hooks: tuple[Hook, ...]
    """Notified of start and end."""
    actions: MakeActions = over_ssh
    clock: Callable[[], Clock] = WallClock

    @abstractmethod
    def execute(self, op: Operation, dialogue: MaintenanceDialogue) -> Outcome:
        """Run the command to its end, a pause or a failure. Raises ``ClusterError``,
        ``KeyboardInterrupt``, and whatever the dialogue ends with after a no."""

    def _drive(
        self,
        op: Operation,
        dialogue: MaintenanceDialogue,
        state: Maintenance,
        actions: MaintenanceActions,
        work: Callable[[Runner], Maintenance],
    ) -> Outcome:
        with (
            notifying(self.hooks, dialogue.complain) as notifier,
            dialogue.watching(state) as watch,
        ):

            def heard(event: RunEvent, /) -> None:
                if event.kind not in ("waiting", "output"):
                    op.run.journal.write("maintain", **event.record())
                watch(event)

            def announce(event: RunEvent) -> None:
                watch(event)
                about = fields_of(op, "maintain", work=str(state.work))
                notifier.send({**about, **event.record()})

            pause = registration.pause_request(op.cluster.state_dir)
            pause.forget()
            announce(RunEvent("start", text=f"maintenance: {state.work}"))
            runner = Runner(
                state=state,
                pause=pause,
                actions=actions,
                cluster=op.cluster,
                watch=heard,
                clock=self.clock(),
                journal=op.run.journal,
                forks=op.cluster.forks,
            )
            result = self._run(op, runner, work, announce)
            announce(end_event(result))
        dialogue.report(result)
        return result.outcome

    def _run(
        self,
        op: Operation,
        runner: Runner,
        work: Callable[[Runner], Maintenance],
        announce: Callable[[RunEvent], None],
    ) -> MaintenanceResult:
        try:
            ended = work(runner)
        except KeyboardInterrupt:
            text = whereabouts_of_cut(runner.state)
            op.run.journal.write("note", text=text)
            announce(RunEvent("failure", text=text, facts=facts(runner.state)))
            raise
        except Exception as error:
            announce(RunEvent("failure", text=str(error), facts=facts(runner.state)))
            raise
        checks = []
        if ended.status is RunStatus.FINISHED and self.verifies:
            checks = verify(op.cluster.inventory, op.fleet, op.cluster.record)
        return MaintenanceResult(ended, checks=tuple(checks))


@dataclass(slots=True, kw_only=True)
class Begin(MaintenanceCommand):
    """A new maintenance."""

    hosts: Sequence[str]
    work: Work
    how: MaintenanceOptions

    def check(self, cluster: Cluster, fleet: Fleet) -> Planned:
        """Plan without a run. Raises ``PreflightError``, ``OptionError`` and ``ActionError``."""
        observer = Observer(cluster=cluster, fleet=fleet, options=self.how.of_upgrade())
        planned = self._plan(cluster, "check", observer.look(), holding(observer))
        return planned.with_notes(foreseen(cluster.inventory.hooks, _HOOKED))

    def execute(self, op: Operation, dialogue: MaintenanceDialogue) -> Outcome:
        """Plan, ask and do it. Raises ``MaintenanceConflictError`` or ``UpgradeConflictError``
        while an earlier run has a host in the middle."""
        registration.require_new(op.cluster)
        require_new_run(state_file.load(op.cluster.state_dir))
        actions = self.actions(op, self.work, self.how)
        planned = self._plan(op.cluster, op.run.id, actions.look(), actions.holders())
        dialogue.confirm(planned.with_notes(op.hooks.foreseen(_HOOKED)))
        if not planned.state.hosts:
            return Outcome.DONE
        return self._drive(op, dialogue, planned.state, actions, Runner.run)

    def _plan(
        self, cluster: Cluster, id: str, snapshot: ClusterSnapshot, holders: Collection[str]
    ) -> Planned:
        plan = plan_maintenance(
            cluster.inventory,
            cluster.runtime,
            self.hosts,
            self.how,
            self.work,
            snapshot,
            holders,
        )
        batches: dict[int, list[str]] = {}
        for host in plan.hosts:
            if host.serves and not host.drained:
                batches.setdefault(host.batch, []).append(host.host)
        begun = datetime.now(UTC).isoformat(timespec="seconds")
        state = Maintenance(id, self.work, self.how, plan.hosts, begun)
        out = {
            number: share_out(
                snapshot, names, state.most_out if window.is_window(state, number) else None
            )
            for number, names in batches.items()
        }
        return Planned(state, plan.notes, out)


@dataclass(slots=True, kw_only=True)
class Resume(MaintenanceCommand):
    """A maintenance that was paused, cut or stopped, continued."""

    given: dict[str, Any]
    """Options that replace those of the earlier run."""
    retry: bool
    """Hosts whose command failed, or never came to run, begin anew."""

    def execute(self, op: Operation, dialogue: MaintenanceDialogue) -> Outcome:
        """Continue from the state that the cluster remembers; ask for the fate of commands that
        were cut. Raises ``MaintenanceConflictError``."""
        saved = _saved(op, self.given)
        actions = self.actions(op, saved.work, saved.options)
        state = _decided(state_machine.resume(saved, retry=self.retry), actions, dialogue)
        return self._drive(op, dialogue, state, actions, Runner.run)


@dataclass(slots=True, kw_only=True)
class Abort(MaintenanceCommand):
    """A maintenance that was cut, ended: hosts under way are put back where they are well."""

    given: dict[str, Any]
    """Options that replace those of the earlier run."""

    def execute(self, op: Operation, dialogue: MaintenanceDialogue) -> Outcome:
        """Put hosts back and forget the maintenance, unless one is not well. Raises
        ``MaintenanceConflictError``."""
        saved = _saved(op, self.given)
        actions = self.actions(op, saved.work, saved.options)
        return self._drive(op, dialogue, saved, actions, Runner.abort)


def _decided(
    state: Maintenance, actions: MaintenanceActions, dialogue: MaintenanceDialogue
) -> Maintenance:
    """The state with the operator's word on every command that was cut."""
    for host in state.hosts:
        if _was_cut(state.id, host, actions):
            folder = folder_of(command_key(state.id, host.attempt))
            state = state_machine.decide(state, host.host, dialogue.decide(host, folder))
    return state


def _was_cut(id: str, host: HostState, actions: MaintenanceActions) -> bool:
    at_it = host.status is HostStatus.UNDER_WAY and host.at == "run" and host.ran is Ran.NO
    if not at_it:
        return False
    try:
        return actions.command(host.host, command_key(id, host.attempt), 0).state == "cut"
    except ActionError:
        # It is asked for again in its phase, which waits for the host.
        return False


def _saved(op: Operation, given: dict[str, Any]) -> Maintenance:
    """The unfinished maintenance with other options, and without hosts that left the inventory
    meanwhile. Raises ``MaintenanceConflictError`` and ``OptionError``."""
    saved = registration.require_unfinished(op.cluster)
    there = managed_hosts(op.cluster.inventory)
    if gone := [host.host for host in saved.hosts if host.host not in there]:
        op.dialogue.note(f"{', '.join(gone)}: no longer in the inventory, and left alone")
    hosts = tuple(host for host in saved.hosts if host.host in there)
    return with_choices(replace(saved, hosts=hosts), given)


def with_choices(saved: Maintenance, given: dict[str, Any]) -> Maintenance:
    """The saved maintenance with other options. Pure. Raises ``OptionError``."""
    require_pace(given, saved.options.max_out)
    changed = replace(saved, options=replace(saved.options, **given))
    for host in window.regrouped(changed) if changed.options.max_out else ():
        changed = changed.with_host(host)
    return changed
