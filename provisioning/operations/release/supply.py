"""Brings the packages of a release to hosts that reach no index.

They travel once from the control machine where the hosts share a folder, else once to each host.
A wheel arrives piece by piece and gets its name when its checksum is right, so that whatever is
cut goes on where it was.
"""

from base64 import encodebytes
from collections.abc import Collection

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.engine.progress import Event, Progress
from provisioning.model.app import App
from provisioning.operations.planning import Plans
from provisioning.operations.probes.fragment import ProbeError
from provisioning.operations.release.errors import ReleaseError
from provisioning.operations.release.interpreter import install_interpreters
from provisioning.operations.release.platform import HostPython, host_python, question
from provisioning.operations.release.wheelhouse import Wheel, fetch_wheels
from provisioning.operations.session import Site
from provisioning.resources.base import Observation
from provisioning.resources.wording import call
from provisioning.roles.release_archive import ReleaseArchive
from provisioning.transport.base import Transport

_PIECE = 4 * 1024 * 1024
"""Bytes of a wheel that travel at a time."""
_HERE = "control machine"
_MEGABYTE = 1_000_000


def supply(
    site: Site, release: ReleaseArchive, plans: Plans, fleet: Fleet, progress: Progress
) -> None:
    """Brings what connected hosts need whose plans are to build this release's environment, and
    nothing where nodes reach an index. Raises ``ReleaseError``; a host that is lost on the way
    is in ``fleet.errors``.
    """
    environment, app = release.environment, site.inventory.app
    if environment is None or environment.wheels is None:
        return
    unpack = f"release:{app.directory}"
    names = [
        name
        for name, plan in plans.hosts.items()
        if not plan.blocked and any(step.id == unpack for step in plan.steps)
    ]
    install_interpreters(names, str(app.base_python), plans, fleet, progress)
    for kind, hosts in _kinds(app, names, fleet).items():
        wheels = _fetched(site, release, environment.wheels, kind, progress)
        _bring(site, hosts, environment.wheels, wheels, fleet, progress)


def _kinds(app: App, names: list[str], fleet: Fleet) -> dict[HostPython, list[str]]:
    """Hosts by the Python they have."""
    python = str(app.base_python)

    def ask(name: str, transport: Transport) -> HostPython:
        try:
            return host_python(
                run_fragments(name, transport, {"python": question(python)})["python"]
            )
        except ProbeError as error:
            raise ReleaseError(f"{name}: {python} cannot be used for app.venv: {error}") from None

    kinds: dict[HostPython, list[str]] = {}
    for name, kind in fleet.each(names, ask).items():
        kinds.setdefault(kind, []).append(name)
    return kinds


def _fetched(
    site: Site, release: ReleaseArchive, key: str, kind: HostPython, progress: Progress
) -> list[Wheel]:
    venv = site.inventory.app.venv
    index = venv.index_url.address() if venv and venv.index_url else None
    folder = site.state_dir / "wheels" / f"{key}-{kind}"

    def tell(line: str) -> None:
        progress(Event("step", _HERE, line))

    wheels = fetch_wheels(release.needs, kind, folder, index, tell)
    size = sum(wheel.path.stat().st_size for wheel in wheels) // _MEGABYTE
    progress(Event("done", _HERE, f"{len(wheels)} wheels for {kind}, {size} MB"))
    return wheels


def _bring(
    site: Site,
    hosts: list[str],
    key: str,
    wheels: list[Wheel],
    fleet: Fleet,
    progress: Progress,
) -> None:
    storage = site.inventory.storage
    shared = str(storage.mount_point) if storage and len(hosts) > 1 else ""
    bringing = _Bringing(str(site.inventory.app.directory), shared, key, wheels, progress)
    if not shared:
        fleet.each(hosts, bringing.to_host)
        return
    # The first host that gets through puts them where the others find them.
    for number, first in enumerate(hosts):
        if fleet.each([first], bringing.to_host_and_shared):
            fleet.each(hosts[number + 1 :], bringing.to_host)
            fleet.each([first], bringing.clear_shared)
            return


class _Bringing:
    """One set of wheels on its way to hosts."""

    def __init__(
        self, directory: str, shared: str, key: str, wheels: Collection[Wheel], progress: Progress
    ) -> None:
        self._directory, self._shared, self._key = directory, shared, key
        self._wheels, self._progress = wheels, progress
        self._lines = "".join(f"{wheel.line}\n" for wheel in wheels)

    def to_host(self, name: str, transport: Transport) -> bool:
        """All that the host does not have, from the shared folder or from here."""
        for number, (wheel, offset) in enumerate(self._missing(name, transport), 1):
            if offset is not None:
                self._send(name, transport, number, wheel, offset)
        listed = call("list_wheels", self._directory, self._key)
        self._ask(name, transport, f"{listed} <<'LIST'\n{self._lines}LIST")
        self._progress(Event("done", name, f"has the {len(self._wheels)} wheels"))
        return True

    def to_host_and_shared(self, name: str, transport: Transport) -> bool:
        """The host has them all, and the shared folder too where it can be written."""
        self.to_host(name, transport)
        self._ask(name, transport, call("share_wheels", self._directory, self._shared))
        return True

    def clear_shared(self, name: str, transport: Transport) -> None:
        """Nothing of them stays in the shared folder."""
        self._ask(name, transport, call("unshare_wheels", self._shared))

    def _missing(self, name: str, transport: Transport) -> list[tuple[Wheel, int | None]]:
        """Every wheel, and how much of it is on the host; nothing where that is all of it."""
        self._progress(Event("step", name, f"look for {len(self._wheels)} wheels"))
        asked = {
            str(number): call(
                "take_wheel", self._directory, wheel.path.name, wheel.sha256, self._shared
            )
            for number, wheel in enumerate(self._wheels)
        }
        found = run_fragments(name, transport, asked)
        said = [_printed(name, found[key]) for key in asked]
        return [
            (wheel, None if word == "there" else int(word))
            for wheel, word in zip(self._wheels, said, strict=True)
        ]

    def _send(
        self, name: str, transport: Transport, number: int, wheel: Wheel, offset: int
    ) -> None:
        size, file_name = wheel.path.stat().st_size, wheel.path.name
        finish = call("finish_wheel", self._directory, file_name, wheel.sha256)
        with wheel.path.open("rb") as file:
            # Whatever is there of it, there is a last piece, with which it gets its name.
            offset = min(offset, size - 1)
            file.seek(offset)
            while piece := file.read(_PIECE):
                add = call("add_to_wheel", self._directory, file_name, str(offset))
                offset += len(piece)
                last = f"\n{finish}" if offset >= size else ""
                text = encodebytes(piece).decode()
                self._ask(name, transport, f"{add} <<'BASE64'\n{text}BASE64{last}")
                part = f"{offset // _MEGABYTE} of {size // _MEGABYTE} MB"
                self._progress(
                    Event("step", name, f"bring {file_name}, {part}", number, len(self._wheels))
                )

    def _ask(self, name: str, transport: Transport, fragment: str) -> str:
        return _printed(name, run_fragments(name, transport, {"wheels": fragment})["wheels"])


def _printed(name: str, said: Observation) -> str:
    if said.status != 0:
        raise ReleaseError(f"{name}: {said.stderr.strip() or f'status {said.status}'}")
    return said.stdout.strip()
