mode 0644 root:root
"""Loki."""

from __future__ import annotations

from .lines import Line, compact, moment, nanoseconds, told_in
from .output import Output


class Loki(Output):
    """Streams by few labels; a request's id stays in the line, as it would make a stream a
    request."""

    path = "/loki/api/v1/push"
    kind = "application/json"

    def body(self, lines: list[Line]) -> bytes:
        streams: dict[tuple[tuple[str, str], ...], list[tuple[int, str]]] = {}
        for line in lines:
            own = told_in(line["line"])
            labels = {
                "cluster": self.settings["cluster"],
                "node": line["node"],
                "service": line["service"],
                "level": own.get("level") or line["level"],
            }
            at = nanoseconds(moment(own.get("time") or line["time"]))
            streams.setdefault(tuple(labels.items()), []).append((at, line["line"]))
        told = [
            {
                "stream": dict(labels),
                "values": [[str(at), text] for at, text in sorted(values, key=lambda one: one[0])],
            }
            for labels, values in streams.items()
        ]
        return compact({"streams": told})
