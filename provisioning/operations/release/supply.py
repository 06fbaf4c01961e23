"""Supply the packages of a release to hosts that reach no index.

They travel once from the control machine where the hosts share a folder, else once to each host.
Many small ones share a round trip, a large one takes several. A wheel gets its name when its
checksum is right, so that whatever is cut goes on where it was.
"""

from base64 import encodebytes
from collections.abc import Collection

from ...engine.fleet import Fleet
from ...engine.observe import run_fragments
from ...engine.progress import Event, Progress
from ...facts.gather import ask
from ...facts.host_python import HostPython, host_python
from ...facts.probe import ProbeError
from ...model.app import App
from ...resources.base import Observation
from ...resources.shell_call import quote_call
from ...roles.release_archive import ReleaseArchive
from ...transport.base import Transport
from ..operation import Operation
from ..planning import Plans
from .errors import ReleaseError
from .interpreter import install_interpreters
from .wheel_pieces import Piece, loads, pieces
from .wheelhouse import Wheel, fetch_wheels

_LOAD = 4 * 1024 * 1024
"""Bytes of wheels that travel in one round trip: many small ones, or a piece of a large one."""
_HERE = "control machine"
_MEGABYTE = 1_000_000


def supply(op: Operation, release: ReleaseArchive, plans: Plans) -> None:
    """Supply connected hosts whose plans build this release's environment, and
    nothing where nodes reach an index. Raises ``ReleaseError``; a host that is lost on the way
    is in ``fleet.errors``.
    """
    environment, app = release.environment, op.cluster.inventory.app
    if environment is None or environment.wheels is None:
        return
    unpack = f"release:{app.directory}"
    names = [
        name
        for name, plan in plans.hosts.items()
        if not plan.blocked and any(step.id == unpack for step in plan.steps)
    ]
    install_interpreters(names, str(app.base_python), plans, op.fleet, op.progress)
    for kind, hosts in _kinds(app, names, op.fleet).items():
        wheels = _fetched(op, release, environment.wheels, kind)
        _bring(op, hosts, environment.wheels, wheels)


def _kinds(app: App, names: list[str], fleet: Fleet) -> dict[HostPython, list[str]]:
    """Group hosts by their Python."""
    python = str(app.base_python)

    def look(name: str, transport: Transport) -> HostPython:
        try:
            return ask(name, transport, host_python(python))
        except ProbeError as error:
            raise ReleaseError(f"{name}: {python} cannot be used for app.venv: {error}") from None

    kinds: dict[HostPython, list[str]] = {}
    for name, kind in fleet.each(names, look).items():
        kinds.setdefault(kind, []).append(name)
    return kinds


def _fetched(op: Operation, release: ReleaseArchive, key: str, kind: HostPython) -> list[Wheel]:
    venv = op.cluster.inventory.app.venv
    index = venv.index_url.address() if venv and venv.index_url else None
    folder = op.cluster.state_dir / "wheels" / f"{key}-{kind}"

    def tell(line: str) -> None:
        op.progress(Event("step", _HERE, line))

    wheels = fetch_wheels(release.needs, kind, folder, index, tell)
    size = sum(wheel.path.stat().st_size for wheel in wheels) // _MEGABYTE
    op.progress(Event("done", _HERE, f"{len(wheels)} wheels for {kind}, {size} MB"))
    return wheels


def _bring(op: Operation, hosts: list[str], key: str, wheels: list[Wheel]) -> None:
    storage, fleet = op.cluster.inventory.storage, op.fleet
    shared = str(storage.mount_point) if storage and len(hosts) > 1 else ""
    bringing = _Bringing(str(op.cluster.inventory.app.directory), shared, key, wheels, op.progress)
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
        """Bring all that the host lacks, from the shared folder or from here."""
        missing = self._missing(name, transport)
        size = sum(wheel.path.stat().st_size - offset for wheel, offset in missing)
        sent = 0
        for load in loads(pieces(missing, _LOAD), _LOAD):
            sent += sum(len(piece.data) for piece in load)
            part = f"{sent // _MEGABYTE} of {size // _MEGABYTE} MB"
            self._progress(Event("step", name, f"bring {load[-1].wheel.path.name}, {part}"))
            self._send(name, transport, load)
        listed = quote_call("list_wheels", self._directory, self._key)
        self._ask(name, transport, f"{listed} <<'LIST'\n{self._lines}LIST")
        self._progress(Event("done", name, f"has the {len(self._wheels)} wheels"))
        return True

    def to_host_and_shared(self, name: str, transport: Transport) -> bool:
        """Bring all wheels to the host, and to the shared folder where it can be written."""
        self.to_host(name, transport)
        self._ask(name, transport, quote_call("share_wheels", self._directory, self._shared))
        return True

    def clear_shared(self, name: str, transport: Transport) -> None:
        """Remove the wheels from the shared folder."""
        self._ask(name, transport, quote_call("unshare_wheels", self._shared))

    def _missing(self, name: str, transport: Transport) -> list[tuple[Wheel, int]]:
        """List every wheel that is not complete on the host, and how many bytes of it are there."""
        self._progress(Event("step", name, f"look for {len(self._wheels)} wheels"))
        asked = {
            str(number): quote_call(
                "take_wheel", self._directory, wheel.path.name, wheel.sha256, self._shared
            )
            for number, wheel in enumerate(self._wheels)
        }
        found = run_fragments(name, transport, asked)
        said = [_printed(name, found[key]) for key in asked]
        return [
            (wheel, int(word))
            for wheel, word in zip(self._wheels, said, strict=True)
            if word != "there"
        ]

    def _send(self, name: str, transport: Transport, load: list[Piece]) -> None:
        asked = {str(number): self._fragment(piece) for number, piece in enumerate(load)}
        found = run_fragments(name, transport, asked)
        for key in asked:
            _printed(name, found[key])

    def _fragment(self, piece: Piece) -> str:
        file_name, text = piece.wheel.path.name, encodebytes(piece.data).decode()
        add = quote_call("add_to_wheel", self._directory, file_name, str(piece.offset))
        finish = quote_call("finish_wheel", self._directory, file_name, piece.wheel.sha256)
        return f"{add} <<'BASE64'\n{text}BASE64" + (f"\n{finish}" if piece.is_last else "")

    def _ask(self, name: str, transport: Transport, fragment: str) -> str:
        return _printed(name, run_fragments(name, transport, {"wheels": fragment})["wheels"])


def _printed(name: str, said: Observation) -> str:
    if said.status != 0:
        raise ReleaseError(f"{name}: {said.stderr.strip() or f'status {said.status}'}")
    return said.stdout.strip()
