"""The node gets clients again, at once or in steps."""

from dataclasses import asdict

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.phases.phase import Phase, Work
from provisioning.operations.rolling_upgrade.state import Node


def _would(node: Node, choices: Choices, target: str) -> str:
    steps = "".join(f"{s.percent}% for {s.seconds:g} s, " for s in choices.slow_start)
    return f"ready for clients, then {steps}its whole weight on every director"


def _run(work: Work) -> None:
    def back() -> None:
        for step in work.choices.slow_start:
            work.hands.undrain(work.host, step.percent)
            work.tell("waiting", f"{step.percent}% of its weight for {step.seconds:g} s")
            work.clock.sleep(step.seconds)
        work.hands.undrain(work.host)

    work.timed("restore", back)


def _undo(work: Work) -> None:
    """Out of service again, if it came back at all. Its jobs get the time of a drain, and no
    more: clients should not wait on a release that was found bad."""
    if work.node.drained:
        return
    work.hands.drain(work.host, f"going back from {work.target}: {work.node.reason}"[:500])
    deadline = work.clock.now() + work.choices.drain_timeout
    while work.clock.now() < deadline and not (left := work.hands.left(work.host)).nothing:
        work.tell("waiting", f"{left} left", asdict(left))
        work.clock.sleep(1.0)
    work.hands.settle(work.host)


def _applies(node: Node, choices: Choices) -> bool:
    return not node.drained


RESTORE = Phase("restore", "restoring its weight", _would, _run, _undo, _applies)
