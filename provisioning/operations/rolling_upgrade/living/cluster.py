"""A real cluster under the hands of an upgrade."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from provisioning.engine.apply_plans import Pace, apply_plans
from provisioning.engine.progress import Progress, silent
from provisioning.engine.waves import Wave
from provisioning.facts.app_metrics import NodeMetrics, parse_metrics
from provisioning.facts.probe import ProbeError, answer
from provisioning.model.runtime import Pin
from provisioning.node_api import DRAINING, METRICS, READY, STATUS
from provisioning.operations import drain
from provisioning.operations.node_work import look_at_work
from provisioning.operations.rolling_upgrade.clock import Clock, WallClock
from provisioning.operations.rolling_upgrade.hands import (
    AppDownError,
    DirectorAwayError,
    HandError,
    Place,
)
from provisioning.operations.rolling_upgrade.living import app_service, asking, keepalived
from provisioning.operations.rolling_upgrade.living.looking import Looking
from provisioning.operations.rolling_upgrade.living.patience import when_free
from provisioning.operations.rolling_upgrade.sight import Left
from provisioning.operations.rolling_upgrade.spoken import Spoken, spoken
from provisioning.operations.rolling_upgrade.state import CAUSE
from provisioning.operations.run import Run
from provisioning.operations.runtime_change import HostBusyError, OperationError
from provisioning.operations.runtime_state import save_runtime, with_pins, without_pins
from provisioning.operations.switchover import switch_over
from provisioning.operations.tables import holders_of
from provisioning.resources.base import Observation
from provisioning.resources.current_release import CurrentRelease
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.roles.release_archive import ReleaseArchive
from provisioning.roles.release_steps import staged
from provisioning.transport.base import TransportError


@dataclass(slots=True, kw_only=True)
class LivingCluster(Looking):
    """See ``Hands``."""

    run: Run
    target: str
    release: ReleaseArchive | None
    """What is staged; nothing where every node has it already."""
    own: bool
    """Whether the inventory itself asks for the target, so that nothing need be remembered."""
    clock: Clock = field(default_factory=WallClock)
    progress: Progress = silent
    _processes: dict[str, str] = field(default_factory=dict)

    def stage(self, host: str) -> None:
        """See ``Hands``."""
        if self.release is None:
            raise HandError(f"{self.target} cannot be made again, and is not on it")
        # Pins say what a deploy keeps; here the operator has asked for something else.
        wanted = desired_hosts(
            self.site.inventory, self.release, without_pins(self.site.runtime, [host])
        )
        self._when_free(lambda: self._make(staged(wanted[host])))

    def drain(self, host: str, reason: str) -> None:
        """See ``Hands``."""

        def take_out() -> None:
            drain.take_out(
                self.site,
                self.fleet,
                self.run,
                host,
                reason=reason,
                cause=CAUSE,
                force=self.choices.force,
                progress=self.progress,
            )

        with self._at_directors():
            self._when_free(take_out)

    def left(self, host: str) -> Left:
        """See ``Hands``."""
        try:
            found = asking.status(self._asked(host, STATUS))
        except AppDownError:
            return Left(0)  # A process that is not there has nothing left.
        jobs, opened = found.get("jobs", {}), found.get("open")
        unfinished = int(jobs.get("running", 0)) + int(jobs.get("waiting", 0))
        if opened is None:
            # A release from before they were told apart: idle pages are waited for as well.
            with self.directors:
                work = look_at_work(self.site.inventory, self.fleet, host)
            return Left(unfinished, work.connections)
        return Left(unfinished, int(opened["answers"]), int(opened["pages"]))

    def settle(self, host: str) -> None:
        """See ``Hands``."""

        def settle() -> None:
            drain.settle(self.site, self.fleet, self.run, host, progress=self.progress)

        with self._at_directors():
            self._when_free(settle)

    def undrain(self, host: str, percent: int = 100) -> None:
        """See ``Hands``."""

        def bring_back() -> None:
            drain.bring_back(
                self.site,
                self.fleet,
                self.run,
                host,
                share=percent,
                force=self.choices.force,
                progress=self.progress,
            )

        with self._at_directors():
            self._when_free(bring_back)

    def stop(self, host: str) -> None:
        """See ``Hands``."""
        patience = self.site.inventory.app.stop_timeout + 30.0
        self._do(host, app_service.stop(self.manager(host)), patience)

    def switch(self, host: str, release: str) -> None:
        """See ``Hands``."""
        self._remember(host, release)
        directory = str(self.site.inventory.app.directory)
        link = CurrentRelease(directory=directory, name=release)
        self._when_free(lambda: self._make(DesiredHost(host, resources=(link,), partial=True)))

    def start(self, host: str) -> None:
        """See ``Hands``."""
        self._do(host, app_service.start(self.manager(host)), 120.0)
        self._processes.pop(host, None)

    def warming(self, host: str) -> str:
        """See ``Hands``."""
        self._require_process(host)
        try:
            found = asking.status(self._asked(host, STATUS))
        except HandError as error:
            return str(error)
        # Drained on purpose; whatever else stands there is in the way.
        reasons = [r for r in str(found.get("reason", "")).split("; ") if r not in ("", DRAINING)]
        if not reasons:
            troubles = [str(worker.get("trouble") or "") for worker in found.get("workers", ())]
            reasons = [trouble for trouble in troubles if trouble]
        return "; ".join(reasons)

    def speak(self, host: str, place: Place) -> Spoken:
        """See ``Hands``."""
        patience = self.site.inventory.app.job_timeout + asking.SPEECH_MARGIN + 15.0
        fragment = asking.speech(self.site.inventory, host, place)
        found = self.observe(host, {"speech": fragment}, patience)
        try:
            return spoken(answer(found["speech"]))
        except ProbeError as error:
            raise HandError(f"the probe did not run: {error}") from None

    def metrics(self, host: str) -> NodeMetrics:
        """See ``Hands``."""
        found = self._asked(host, READY, METRICS)
        code, body = asking.reply(found, READY)
        return parse_metrics(
            asking.reply(found, METRICS)[1], ready=code == 200, reason=f"{code} {body[:200]}"
        )

    def change_director(self, host: str) -> None:
        """See ``Hands``."""
        with self.directors:
            changes, restarts = self.director_changes(host)
            if not changes:
                return
            if self.choices.upgrade_packages:
                self._do(host, keepalived.UPGRADE_PACKAGES, 600.0)
            self._when_free(lambda: self._make(self.director(host)))
            if restarts:
                self._do(host, keepalived.restart(self.manager(host)), 60.0)

    def hand_over(self, host: str) -> str | None:
        """See ``Hands``."""
        with self.directors, _as_hand_error():
            if host not in holders_of(self.site.inventory, self.fleet):
                return None
            done = switch_over(self.site, self.fleet, self.run, progress=self.progress)
        gap = f"; new connections failed for {done.gap:.2f} s" if done.gap is not None else ""
        return f"{done.new}{gap}"

    def director_settled(self, host: str) -> str:
        """See ``Hands``."""
        sight = self.look()
        if host in sight.unreachable:
            return sight.unreachable[host]
        return "; ".join(sight.faults)

    @contextmanager
    def _at_directors(self) -> Iterator[None]:
        """For what every director must hear of, by one thread at a time. Raises
        ``DirectorAwayError`` instead of another ``HandError`` where one of them cannot, unless the
        operator does without it (``force``)."""
        with self.directors:
            try:
                yield
            except HandError as error:
                if self.choices.force:
                    raise
                silent = self.look().unreachable
                if any(host in silent for host in self.site.inventory.directors.hosts):
                    raise DirectorAwayError(str(error)) from None
                raise

    def _when_free(self, action: Callable[[], None]) -> None:
        with _as_hand_error():
            when_free(action, self.clock)

    def _asked(self, host: str, *paths: str) -> Observation:
        fragment = asking.gets(self.site.inventory, host, paths)
        return self.observe(host, {"app": fragment})["app"]

    def _do(self, host: str, fragment: str, timeout: float) -> None:
        done = self.observe(host, {"do": fragment}, timeout)["do"]
        if done.status:
            raise HandError(_said(done) or f"status {done.status}")

    def _require_process(self, host: str) -> None:
        """Raises ``HandError`` with the app's last words when its process has ended, or is another
        one than at the look before: the service manager starts it again and again."""
        found = self.observe(host, {"is": app_service.process(self.manager(host))})
        state, _, words = found["is"].stdout.partition("\n")
        alive, _, process = state.partition(" ")
        before = self._processes.setdefault(host, process)
        if alive != "up" or process != before:
            said = " ".join(words.split())[-700:]
            raise HandError(f"its process ended after the start; its last words: {said}")

    def _make(self, wanted: DesiredHost) -> None:
        host = wanted.name
        plans = self.plans(wanted)
        result = apply_plans(
            plans,
            [Wave(host, (host,))],
            {host: ()},
            self.fleet,
            pace=Pace(),
            run_id=self.run.id,
            holder=self.run.holder,
            journal=self.run.journal,
            progress=self.progress,
        )
        if reason := result.skipped.get(host):
            raise HandError(reason)
        done = result.hosts[host]
        if not done.ok:
            raise (HostBusyError if done.outcome == "locked" else HandError)(done.message)

    def _remember(self, host: str, release: str) -> None:
        """So that a deploy in between neither takes the node back nor brings it forward."""
        with self.directors:
            runtime = self.site.runtime
            if self.own and release == self.target:
                save_runtime(self.site.state_dir, without_pins(runtime, [host]))
            else:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                pins = {host: Pin(release, self.run.holder, now)}
                save_runtime(self.site.state_dir, with_pins(runtime, pins))


def _said(done: Observation) -> str:
    lines = (done.stdout + done.stderr).strip().splitlines()
    return " / ".join(lines[-8:])[-700:]


@contextmanager
def _as_hand_error() -> Iterator[None]:
    """Operations fail in their own way; to a phase it is all the same."""
    try:
        yield
    except (OperationError, TransportError) as error:
        raise HandError(str(error)) from None
