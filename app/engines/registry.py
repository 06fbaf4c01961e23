"""Engines by name: the built-in ones, and those of the entry-point group ``cosyvoice.engines``."""

from importlib.metadata import entry_points

from app.engines.base import Engine, EngineError

DEFAULT = "espeak"
_GROUP = "cosyvoice.engines"


def names() -> list[str]:
    """Names that ``create`` takes."""
    return sorted({DEFAULT, *(entry.name for entry in entry_points(group=_GROUP))})


def create(name: str) -> Engine:
    """A new engine, not loaded yet. Raises ``EngineError`` for a name there is none of."""
    if name == DEFAULT:
        from app.engines.espeak import ESpeak

        return ESpeak()
    for entry in entry_points(group=_GROUP, name=name):
        engine: Engine = entry.load()()
        return engine
    raise EngineError(f"there is no engine {name!r}; there is {', '.join(names())}")
