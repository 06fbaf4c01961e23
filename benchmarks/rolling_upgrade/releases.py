"""Releases of the app for upgrades: the app itself with another version, jobs that take as long as
their text says, and faults."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_VERSION = re.compile(r"^__version__ = .*$", re.MULTILINE)

PACED = """
import re as _re
import time as _time
import numpy as _np

_at_once = EspeakEngine.synthesize


def _paced(self, request):
    pace = _re.match(r"pace (\\d+)", request.text)
    yield from _at_once(self, request)
    for _ in range(int(pace[1]) if pace else 0):
        _time.sleep(1)
        yield _np.zeros(2205, _np.float32)


EspeakEngine.synthesize = _paced
"""
"""A text that begins with ``pace 20`` takes a worker twenty seconds, whatever the machine."""

FAILS_TO_START = {"server": "import no_such_module_as_this"}
CANNOT_SPEAK = {
    "speech": """
async def _voiceless(self, *args, **kwargs):
    raise RuntimeError("this release has lost its voice")


SpeechService.speak = SpeechService.stream = _voiceless
"""
}
SPEAKS_SLOWLY = {
    "engines/espeak": """
_quickly = EspeakEngine.synthesize


def _slowly(self, request):
    _time.sleep(12)
    yield from _quickly(self, request)


EspeakEngine.synthesize = _slowly
"""
}
CRASHES_AFTER_A_MINUTE = {
    "server": """
import os as _os
import threading as _threading

_threading.Timer(75, _os._exit, (3,)).start()
"""
}


def write_release(folder: Path, version: str, faults: Mapping[str, str] | None = None) -> Path:
    """A folder of source for ``app.source``: the app as it is here, called ``version``, with text
    at the end of modules (by path without ``.py``)."""
    source = folder / version
    shutil.copytree(ROOT / "app", source / "app", ignore=shutil.ignore_patterns("__pycache__"))
    init = source / "app" / "__init__.py"
    init.write_text(_VERSION.sub(f'__version__ = "{version}"', init.read_text(encoding="utf-8")))
    _append(source / "app" / "engines" / "espeak.py", PACED)
    for module, text in (faults or {}).items():
        _append(source / "app" / f"{module}.py", text)
    return source


def _append(path: Path, text: str) -> None:
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{text}\n", encoding="utf-8")
