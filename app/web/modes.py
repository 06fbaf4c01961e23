"""Fields of each mode. What a mode does not have is neither shown nor sent."""

from app.engines.interface import EngineInfo, Mode

CLIP_MODES = (Mode.CLONE, Mode.CROSS_LINGUAL, Mode.INSTRUCT, Mode.CONVERT)
TEXT_MODES = (Mode.PRESET, Mode.CLONE, Mode.CROSS_LINGUAL, Mode.INSTRUCT)


def offered(engine: EngineInfo) -> list[Mode]:
    """The engine's modes, in the order the page shows them."""
    return [mode for mode in Mode if mode in engine.modes]


def classes(*modes: Mode) -> list[str]:
    """CSS classes that show a field in these modes only."""
    return ["in-mode", *(f"in-{mode.value}" for mode in modes)]
