"""Every route of a node's application, Gradio's own too: `python -m tests.app.all_routes` with a
node's arguments prints them as JSON, [method, path] each."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app import application, server
from app.cli import main
from app.settings import Settings
from app.web import environment


def _found(routes: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        path = prefix + getattr(route, "path", "")
        for method in sorted(getattr(route, "methods", None) or ()):
            yield method, path
        yield from _found(getattr(route, "routes", None) or (), path)
        # FastAPI keeps what was included as it was.
        if included := getattr(route, "original_router", None):
            yield from _found(included.routes, prefix + route.include_context.prefix)


def _print_all(settings: Settings) -> None:
    with tempfile.TemporaryDirectory() as folder:
        node = server._node(settings, Path(folder), server._watches(settings))
        environment.prepare(Path(folder))
        web = application.build(node)
        print(json.dumps(sorted(set(_found(web.routes)))))


if __name__ == "__main__":
    server.run = _print_all
    main(sys.argv[1:], standalone_mode=False)
