"""Wheels cut into pieces, and pieces gathered for a round trip. Pure but for reading the wheels."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .wheelhouse import Wheel


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a wheel, from an offset."""

    wheel: Wheel
    offset: int
    data: bytes = field(repr=False)
    is_last: bool


def pieces(wheels: Iterable[tuple[Wheel, int]], size: int) -> Iterator[Piece]:
    """Cut what follows each wheel's offset into pieces of at most ``size`` bytes."""
    for wheel, start in wheels:
        end = wheel.path.stat().st_size
        with wheel.path.open("rb") as file:
            # Whatever is there of it, there is a last piece, with which it gets its name.
            offset = file.seek(max(0, min(start, end - 1)))
            while data := file.read(size):
                yield Piece(wheel, offset, data, offset + len(data) >= end)
                offset += len(data)


def loads(pieces: Iterable[Piece], size: int) -> Iterator[list[Piece]]:
    """Gather pieces, in order, up to ``size`` bytes together; a larger one is alone."""
    load: list[Piece] = []
    for piece in pieces:
        if load and sum(len(other.data) for other in load) + len(piece.data) > size:
            yield load
            load = []
        load.append(piece)
    if load:
        yield load
