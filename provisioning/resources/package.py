"""Debian packages."""

import re
from dataclasses import dataclass

from .base import Change, Handler, Observation
from .output import printed
from .shell_call import quote_call
from .validation import require_path

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")  # Debian policy, section 5.6.1

_KIND = "packages:"

_LEFTOVER = "held"
"""State line of a host whose last installation was cut before services were released."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """Packages that are installed, in whatever version the host's mirrors have.

    While they are installed a policy-rc.d (invoke-rc.d(8)) keeps their services from starting
    before they have their configuration. The one that was there is put back afterwards; where
    the run is killed ours gives way to it by itself, and the next run takes it away.

    Neither undo nor ``remove`` takes packages away: other things on the host may have come to
    rely on them.
    """

    names: tuple[str, ...]
    policy: str = "/usr/sbin/policy-rc.d"
    brought: str | None = None
    """Folder on the host with the packages, where they were brought instead of fetched."""

    def __post_init__(self) -> None:
        require_path(self.policy)
        if self.brought is not None:
            require_path(self.brought)
        if not self.names:
            raise ValueError("packages: name at least one")
        for name in self.names:
            if not _NAME.fullmatch(name):
                raise ValueError(f"package {name!r}: not a name Debian allows")

    @property
    def id(self) -> str:
        return f"{_KIND}{','.join(self.names)}"

    @property
    def triggers(self) -> tuple[Handler, ...]:
        """Deletes what was brought, once all of it was installed: a host of several roles has
        several of these."""
        if self.brought is None:
            return ()
        drop = quote_call("drop_brought_packages", self.brought)
        return (Handler(f"drop {self.brought}", drop, disturbs=False),)

    def observe(self) -> str:
        return quote_call("look_at_packages", self.policy, *self.names)

    def compare(self, observation: Observation) -> Change | None:
        lines = printed(observation).splitlines()
        found = {
            name
            for line in lines
            for name, _, state in [line.partition(" ")]
            if state == "installed"
        }
        missing = [name for name in self.names if name not in found]
        release = quote_call("release_services", self.policy)
        if missing:
            install = quote_call("install_packages", self.policy, *missing)
            if self.brought is not None:
                install = f"{quote_call('use_brought_packages', self.brought)}\n{install}"
            return Change(f"install {', '.join(missing)}", apply=install, undo=release)
        if _LEFTOVER in lines:
            return Change("let services start again after a cut run", apply=release, undo="")
        return None

    def remove(self) -> str:
        return quote_call("release_services", self.policy)


def names_in(id: str) -> list[str]:
    """Names of the packages of a resource by its id; none where it is of another kind."""
    return id.removeprefix(_KIND).split(",") if id.startswith(_KIND) else []
