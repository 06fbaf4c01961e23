"""A host in itself: its name, its kernel's modules, its sshd."""

from collections.abc import Iterator

from ....facts.fact import Fact
from ....facts.machine.own_name import OWN_NAME, OwnName
from ....facts.machine.scheduler_modules import KernelModulesFound, scheduler_modules
from ....facts.machine.sshd_limits import SSHD_LIMITS, SshdLimits
from ....model.derived.resolve import virtual_services
from ....model.inventory import Inventory
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking


def _name(seen: Seen[OwnName]) -> Iterator[Finding]:
    for name, found in seen.hosts.items():
        if found.addresses:
            continue
        line = f"echo 127.0.1.1 {found.name} >> /etc/hosts"
        yield Finding(
            host=name,
            severity=Severity.WARNING,
            evidence=f"it calls itself {found.name}, and cannot look that name up",
            cause="sudo and other programs wait for it or complain, each time",
            fix=on_host(name, "sh", "-c", line),
        )


def _modules_fact(inventory: Inventory, _name: str) -> Fact[KernelModulesFound]:
    names = dict.fromkeys(f"ip_vs_{one.scheduler}" for one in virtual_services(inventory))
    return scheduler_modules(tuple(names))


def _modules(seen: Seen[KernelModulesFound]) -> Iterator[Finding]:
    for name, found in seen.hosts.items():
        if not found.missing:
            continue
        yield Finding(
            host=name,
            evidence=f"its kernel {found.kernel} has no {' and no '.join(found.missing)}"
            + ("" if found.folder else f", and /lib/modules/{found.kernel} is not there"),
            cause="the scheduler of the inventory cannot be used, and Keepalived makes no virtual"
            " service of it"
            if found.folder
            else "the kernel was upgraded and has not been started yet: modules are those of the"
            " new one",
            fix="use Debian's stock kernel, or choose another scheduler"
            if found.folder
            else "move the VIP with `cluster switchover` if it is there, then "
            + on_host(name, "systemctl", "reboot"),
        )


def _sessions(seen: Seen[SshdLimits]) -> Iterator[Finding]:
    for name, found in seen.hosts.items():
        if found.sessions is None or found.sessions > 1:
            continue
        director = name in seen.inventory.directors.hosts
        yield Finding(
            host=name,
            severity=Severity.ERROR if director else Severity.WARNING,
            evidence=f"its sshd has MaxSessions {found.sessions}",
            cause="a command that changes the cluster has two on a connection: one works, one holds"
            " the lock",
            fix="write MaxSessions 10, which is the default, in /etc/ssh/sshd_config there, then "
            + on_host(name, "systemctl", "reload", "ssh"),
        )


OWN_NAME_RULE = Rule("own-name", asking(lambda _inventory, _name: OWN_NAME), _name)
SCHEDULER_MODULE = Rule("scheduler-module", asking(_modules_fact, "directors"), _modules)
SSHD_SESSIONS = Rule("sshd-sessions", asking(lambda _inventory, _name: SSHD_LIMITS), _sessions)
