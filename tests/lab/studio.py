"""A release of the app with an engine that has every mode, as espeak has no recordings."""

from pathlib import Path

from benchmarks.rolling_upgrade.releases import write_release
from tests.app.node_process import PLUGINS

ANNOUNCED = """
BUILT_IN += (EntryPoint(name="studio", value=f"{__package__}.studio:plugin", group=GROUP),)
"""


def studio_release(folder: Path) -> Path:
    """It is written there; the engine is called ``studio``."""
    release = write_release(folder, "3.0", {"engines/registry": ANNOUNCED})
    engine = (PLUGINS / "studio_engine.py").read_text(encoding="utf-8")
    (release / "app" / "engines" / "studio.py").write_text(engine, encoding="utf-8")
    return release
