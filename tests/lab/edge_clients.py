"""Clients at the edges' VIP while something is done to the cluster."""

import threading
from collections import Counter

from tests.lab.cluster import Cluster
from tests.lab.test_edges import JOB, at

PATH = "/v1/audio/speech"


class EdgeClients:
    """One job after the other at the edges' VIP, until they are told to stop."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.statuses = cluster, Counter[str]()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "EdgeClients":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _ask(self) -> None:
        url = at(self.cluster, PATH)
        while not self._end.is_set():
            told = self.cluster.from_client(
                "curl", "-sS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}",
                "-H", "Content-Type: application/json", "-d", JOB, url,
            )  # fmt: skip
            self.statuses[told.stdout or told.stderr] += 1
