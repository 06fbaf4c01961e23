"""The engine, loaded once."""

import pytest

from app.engines.kokoro.engine import KokoroEngine, plugin
from app.engines.kokoro.folder import VARIABLE
from tests.app.engines.kokoro.kokoro_folder import FOLDER


@pytest.fixture(scope="session")
def engine() -> KokoroEngine:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, FOLDER)
        return plugin.load()
