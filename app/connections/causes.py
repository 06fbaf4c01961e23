"""Reasons for which the node closes a connection by itself."""

from enum import Enum


class Cause(Enum):
    """The label in the metrics."""

    SILENT = "silent"
    """Nothing was ever sent."""
    SLOW_HEAD = "slow_head"
    LONG_HEAD = "long_head"
    SLOW_BODY = "slow_body"
    SLOW_READER = "slow_reader"
    """An answer was not taken."""
    MADE_ROOM = "made_room"
    """It was idle, and a new one needed its place."""
    NO_PLACE = "no_place"
    """It was the new one, and no other was idle."""
