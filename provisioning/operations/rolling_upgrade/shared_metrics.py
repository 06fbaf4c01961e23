"""Counters of nodes for all who watch: whoever needs those of a host gets what another was told a
moment ago."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ...facts.app.metrics import NodeMetrics
from ..rolling.clock import Clock
from ..rolling.errors import ActionError
from .ports import ClusterActions

ROUND = 3.0
"""Seconds within which no host is asked twice; a restart between two samples is seen by the
process' age."""


@dataclass(slots=True)
class SharedMetrics:
    """Samples of hosts, at most one each in a round, however many nodes are watched."""

    cluster: ClusterActions
    clock: Clock
    forks: int = 10
    """Hosts that are asked at a time."""
    _samples: dict[str, tuple[float, NodeMetrics | ActionError]] = field(default_factory=dict)
    _asking: threading.Lock = field(default_factory=threading.Lock)
    _hosts: tuple[str, ...] = ()

    def of(self, hosts: Iterable[str]) -> dict[str, NodeMetrics | ActionError]:
        """Samples of the present round; of a host that does not answer, why."""
        hosts = list(hosts)
        with self._asking:
            stale = [host for host in hosts if not self._is_recent(host)]
            if stale:
                with ThreadPoolExecutor(min(self.forks, len(stale))) as pool:
                    for host, sample in zip(stale, pool.map(self._ask, stale), strict=True):
                        self._samples[host] = sample
            return {host: self._samples[host][1] for host in hosts}

    def fresh(self, host: str) -> NodeMetrics | ActionError:
        """A sample of a host of this very moment."""
        sample = self._ask(host)
        with self._asking:
            self._samples[host] = sample
        return sample[1]

    def of_all(self) -> dict[str, NodeMetrics | ActionError]:
        """As ``of``, for every real server that answered when they were first asked for."""
        with self._asking:
            if not self._hosts:
                self._hosts = tuple(self.cluster.look().nodes)
        return self.of(self._hosts)

    def _is_recent(self, host: str) -> bool:
        return host in self._samples and self.clock.now() < self._samples[host][0] + ROUND

    def _ask(self, host: str) -> tuple[float, NodeMetrics | ActionError]:
        asked = self.clock.now()
        try:
            return asked, self.cluster.metrics(host)
        except ActionError as error:
            return asked, error
