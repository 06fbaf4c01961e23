"""Where the tests find Kokoro's voices: `scripts/test` puts them there, nothing here fetches."""

import os

import pytest

from app.engines.interface import EngineUnavailableError
from app.engines.kokoro.engine import plugin
from app.engines.kokoro.folder import VARIABLE
from tests.app.node_process import ROOT

FOLDER = os.environ.get(VARIABLE) or str(ROOT / ".kokoro")


def trouble() -> str:
    """Why there is no Kokoro here, or nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, FOLDER)
        try:
            plugin.describe()
        except EngineUnavailableError as error:
            return str(error)
    return ""


_TROUBLE = trouble()
needs_voices = pytest.mark.skipif(bool(_TROUBLE), reason=f"{_TROUBLE} --to {FOLDER}")
