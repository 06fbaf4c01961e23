"""The knowledge a control machine's folder has of a cluster, in files beside journal and lock.

The cluster itself remembers it on its hosts (``cluster_record``); these files are what this
folder saw or wrote last. Written by whoever holds the cluster's lock, read by everything that
renders. A file is replaced whole, so that its old or its new content is there at any moment.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import RLock

from ...durable_file import write_durably
from ...errors import ClusterError
from ...model.cluster_record import (
    ClusterRecord,
    RecordFormatError,
    from_text,
    runtime_from,
    runtime_record,
    to_text,
)
from ...model.runtime import Drain, Pin, Runtime

_FILE = "runtime.json"
_APPLIED = "runtime-told.json"

Writer = Callable[[ClusterRecord], ClusterRecord]
_writers: dict[Path, Writer] = {}
_changing = RLock()
"""Of the threads of a run each changes a part of the record; none takes another's back."""


class RuntimeStateError(ClusterError):
    """The file cannot be used; the message names it and the fix."""


def load_record(folder: Path) -> ClusterRecord:
    """Load what this folder knows of the cluster; nothing where it knows none. Raises
    ``RuntimeStateError``: to go on without it would put drained hosts back to work."""
    path = folder / _FILE
    text = _text(path)
    try:
        return ClusterRecord() if text is None else from_text(text)
    except (RecordFormatError, ValueError):
        raise RuntimeStateError(
            f"{path} is damaged, so it is not known here which hosts are drained or rolled back; "
            "delete it: what the cluster's hosts remember is taken over"
        ) from None


def load_applied(folder: Path) -> Runtime:
    """Read the state last applied to the directors; it is older than that of ``load_record`` where
    a run was cut in between."""
    path = folder / _APPLIED
    text = _text(path)
    try:
        return Runtime() if text is None else runtime_from(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RuntimeStateError(f"{path} is damaged; delete it and deploy") from None


def save_record(folder: Path, record: ClusterRecord) -> None:
    """Replaces what this folder knows. Raises ``RuntimeStateError``."""
    replace_file(folder / _FILE, to_text(record), mode=0o600)


def save_runtime(folder: Path, runtime: Runtime) -> None:
    """Replaces the state, on the hosts that remember it first. Raises ``RuntimeStateError``, and
    ``TransportError`` where none of them can be told."""
    change(folder, lambda record: replace(record, runtime=runtime))


def change(folder: Path, to: Callable[[ClusterRecord], ClusterRecord]) -> None:
    """As ``save_runtime``, for any part of the record; nothing is written where nothing
    changes."""
    with _changing:
        record = load_record(folder)
        changed = to(record)
        if changed != record:
            writer = _writers.get(folder)
            save_record(folder, writer(changed) if writer else changed)


@contextmanager
def written_by(folder: Path, writer: Writer) -> Iterator[None]:
    """For the time of the block the writer has hosts remember each new record, and returns it as
    they have it."""
    _writers[folder] = writer
    try:
        yield
    finally:
        del _writers[folder]


def save_applied(folder: Path, runtime: Runtime) -> None:
    """Record that this state is applied to the directors. Raises ``RuntimeStateError``."""
    content = runtime_record(runtime)
    replace_file(folder / _APPLIED, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RuntimeStateError(
            f"{path} cannot be read: {error.strerror}; correct its permissions"
        ) from None


def replace_file(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Writes a file of the state folder whole, on disk before it takes the old one's place.
    Raises ``RuntimeStateError``."""
    try:
        write_durably(path, text, mode=mode)
    except OSError as error:
        raise RuntimeStateError(f"{path} cannot be written: {error.strerror}") from None


def with_pins(runtime: Runtime, pins: Mapping[str, Pin]) -> Runtime:
    """The state with these real servers kept at their releases."""
    return replace(runtime, pins={**runtime.pins, **pins})


def without_pins(runtime: Runtime, names: Collection[str]) -> Runtime:
    """The state with these real servers free to go forward."""
    return replace(runtime, pins={key: p for key, p in runtime.pins.items() if key not in names})


def with_drain(runtime: Runtime, name: str, drain: Drain) -> Runtime:
    """The state with one more real server drained."""
    return replace(runtime, drains={**runtime.drains, name: drain})


def without_drain(runtime: Runtime, name: str) -> Runtime:
    """The state with a real server back at work."""
    return replace(runtime, drains={key: d for key, d in runtime.drains.items() if key != name})


def with_share(runtime: Runtime, name: str, percent: int) -> Runtime:
    """The state with a real server at a share of its weight; 100 is all of it."""
    others = {key: share for key, share in runtime.shares.items() if key != name}
    return replace(runtime, shares={**others, name: percent} if percent < 100 else others)
