"""Which releases hosts have, and which one runs. Pure but for the look itself."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.operations.release.origin import Origin, read
from provisioning.resources.base import Observation
from provisioning.resources.shell_call import quote_call
from provisioning.transport.base import Transport

_LOOK = "releases"


@dataclass(frozen=True, slots=True)
class KeptRelease:
    """One release on a host."""

    id: str
    unpacked: str
    """When, by the host's clock: ISO 8601, UTC."""
    whole: bool
    """Whether it was unpacked, and its environment built, to the end."""
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
    """Why it cannot be told."""

    @property
    def whole(self) -> tuple[str, ...]:
        """Ids of those that can be run."""
        return tuple(one.id for one in self.kept if one.whole)


def look_at_releases(
    directory: PurePosixPath, names: list[str], fleet: Fleet
) -> dict[str, HostReleases]:
    """Connects to hosts and looks, in one round trip each. Those that cannot be reached are
    missing, and are in ``fleet.errors``."""
    fleet.connect(names)
    question = {_LOOK: quote_call("look_at_releases", str(directory))}

    def look(name: str, transport: Transport) -> HostReleases:
        return parse_releases(run_fragments(name, transport, question)[_LOOK])

    return fleet.each(names, look)


def parse_releases(seen: Observation) -> HostReleases:
    """What ``look_at_releases`` of the prelude printed."""
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
            kept.append(KeptRelease(name, unpacked, state == "release", read(about)))
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
