"""Jinja2 for one language: whatever a template puts out is written in it, or is an error."""

from typing import Any

import jinja2
from jinja2 import nodes

from provisioning.errors import ClusterError
from provisioning.languages.language import PLAIN, Language
from provisioning.languages.written import UnwritableError, Written

_WRITE, _LITERAL = "_write", "_literal"


class TemplateValueError(ClusterError):
    """A value cannot be written where it stands; the message names template and line."""


class LanguageEnvironment(jinja2.Environment):
    """An environment whose expressions are written for their places.

    Literals of the template are its author's and stand as they are. ``verbatim`` marks a text
    as one of the language, for templates that know what they do.
    """

    def __init__(self, language: Language, loader: jinja2.BaseLoader) -> None:
        super().__init__(
            loader=loader,
            undefined=jinja2.StrictUndefined,
            finalize=self._insist,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._language = language
        self.filters[_WRITE] = self._write
        self.filters[_LITERAL] = self.filters["verbatim"] = self.verbatim

    def verbatim(self, text: object) -> Written:
        """Text that stands in the language already."""
        return Written(str(text), self._language.name)

    def _write(self, value: object, place: str, template: str, line: int) -> Written:
        if isinstance(value, jinja2.Undefined):
            # Raises for a variable that there is none of; an `if` without `else` is nothing.
            return self.verbatim(value)
        try:
            return self._language.written(value, place)
        except UnwritableError as error:
            raise TemplateValueError(f"template {template}:{line}: {error}") from None

    def _insist(self, value: object) -> object:
        if not isinstance(value, Written):
            raise TemplateValueError(f"{value!r} is put out unwritten")
        return value

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        macros = {macro.name for macro in tree.find_all(nodes.Macro)}
        place = PLAIN
        for output in list(tree.find_all(nodes.Output)):
            for index, node in enumerate(output.nodes):
                if isinstance(node, nodes.TemplateData):
                    place = self._language.place_after(node.data, place)
                    continue
                if place == PLAIN and _calls(node, macros):
                    # The macro's own expressions are written where they stand.
                    output.nodes[index] = _filter(node, _LITERAL)
                    continue
                about = [nodes.Const(x) for x in (place, filename or name or "", node.lineno)]
                output.nodes[index] = _filter(self._literals(node), _WRITE, *about)
        return tree

    def _literals(self, node: nodes.Expr) -> nodes.Expr:
        """The expression, with what its author has spelt out marked."""
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            return _filter(node, _LITERAL)
        if isinstance(node, nodes.CondExpr):
            node.expr1 = self._literals(node.expr1)
            node.expr2 = self._literals(node.expr2) if node.expr2 else None
        return node


def _calls(node: nodes.Expr, macros: set[str]) -> bool:
    called = node.node if isinstance(node, nodes.Call) else None
    return isinstance(called, nodes.Name) and called.name in macros


def _filter(node: nodes.Expr, name: str, *arguments: Any) -> nodes.Filter:
    made = nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno)
    for argument in arguments:
        argument.set_lineno(node.lineno)
    if node.environment is not None:
        made.set_environment(node.environment)
    return made
