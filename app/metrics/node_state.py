"""Metrics that are read from the node when somebody asks."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from .. import __version__
from ..books.shelf import State
from ..connections.causes import Cause
from ..lending.ledger import Ending
from ..node import Node
from ..workers.self_test import Verdict
from ..workers.totals import Outcome
from .gpus import gpu_metrics

_OUTCOMES = ("busy", *(outcome.value for outcome in Outcome))


class NodeCollector(Collector):
    """A node's jobs, workers, storage, GPUs and build."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterator[Metric]:
        """Collect the metrics for prometheus_client."""
        yield self._jobs()
        yield self._self_tests()
        yield self._closed()
        yield from self._gauges()
        yield from self._lending()
        yield from self._books()
        settings, drain = self._node.settings, self._node.gpu_drain
        out = drain.out if drain else ()
        yield from gpu_metrics(self._node.gpus.latest, settings.gpus_expected, out)
        yield from self._node.certificate.metrics()
        build = {
            "version": __version__,
            "release": settings.release,
            "engine": settings.engine,
            "node": settings.node_name,
        }
        yield InfoMetricFamily("cosyvoice_build", "What runs here.", build)

    def _jobs(self) -> CounterMetricFamily:
        family = CounterMetricFamily(
            "cosyvoice_jobs",
            "Jobs by outcome: busy was turned away at once, refused cannot be spoken.",
            labels=["outcome"],
        )
        totals = self._node.service.pool.totals
        for outcome in _OUTCOMES:
            family.add_metric([outcome], getattr(totals, outcome))
        return family

    def _self_tests(self) -> CounterMetricFamily:
        family = CounterMetricFamily(
            "cosyvoice_self_tests",
            "Workers that were to say their first words again after a failed job, by whether they "
            "could; those that could not were replaced.",
            labels=["outcome"],
        )
        for verdict in Verdict:
            family.add_metric([verdict.value], self._node.service.pool.self_tests[verdict])
        return family

    def _closed(self) -> CounterMetricFamily:
        family = CounterMetricFamily(
            "cosyvoice_connections_closed",
            "Connections that the node closed because of a limit, or to make room for others.",
            labels=["cause"],
        )
        for cause in Cause:
            family.add_metric([cause.value], self._node.connections.closed[cause])
        return family

    def _lending(self) -> Iterator[CounterMetricFamily]:
        if self._node.lending is None:
            return
        ledger = self._node.lending.ledger
        lent = "Jobs of this node that others were given, by what became of it there."
        borrowed = "Jobs of other nodes that ran here, by what became of them."
        for name, help_text, counts in (
            ("jobs_lent", lent, ledger.lent),
            ("jobs_borrowed", borrowed, ledger.borrowed),
        ):
            family = CounterMetricFamily(f"cosyvoice_{name}", help_text, labels=["outcome"])
            for ending in Ending:
                family.add_metric([ending.value], counts[ending])
            yield family

    def _books(self) -> Iterator[Metric]:
        keeper = self._node.books
        if keeper is None:
            return
        making = "Whether this node makes a book."
        yield GaugeMetricFamily("cosyvoice_books_making", making, keeper.making)
        finished = "Books that this node has finished, by how they ended."
        family = CounterMetricFamily("cosyvoice_books", finished, labels=["outcome"])
        for state in (State.DONE, State.FAILED):
            family.add_metric([state.value], keeper.made[state])
        yield family

    def _gauges(self) -> Iterator[GaugeMetricFamily]:
        node, pool = self._node, self._node.service.pool
        for name, help_text, value in (
            ("jobs_running", "Jobs on a worker.", pool.running),
            ("jobs_elsewhere", "Jobs of this node on a worker of another.", pool.lent),
            ("jobs_waiting", "Jobs in line, in the page's queue and the workers'.", node.waiting),
            ("capacity", "Jobs that can run at a time.", pool.capacity),
            ("queue_size", "Jobs that may wait.", node.settings.effective_queue_size),
            ("workers_usable", "Workers that can speak.", sum(s.usable for s in pool.slots)),
            ("connections", "Connections that are open.", len(node.connections.register)),
            ("connections_limit", "How many may be.", node.connections.limits.places),
            ("ready", "Whether directors should send clients here.", not node.not_ready),
            ("draining", "Whether the node takes no new clients.", node.draining),
            (
                "outputs_spooled",
                "Outputs that wait on the node's disk for the shared folder.",
                node.service.store.waiting,
            ),
        ):
            yield GaugeMetricFamily(f"cosyvoice_{name}", help_text, value)
