"""A host in itself: names that it looks up, its kernel's modules, its sshd."""

from collections.abc import Iterator

from ....facts.fact import Fact
from ....facts.machine.name_lookups import NAME_LOOKUPS, NameLookups
from ....facts.machine.own_name import OWN_NAME, OwnName
from ....facts.machine.scheduler_modules import KernelModulesFound, scheduler_modules
from ....facts.machine.sshd_limits import SSHD_LIMITS, SshdLimits
from ....model.derived.forks import forks_of
from ....model.derived.resolve import all_hosts, connection_of, virtual_services
from ....model.inventory import Inventory
from ....transport.base import TransportError
from ....transport.hop import hops
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking

_SLOW = 2.0
"""Seconds."""
_LOGINS = 3
"""At a time at any host: of two operators, and of monitoring or a person."""


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


def _names(seen: Seen[NameLookups]) -> Iterator[Finding]:
    for name, found in seen.hosts.items():
        lost = [one.name for one in found.lookups if not one.found]
        slow = [one for one in found.lookups if one.found and one.seconds > _SLOW]
        if not lost and not slow:
            continue
        servers = " and ".join(found.servers) or "none"
        said = f"cannot look up {' and '.join(lost)}"
        if not lost:
            said = f"takes {slow[0].seconds:.0f} s to look up {slow[0].name}"
        yield Finding(
            host=name,
            severity=Severity.WARNING,
            evidence=f"it {said}, where apt fetches from; its nameservers are {servers}",
            cause="a deploy that installs a package waits there"
            + (" and fails" if lost else ", as does each program that looks up a name"),
            fix="name servers that answer in its /etc/resolv.conf, or in what writes that; where a"
            " bundle brings the packages (docs/bundles.md) it does not matter",
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


def _startups(seen: Seen[SshdLimits]) -> Iterator[Finding]:
    forks = forks_of(seen.inventory)
    for name, found in seen.hosts.items():
        behind = _behind(seen.inventory, name)
        wanted = max(_LOGINS, min(behind, forks))
        if found.startups is None or found.startups >= wanted:
            continue
        through = f", and {behind} hosts are reached through it" if behind else ""
        yield Finding(
            host=name,
            severity=Severity.WARNING,
            evidence=f"its sshd begins to turn logins away when {found.startups} are under way"
            f" (MaxStartups){through}",
            cause="some hosts seem to be away, now these and now those: a command logs in"
            f" {forks} times at once (`forks`)",
            fix=f"write MaxStartups {2 * wanted}:30:{10 * wanted} in /etc/ssh/sshd_config there,"
            f" then {on_host(name, 'systemctl', 'reload', 'ssh')}; or `forks: {found.startups}` in"
            " the inventory",
        )


def _behind(inventory: Inventory, name: str) -> int:
    """Hosts for which the inventory names it as a jump host."""
    own = all_hosts(inventory)[name]
    names = {name, str(own.address), connection_of(inventory, name).host}
    return sum(bool(names & _jumps(inventory, other)) for other in all_hosts(inventory))


def _jumps(inventory: Inventory, name: str) -> set[str]:
    jump = connection_of(inventory, name).jump
    try:
        return {hop.host for hop in hops(name, jump)} if jump else set()
    except TransportError:
        # That host cannot be reached, which is a finding of its own.
        return set()


OWN_NAME_RULE = Rule("own-name", asking(lambda _inventory, _name: OWN_NAME), _name)
SCHEDULER_MODULE = Rule("scheduler-module", asking(_modules_fact, "directors"), _modules)
SSHD_SESSIONS = Rule("sshd-sessions", asking(lambda _inventory, _name: SSHD_LIMITS), _sessions)
SSHD_STARTUPS = Rule("sshd-startups", asking(lambda _inventory, _name: SSHD_LIMITS), _startups)
NAME_LOOKUP = Rule("name-lookup", asking(lambda _inventory, _name: NAME_LOOKUPS), _names)
