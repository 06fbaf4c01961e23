"""The kernel of a director: IPVS, its schedulers and its settings."""

from ...model.derived.resolve import routes_sessions, virtual_services
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...resources.base import Requirement, Resource
from ...resources.kernel_module import KernelModules
from ...resources.sysctl import Sysctl
from ..rendering import RenderedFile
from ..role_host import RoleHost


def kernel(host: RoleHost) -> list[Resource]:
    """Modules and settings, now and after a reboot."""
    modules = _modules(host.inventory)
    settings = sysctls(host.inventory, host.runtime)
    return [
        RenderedFile(
            path="/etc/modules-load.d/cosyvoice-cluster.conf",
            content=host.render("modules.conf.j2", modules=modules),
        ),
        KernelModules(names=modules),
        RenderedFile(
            path="/etc/sysctl.d/60-cosyvoice-director.conf",
            content=host.render("sysctl.conf.j2", sysctls=settings),
        ),
        *(Sysctl(key=key, value=value) for key, value in settings),
    ]


def sysctls(inventory: Inventory, runtime: Runtime) -> list[tuple[str, str]]:
    """IPVS settings of a director, by full key.

    A dead server's clients are told at once (expire_nodest_conn); persistence does not hold them
    to it (expire_quiescent_template); a director that also holds the VIP on lo, or is backup,
    does not schedule what the master has scheduled (backup_only). A client that uses a port again
    is scheduled anew, though the kernel last saw that connection in FIN_WAIT, which with direct
    routing is as far as it sees one (conn_reuse_mode, its second bit).

    While a server drains, persistence holds its clients to it, as their sessions live there,
    unless nodes route sessions: the kernel sends their new connections to a server of weight 0
    too, unless expire_quiescent_template says that they go elsewhere (ipvs-sysctl, kernel
    documentation).
    """
    draining = any(not drain.settled for drain in runtime.drains.values())
    persistent = any(service.persistence for service in virtual_services(inventory))
    held = draining and persistent and not routes_sessions(inventory)
    chosen: dict[str, int | str] = {
        "backup_only": 1,
        "conn_reuse_mode": 3,
        "expire_nodest_conn": 1,
        "expire_quiescent_template": 0 if held else 1,
        **inventory.ipvs.sysctls,
    }
    return [(f"net.ipv4.vs.{key}", str(value)) for key, value in sorted(chosen.items())]


def _modules(inventory: Inventory) -> tuple[str, ...]:
    schedulers = sorted({f"ip_vs_{service.scheduler}" for service in virtual_services(inventory)})
    return ("ip_vs", *schedulers)


def ipvs_requirement() -> Requirement:
    """IPVS is in the kernel, or a module of it."""
    return Requirement(
        "the kernel has IPVS",
        "[ -e /proc/net/ip_vs ] || modprobe -n ip_vs 2>&1",
        "install a kernel with the ip_vs module (Debian's stock kernels have it)",
    )
