"""Rollback: switch nodes to a release that they still have, without building or copying one."""

from .roll_back import RollbackOptions, lift_pins, roll_back
from .targets import RollbackError

__all__ = ["RollbackError", "RollbackOptions", "lift_pins", "roll_back"]
