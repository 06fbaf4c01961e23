"""A host of a role, while its resources are made: what most of them need."""

from collections.abc import Callable
from dataclasses import dataclass

from ..model.derived.resolve import service_manager_of, variables_of
from ..model.hosts import ServiceManager
from ..model.inventory import Inventory
from ..model.runtime import Runtime
from ..resources.base import Handler
from ..resources.file import File
from .deployment import Deployment
from .programs import unit_path, unit_template
from .rendering import RenderedFile


@dataclass(frozen=True, slots=True)
class RoleHost:
    """One host; ``folder`` is that of its role in ``templates/``."""

    deployment: Deployment
    name: str
    folder: str

    @property
    def inventory(self) -> Inventory:
        """The cluster's."""
        return self.deployment.inventory

    @property
    def runtime(self) -> Runtime:
        """Drains, pins and the preferred director."""
        return self.deployment.runtime

    @property
    def manager(self) -> ServiceManager:
        """The host's service manager."""
        return service_manager_of(self.inventory, self.name)

    def render(self, template: str, **values: object) -> str:
        """Text of a template of the role. Raises ``RenderingError``."""
        return self._rendered(f"{self.folder}/{template}", values)

    def render_once(self, template: str, values: Callable[[], dict[str, object]]) -> str:
        """As ``render``, with values that are the same for all hosts of the cluster. Raises
        ``RenderingError``."""
        templates = self.deployment.templates
        return templates.render_once(f"{self.folder}/{template}", self._variables, values)

    def script(
        self, path: str, template: str, triggers: tuple[Handler, ...] = (), **values: object
    ) -> File:
        """A shell script; one with a mistake in its grammar is not put there."""
        return RenderedFile(
            path=path,
            content=self.render(template, **values),
            mode=0o755,
            validate='sh -n "$CANDIDATE"',
            triggers=triggers,
        )

    def unit(self, program: str, triggers: tuple[Handler, ...], **values: object) -> File:
        """A program's definition for the service manager."""
        return RenderedFile(
            path=unit_path(program, self.manager),
            content=self._rendered(unit_template(self.folder, program, self.manager), values),
            triggers=triggers,
        )

    def _rendered(self, template: str, values: dict[str, object]) -> str:
        return self.deployment.templates.render(template, self._variables, **values)

    @property
    def _variables(self) -> dict[str, object]:
        return {**variables_of(self.inventory, self.name)}
