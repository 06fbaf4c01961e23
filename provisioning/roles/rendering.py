"""Templates: the built-in ones, or an operator's own of the same name."""

import hashlib
from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path
from typing import NoReturn

import jinja2

from ..companions import companion
from ..errors import ClusterError
from ..languages.choosing import language_of
from ..languages.language import Language
from ..languages.templating import LanguageEnvironment, TemplateValueError
from ..languages.written import number
from ..model.inventory import Inventory
from ..resources.file import File

INVENTORY_MARK = "inventory sha256:"
"""Begins what a header says of the inventory: which one a file was made from, not what is in it."""

RenderedFile = partial(File, ignore_lines=INVENTORY_MARK)
"""A file from a template; another inventory with the same outcome is no change."""


class RenderingError(ClusterError):
    """A template cannot be rendered; the message names it, the line, and the reason."""


class Templates:
    """Renders templates for one inventory, each in the language of its name."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._once: dict[tuple[str, str], str] = {}
        self._digest = hashlib.sha256(inventory.model_dump_json().encode()).hexdigest()[:12]

    def render(self, name: str, variables: dict[str, object], **values: object) -> str:
        """The text of a template. ``variables`` are the host's ``vars``. Raises
        ``RenderingError``."""
        environment = self._environment_for(name)
        header = environment.verbatim(
            f"# Made by cosyvoice-cluster from {name}; {INVENTORY_MARK}{self._digest}\n"
            "# The next `cluster deploy` overwrites changes made here."
        )
        try:
            return environment.get_template(name).render(
                header=header, cluster=self._inventory.name, vars=variables, **values
            )
        except jinja2.TemplateSyntaxError as error:
            raise RenderingError(f"template {error.filename}:{error.lineno}: {error}") from None
        except jinja2.TemplateNotFound as error:
            raise RenderingError(f"there is no template {error}") from None
        except jinja2.UndefinedError as error:
            raise RenderingError(f"template {name}: {error}") from None
        except TemplateValueError as error:
            raise RenderingError(str(error)) from None

    def render_once(
        self, name: str, variables: dict[str, object], values: Callable[[], dict[str, object]]
    ) -> str:
        """As ``render``, with values that are the same for all hosts: hosts whose ``variables`` are
        equal share one text, as what names all hosts for each of them takes the square of their
        number."""
        key = (name, repr(variables))
        if key not in self._once:
            self._once[key] = self.render(name, variables, **values())
        return self._once[key]

    def _environment_for(self, name: str) -> LanguageEnvironment:
        try:
            language = language_of(name)
        except LookupError as error:
            raise RenderingError(str(error)) from None
        return _shared_environment(language, self._inventory.templates)


_environments: dict[tuple[str, Path | None], LanguageEnvironment] = {}
"""By language, and folder of an operator's own templates. One for all inventories: to compile a
template takes far longer than to render it, and a drain renders files for two states."""


def _shared_environment(language: Language, folder: Path | None) -> LanguageEnvironment:
    key = (language.name, folder)
    if key not in _environments:
        _environments[key] = _environment(language, folder)
    return _environments[key]


def _environment(language: Language, folder: Path | None) -> LanguageEnvironment:
    loaders: list[jinja2.BaseLoader] = [_Packaged()]
    if folder is not None:
        loaders.insert(0, jinja2.FileSystemLoader(folder, encoding="utf-8"))
    made = LanguageEnvironment(language, jinja2.ChoiceLoader(loaders))
    made.filters["number"] = number
    made.globals["fail"] = _fail
    made.filters["whole"] = lambda value: max(1, round(value))
    return made


@jinja2.pass_context
def _fail(context: jinja2.runtime.Context, reason: str) -> NoReturn:
    """End the rendering from within a template: for branches that no value may reach."""
    raise TemplateValueError(f"template {context.name}: {reason}")


class _Packaged(jinja2.BaseLoader):
    """The templates of the installed package, wherever it is installed."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, None]:
        entry = resources.files(companion("templates")).joinpath(*Path(template).parts)
        try:
            return entry.read_text(encoding="utf-8"), template, None
        except (FileNotFoundError, IsADirectoryError):
            raise jinja2.TemplateNotFound(template) from None
