"""Boards as they are meant, whatever shows them. Pure.

A query is PromQL in which ``$cluster`` stands for the matcher of the cluster, ``$node`` for those
of the cluster and of the nodes that somebody chose, and ``$range`` for the time over which rates
are taken. What shows it fills them in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from string import Template

_LABEL = re.compile(r"\{(\w+)\}")


class Unit(StrEnum):
    """Units that values are shown in."""

    COUNT = "count"
    SECONDS = "seconds"
    RATIO = "ratio"
    """Shown in per cent."""
    FACTOR = "factor"
    """A number without a unit that is no count."""
    PER_SECOND = "per_second"
    BYTES_PER_SECOND = "bytes_per_second"
    CELSIUS = "celsius"
    WATTS = "watts"


class Shape(StrEnum):
    """Ways to show values."""

    NUMBER = "number"
    """The value of now, in large."""
    GRAPH = "graph"
    """Values over time."""
    LIST = "list"
    """A row a series, with its value of now or the word for it."""


class Level(StrEnum):
    """Grade of a value."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Query:
    """Series of a panel, and what each is called."""

    expression: str
    legend: str = ""
    """``{node}`` stands for a label's value."""

    def filled(self, cluster: str, node: str, over: str) -> str:
        """The PromQL. Raises ``KeyError`` or ``ValueError`` for a place that there is none of."""
        return Template(self.expression).substitute(cluster=cluster, node=node, range=over)

    def labels(self) -> list[str]:
        """Labels that its legend names."""
        return _LABEL.findall(self.legend)

    def legend_with(self, before: str, after: str) -> str:
        """The legend with labels between other signs."""
        return _LABEL.sub(lambda found: f"{before}{found[1]}{after}", self.legend)


@dataclass(frozen=True, slots=True)
class Bound:
    """From this value on it is that good."""

    value: float
    level: Level


@dataclass(frozen=True, slots=True)
class Word:
    """The words instead of a value."""

    value: int
    text: str
    level: Level = Level.NEUTRAL


@dataclass(frozen=True, slots=True)
class Panel:
    """One thing that is shown."""

    title: str
    queries: tuple[Query, ...]
    unit: Unit = Unit.COUNT
    shape: Shape = Shape.GRAPH
    about: str = ""
    """A sentence for those who do not know what it is."""
    bounds: tuple[Bound, ...] = ()
    """Ascending; below the first it is good."""
    words: tuple[Word, ...] = ()
    """For lists, instead of values."""
    stacked: bool = False
    empty: str = "nothing"
    """What a list says that has no row."""


@dataclass(frozen=True, slots=True)
class Section:
    """Panels that belong together."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """An event that graphs of a board are marked with, for as long as the query has a series."""

    title: str
    query: Query
    level: Level = Level.NEUTRAL


@dataclass(frozen=True, slots=True)
class Board:
    """A page of panels."""

    name: str
    title: str
    about: str
    nodes: str
    """Query whose label ``node`` has the nodes that one may choose from; of ``$cluster`` alone."""
    sections: tuple[Section, ...]
    marks: tuple[Mark, ...] = ()

    def panels(self) -> Iterator[Panel]:
        """Every one of them."""
        for section in self.sections:
            yield from section.panels

    def queries(self) -> Iterator[Query]:
        """Every one that is asked for it."""
        for panel in self.panels():
            yield from panel.queries
        yield from (mark.query for mark in self.marks)
        yield Query(self.nodes)


def number(
    title: str, expression: str, unit: Unit = Unit.COUNT, *bounds: Bound, about: str = ""
) -> Panel:
    """One value of now."""
    return Panel(title, (Query(expression),), unit, Shape.NUMBER, about, bounds)


def graph(
    title: str,
    unit: Unit,
    *queries: tuple[str, str],
    about: str = "",
    stacked: bool = False,
) -> Panel:
    """Values over time; each query with its legend."""
    made = tuple(Query(expression, legend) for expression, legend in queries)
    return Panel(title, made, unit, Shape.GRAPH, about, stacked=stacked)


def listed(
    title: str,
    expression: str,
    legend: str,
    *words: Word,
    unit: Unit = Unit.COUNT,
    about: str = "",
    empty: str = "nothing",
) -> Panel:
    """A row a series."""
    queries = (Query(expression, legend),)
    return Panel(title, queries, unit, Shape.LIST, about, words=words, empty=empty)


def warning_from(value: float) -> Bound:
    """Above this somebody should look."""
    return Bound(value, Level.WARNING)


def bad_from(value: float) -> Bound:
    """Above this clients notice."""
    return Bound(value, Level.BAD)
