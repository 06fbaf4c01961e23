"""The Horizontal Pod Autoscaler, as its documentation says it decides; and pods that drain.

https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/: desired =
ceil(current x value / target), nothing within a tolerance of a tenth, the largest of all metrics;
then the windows, and the policies on how much may change in how long.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

_TOLERANCE = 0.1
SYNC = 15
"""Seconds between two decisions."""


@dataclass
class Autoscaler:
    """One for a ScaledObject; time is in seconds."""

    spec: dict[str, Any]
    replicas: int
    _wanted: deque[tuple[int, int]] = field(default_factory=deque)
    _changes: deque[tuple[int, int]] = field(default_factory=deque)

    def decide(self, now: int, values: dict[str, float]) -> int:
        """Number of pods from now on, by the values of the triggers by their names."""
        wanted = max(self._for(trigger, values) for trigger in self.spec["triggers"])
        wanted = min(max(wanted, self.spec["minReplicaCount"]), self.spec["maxReplicaCount"])
        chosen = self._stabilized(now, wanted)
        limited = self._limited(now, chosen)
        if limited != self.replicas:
            self._changes.append((now, limited - self.replicas))
        self.replicas = limited
        return limited

    def _for(self, trigger: dict[str, Any], values: dict[str, float]) -> int:
        target, value = float(trigger["metadata"]["threshold"]), values[trigger["name"]]
        average = trigger["metricType"] == "AverageValue"
        ratio = value / (target * self.replicas) if average else value / target
        if abs(ratio - 1) <= _TOLERANCE:
            return self.replicas
        return math.ceil(value / target) if average else math.ceil(self.replicas * ratio)

    def _behavior(self, direction: str) -> dict[str, Any]:
        found: dict[str, Any] = self.spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        return dict(found[direction])

    def _stabilized(self, now: int, wanted: int) -> int:
        window = int(self._behavior("scaleDown")["stabilizationWindowSeconds"])
        self._wanted.append((now, wanted))
        while self._wanted[0][0] <= now - window:
            self._wanted.popleft()
        # Up at once (a window of 0), down to no less than was wanted at any time in the window.
        highest = max(one for _, one in self._wanted)
        return wanted if wanted > self.replicas else min(self.replicas, highest)

    def _limited(self, now: int, wanted: int) -> int:
        up = wanted > self.replicas
        allowed: list[int] = []
        for policy in self._behavior("scaleUp" if up else "scaleDown")["policies"]:
            recent = [one for at, one in self._changes if at > now - policy["periodSeconds"]]
            done = sum(one for one in recent if (one > 0) == up)
            start = self.replicas - done
            size = int(policy["value"])
            step = math.ceil(start * size / 100) if policy["type"] == "Percent" else size
            allowed.append(start + step if up else start - step)
        return min(wanted, max(allowed)) if up else max(wanted, min(allowed))
