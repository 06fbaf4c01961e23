"""Releases on a host, and the one that runs. Pure."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath

from provisioning.facts.fact import Fact
from provisioning.resources.base import Observation
from provisioning.resources.shell_call import quote_call


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of a release, as far as that was written down."""

    version: str | None = None
    source: str | None = None
    ref: str | None = None
    commit: str | None = None
    built: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class KeptRelease:
    """One release on a host."""

    id: str
    unpacked: str
    """Time by the host's clock: ISO 8601, UTC."""
    whole: bool
    """True if it was unpacked, and its environment built, to the end."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class HostReleases:
    """The releases of one host. Ids are empty where there is none."""

    current: str = ""
    """The one that is started."""
    previous: str = ""
    """The one that was started before it."""
    running: tuple[str, ...] = ()
    """Those that processes were started from and still run."""
    kept: tuple[KeptRelease, ...] = field(default=())
    """All of them, the latest unpacked last."""
    problem: str = ""
    """Reason for which they cannot be told."""

    @property
    def whole(self) -> tuple[str, ...]:
        """Ids of those that can be run."""
        return tuple(one.id for one in self.kept if one.whole)


def host_releases(directory: PurePosixPath) -> Fact[HostReleases]:
    """Releases below the app's folder."""
    return Fact("host_releases", quote_call("look_at_releases", str(directory)), parse_releases)


def parse_releases(seen: Observation) -> HostReleases:
    """Parse the output of ``look_at_releases`` of the prelude."""
    if seen.status != 0:
        return HostReleases(problem=seen.stderr.strip() or f"status {seen.status}")
    links: dict[str, str] = {}
    running: list[str] = []
    kept: list[KeptRelease] = []
    for line in seen.stdout.splitlines():
        kind, _, rest = line.partition(" ")
        if kind in ("current", "previous"):
            links[kind] = PurePosixPath(rest).name
        elif kind == "runs":
            running.append(_release_of(rest))
        elif kind == "release":
            state, seconds, name, about = [*rest.split(" ", 3), ""][:4]
            unpacked = datetime.fromtimestamp(int(seconds), UTC).isoformat()
            kept.append(KeptRelease(name, unpacked, state == "release", read_origin(about)))
    return HostReleases(
        links.get("current", ""),
        links.get("previous", ""),
        tuple(dict.fromkeys(running)),
        tuple(kept),
    )


def _release_of(folder: str) -> str:
    """The release that a folder in it belongs to."""
    parts = PurePosixPath(folder).parts
    return parts[len(parts) - 1 - parts[::-1].index("releases") + 1]


def read_origin(line: str) -> Origin:
    """Origin in the line that is kept with a release; empty where it is not such a line."""
    try:
        found = json.loads(line)
        return Origin(
            **{
                key: str(found[key]) if found.get(key) is not None else None
                for key in ("version", "source", "ref", "commit", "built", "by")
            }
        )
    except (ValueError, AttributeError):
        return Origin()
