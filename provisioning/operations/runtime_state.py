"""The runtime state of a cluster in a file of its state folder, beside journal and lock.

Written by whoever holds the cluster's lock, read by everything that renders. A file is replaced
whole, so that its old or its new content is there at any moment.
"""

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from provisioning.expected_error import ExpectedError
from provisioning.model.runtime import Drain, Pin, Runtime

_FILE = "runtime.json"
_TOLD = "runtime-told.json"


class RuntimeStateError(ExpectedError):
    """The file cannot be used; the message names it and the fix."""


def load_runtime(folder: Path) -> Runtime:
    """The state kept in a cluster's state folder; empty where there is none.

    Raises ``RuntimeStateError``: to go on without it would put drained hosts back to work.
    """
    return _load(folder / _FILE)


def load_told(folder: Path) -> Runtime:
    """The state that the directors were made to follow last; an earlier one than ``load_runtime``
    has where a run was cut in between."""
    return _load(folder / _TOLD)


def _load(path: Path) -> Runtime:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        drains = {str(name): Drain(**fields) for name, fields in content["drains"].items()}
        pins = {str(name): Pin(**fields) for name, fields in content.get("pins", {}).items()}
        shares = {str(name): int(share) for name, share in content.get("shares", {}).items()}
        return Runtime(drains, content.get("preferred"), pins, shares)
    except FileNotFoundError:
        return Runtime()
    except OSError as error:
        raise RuntimeStateError(
            f"{path} cannot be read: {error.strerror}; correct its permissions"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RuntimeStateError(
            f"{path} is damaged, so it is not known which hosts are drained or rolled back; delete "
            "it and `cluster drain` or `cluster rollback` them again"
        ) from None


def save_runtime(folder: Path, runtime: Runtime) -> None:
    """Replaces the state. Raises ``RuntimeStateError``."""
    _save(folder / _FILE, runtime)


def save_told(folder: Path, runtime: Runtime) -> None:
    """The directors follow this one now. Raises ``RuntimeStateError``."""
    _save(folder / _TOLD, runtime)


def _save(path: Path, runtime: Runtime) -> None:
    content = {
        "drains": {name: asdict(drain) for name, drain in runtime.drains.items()},
        "preferred": runtime.preferred,
        "pins": {name: asdict(pin) for name, pin in runtime.pins.items()},
        "shares": dict(runtime.shares),
    }
    replace_file(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def replace_file(path: Path, text: str) -> None:
    """Writes a file of the state folder whole, on disk before it takes the old one's place.
    Raises ``RuntimeStateError``."""
    candidate = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with candidate.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        candidate.replace(path)
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
