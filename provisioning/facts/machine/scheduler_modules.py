"""Kernel modules that directors need, where the running kernel can find them. Pure."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact

_FRAGMENT = """\
kernel=$(uname -r)
echo "kernel $kernel"
[ ! -d "/lib/modules/$kernel" ] || echo folder
for module in %s; do
    modprobe -n -q "$module" || [ -d "/sys/module/$module" ] || echo "missing $module"
done"""


@dataclass(frozen=True, slots=True)
class KernelModulesFound:
    """The running kernel and its modules."""

    kernel: str
    folder: bool
    """True if it has its folder of modules: after an upgrade an old kernel may have lost it."""
    missing: tuple[str, ...]


def scheduler_modules(names: Sequence[str]) -> Fact[KernelModulesFound]:
    """Those of these names that can be loaded, are loaded, or are in the kernel itself."""
    return Fact("scheduler_modules", _FRAGMENT % " ".join(map(shlex.quote, names)), _parse)


def _parse(found: Observation) -> KernelModulesFound:
    lines = [line.partition(" ") for line in found.stdout.splitlines()]
    said = {word: rest for word, _, rest in lines}
    missing = tuple(rest for word, _, rest in lines if word == "missing")
    return KernelModulesFound(said.get("kernel", ""), "folder" in said, missing)
