"""Requests over HTTP, by route, method and status."""

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import Scope

from .jobs import SECONDS
from .routes import METHODS, OTHER, ROUTES, known, route_of

_ANSWERED_NOBODY = 499
"""The client went before it was told anything; Nginx has that number for it."""


class RequestMetrics:
    """Counts of this node. A request that is passed on to another node counts on both."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "cosyvoice_http_requests",
            "Requests that were answered; 499 is one whose client went before.",
            ["route", "method", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "cosyvoice_http_request_duration_seconds",
            "Time from a request's arrival to the end of its answer.",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        # So that the first of each is seen as an increase.
        for labels in known():
            self._requests.labels(*labels)
        self._of_route = {route: self._seconds.labels(route) for route in ROUTES}

    def ended(self, scope: Scope, status: int, seconds: float | None = None) -> None:
        """Count one; without ``seconds`` where it was turned away before any work. 0 as ``status``
        is none."""
        method = scope["method"] if scope["method"] in METHODS else OTHER
        route = route_of(scope["path"])
        self._requests.labels(route, method, str(status or _ANSWERED_NOBODY)).inc()
        if seconds is not None:
            self._of_route[route].observe(seconds)
