"""Changes one host: one round trip for the changes, one for what must come true afterwards."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from ..resources.base import Postcondition
from ..transport.base import Transport, TransportError
from .frames import TELL, Frame, FrameReader
from .plan import REMOVE, HostPlan
from .progress import Event, Progress
from .script import LOCKED, apply_script, observe_script, token
from .script_log import log_script

Outcome = Literal["unchanged", "changed", "failed", "lost", "locked", "unmet"]


@dataclass(slots=True)
class StepResult:
    """The outcome of one step or handler. Times are seconds."""

    title: str
    status: int
    output: str
    seconds: float


@dataclass(slots=True)
class HostResult:
    """The outcome of the changes of one host."""

    host: str
    outcome: Outcome
    steps: list[StepResult] = field(default_factory=list)
    message: str = ""
    """The fault, and the state the host is in."""

    @property
    def ok(self) -> bool:
        """Tell whether the host is as wanted."""
        return self.outcome in ("unchanged", "changed")


def apply_plan(
    plan: HostPlan,
    transport: Transport,
    *,
    run_id: str,
    holder: str,
    progress: Progress,
) -> HostResult:
    """Makes the changes of ``plan``; never raises for what happens on the host."""
    if not plan.changes:
        return HostResult(plan.host, "unchanged")
    marker = token()
    script = apply_script(
        plan.script_steps(),
        [(planned.handler.name, planned.handler.command) for planned in plan.handlers],
        run_id=run_id,
        holder=holder,
        manifest_during=plan.manifest_during,
        manifest_after=plan.manifest_after,
        marker=marker,
        partial=plan.partial,
    )
    purpose = f"apply, {len(plan.steps)} steps, {len(plan.handlers)} handlers"
    log_script(plan.host, purpose, script, _parts(plan))
    watch = _Watch(plan, marker, progress)
    try:
        completed = transport.run(script, on_stdout=watch.feed)
    except TransportError as error:
        return HostResult(
            plan.host,
            "lost",
            watch.results,
            f"{error}; the host finishes or takes back its changes by itself, deploy again to see",
        )
    watch.errors(completed.stderr)
    if completed.status == LOCKED and not watch.results:
        who = watch.rest.strip() or "someone"
        return HostResult(plan.host, "locked", [], f"changes are being made here by {who}")
    if not watch.ended:
        return HostResult(plan.host, "failed", watch.results, watch.failure())
    return HostResult(plan.host, "changed", watch.results)


def await_postconditions(
    host: str,
    conditions: tuple[Postcondition, ...],
    transport: Transport,
    progress: Progress,
) -> str | None:
    """Waits until all hold; the message of the first that did not in its time, or nothing."""
    started = time.monotonic()
    waiting = dict(enumerate(conditions))
    while waiting:
        marker = token()
        probes = {str(number): condition.probe for number, condition in waiting.items()}
        try:
            script = observe_script(probes, marker)
            titles = [(condition.title, condition.probe) for condition in waiting.values()]
            log_script(host, f"postconditions, {len(probes)} probes", script, titles)
            completed = transport.run(script)
        except TransportError as error:
            return str(error)
        outputs = {}
        for frame in FrameReader(marker).feed(completed.stdout):
            outputs[int(frame.key)] = frame.output.strip()
            if frame.status == 0:
                waiting.pop(int(frame.key), None)
        elapsed = time.monotonic() - started
        for number, condition in waiting.items():
            if elapsed >= condition.timeout:
                said = outputs.get(number, "")
                return (
                    f"{condition.title}: not within {condition.timeout} s"
                    + (f" (last answer: {said})" if said else "")
                    + f"; {condition.fix}"
                )
            progress(Event("waiting", host, condition.title, detail=outputs.get(number, "")))
        if waiting:
            time.sleep(1)
    return None


def _parts(plan: HostPlan) -> Iterator[tuple[str, str]]:
    for step in plan.steps:
        yield step.id, step.change.apply
    for planned in plan.handlers:
        yield f"handler {planned.handler.name}", planned.handler.command


class _Watch:
    """Turns the frames of an apply script into results and progress as they arrive."""

    def __init__(self, plan: HostPlan, marker: str, progress: Progress) -> None:
        self._reader, self._errors = FrameReader(marker), FrameReader(marker)
        self._progress, self._host = progress, plan.host
        self._removes = any(step.change.summary == REMOVE for step in plan.steps)
        self._titles = [f"{step.id}: {step.change.summary}" for step in plan.steps]
        self._handler_titles = [planned.handler.name for planned in plan.handlers]
        self._began = time.monotonic()
        self.results: list[StepResult] = []
        self._by_key: dict[str, StepResult] = {}
        self._stderr: dict[str, str] = {}
        self._undone: list[tuple[str, int]] = []
        self.ended = False

    def feed(self, data: bytes) -> None:
        for frame in self._reader.feed(data):
            self._take(frame)

    def errors(self, stderr: bytes) -> None:
        for frame in self._errors.feed(stderr):
            self._stderr[frame.key] = frame.output.strip()
            if (result := self._by_key.get(frame.key)) and frame.output.strip():
                result.output = "\n".join(filter(None, [result.output, frame.output.strip()]))

    @property
    def rest(self) -> str:
        return self._reader.rest

    @property
    def _number(self) -> int:
        return len(self.results) + 1

    def _title(self, key: str) -> str:
        kind, _, number = key.rpartition(".")
        titles = self._handler_titles if kind in ("h", "hbegin", "uh") else self._titles
        return titles[int(number)]

    def _take(self, frame: Frame) -> None:
        key, total = frame.key, len(self._titles) + len(self._handler_titles)
        if key == "end":
            self.ended = frame.status == 0
        elif key == TELL:
            self._progress(Event("step", self._host, frame.output, self._number, total))
        elif key.startswith(("begin.", "hbegin.")):
            self._began = time.monotonic()
            self._progress(Event("step", self._host, self._title(key), self._number, total))
        elif key.startswith(("u.", "uh.")):
            self._undone.append((self._title(key), frame.status))
            self._progress(Event("undo", self._host, self._title(key)))
        else:
            result = StepResult(
                self._title(key),
                frame.status,
                frame.output.strip(),
                round(time.monotonic() - self._began, 3),
            )
            self.results.append(result)
            self._by_key[key] = result
            self._progress(Event("step_done", self._host, result.title, len(self.results), total))

    def failure(self) -> str:
        failed = next((result for result in self.results if result.status), None)
        if failed is None:
            return "the run stopped before its first step: " + (self._errors.rest.strip() or "?")
        stuck = [title for title, status in self._undone if status]
        state = (
            f"could not be taken back: {', '.join(stuck)}"
            if stuck
            else "its changes were taken back"
        )
        if self._removes:
            state += " (what had left the inventory and was removed is not brought back)"
        return f"{failed.title} failed ({failed.output or f'status {failed.status}'}); {state}"
