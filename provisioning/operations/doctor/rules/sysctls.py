"""Kernel settings of a deploy are in force, and stay so after the next boot."""

from collections.abc import Iterator

from ....facts.machine.sysctl_files import SYSCTL_FILES, Setting
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking

_Settings = tuple[Setting, ...]


def _judge(seen: Seen[_Settings]) -> Iterator[Finding]:
    for name, settings in seen.hosts.items():
        for place, setting in enumerate(settings):
            if setting.ours:
                yield from _one(name, setting, _later(settings[place + 1 :], setting))


def _later(after: _Settings, setting: Setting) -> Setting | None:
    """The last line of a file read later that sets another value."""
    others = [one for one in after if one.key == setting.key and not one.ours]
    return others[-1] if others and others[-1].value != setting.value else None


def _one(name: str, setting: Setting, later: Setting | None) -> Iterator[Finding]:
    differs = setting.now not in ("", setting.value)
    command = ("sysctl", "-w", f"{setting.key}={setting.value}")
    if later is not None:
        yield Finding(
            host=name,
            severity=Severity.ERROR if differs else Severity.WARNING,
            evidence=f"{setting.key} is {setting.now or 'not there'}; {setting.file} says"
            f" {setting.value}, {later.file}, which is read later, {later.value}",
            cause="the later file wins at every boot",
            fix=f"take the line out of {later.file} there"
            + (f"; {on_host(name, *command)} sets it until the next boot" if differs else ""),
            mend=command if differs else (),
        )
    elif differs:
        yield Finding(
            host=name,
            evidence=f"{setting.key} is {setting.now} instead of {setting.value}",
            cause="a person or a program has changed it since the deploy",
            fix=f"{on_host(name, *command)}, or `cluster deploy`",
            mend=command,
        )


SYSCTL_DRIFT = Rule("sysctl-drift", asking(lambda _inventory, _name: SYSCTL_FILES), _judge)
