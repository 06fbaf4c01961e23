"""Every error of this program stands in its tree, so that whoever catches the base misses none."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import click
import pytest

import app
import provisioning
from app.errors import NodeError
from app.session_routing.errors import SessionRoutingError
from provisioning.errors import ClusterError
from provisioning.operations.rolling.clock import ClockStoppedError

OTHER_BASES = (click.ClickException, NodeError, SessionRoutingError, ClusterError)


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            try:
                yield importlib.import_module(found.name)
            except ModuleNotFoundError as error:
                # Of an engine that is not installed here.
                assert (error.name or "").partition(".")[0] not in ("app", "provisioning")


def errors(package: ModuleType) -> set[type[Exception]]:
    """Exceptions that are made in a package, but for those that stay within their own file."""
    return {
        found
        for module in modules(package)
        for name, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Exception)
        and found.__module__ == module.__name__
        and not name.startswith("_")
    }


def drawn(base: type[Exception], depth: int = 1) -> list[str]:
    lines = ["    " * depth + base.__name__]
    for below in sorted(base.__subclasses__(), key=lambda one: one.__name__):
        if below.__module__.startswith(("app.", "provisioning.")):
            lines += drawn(below, depth + 1)
    return lines


@pytest.mark.parametrize("base", [ClusterError, NodeError, SessionRoutingError])
def test_the_tree_is_drawn_as_it_is(base: type[Exception]) -> None:
    for package in (app, provisioning):
        list(modules(package))
    assert "\n".join(drawn(base)) + "\n" in (base.__doc__ or "")


def test_no_error_stands_outside() -> None:
    outside = {
        found
        for package in (app, provisioning)
        for found in errors(package)
        if not issubclass(found, OTHER_BASES)
    }
    # What goes to hosts as a program of its own imports nothing of ours.
    programs = (
        ".spreading.on_host", ".real_server.acme_program", ".monitoring.relay_program",
        ".logs.sender.place",
    )  # fmt: skip
    outside = {found for found in outside if not found.__module__.endswith(programs)}
    # How a sleeper hears that it is over, and how a handler hears that its client is gone.
    assert {found.__name__ for found in outside} == {ClockStoppedError.__name__, "ClientGoneError"}
