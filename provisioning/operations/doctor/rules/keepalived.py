"""One Keepalived runs on a director, with this cluster's configuration."""

from collections.abc import Iterator

from ....facts.machine.keepalived_instances import KEEPALIVED_FOUND, KeepalivedFound
from ....places import KEEPALIVED_CONF
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking

_view = asking(lambda _inventory, _name: KEEPALIVED_FOUND, "directors", "edges")


def _twice(seen: Seen[KeepalivedFound]) -> Iterator[Finding]:
    for name, found in seen.hosts.items():
        if len(found.instances) > 1:
            listed = "; ".join(f"{pid} `{command}`" for pid, command in found.instances)
            yield Finding(
                host=name,
                evidence=f"{len(found.instances)} of them run: {listed}",
                cause="they undo each other's addresses and virtual services, or one is that of a"
                " container with the host's network",
                fix="end the one that is not the service's: "
                + on_host(name, "systemctl", "status", "keepalived")
                + " names that of the service",
            )


def _other(seen: Seen[KeepalivedFound]) -> Iterator[Finding]:
    for name, found in seen.hosts.items():
        if found.conf == "other":
            yield Finding(
                host=name,
                severity=Severity.WARNING,
                evidence=f"{KEEPALIVED_CONF} is there and was not made by a deploy",
                cause="a deploy replaces it: addresses and services that it holds are gone then"
                " (`cluster destroy` puts it back)",
                fix="use a host whose Keepalived is for this alone, or look through"
                " `cluster plan`, which shows the difference",
            )


KEEPALIVED_TWICE = Rule("keepalived-twice", _view, _twice)
KEEPALIVED_OTHER = Rule("keepalived-other", _view, _other)
