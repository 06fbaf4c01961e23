"""The installed name of this package, for a checkout, where its name is `app`.

Engines of other packages import `cosyvoice_cluster.app.engines.interface`. That has to be the
module that this process uses: no exception of a second one would be caught, no class be the same.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType


def also_importable_as(alias: str, name: str) -> None:
    """Give the package `name`, and every module in it, a second name."""
    above = alias.rpartition(".")[0]
    # Whatever is installed under that name is not this checkout.
    if above not in sys.modules:
        spec = ModuleSpec(above, None, is_package=True)
        beside = Path(__file__).resolve().parents[1] / "provisioning"
        spec.submodule_search_locations = [str(beside)]
        sys.modules[above] = module_from_spec(spec)
    sys.meta_path.insert(0, _Alias(alias, name))


class _Alias(MetaPathFinder, Loader):
    """Import a module under a second name as the module that it is under its first."""

    def __init__(self, alias: str, name: str) -> None:
        self._alias, self._name = alias, name

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for names from the alias on down, where there is such a module."""
        if f"{fullname}.".startswith(f"{self._alias}."):
            found = find_spec(self._first(fullname))
            if found is not None:
                is_package = found.submodule_search_locations is not None
                return spec_from_loader(fullname, self, is_package=is_package)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself."""
        module = import_module(self._first(spec.name))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing: the module has run. Only its spec, which the import replaced, comes back."""
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state

    def _first(self, fullname: str) -> str:
        return self._name + fullname.removeprefix(self._alias)
