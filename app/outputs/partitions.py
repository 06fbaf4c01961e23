"""Partitions of the shared folder: outputs of the same ten minutes share a folder, in one for each
day (``2026-11-30/1910``).

So no folder grows with the number of outputs; and as an output's name says which partition it is
in, nothing is ever moved, and nobody has to remember where it lies. Pure.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

LENGTH = timedelta(minutes=10)
CATALOGUE = ".catalogue"
"""Suffix of a partition's catalogue, which lies beside it in the folder of its day."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{3}0")
_PREFIX = len("20261130T191")
_LAST_MOMENT = "959999"
"""Of ten minutes, behind their beginning."""
_BEHIND = "~"
"""Sorts behind all that a name goes on with."""


def partition_of(stem: str) -> str:
    """The partition of an output, relative to the shared folder."""
    return f"{stem[:4]}-{stem[4:6]}-{stem[6:8]}/{stem[9:12]}0"


def partition_at(seconds: float) -> str:
    """The partition of a moment in seconds since the epoch."""
    return f"{datetime.fromtimestamp(max(0.0, seconds), UTC):%Y-%m-%d/%H%M}"[:-1] + "0"


def day_of(partition: str) -> str:
    """The folder that a partition is in."""
    return partition.partition("/")[0]


def catalogue_of(partition: str) -> str:
    """The file beside a partition that tells what is in it."""
    return partition + CATALOGUE


def is_day(name: str) -> bool:
    """Tell whether a folder of this name holds partitions."""
    return _DAY.fullmatch(name) is not None


def partitions_in(day: str, names: Iterable[str]) -> list[str]:
    """The partitions among the names in a day's folder."""
    return [f"{day}/{name}" for name in names if _TIME.fullmatch(name)]


def belongs(stem: str, partition: str) -> bool:
    """Tell whether this partition is the output's."""
    return stem[:_PREFIX] == first_of(partition)


def first_of(partition: str) -> str:
    """The beginning of each stem in a partition: before all of them, behind all older ones."""
    return f"{partition[:4]}{partition[5:7]}{partition[8:10]}T{partition[11:14]}"


def last_of(partition: str) -> str:
    """The end of a partition: behind each stem in it, before all newer ones."""
    return first_of(partition) + _LAST_MOMENT + _BEHIND


def end_of(partition: str) -> datetime:
    """The moment at which the next partition begins. Raises ValueError or OverflowError for digits
    that are no time."""
    return datetime.strptime(partition, "%Y-%m-%d/%H%M").replace(tzinfo=UTC) + LENGTH
