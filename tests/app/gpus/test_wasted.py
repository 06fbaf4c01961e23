"""A robot's voice on a machine with GPUs is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import main
from app.engines.espeak import plugin
from app.gpus.wasted import is_wasted
from app.settings import Settings
from app.web.views.page_parts import footer_html


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Those of a node that speaks by espeak."""
    seen: list[Settings] = []
    monkeypatch.setattr("app.server.run", seen.append)
    main(["--engine", "espeak", "--output-dir", str(tmp_path)], standalone_mode=False)
    return seen[0]


def test_cards_in_the_kernels_folder_or_the_inventory_count(
    settings: Settings, tmp_path: Path
) -> None:
    engine, kernel = plugin.describe(), tmp_path / "gpus"
    assert not is_wasted(engine, settings, kernel)
    assert is_wasted(engine, replace(settings, gpus_expected=2), kernel)
    (kernel / "0000:41:00.0").mkdir(parents=True)
    assert is_wasted(engine, settings, kernel)
    assert not is_wasted(engine, replace(settings, gpus=()), kernel)
    assert not is_wasted(replace(engine, name="cosyvoice3"), settings, kernel)


def test_the_page_says_it_beside_the_engine(settings: Settings) -> None:
    engine = plugin.describe()
    assert "not used" in footer_html(settings, engine, robot=True)
    assert "not used" not in footer_html(settings, engine)
