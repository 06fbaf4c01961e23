"""pip, run here, that answers questions in requirements as a host would."""

from importlib.util import find_spec
from pathlib import Path

from ...facts.host_python import HostPython

_PROGRAM = """\
import collections, platform, runpy, sys
version, machine, folder = sys.argv[1:4]
del sys.argv[1:4]
platform.python_version = lambda: version
platform.python_version_tuple = lambda: tuple(version.split("."))
platform.machine = lambda: machine
numbers = tuple(map(int, version.split(".")))
if numbers[:2] == sys.version_info[:2]:
    names = "major minor micro releaselevel serial"
    sys.version_info = collections.namedtuple("version_info", names)(*numbers, "final", 0)
sys.path[:1] = [] if folder in sys.path else [folder]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
"""pip has options for which wheels fit another Python (``--python-version``), and none for the
environment markers that requirements and packages bear (``; python_version >= "3.13"``): those it
answers by what the standard library says of the interpreter that runs it. With ``pip wheel``, which
has no such option, that is what decides which versions of packages fit (``Requires-Python``), too:
Debian 12 has 3.11.2, where some need 3.11.5."""


def pip_as(host: HostPython, python: str) -> list[str]:
    """The words that run this environment's pip by an interpreter of this machine, which need not
    have one, as ``pip --python`` does."""
    version = ".".join(map(str, host.version))
    spec = find_spec("pip")
    folder = "" if spec is None or spec.origin is None else str(Path(spec.origin).parents[1])
    return [python, "-c", _PROGRAM, version, host.machine, folder]
