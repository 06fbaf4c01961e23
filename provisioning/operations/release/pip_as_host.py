"""pip, run here, that answers questions in requirements as a host would."""

import sys

from ...facts.host_python import HostPython

_PROGRAM = """\
import platform, runpy, sys
version, machine = sys.argv[1:3]
del sys.argv[1:3]
platform.python_version = lambda: version
platform.python_version_tuple = lambda: tuple(version.split("."))
platform.machine = lambda: machine
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
"""pip has options for which wheels fit another Python (``--python-version``), and none for the
environment markers that requirements and packages bear (``; python_version >= "3.13"``): those it
answers by what the standard library says of the interpreter that runs it."""


def pip_as(host: HostPython) -> list[str]:
    """The words that run it. Pure."""
    # Which release of that version it is decides nothing but what mends one: counted as the first.
    version = ".".join(map(str, (*host.version, 0)))
    return [sys.executable, "-c", _PROGRAM, version, host.machine]
