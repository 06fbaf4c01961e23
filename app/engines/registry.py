"""Engines by name: the built-in ones and those other packages announce.

Another package adds an engine with an entry point in the group ``cosyvoice.engines`` that names
an object with the methods of ``EnginePlugin``. Nothing is imported until it is asked for.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import cast

from app.engines.interface import EnginePlugin, EngineUnavailableError

GROUP = "cosyvoice.engines"

BUILT_IN = (
    EntryPoint(name="cosyvoice2", value="app.engines.cosyvoice.plugin:cosyvoice2", group=GROUP),
    EntryPoint(name="cosyvoice3", value="app.engines.cosyvoice.plugin:cosyvoice3", group=GROUP),
    EntryPoint(name="espeak", value="app.engines.espeak:plugin", group=GROUP),
    EntryPoint(name="kokoro", value="app.engines.kokoro.engine:plugin", group=GROUP),
)
AUTO = "auto"
"""Stands for the first of ``BY_CHOICE`` that can run here."""
BY_CHOICE = ("kokoro", "espeak")
"""Engines that need no GPU, the best first; the last is always there."""


def _announced() -> dict[str, EntryPoint]:
    # Built-in names win, so that an installed package cannot replace an engine by accident.
    return {point.name: point for point in (*entry_points(group=GROUP), *BUILT_IN)}


def engine_names() -> list[str]:
    """Names that ``find_engine`` knows, sorted."""
    return sorted(_announced())


def find_engine(name: str) -> EnginePlugin:
    """The plugin called ``name``.

    Raises ``EngineUnavailableError`` for an unknown name or a plugin that cannot be imported.
    """
    point = _announced().get(name)
    if point is None:
        known = ", ".join(engine_names())
        raise EngineUnavailableError(f"there is no engine {name!r}; known engines: {known}")
    try:
        return cast(EnginePlugin, point.load())
    except (ImportError, AttributeError) as error:
        raise EngineUnavailableError(
            f"engine {name!r} ({point.value}) cannot be imported: {error}"
        ) from error


def chosen_engine(name: str) -> str:
    """The name of the engine that ``name`` stands for: itself unless it is ``AUTO``.

    Raises ``EngineUnavailableError`` where that engine cannot run here, with what to do about it.
    """
    if name != AUTO:
        find_engine(name).describe()
        return name
    for candidate in BY_CHOICE[:-1]:
        try:
            return chosen_engine(candidate)
        except EngineUnavailableError:
            continue
    return chosen_engine(BY_CHOICE[-1])
