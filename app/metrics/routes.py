"""Routes as labels of metrics: few, whatever is asked for. Pure."""

from ..middleware.job_start import INFERENCE, SPEAKS

_VOICES = "/v1/audio/voices"
_EXACT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(sorted(SPEAKS), ("POST",)),
    **dict.fromkeys(INFERENCE, ("POST", "GET")),
    "/v1/models": ("GET",),
    "/v1/audio/models": ("GET",),
    _VOICES: ("GET", "POST"),
    "/gradio_api/queue/join": ("POST",),
    "/gradio_api/queue/data": ("GET",),
    "/gradio_api/upload": ("POST",),
    "/": ("GET",),
    "/healthz": ("GET",),
    "/readyz": ("GET",),
    "/cluster/status": ("GET",),
    "/metrics": ("GET",),
    "/openapi.json": ("GET",),
}
_BELOW: dict[str, str] = {
    "/v1/models/": "/v1/models/{name}",
    f"{_VOICES}/": f"{_VOICES}/{{voice_id}}",
    "/v1/": "/v1/{path}",
    "/outputs/": "/outputs/{name}",
    # Gradio's own, and what pages load.
    "/gradio_api/": "/gradio_api/{path}",
    # Between nodes.
    "/_session_routing/": "/_session_routing/{path}",
    "/_lending/": "/_lending/{path}",
}
"""The first that begins a path counts."""
OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ROUTES = (*_EXACT, *_BELOW.values(), OTHER)


def route_of(path: str) -> str:
    """The label of a path that was asked for."""
    if path in _EXACT:
        return path
    return next((route for begin, route in _BELOW.items() if path.startswith(begin)), OTHER)


def known() -> list[tuple[str, str, str]]:
    """Route, method and status of what is expected or would be alarming, to be there at zero."""
    found = []
    for route, methods in _EXACT.items():
        statuses: tuple[str, ...] = ("200", "500", "503")
        if route in SPEAKS:
            statuses = ("200", "400", "429", "500", "503", "504", "507")
        found += [(route, method, status) for method in methods for status in statuses]
    gets = [route for route in _BELOW.values() if not route.startswith("/_")]
    return [*found, *((route, "GET", status) for route in gets for status in ("200", "404", "500"))]
