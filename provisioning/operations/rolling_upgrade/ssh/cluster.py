"""Actions of an upgrade on a real cluster."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ....engine.apply_plans import Pace, apply_plans
from ....engine.fleet import Fleet
from ....engine.waves import Wave
from ....facts.app.metrics import NodeMetrics, app_metrics
from ....facts.app.process import AppProcess, app_process
from ....facts.app.status import AppAnswer, app_status
from ....facts.app.target import Place
from ....model.derived.way_in import way_in
from ....node_api import DRAINING, STATUS
from ....resources.base import Observation
from ....resources.current_release import CurrentRelease
from ....roles.desired import DesiredHost, desired_hosts
from ....roles.release_archive import ReleaseArchive
from ....roles.release_steps import staged
from ....transport.base import TransportError
from ...artifacts.bringing import bring_artifacts
from ...artifacts.errors import ArtifactError
from ...cluster.cluster import Cluster
from ...cluster_state.tables import holders_of
from ...drain import steps as drain
from ...drain.remaining_work import RemainingWork, look_at_work
from ...errors import HostBusyError, OperationError
from ...operation import Operation
from ...planning import Plans
from ...release import ReleaseError
from ...release.supply import supply
from ...rolling.clock import Clock, WallClock
from ...rolling.errors import ActionError, DirectorUnreachableError
from ...spreading.errors import SpreadError
from ...state_folder.runtime_state import save_runtime, with_pins, without_pins
from ...switchover.switch_over import switch_over
from ..pins import pin_back, pin_forward
from ..speech_sample import SpeechSample
from ..state import CAUSE
from . import app_service, keepalived, speaking
from .observer import APP_PATIENCE, OBSERVE_TIMEOUT, Observer, as_no_answer
from .retry import wait_for_lock


@dataclass(slots=True, kw_only=True)
class SSHCluster(Observer):
    """``ClusterActions`` over SSH. Actions on directors run one at a time."""

    op: Operation
    cluster: Cluster = field(init=False)
    fleet: Fleet = field(init=False)
    target: str
    old: Mapping[str, str] = field(default_factory=dict)
    """The release that each node leaves, by the node's name."""
    release: ReleaseArchive | None
    """The release to stage; None where every node has it already."""
    own: bool
    """True where the inventory itself asks for the target, so that no pin is needed."""
    clock: Clock = field(default_factory=WallClock)
    _processes: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cluster, self.fleet = self.op.cluster, self.op.fleet

    def stage(self, host: str) -> None:
        if self.release is None:
            raise ActionError(f"{self.target} cannot be built again, and the host does not have it")
        # Pins hold what a deploy keeps; here the operator asked for another release.
        wanted = desired_hosts(
            self.cluster.inventory, self.release, without_pins(self.cluster.runtime, [host])
        )
        self._when_free(lambda: self._make(staged(wanted[host])))

    def ask_hooks(self, host: str) -> None:
        with as_action_error():
            self.op.hooks.before("upgrade", host, **self.hook_facts)
        self.ask_before_drain(host)

    @property
    def hook_facts(self) -> dict[str, Any]:
        """Facts for hooks about what a host is taken out of service for."""
        return {"target": self.target}

    def ask_before_drain(self, host: str) -> None:
        """Ask the hook of a drain, where one will follow. Raises ``ActionError``."""
        servers = self.cluster.inventory.real_servers.hosts
        if host in servers and host not in self.cluster.runtime.drains:
            with as_action_error():
                self.op.hooks.before("drain", host, **self.hook_facts)

    def drain(self, host: str, reason: str) -> None:

        def take_out() -> None:
            drain.take_out(
                self.op,
                host,
                reason=reason,
                cause=CAUSE,
                force=self.options.force,
                asks=False,
            )

        with self._at_directors():
            self._when_free(take_out)

    def remaining_work(self, host: str) -> RemainingWork:
        answer = self._app(host)
        if answer.down:
            return RemainingWork()  # A process that is gone has nothing left.
        if answer.status is None:
            raise ActionError(f"{STATUS}: {answer.problem}")
        app = answer.status
        if app.requests is None:
            # A release that does not tell them apart: idle pages are waited for as well.
            with self.directors:
                work = look_at_work(self.cluster.inventory, self.fleet, host)
            return RemainingWork(app.running, app.waiting, work.connections)
        return RemainingWork(app.running, app.waiting, requests=app.requests, pages=app.pages or 0)

    def settle(self, host: str) -> None:

        done: list[bool] = []

        def settle() -> None:
            done.append(drain.settle(self.op, host, tells=False))

        with self._at_directors():
            self._when_free(settle)
        # Nobody waits for the directors meanwhile.
        if any(done):
            self.op.hooks.after("drain", host, **self.hook_facts)

    def undrain(self, host: str, percent: int = 100) -> None:

        def bring_back() -> None:
            drain.bring_back(
                self.op,
                host,
                share=percent,
                force=self.options.force,
            )

        with self._at_directors():
            self._when_free(bring_back)

    def stop(self, host: str) -> None:
        patience = self.cluster.inventory.app.stop_timeout + 30.0
        for node in self.nodes(host):
            self._do(host, app_service.stop(node.service, self.manager(host)), patience)

    def switch(self, host: str, release: str) -> None:
        self._pin(host, release)
        directory = str(self.cluster.inventory.app.directory)
        link = CurrentRelease(directory=directory, name=release)
        self._when_free(lambda: self._make(DesiredHost(host, resources=(link,), partial=True)))

    def start(self, host: str) -> None:
        for node in self.nodes(host):
            self._do(host, app_service.start(node.service, self.manager(host)), 120.0)
            self._processes.pop(node.name, None)

    def warming(self, host: str) -> str:
        processes = {n: app_process(n, self.manager(host)) for n in self.nodes(host)}
        status = app_status(self.cluster.inventory, host, patience=APP_PATIENCE)
        answers = self.ask_all(host, [*processes.values(), status], OBSERVE_TIMEOUT)
        for node, fact in processes.items():
            self._require_process(node.name, answers[fact])
        answer = answers[status]
        if answer.status is None:
            return f"{STATUS}: {answer.problem}"
        # Drained on purpose; any other reason is in the way.
        reasons = [r for r in answer.status.not_ready.split("; ") if r not in ("", DRAINING)]
        return "; ".join(reasons or answer.status.starting)

    def speak_everywhere(self, host: str) -> dict[Place, SpeechSample]:
        inventory = self.cluster.inventory
        places: tuple[Place, ...] = ("rip", "vip") if inventory.virtual_ips else ("rip",)
        questions = {place: speaking.sentences(inventory, host, place) for place in places}
        asked = [fact for facts in questions.values() for fact in facts.values()]
        answers = self.ask_all(host, asked, speaking.patience_for(inventory, len(asked)))
        return {place: speaking.spoken(host, questions[place], answers) for place in places}

    def baseline(self, host: str) -> tuple[SpeechSample, NodeMetrics]:
        inventory = self.cluster.inventory
        speeches = speaking.sentences(inventory, host, "rip")
        counters = app_metrics(inventory, host, patience=APP_PATIENCE)
        patience = speaking.patience_for(inventory, len(speeches)) + OBSERVE_TIMEOUT
        answers = self.ask_all(host, [*speeches.values(), counters], patience)
        with as_no_answer():
            return speaking.spoken(host, speeches, answers), answers[counters]

    def metrics(self, host: str) -> NodeMetrics:
        return self.ask(host, app_metrics(self.cluster.inventory, host, patience=APP_PATIENCE))

    def change_director(self, host: str) -> None:
        with self.directors:
            changes, restarts = self.director_changes([host])[host]
            if not changes:
                return
            self._seen = None
            if self.options.upgrade_packages:
                self._do(host, keepalived.UPGRADE_PACKAGES, 600.0)
            self._when_free(lambda: self._make(self.director(host)))
            if restarts:
                self._do(host, keepalived.restart(self.manager(host)), 60.0)

    def hand_over(self, host: str) -> str | None:
        with self.directors, as_action_error():
            inventory = self.cluster.inventory
            # A lone director keeps them: they are away for as long as its Keepalived is.
            alone = len(inventory.directors.hosts) == 1
            if alone or host not in holders_of(inventory, self.fleet):
                return None
            self._seen = None
            done = switch_over(self.op)
        gap = f"; new connections failed for {done.gap:.2f} s" if done.gap is not None else ""
        return f"{done.new}{gap}"

    def director_settled(self, host: str) -> str:
        snapshot = self.look()
        if host in snapshot.unreachable:
            return snapshot.unreachable[host]
        return "; ".join(snapshot.faults)

    @contextmanager
    def _at_directors(self) -> Iterator[None]:
        """Guard an action that needs every director, or edge alone. Raises
        ``DirectorUnreachableError`` in place of another ``ActionError`` where one of them cannot be
        reached, unless the operator does without it (``force``)."""
        with self.directors:
            self._seen = None
            try:
                yield
            except ActionError as error:
                if self.options.force:
                    raise
                silent = self.look().unreachable
                if any(host in silent for host in way_in(self.cluster.inventory)):
                    raise DirectorUnreachableError(str(error)) from None
                raise

    def _when_free(self, action: Callable[[], None]) -> None:
        with as_action_error():
            wait_for_lock(action, self.clock)

    def _app(self, host: str) -> AppAnswer:
        return self.ask(host, app_status(self.cluster.inventory, host, patience=APP_PATIENCE))

    def _do(self, host: str, fragment: str, timeout: float) -> None:
        done = self.observe(host, {"do": fragment}, timeout)["do"]
        if done.status:
            raise ActionError(_last_output(done) or f"status {done.status}")

    def _require_process(self, node: str, process: AppProcess) -> None:
        """Raise ``ActionError`` with the app's last output when its process has ended, or is not
        the one observed before: the service manager restarts it again and again."""
        before = self._processes.setdefault(node, process.pid)
        if process.pid is None or process.pid != before:
            said = " ".join(process.log.split())[-700:]
            raise ActionError(f"its process ended after the start; its last output: {said}")

    def _make(self, wanted: DesiredHost) -> None:
        host = wanted.name
        plans = self.plans(wanted)
        self._supply(plans)
        result = apply_plans(
            plans,
            [Wave(host, (host,))],
            {host: ()},
            self.fleet,
            pace=Pace(),
            run_id=self.op.run.id,
            holder=self.op.run.holder,
            journal=self.op.run.journal,
            progress=self.op.progress,
        )
        if reason := result.skipped.get(host):
            raise ActionError(reason)
        done = result.hosts[host]
        if not done.ok:
            raise (HostBusyError if done.outcome == "locked" else ActionError)(done.message)

    def _supply(self, plans: Plans) -> None:
        """Bring what the release is made from: its artifacts, and wheels where hosts reach no
        index."""
        if self.release is None:
            return
        try:
            supply(self.op, self.release, plans)
            bring_artifacts(self.op, self.release, plans)
        except (ArtifactError, ReleaseError, SpreadError) as error:
            raise ActionError(str(error)) from error

    def _pin(self, host: str, release: str) -> None:
        """Pin the release: a deploy in between neither rolls the node back nor upgrades it."""
        with self.directors:
            runtime = self.cluster.runtime
            if self.own and release == self.target:
                save_runtime(self.cluster.state_dir, without_pins(runtime, [host]))
            else:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                before, who = runtime.pins.get(host), self.op.run.holder
                pin = (
                    pin_forward(before, release, self.old.get(host, ""), who, now)
                    if release == self.target
                    else pin_back(before, release, who, now)
                )
                save_runtime(self.cluster.state_dir, with_pins(runtime, {host: pin}))


def _last_output(done: Observation) -> str:
    lines = (done.stdout + done.stderr).strip().splitlines()
    return " / ".join(lines[-8:])[-700:]


@contextmanager
def as_action_error() -> Iterator[None]:
    """Translate failures of other operations for a phase."""
    try:
        yield
    except (OperationError, TransportError) as error:
        raise ActionError(str(error)) from None
