"""A real cluster under the hands of an upgrade."""

import shlex
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.engine.progress import Progress, silent
from provisioning.engine.waves import Wave
from provisioning.model.hosts import ServiceManager
from provisioning.model.resolve import service_manager_of
from provisioning.model.runtime import Pin
from provisioning.operations import drain
from provisioning.operations.deploy import Pace, apply_plans
from provisioning.operations.planning import Plans, plan_hosts
from provisioning.operations.probes.fragment import ProbeError, answer
from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.hands import HandError, Place
from provisioning.operations.rolling_upgrade.living import app_service, asking, keepalived
from provisioning.operations.rolling_upgrade.living.sighting import Answers, assembled
from provisioning.operations.rolling_upgrade.node_metrics import NodeMetrics, parse_metrics
from provisioning.operations.rolling_upgrade.sight import Left, Sight
from provisioning.operations.rolling_upgrade.spoken import Spoken, spoken
from provisioning.operations.run import Run
from provisioning.operations.runtime_change import OperationError
from provisioning.operations.runtime_state import save_runtime, with_pins, without_pins
from provisioning.operations.session import Site
from provisioning.operations.switchover import switch_over
from provisioning.operations.tables import holders_of, look_at_tables
from provisioning.operations.verify.from_client import STATUS_PATH
from provisioning.resources.base import Observation
from provisioning.resources.current_release import CurrentRelease
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.roles.release_archive import ReleaseArchive
from provisioning.roles.release_steps import staged
from provisioning.transport.base import Transport, TransportError

_READY, _METRICS = "/readyz", "/metrics"
_LOOK_TIMEOUT = 30.0


@dataclass(slots=True)
class LivingCluster:
    """See ``Hands``. One lock keeps the directors and the runtime state to one thread."""

    site: Site
    fleet: Fleet
    run: Run
    release: ReleaseArchive
    choices: Choices
    own: bool
    """Whether the inventory itself asks for this release, so that nothing need be remembered."""
    progress: Progress = silent
    _directors: threading.RLock = field(default_factory=threading.RLock)
    _processes: dict[str, str] = field(default_factory=dict)

    def look(self) -> Sight:
        """See ``Hands``."""
        inventory = self.site.inventory
        with self._directors:
            servers, directors = list(inventory.real_servers.hosts), list(inventory.directors.hosts)
            self.fleet.connect([*servers, *directors])
            tables = look_at_tables(directors, self.fleet)
            masters = holders_of(inventory, self.fleet)
            answers = self.fleet.each(servers, self._ask)
            silent_ = {
                name: str(self.fleet.errors[name])
                for name in (*servers, *directors)
                if name in self.fleet.errors
            }
        return assembled(inventory, self.site.runtime, tables, masters, answers, silent_)

    def stage(self, host: str) -> None:
        """See ``Hands``."""
        # Pins say what a deploy keeps; here the operator has asked for something else.
        wanted = desired_hosts(
            self.site.inventory, self.release, without_pins(self.site.runtime, [host])
        )
        self._make(staged(wanted[host]))

    def drain(self, host: str, reason: str) -> None:
        """See ``Hands``."""
        with self._directors, _as_hand_error():
            drain.take_out(
                self.site,
                self.fleet,
                self.run,
                host,
                reason=reason,
                # Capacity was looked at by the phase, with more in mind.
                force=True,
                progress=self.progress,
            )

    def left(self, host: str) -> Left:
        """See ``Hands``."""
        try:
            found = asking.status(self._asked(host, STATUS_PATH))
        except HandError as error:
            if "refused" in str(error):
                return Left(0)  # A process that is not there has nothing left.
            raise
        jobs, opened = found.get("jobs", {}), found.get("open", {})
        return Left(
            int(jobs.get("running", 0)) + int(jobs.get("waiting", 0)),
            int(opened.get("answers", 0)),
            int(opened.get("pages", 0)),
        )

    def settle(self, host: str) -> None:
        """See ``Hands``."""
        with self._directors, _as_hand_error():
            drain.settle(self.site, self.fleet, self.run, host, progress=self.progress)

    def undrain(self, host: str, percent: int = 100) -> None:
        """See ``Hands``."""
        with self._directors, _as_hand_error():
            drain.bring_back(
                self.site,
                self.fleet,
                self.run,
                host,
                share=percent,
                force=self.choices.force,
                progress=self.progress,
            )

    def stop(self, host: str) -> None:
        """See ``Hands``."""
        patience = self.site.inventory.app.stop_timeout + 30.0
        self._do(host, app_service.stop(self._manager(host)), patience)

    def switch(self, host: str, release: str) -> None:
        """See ``Hands``."""
        self._remember(host, release)
        directory = str(self.site.inventory.app.directory)
        link = CurrentRelease(directory=directory, name=release)
        self._make(DesiredHost(host, resources=(link,), partial=True))

    def start(self, host: str) -> None:
        """See ``Hands``."""
        self._do(host, app_service.start(self._manager(host)), 120.0)
        self._processes.pop(host, None)

    def warming(self, host: str) -> str:
        """See ``Hands``."""
        self._require_process(host)
        try:
            found = asking.status(self._asked(host, STATUS_PATH))
        except HandError as error:
            return str(error)
        # Drained on purpose; whatever else stands there is in the way.
        reasons = [r for r in str(found.get("reason", "")).split("; ") if r not in ("", "draining")]
        if not reasons:
            troubles = [str(worker.get("trouble") or "") for worker in found.get("workers", [])]
            reasons = [trouble for trouble in troubles if trouble]
        return "; ".join(reasons)

    def speak(self, host: str, place: Place) -> Spoken:
        """See ``Hands``."""
        patience = self.site.inventory.app.job_timeout + asking.SPEECH_MARGIN + 15.0
        fragment = asking.speech(self.site.inventory, host, place)
        found = self._each(host, {"speech": fragment}, patience)
        try:
            return spoken(answer(found["speech"]))
        except ProbeError as error:
            raise HandError(f"the probe did not run: {error}") from None

    def metrics(self, host: str) -> NodeMetrics:
        """See ``Hands``."""
        found = self._asked(host, _READY, _METRICS)
        code, body = asking.reply(found, _READY)
        return parse_metrics(
            asking.reply(found, _METRICS)[1], ready=code == 200, reason=f"{code} {body[:200]}"
        )

    def director_changes(self, host: str) -> tuple[list[str], bool]:
        """See ``Hands``."""
        with self._directors:
            plan = self._plans(self._director(host)).hosts[host]
            changes = [f"{step.id}: {step.change.summary}" for step in plan.steps]
            restarts = any(one.handler.name == keepalived.RESTART for one in plan.handlers)
            old = self._each(host, {"old": keepalived.REPLACED}, _LOOK_TIMEOUT)["old"]
        if old.status == 0:
            changes.append("its running Keepalived was replaced on the disk")
        if self.choices.upgrade_packages:
            changes.append("newest packages")
        if self.choices.restart_directors:
            changes.append("a restart was asked for")
        forced = self.choices.restart_directors or self.choices.upgrade_packages
        return changes, restarts or forced or old.status == 0

    def change_director(self, host: str) -> None:
        """See ``Hands``."""
        with self._directors:
            changes, restarts = self.director_changes(host)
            if not changes:
                return
            if self.choices.upgrade_packages:
                self._do(host, keepalived.UPGRADE_PACKAGES, 600.0)
            self._make(self._director(host))
            if restarts:
                self._do(host, keepalived.restart(self._manager(host)), 60.0)

    def hand_over(self, host: str) -> str | None:
        """See ``Hands``."""
        with self._directors, _as_hand_error():
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

    def _ask(self, name: str, transport: Transport) -> Answers:
        current = shlex.quote(str(self.site.inventory.app.directory / "current"))
        asked = {
            "app": asking.gets(self.site.inventory, name, (_READY, STATUS_PATH)),
            "release": f"readlink {current}",
        }
        found = run_fragments(name, transport, asked, timeout=_LOOK_TIMEOUT)
        return Answers(found["release"].stdout.strip(), found["app"])

    def _asked(self, host: str, *paths: str) -> Observation:
        fragment = asking.gets(self.site.inventory, host, paths)
        return self._each(host, {"app": fragment}, _LOOK_TIMEOUT)["app"]

    def _each(
        self, host: str, fragments: Mapping[str, str], timeout: float
    ) -> dict[str, Observation]:
        self.fleet.connect([host])

        def look(name: str, transport: Transport) -> dict[str, Observation]:
            return run_fragments(name, transport, fragments, timeout=timeout)

        found = self.fleet.each([host], look)
        if host not in found:
            raise HandError(str(self.fleet.errors.get(host, f"{host}: no connection")))
        return found[host]

    def _do(self, host: str, fragment: str, timeout: float) -> None:
        done = self._each(host, {"do": fragment}, timeout)["do"]
        if done.status:
            raise HandError(_said(done) or f"status {done.status}")

    def _require_process(self, host: str) -> None:
        """Raises ``HandError`` with the app's last words when its process has ended, or is another
        one than at the look before: the service manager starts it again and again."""
        found = self._each(host, {"is": app_service.process(self._manager(host))}, _LOOK_TIMEOUT)
        state, _, words = found["is"].stdout.partition("\n")
        alive, _, process = state.partition(" ")
        before = self._processes.setdefault(host, process)
        if alive != "up" or process != before:
            said = words.strip()[-700:]
            raise HandError(f"its process ended after the start; its last words: {said}")

    def _make(self, wanted: DesiredHost) -> None:
        host = wanted.name
        plans = self._plans(wanted)
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
        if not result.hosts[host].ok:
            raise HandError(result.hosts[host].message)

    def _plans(self, wanted: DesiredHost) -> Plans:
        plans = plan_hosts(self.site.inventory, {wanted.name: wanted}, self.fleet)
        for reason in plans.unreachable.values():
            raise HandError(reason)
        return plans

    def _director(self, host: str) -> DesiredHost:
        return desired_hosts(self.site.inventory, None, self.site.runtime)[host]

    def _remember(self, host: str, release: str) -> None:
        """So that a deploy in between neither takes the node back nor brings it forward."""
        with self._directors:
            runtime = self.site.runtime
            if self.own and release == self.release.id:
                save_runtime(self.site.state_dir, without_pins(runtime, [host]))
            else:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                pins = {host: Pin(release, self.run.holder, now)}
                save_runtime(self.site.state_dir, with_pins(runtime, pins))

    def _manager(self, host: str) -> ServiceManager:
        return service_manager_of(self.site.inventory, host)


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
