"""Supply the packages of a release to hosts that reach no index.

They travel once from the control machine, and from host to host. A wheel gets its name when its
checksum is right, so that whatever is cut goes on where it was.
"""

from ...engine.fleet import Fleet
from ...engine.observe import run_fragments
from ...engine.progress import Event
from ...facts.gather import ask
from ...facts.host_python import HostPython, host_python, oldest
from ...facts.probe import ProbeError
from ...model.app import App
from ...resources.shell_call import quote_call
from ...roles.release_archive import ReleaseArchive
from ...transport.base import Transport
from ..operation import Operation
from ..planning import Plans
from ..spreading.content import Content
from ..spreading.real_servers import helpers, real_servers
from ..spreading.spreading import spread
from .errors import ReleaseError
from .interpreter import install_interpreters
from .wheel_sets import WheelSets
from .wheelhouse import Wheel, fetch_wheels

_HERE = "control machine"
_MEGABYTE = 1_000_000


def supply(op: Operation, release: ReleaseArchive, plans: Plans) -> None:
    """Supply connected hosts whose plans build this release's environment, and
    nothing where nodes reach an index. Raises ``ReleaseError`` and ``SpreadError``; a host that
    is lost on the way is in ``fleet.errors``.
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
    pythons = _pythons(app, names, op.fleet)
    for kind in oldest(pythons.values()):
        hosts = [name for name, python in pythons.items() if python.kind == kind.kind]
        wheels = _fetched(op, release, environment.wheels, kind)
        _bring(op, hosts, environment.wheels, wheels)
    if names:
        _forget_others(op, environment.wheels)


def _pythons(app: App, names: list[str], fleet: Fleet) -> dict[str, HostPython]:
    """The Python of each host."""
    python = str(app.base_python)

    def look(name: str, transport: Transport) -> HostPython:
        try:
            return ask(name, transport, host_python(python))
        except ProbeError as error:
            raise ReleaseError(f"{name}: {python} cannot be used for app.venv: {error}") from None

    return fleet.each(names, look)


def _fetched(op: Operation, release: ReleaseArchive, key: str, kind: HostPython) -> list[Wheel]:
    venv = op.cluster.inventory.app.venv
    index = venv.index_url.address() if venv and venv.index_url else None

    def tell(line: str) -> None:
        op.progress(Event("step", _HERE, line))

    wheels = fetch_wheels(release.needs, kind, _sets(op, key), index, tell)
    size = sum(wheel.path.stat().st_size for wheel in wheels) // _MEGABYTE
    op.progress(Event("done", _HERE, f"{len(wheels)} wheels for {kind}, {size} MB"))
    return wheels


def _sets(op: Operation, key: str) -> WheelSets:
    return WheelSets(op.cluster.state_dir / "wheels", key)


def _forget_others(op: Operation, key: str) -> None:
    try:
        _sets(op, key).forget_others(op.cluster.inventory.app.keep_releases)
    except OSError as error:
        # Room is all that it costs: it ends no deploy.
        op.progress(Event("step", _HERE, f"old wheels stay: {error}"))


def _bring(op: Operation, hosts: list[str], key: str, wheels: list[Wheel]) -> None:
    """Bring one set of wheels to hosts, and then say there that it is complete."""
    directory, fleet = str(op.cluster.inventory.app.directory), op.fleet
    listed = "".join(f"{wheel.line}\n" for wheel in wheels)

    def run(name: str, transport: Transport, call: str) -> None:
        fragment = f"{call} <<'LIST'\n{listed}LIST"
        said = run_fragments(name, transport, {"wheels": fragment})["wheels"]
        if said.status != 0:
            raise ReleaseError(f"{name}: {said.stderr.strip() or f'status {said.status}'}")

    drop = quote_call("drop_other_wheels", directory)
    fleet.each(hosts, lambda name, transport: run(name, transport, drop))
    spread(
        fleet,
        real_servers(op.cluster),
        hosts,
        [_content(wheel) for wheel in wheels],
        op.progress,
        helpers=helpers(op.cluster, hosts),
    )
    complete = quote_call("list_wheels", directory, key)
    fleet.each(hosts, lambda name, transport: run(name, transport, complete))


def _content(wheel: Wheel) -> Content:
    name = wheel.path.name
    return Content(
        wheel.path,
        f"releases/.wheels/{name}",
        f"releases/.wheels/.{name}.part",
        wheel.sha256,
        wheel.path.stat().st_size,
    )
