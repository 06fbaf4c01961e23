"""The firewall: its rules, its program, and their service. Pure."""

from ...model.derived.resolve import connection_of
from ...places import (
    FIREWALL,
    FIREWALL_PROGRAM,
    FIREWALL_RULES,
    FIREWALL_RUN,
    FIREWALL_STATE,
    FIREWALL_TABLE,
)
from ...resources.base import Requirement, Resource
from ...resources.directory import Directory
from ...resources.firewall import FirewallRules
from ...resources.package import Packages
from ...resources.service import Service
from ..deployment import Deployment
from ..part import RolePart
from ..rendering import INVENTORY_MARK, RenderedFile
from ..role_host import RoleHost
from .ruleset import openings, rules

_PATIENCE = 45
"""Seconds, beside those that a connection may take, until a host goes back to its former rules."""
_CONNECT_TIMEOUT = 10


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of a host with a role; nothing without ``firewall``."""
    if deployment.inventory.firewall is None:
        return RolePart((), (), ())
    host = RoleHost(deployment, name, "firewall")
    values: dict[str, object] = {
        "script": FIREWALL_PROGRAM,
        "table": FIREWALL_TABLE,
        "state": FIREWALL_STATE,
        "run": FIREWALL_RUN,
    }
    content = _ruleset(host, values)
    resources: tuple[Resource, ...] = (
        Packages(names=("nftables",)),
        Directory(path=FIREWALL_RULES.rpartition("/")[0]),
        host.script(FIREWALL_PROGRAM, f"{FIREWALL}.j2", (), **values),
        RenderedFile(
            path=FIREWALL_RULES, content=content, mode=0o600, validate='nft -c -f "$CANDIDATE"'
        ),
        host.unit(FIREWALL, (), **values),
        # At boot it loads what was confirmed.
        Service(name=FIREWALL, manager=host.manager, oneshot=True),
        FirewallRules(
            path=FIREWALL_RULES,
            content=_telling(content),
            program=FIREWALL_PROGRAM,
            table=FIREWALL_TABLE,
            folders=(FIREWALL_RUN, FIREWALL_STATE),
            patience=_patience(host),
        ),
    )
    return RolePart((_requirement(),), resources, ())


def _ruleset(host: RoleHost, values: dict[str, object]) -> str:
    wanted = openings(host.inventory, host.name)
    return host.render(
        "firewall.nft.j2",
        rules=rules(wanted),
        untracked=rules(one for one in wanted if one.one_way),
        **values,
    )


def _telling(content: str) -> str:
    lines = content.splitlines(keepends=True)
    return "".join(line for line in lines if INVENTORY_MARK not in line)


def _patience(host: RoleHost) -> int:
    connection = connection_of(host.inventory, host.name)
    return _PATIENCE + round(connection.connect_timeout or _CONNECT_TIMEOUT)


def _requirement() -> Requirement:
    return Requirement(
        "the kernel has nftables",
        "[ -d /sys/module/nf_tables ] || grep -qs nf_tables_newrule /proc/kallsyms || "
        "modprobe -n nf_tables 2>&1",
        "install a kernel with nf_tables (Debian's stock kernels have it), or remove firewall from "
        "the inventory",
    )
