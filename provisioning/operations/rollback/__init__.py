"""Rollback: switch nodes to a release that they still have, without building or copying one."""

from provisioning.operations.rollback.roll_back import RollbackOptions, lift_pins, roll_back
from provisioning.operations.rollback.targets import RollbackError

__all__ = ["RollbackError", "RollbackOptions", "lift_pins", "roll_back"]
