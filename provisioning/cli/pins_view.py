"""Shows which real servers stay with a release, and how that ends."""

from collections.abc import Collection, Mapping

from rich.text import Text

from ..model.runtime import Pin

_LIFT = "`cluster rollback --lift` or a rolling upgrade ends that"


def pin_lines(pins: Mapping[str, Pin], names: Collection[str]) -> list[Text]:
    """A line for each of these hosts that is pinned."""
    return [Text(f"{name} {pin}; {_LIFT}", "yellow") for name, pin in pins.items() if name in names]
