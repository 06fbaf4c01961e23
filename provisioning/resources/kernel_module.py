"""Kernel modules, now. That they come back after a reboot is a file in /etc/modules-load.d."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Change, Handler, Observation
from provisioning.resources.output import headed
from provisioning.resources.shell_call import quote_call

_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelModules:
    """Modules that are loaded or built into the kernel (modprobe(8)).

    ``remove`` unloads those that were loaded here, unless something uses them by then.
    """

    names: tuple[str, ...]
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        if not self.names:
            raise ValueError("kernel modules: name at least one")
        for name in self.names:
            if not _NAME.fullmatch(name):
                raise ValueError(f"kernel module {name!r}: use letters, digits, _ and -")

    @property
    def kernel_names(self) -> tuple[str, ...]:
        """The names as the kernel writes them: file names may have - where it has _."""
        return tuple(name.replace("-", "_") for name in self.names)

    @property
    def id(self) -> str:
        return f"kernel-modules:{','.join(self.kernel_names)}"

    def observe(self) -> str:
        return quote_call("look_at_modules", *self.kernel_names)

    def compare(self, observation: Observation) -> Change | None:
        loaded, builtin = headed(observation)
        present = {*loaded.split(), *map(_module, builtin.splitlines())}
        missing = [name for name in self.kernel_names if name not in present]
        if not missing:
            return None
        name = backup_name(self.id)
        return Change(
            f"load {', '.join(missing)}",
            apply=quote_call("load_modules", name, *missing),
            undo=f"if {quote_call('previous_note', name)}; then unload_modules; fi\n"
            + quote_call("forget_if_first", name),
        )

    def remove(self) -> str:
        name = backup_name(self.id)
        return (
            f"if {quote_call('original_note', name)}; then\nunload_modules\n"
            f"{quote_call('forget', name)}\nfi"
        )


def _module(path: str) -> str:
    """Module name of a line of modules.builtin, such as ``kernel/net/dummy.ko``."""
    return PurePosixPath(path).name.removesuffix(".ko").replace("-", "_")
