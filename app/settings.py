"""What the node is told at its start: command line over environment over defaults."""

import argparse
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.engines import registry

_PREFIX = "COSYVOICE_"


@dataclass(frozen=True, slots=True)
class Settings:
    """The node's settings. Times are in seconds."""

    host: str
    port: int
    enable_queue: bool
    output_dir: Path
    node_name: str
    workers: int
    engine: str
    job_timeout: int
    queue_size: int
    log_level: str
    drain_file: Path | None
    release: str


def parse(arguments: Sequence[str] | None = None) -> Settings:
    """Reads the settings; a wrong one ends the process with one line and status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m app",
        description="A text-to-speech node: web page and HTTP API.",
        epilog=f"Every option can be given as an environment variable: {_PREFIX}WORKERS=2. "
        f"{_PREFIX}DRAIN_FILE names a file; while it exists the node says it takes no work. "
        f"{_PREFIX}RELEASE is shown as the release that runs.",
    )

    def add(name: str, default: str, kind: type | object, text: str) -> None:
        variable = _PREFIX + name.upper().replace("-", "_")
        parser.add_argument(
            f"--{name}",
            default=os.environ.get(variable, default),
            type=kind,  # type: ignore[arg-type]
            help=f"{text} (default: {default})",
        )

    add("host", "127.0.0.1", str, "address to listen on; 0.0.0.0 is all")
    add("port", "7860", _between(1, 65535), "port to listen on")
    add("output-dir", "outputs", Path, "folder for finished audio, shared by all nodes")
    add("node-name", platform.node() or "node", _name, "what this node is called")
    add("workers", "1", _between(1, 64), "worker processes, one job each at a time")
    add("engine", registry.DEFAULT, str, f"one of {', '.join(registry.names())}")
    add("job-timeout", "60", _between(1, 86400), "seconds a job may take before it is stopped")
    add("queue-size", "32", _between(1, 10000), "jobs that may wait; further ones are refused")
    add("log-level", "info", _level, "debug, info, warning or error")
    parser.add_argument(
        "--enable-queue",
        action="store_true",
        default=os.environ.get(f"{_PREFIX}ENABLE_QUEUE", "").lower() in ("1", "true", "yes"),
        help="queue the page's requests; without it one is served and others are told to wait",
    )
    found = parser.parse_args(arguments)
    if found.engine not in registry.names():
        parser.error(f"there is no engine {found.engine!r}; there is {', '.join(registry.names())}")
    drain_file = os.environ.get(f"{_PREFIX}DRAIN_FILE")
    return Settings(
        **vars(found),
        drain_file=Path(drain_file) if drain_file else None,
        release=os.environ.get(f"{_PREFIX}RELEASE") or Path.cwd().resolve().name,
    )


def _between(low: int, high: int) -> object:
    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not between {low} and {high}")
        return value

    return number


def _name(text: str) -> str:
    # It becomes part of file names.
    if not text or not all(c.isalnum() or c in "-_." for c in text) or text.startswith("."):
        raise argparse.ArgumentTypeError(f"{text!r} may hold letters, digits, - _ and . only")
    return text


def _level(text: str) -> str:
    if text.lower() not in ("debug", "info", "warning", "error"):
        raise argparse.ArgumentTypeError(f"{text!r} is not debug, info, warning or error")
    return text.lower()
