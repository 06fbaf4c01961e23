"""The node as directors and operators see it: who it is, whether it is ready, what it does."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from . import __version__
from .access.cluster_secret import ClusterSecret
from .books.keeper import BookKeeper
from .connections.connections import Connections
from .gpus.drain import GpuDrain
from .gpus.health import trouble
from .gpus.watch import GpuWatch
from .host.served_certificate import CertificateWatch
from .host.virtual_ips import not_here
from .lending.ledger import Ending
from .lending.lending import Lending
from .middleware.open_requests import OpenRequests
from .recordings import Recordings
from .session_routing.peers.enough import Enough
from .session_routing.peers.leaving import Leaving
from .settings import Settings
from .speech import SpeechService
from .workers.self_test import Verdict


@dataclass(slots=True)
class Node:
    """Identity and condition of a node."""

    settings: Settings
    service: SpeechService
    recordings: Recordings
    connections: Connections
    stopping: bool = False
    """True from the first request to stop: no new work, what was accepted is finished."""
    hang_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when everything accepted is answered: open event streams end."""
    page_waiting: Callable[[], int] = lambda: 0
    """Number of requests that wait in the page's own queue."""
    page_answering: Callable[[], int] = lambda: 0
    """Number of requests the page has taken from its queue and not answered yet."""
    requests: OpenRequests = field(default_factory=OpenRequests)
    """Requests of clients that are under way."""
    gpus: GpuWatch = field(default_factory=GpuWatch)
    certificate: CertificateWatch = field(default_factory=lambda: CertificateWatch(None))
    leaving: Leaving = field(default_factory=lambda: Leaving("", Enough(1)))
    gpu_drain: GpuDrain | None = None
    """None where nobody looks at the cards by itself."""
    secret: ClusterSecret | None = None
    """By which it and its peers know each other; None where there are none."""
    lending: Lending | None = None
    """None where there are no peers to lend to."""
    books: BookKeeper | None = None
    """None where no books are made."""
    _started: float = field(default_factory=time.monotonic)

    @property
    def draining(self) -> bool:
        """True while directors should send no new clients here."""
        file = self.settings.drain_file
        return self.stopping or (file is not None and file.exists())

    @property
    def not_ready(self) -> str:
        """Reason why directors should send no clients here; empty when they should. It is
        ``draining`` alone where nothing else is in the way.

        Cheap: never looks at the shared folder, which can hang.
        """
        draining = "draining" if self.draining else ""
        reasons = (
            draining,
            self.service.pool.not_ready,
            self.service.store.not_ready,
            not_here(self.settings.virtual_ips),
        )
        return "; ".join(filter(None, reasons))

    @property
    def waiting(self) -> int:
        """Requests that wait, in the page's queue and in the workers'."""
        return self.page_waiting() + self.service.pool.waiting

    @property
    def unfinished(self) -> int:
        """Accepted requests that are not answered yet; may count one twice."""
        pool = self.service.pool
        return self.waiting + self.page_answering() + pool.running + pool.lent

    @property
    def queue_limit(self) -> int:
        """Number of the page's jobs that may be with the workers, or first in their queue."""
        pool = self.service.pool
        shares = self.lending is not None and self.lending.peers > 0
        return self.settings.slots + (pool.lent + 1 if shares else 0)

    def status(self) -> dict[str, object]:
        """The body of ``/cluster/status``; its GPUs are those of ``gpus.latest``."""
        settings, pool, engine = self.settings, self.service.pool, self.service.engine
        return {
            "node": settings.node_name,
            "version": __version__,
            "release": settings.release,
            "uptime": round(time.monotonic() - self._started, 1),
            "ready": not self.not_ready,
            "reason": self.not_ready,
            "draining": self.draining,
            "engine": {
                "name": engine.name,
                "sample_rate": engine.sample_rate,
                "voices": len(engine.voices),
            },
            "capacity": pool.capacity,
            "queue_size": settings.effective_queue_size,
            "gpus": [asdict(gpu) | {"trouble": trouble(gpu)} for gpu in self.gpus.latest],
            "gpu_health": self.gpu_drain.status() if self.gpu_drain else None,
            "jobs": {
                "running": pool.running,
                "waiting": self.waiting,
                **asdict(pool.totals),
            },
            "open": asdict(self.requests),
            "lending": self._lending(),
            "self_tests": {verdict.value: pool.self_tests[verdict] for verdict in Verdict},
            "restarts": {cause.value: count for cause, count in pool.restarts.items()},
            "workers": [
                {
                    "state": slot.state.value,
                    "pid": slot.worker.pid if slot.worker else None,
                    "gpu": slot.gpu,
                    "jobs": slot.worker.jobs if slot.worker else 0,
                    "restarts": slot.restarts,
                    "detail": slot.held or slot.detail,
                }
                for slot in pool.slots
            ],
            "storage": {
                "folder": str(settings.output_dir),
                "trouble": self.service.store.trouble,
                "spooled": self.service.store.waiting,
            },
        }

    def _lending(self) -> dict[str, object] | None:
        """None where the node does not lend."""
        if self.lending is None:
            return None
        ledger = self.lending.ledger
        return {
            "peers": self.lending.peers,
            "lent_now": self.service.pool.lent,
            "lent": {ending.value: ledger.lent[ending] for ending in Ending},
            "borrowed": {ending.value: ledger.borrowed[ending] for ending in Ending},
        }
