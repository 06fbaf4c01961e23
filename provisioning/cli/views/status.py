"""Shows a cluster's state to a person."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.text import Text

from ...facts.app.card_service import CardService
from ...facts.hosts.real_server import MountState, RealServerState
from ...facts.ipvs.table import TableServer, TableService
from ...model.address import IPAddress, endpoint
from ...model.derived.way_in import edges_alone
from ...model.inventory import Inventory
from ...operations.cluster_state.state import ClusterState
from ...operations.faults.fault import Fault
from ...operations.status.hints import hints
from ...roles.registry import ROLES
from ...roles.role import Role
from ...roles.wanted_services import WantedService, wanted_services
from .certificate import certificate_cell
from .folded_rows import Row, folded_rows
from .gpus import gpus_cell
from .plan import pin_lines
from .status_summary import all_faults, counts, drain_lines, run_lines
from .table import FittingTable


def status_view(inventory: Inventory, state: ClusterState, faults: list[Fault]) -> RenderableType:
    """Directors, their tables, real servers, storage, and what is wrong."""
    parts: list[RenderableType] = [*counts(inventory, state, faults)]
    if not edges_alone(inventory):
        parts += [_directors(inventory, state), Text()]
    for wanted in wanted_services(inventory, state.runtime):
        parts += [_service(wanted, state), Text()]
    parts += [_real_servers(inventory, state)]
    if inventory.app.per_gpu:
        parts += [Text(), _nodes(state)]
    if inventory.storage and any(_shown(inventory.storage.hosts, state)):
        parts += [Text(), _storage(inventory, state)]
    for role in ROLES:
        if role.key in state.others:
            parts += [Text(), _by_itself(role, inventory, state)]
    parts += [
        Text(),
        *run_lines(state),
        *drain_lines(state),
        *pin_lines(state.runtime.pins, state.runtime.pins),
        *(Text(f"hint: {hint}", "yellow") for hint in hints(state, faults)),
        *all_faults(faults, inventory),
    ]
    return Group(*parts)


def _shown(names: Iterable[str], state: ClusterState) -> Iterator[str]:
    """Those that were to be looked at."""
    return (name for name in names if name not in state.left_out)


def _table(title: str, *headings: str) -> FittingTable:
    # As text: the brackets of an IPv6 endpoint are no markup.
    return FittingTable(Text(title, "bold", justify="left"), headings)


_GONE = Text("unreachable", "bold red")


def _good(text: str, good: bool) -> Text:
    return Text(text, "" if good else "bold red")


def _directors(inventory: Inventory, state: ClusterState) -> FittingTable:
    table = _table("Directors", "host", "Keepalived", "VRRP", "holds", "sync")
    vips = [vip.address.ip for vip in inventory.virtual_ips]
    for name in inventory.directors.hosts:
        director = state.directors.get(name)
        if director is None:
            table.add_row(name, _GONE)
            continue
        held = [vip for vip in vips if director.interfaces.offers(vip)]
        said = {director.vrrp.get(vip, "?") for vip in vips}
        table.add_row(
            name,
            _good("runs" if director.keepalived else "stopped", director.keepalived),
            _good(", ".join(sorted(said)), said <= {"MASTER", "BACKUP"}),
            Text(", ".join(map(str, held)) or "-", "green" if held else "dim"),
            ", ".join(director.sync) or "-",
        )
    return table


def _service(wanted: WantedService, state: ClusterState) -> FittingTable:
    """A row for each real server, a column for each director."""
    title = f"{wanted.endpoint}  {wanted.service.scheduler.value}"
    if wanted.persistence:
        title += f", persistence {wanted.persistence} s"
    tables = {name: _in_table(d.table, wanted) for name, d in state.directors.items()}
    table = _table(title, "real server")
    for name in tables:
        table.add_column(f"{name}: weight", justify="right")
        table.add_column("active", justify="right")
        table.add_column("inactive", justify="right")
    known = {(address, wanted.service.port): name for name, address in wanted.servers.items()}
    shown = {key: name for key, name in known.items() if name not in state.left_out}
    extra = {
        (server.address, server.port): endpoint(server.address, server.port)
        for servers in tables.values()
        for server in servers.values()
        if (server.address, server.port) not in known
    }
    rows: list[Row] = []
    for key, label in {**shown, **extra}.items():
        cells: list[Text] = []
        for servers in tables.values():
            should = None if wanted.weights_move else wanted.weights.get(label)
            cells += _cells(servers.get(key), should, drained=label in wanted.drained)
        rows.append((_good(label, key in known), cells))
    # Of the three of each director, the connections.
    counters = [index for index in range(3 * len(tables)) if index % 3]
    for head, row in folded_rows(rows, counters):
        table.add_row(head, *row)
    return table


def _in_table(
    table: tuple[TableService, ...], wanted: WantedService
) -> dict[tuple[IPAddress, int], TableServer]:
    for service in table:
        if service.key == wanted.key:
            return {(server.address, server.port): server for server in service.servers}
    return {}


def _cells(server: TableServer | None, weight: int | None, *, drained: bool) -> list[Text]:
    if server is None and drained:
        return [Text("out", "yellow"), Text(), Text()]
    if server is None:
        return [Text("out", "bold red"), Text(), Text()]
    return [
        _good(str(server.weight), weight is None or server.weight == weight),
        Text(str(server.active)),
        Text(str(server.inactive)),
    ]


_COUNTERS = (6, 7)
"""Cells of a real server that are jobs: running, waiting."""


def _real_servers(inventory: Inventory, state: ClusterState) -> FittingTable:
    table = _table(
        "Real servers",
        "host",
        *(("VIP on lo", "ARP silent") if inventory.virtual_ips else ()),
        "service",
        "ready",
        "release",
        "engine",
        "running",
        "waiting",
        "outputs",
    )
    gpus = any(server.gpus for server in state.real_servers.values())
    if gpus:
        table.add_column("GPUs")
    ends_tls = bool(inventory.tls and not edges_alone(inventory))
    if ends_tls:
        table.add_column("certificate")
    rows: list[Row] = []
    for name in _shown(inventory.real_servers.hosts, state):
        server = state.real_servers.get(name)
        if server is None:
            rows.append((Text(name), [_GONE]))
        else:
            cells = _real_server(inventory, server, name in state.runtime.drains)
            more = [_gpus(server)] if gpus else []
            if inventory.tls and ends_tls:
                more += [certificate_cell(inventory.tls, server.certificate)]
            rows.append((Text(name), [*cells, *more]))
    for head, row in folded_rows(rows, _COUNTERS):
        table.add_row(head, *row)
    return table


def _nodes(state: ClusterState) -> FittingTable:
    """With one a card: a row for each, as each is started, asked and sent to by itself."""
    table = _table("Nodes", "node", "port", "GPU", "service", "ready", "running", "waiting")
    for server in state.real_servers.values():
        for name, node in server.nodes.items():
            said, why = node.app.status, node.app.not_ready
            table.add_row(
                name,
                str(node.port),
                node.card,
                _good(node.service or "none", node.service == "running"),
                Text("draining", "yellow")
                if said and said.draining
                else _good("yes" if not why else f"no: {why}", not why),
                Text(str(said.running) if said else "?"),
                Text(str(said.waiting) if said else "?"),
            )
    return table


def _gpus(server: RealServerState) -> Text:
    return gpus_cell(server.gpus, server.app.cards if server.app else CardService())


def _real_server(inventory: Inventory, server: RealServerState, drained: bool) -> list[Text]:
    bound = all(server.interfaces.on_lo(vip.address.ip) for vip in inventory.virtual_ips)
    silent = (server.arp_ignore or 0) >= 1 and server.arp_announce == 2
    running = server.service == "running"
    ready = all(said.ok for said in server.answers.values())
    app = server.app
    of_vips = [
        _good("yes" if bound else "no", bound),
        _good("yes" if silent else f"no: {server.arp_ignore}/{server.arp_announce}", silent),
    ]
    return [
        *(of_vips if inventory.virtual_ips else ()),
        _good(server.service or "none", running),
        Text("drained" if drained else "draining", "yellow")
        if drained or (app and app.draining)
        else _good("yes" if ready else "no", ready),
        _good(server.release or "none", bool(server.release)),
        Text((app.engine if app else "") or "?"),
        Text(str(app.running) if app else "?"),
        Text(str(app.waiting) if app else "?"),
        _outputs(inventory, server.mount),
    ]


def _outputs(inventory: Inventory, mount: MountState | None) -> Text:
    if inventory.storage is None:
        return Text("local", "dim")
    if mount is None:
        return Text("not mounted", "bold red")
    if not mount.answers:
        return Text(f"{mount.source} does not answer", "bold red")
    how = "rw" if mount.writable else "read-only"
    return _good(f"{mount.fstype} {how}, {decimal(mount.free)} free", mount.writable)


def _storage(inventory: Inventory, state: ClusterState) -> FittingTable:
    table = _table("Storage", "host", "NFS server", "exported to", "free", "of")
    for name in _shown(inventory.storage.hosts if inventory.storage else (), state):
        host = state.storage.get(name)
        if host is None:
            table.add_row(name, _GONE)
            continue
        table.add_row(
            name,
            _good(f"{host.threads} threads" if host.threads else "stopped", host.threads > 0),
            _good(", ".join(host.exported_to) or "nobody", bool(host.exported_to)),
            decimal(host.free),
            decimal(host.size),
        )
    return table


def _by_itself(role: Role, inventory: Inventory, state: ClusterState) -> FittingTable:
    seen = state.others[role.key]
    headings = next(iter(seen.values())).cells
    table = _table(role.name.capitalize(), "host", *headings)
    for name in _shown(role.hosts(inventory), state):
        host = seen.get(name)
        cells = [_GONE] if host is None else [_good(c.text, c.good) for c in host.cells.values()]
        table.add_row(name, *cells)
    return table
