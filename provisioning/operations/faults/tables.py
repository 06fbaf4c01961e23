"""The directors' kernel tables agree with the inventory and with each other."""

from ...facts.hosts.director import DirectorState
from ...facts.ipvs.sync_daemon import SyncRole
from ...facts.ipvs.table import ServiceKey, TableServer, TableService
from ...model.address import endpoint
from ...model.derived.resolve import sync_daemon_of, virtual_services
from ...model.inventory import Inventory
from ...model.service import serves
from ...roles.wanted_services import WantedService, wanted_services
from ..cluster_state.state import ClusterState
from .fault import Fault

_RELOAD = (
    "if someone changed it by hand (ipvsadm), restart Keepalived on the host: a reload does not"
    " mend it; otherwise `cluster deploy`"
)
_NOT_READY = "no more than a consequence: see what is said of {name} itself"
_QUORUM = (
    "no more than a consequence: see what is said of the real servers; it ends when enough of them"
    " pass their checks"
)
_GONE = (
    "keepalived-guard on the host starts Keepalived anew within seconds, which mends it, and"
    " `cluster deploy` does so at once"
)


def table_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Differences of a table from the inventory: services, schedulers, weights."""
    wanted = wanted_services(inventory, state.runtime)
    faults = []
    for name, director in state.directors.items():
        if director.problem:
            faults.append(Fault(name, f"no IPVS table: {director.problem}", "`cluster deploy`"))
            continue
        table = _by_key(director)
        for service in wanted:
            present = table.pop(service.key, None)
            if present is None:
                text = f"{service.endpoint} is not in the kernel's table"
                faults.append(Fault(name, text, _GONE))
            else:
                faults += _service(name, present, service)
        for other in table.values():
            text = f"{endpoint(other.address, other.port)} is in the table, not in the inventory"
            faults.append(Fault(name, text, _RELOAD))
    return faults


def absent_server_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Real servers that get nothing: out of the table of some directors or of all."""
    tables = {
        name: _by_key(director)
        for name, director in state.directors.items()
        if not director.problem
    }
    out: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for service in wanted_services(inventory, state.runtime):
        for name, address in service.servers.items():
            if name in service.drained:
                # Gone or of weight 0, it gets nothing, which is what is wanted.
                continue
            # Where the whole service is missing, that is said, and no health check is to blame.
            absent = tuple(
                director
                for director, table in tables.items()
                if service.key in table and not _find(table[service.key], address)
            )
            if absent:
                out.setdefault((name, absent), []).append(service.endpoint)
    faults = []
    for (name, absent), endpoints in out.items():
        where = "every director"
        if others := [one for one in tables if one not in absent and _has_any(tables[one])]:
            where = f"{' and '.join(absent)} but not on {' and '.join(others)}"
        elif len(absent) < len(tables):
            where = " and ".join(absent)
        text = f"out of the table for {', '.join(endpoints)} on {where}"
        faults.append(Fault(name, text, _why_out(inventory, state, name, absent)))
    return faults


def _why_out(inventory: Inventory, state: ClusterState, name: str, absent: tuple[str, ...]) -> str:
    server = state.real_servers.get(name)
    if server is None or server.service != "running" or not server.ready:
        return _NOT_READY.format(name=name)
    # It answers itself at its own address, so either they have yet to ask again, or cannot.
    service = next(one for one in virtual_services(inventory) if serves(one, name))
    address = inventory.real_servers.hosts[name].address
    return (
        f"{name} itself is ready. Just ready, it is taken back at the next check (each"
        f" {service.check.interval:g} s); else {' and '.join(absent)} cannot reach"
        f" {endpoint(address, service.port)}: a firewall or network between them"
        f" (`cluster exec {absent[0]} -- timeout 3 bash -c 'echo >"
        f" /dev/tcp/{address}/{service.port}'` shows it), or the check asks for something"
        f" else (`cluster logs {absent[0]}`)"
    )


def sync_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Connection synchronisation: the director that holds the first VIP tells, the others listen
    (keepalived.conf(5), lvs_sync_daemon)."""
    if sync_daemon_of(inventory) is None or not inventory.virtual_ips:
        return []
    fix = "restart Keepalived on the host; see in its log whether the sync daemon could start"
    vip = inventory.virtual_ips[0].address.ip
    faults = []
    for name, director in state.directors.items():
        side: SyncRole = "master" if director.interfaces.offers(vip) else "backup"
        if side not in director.sync:
            runs = f"only as {director.sync[0]}" if director.sync else "not at all"
            text = f"the connection sync daemon should run as {side}, and runs {runs}"
            faults.append(Fault(name, text, fix))
    return faults


def _by_key(director: DirectorState) -> dict[ServiceKey, TableService]:
    return {service.key: service for service in director.table}


def _has_any(table: dict[ServiceKey, TableService]) -> bool:
    return any(service.servers for service in table.values())


def _find(service: TableService, address: object) -> TableServer | None:
    return next((server for server in service.servers if server.address == address), None)


def _service(name: str, present: TableService, wanted: WantedService) -> list[Fault]:
    differences: list[str] = []
    faults: list[Fault] = []

    def compare(what: str, found: object, should: object) -> None:
        if found != should:
            differences.append(f"{what} {found or 'none'} instead of {should or 'none'}")

    compare("scheduler is", present.scheduler, wanted.service.scheduler.value)
    compare("scheduler flags are", _words(present.flags), _words(wanted.flags))
    compare("persistence is", present.persistence, wanted.persistence)
    compare("persistence granularity is", present.granularity, wanted.granularity)
    for server in present.servers:
        known = wanted.name_of((server.address, server.port))
        if known is None:
            if server.address != wanted.sorry_address:
                place = endpoint(server.address, server.port)
                differences.append(f"{place} gets requests but is not in the inventory")
            else:
                who = "server" if wanted.service.sorry_page is None else "page"
                text = f"the sorry {who} answers, because the quorum is lost"
                faults.append(Fault(name, f"{wanted.endpoint}: {text}", _QUORUM))
            continue
        if server.weight == 0 and wanted.service.inhibit_on_failure and wanted.weights[known]:
            differences.append(f"{known} has weight 0, because its health check fails")
        elif not wanted.weights_move or known in wanted.drained:
            compare(f"weight of {known} is", str(server.weight), str(wanted.weights[known]))
        compare(f"forwarding to {known} is", server.forward, "Route")
    faults += [Fault(name, f"{wanted.endpoint}: {text}", _RELOAD) for text in differences]
    return faults


def _words(flags: frozenset[str]) -> str:
    return ", ".join(sorted(flags))
