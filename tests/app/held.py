"""A job of the faulty engine, or of the studio, that goes on until its test has seen enough."""

from pathlib import Path
from typing import Self


class Held:
    """`text` is spoken until it is let go, at the end of the `with` at the latest."""

    def __init__(self, folder: Path, name: str = "gate") -> None:
        self._gate = folder / name
        self.text = f"until {self._gate}"

    def let_go(self) -> None:
        self._gate.touch()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
