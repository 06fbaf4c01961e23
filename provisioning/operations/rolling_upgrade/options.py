"""Options of an upgrade, and their forms on a command line. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import ClusterError

OnDeadline = Literal["wait", "kill", "stop"]
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


class OptionError(ClusterError, ValueError):
    """An option that cannot be parsed; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class SlowStep:
    """A share of a node's weight, held for a while."""

    percent: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeOptions:
    """Options of an upgrade. Times are seconds."""

    batch: str = "1"
    """Nodes at a time: a number, a share of all such as ``25%``, or a label (``rack``): those with
    one value of it."""
    max_out: str = ""
    """Nodes that may be out of service at any time, a number or a share of all; the next one begins
    when one is back. Empty where batches are barriers."""
    max_fail: int = 0
    """Nodes that may fail before the run stops."""
    canary: int = 1
    """Nodes that go first, one after the other, and are watched for ``soak``."""
    soak: float = 90.0
    soak_rest: float = 15.0
    """Time that the nodes after the canaries are watched."""
    order: str = "inventory"
    """``inventory``, ``reverse``, ``idle-first``, ``busy-first``, or names of hosts."""
    drain_timeout: float = 300.0
    on_deadline: OnDeadline = "stop"
    slow_start: tuple[SlowStep, ...] = ()
    force: bool = False
    """Continue against objections of capacity or quorum."""
    restart_directors: bool = False
    upgrade_packages: bool = False
    """Take Keepalived and ipvsadm of the directors to the newest version of their package."""


def duration(text: str) -> float:
    """Parse ``90``, ``90s``, ``10m``, ``1h`` or ``1.5m`` into seconds. Raises ``OptionError``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if not match:
        raise OptionError(f"{text!r} is not a time; write seconds, or a number with s, m or h")
    return float(match[1]) * _UNITS[match[2]]


def batch_label(text: str) -> str:
    """The label whose every value is a batch; empty where the text is none."""
    return text.strip() if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", text.strip()) else ""


def batch_size(text: str, nodes: int) -> int:
    """Compute how many of ``nodes`` go at a time: at least one. A share is rounded down, as one
    node more might be one too many. Raises ``OptionError``."""
    found = _share_of(text, nodes)
    if found is None:
        raise OptionError(f"{text!r} is not a batch; write a number from 1, 1% to 100%, or a label")
    return found


def most_out(text: str, nodes: int) -> int:
    """Compute how many of ``nodes`` may be out at any time, as ``batch_size``. Raises
    ``OptionError``."""
    found = _share_of(text, nodes)
    if found is None:
        raise OptionError(f"{text!r} is no number of nodes; write a number from 1, or 1% to 100%")
    return found


def require_pace(given: Mapping[str, Any], saved: str) -> None:
    """Raise ``OptionError`` where batches are asked for in a run that has ``saved`` as its
    ``max_out``."""
    if given.get("batch") and saved:
        raise OptionError(
            f"--batch: this run has {saved} out at most; change that by --max-out, "
            "or --abort it and begin a new one"
        )


def _share_of(text: str, nodes: int) -> int | None:
    match = re.fullmatch(r"(\d+)(%?)", text.strip(), re.ASCII)
    if not match or int(match[1]) < 1 or (match[2] and int(match[1]) > 100):
        return None
    number = int(match[1])
    return max(1, nodes * number // 100 if match[2] else number)


def slow_steps(text: str) -> tuple[SlowStep, ...]:
    """Parse ``10,50`` or ``10:30s,50:1m``: shares of the weight in percent, each held for ten
    seconds or the time after the colon. Raises ``OptionError``."""
    steps = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        share, _, held = part.partition(":")
        if not share.rstrip("%").isdecimal() or not 1 <= int(share.rstrip("%")) <= 99:
            raise OptionError(f"{part!r} is not a step; write 1 to 99 (percent), or 10:30s")
        steps.append(SlowStep(int(share.rstrip("%")), duration(held) if held else 10.0))
    if [step.percent for step in steps] != sorted({step.percent for step in steps}):
        raise OptionError(f"{text!r}: the shares must grow, such as 10,50")
    return tuple(steps)
