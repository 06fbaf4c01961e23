"""Hosts of which the same is to be said, together: from some number on nobody reads each line."""

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import click

from ...model.host_ranges.folded import folded

FEW = 10
"""Hosts that are shown one by one."""
_KEY = __name__
_WORD = re.compile(r"(?:[0-9A-Fa-f]*:){2,}[0-9A-Fa-f]*|[0-9A-Za-z_.-]*[0-9A-Za-z_]")
"""An IPv6 address, or a name or IPv4 address."""

F = TypeVar("F", bound=Callable[..., object])


def every_host_option(command: F) -> F:
    """``--all``: fold nothing while the command runs."""
    return click.option(
        "--all",
        is_flag=True,
        expose_value=False,
        callback=_all,
        help=f"Show every host by itself, also where more than {FEW} are alike.",
    )(command)


def _all(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    context.meta[_KEY] = wanted


def folds(hosts: int) -> bool:
    """Tell whether so many hosts are shown together where they are alike."""
    context = click.get_current_context(silent=True)
    return hosts > FEW and not (context is not None and context.meta.get(_KEY))


def alike(said: Mapping[str, Hashable], *, fold: bool) -> list[list[str]]:
    """Names of which the same is said, those of the most hosts first; each alone without
    ``fold``."""
    groups: dict[Hashable, list[str]] = {}
    for name, what in said.items():
        groups.setdefault(what if fold else name, []).append(name)
    return sorted(groups.values(), key=lambda names: -len(names)) if fold else list(groups.values())


def title(names: Sequence[str]) -> str:
    """The name, or the names as ranges with their number: ``rs[001-297] (297 hosts)``."""
    return names[0] if len(names) == 1 else f"{folded(names)} ({len(names)} hosts)"


def listed(names: Iterable[str]) -> str:
    """Names behind each other, in ranges where there are many."""
    every = list(names)
    return title(every) if folds(len(every)) else ", ".join(every)


def without_names(text: str, words: Collection[str]) -> str:
    """The text with one sign for each of the words, which are names and addresses of hosts."""
    return _WORD.sub(lambda word: "\0" if word[0] in words else word[0], text)
