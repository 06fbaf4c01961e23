"""No new work for the node, and time for what it has."""

from dataclasses import asdict

from provisioning.operations.rolling_upgrade.capacity import forbidding, objections
from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseError, Work
from provisioning.operations.rolling_upgrade.sight import Left
from provisioning.operations.rolling_upgrade.state import Node

_LOOK_EVERY = 1.0
"""Seconds between looks at what the node still has."""
_QUIET_LOOKS = 2
"""In a row: a client may be between two requests."""
DEADLINE_FACT = "drained_past_deadline"


def _would(node: Node, choices: Choices, target: str) -> str:
    if node.drained:
        return "drained already, and stays so; wait for its jobs and streams"
    then = {
        "wait": "go on waiting",
        "kill": "end what is left",
        "stop": "put the node back to work and stop the run",
    }[choices.on_deadline]
    return (
        "weight 0 on every director, no new sessions, wait for its jobs and streams; "
        f"after {choices.drain_timeout:g} s: {then}"
    )


def _run(work: Work) -> None:
    if work.node.drained:
        work.timed("drain", lambda: _wait(work))
        return
    with work.gate:
        sight = work.hands.look()
        against = forbidding(objections(sight, {work.host}))
        if against and not work.choices.force:
            raise PhaseError(f"not taken out of service: {against}")
        work.hands.drain(work.host, f"rolling upgrade to {work.target}")
    work.timed("drain", lambda: _wait(work))
    work.hands.settle(work.host)


def _wait(work: Work) -> None:
    deadline = work.clock.now() + work.choices.drain_timeout
    late, quiet = False, 0
    while True:
        left = work.hands.left(work.host)
        quiet = quiet + 1 if left.nothing else 0
        if quiet == _QUIET_LOOKS:
            return
        work.tell("waiting", f"{left} left", asdict(left))
        if not quiet and not late and work.clock.now() >= deadline:
            late = True
            _past_deadline(work, left)
            if work.choices.on_deadline == "kill":
                return
        work.clock.sleep(_LOOK_EVERY)


def _past_deadline(work: Work, left: Left) -> None:
    seconds = f"{work.choices.drain_timeout:g} s"
    work.facts[DEADLINE_FACT] = 1.0
    if work.choices.on_deadline == "stop":
        raise PhaseError(
            f"not idle within {seconds}: {left} left; give it --drain-timeout, or say what to do "
            "then with --on-deadline wait or kill"
        )
    what = "waiting on" if work.choices.on_deadline == "wait" else "ending them"
    work.tell("note", f"not idle within {seconds}: {left} left, {what}")


def _undo(work: Work) -> None:
    if not work.node.drained:
        work.hands.undrain(work.host)


DRAIN = Phase("drain", "draining", _would, _run, _undo)
