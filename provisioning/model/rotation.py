"""Exchange of the secret by which the nodes know each other, as far as it has come. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """The states in which hosts are, each only once all are in the one before."""

    ACCEPT = "accept"
    """The old and the new secret are good; nodes sign with the old one."""
    SIGN = "sign"
    """Both are good; nodes sign with the new one."""
    FORGET = "forget"
    """The new one alone is good."""


@dataclass(frozen=True, slots=True)
class UnfinishedRotation:
    """An exchange that is under way or was cut; any folder may go on with it."""

    phase: Phase
    """That which hosts are being brought to; all are in the one before."""
    old: str
    """By what the secret before is known (``secret_id``)."""
    new: str
    by: str = ""
    """Operator and run that began it."""

    def record(self) -> dict[str, str]:
        """As JSON has it for people's programs: no ids."""
        return {"phase": self.phase, "by": self.by}

    def __str__(self) -> str:
        goal = {
            Phase.ACCEPT: "the nodes learn to accept the new one beside the old one",
            Phase.SIGN: "the nodes accept both, and begin to sign with the new one",
            Phase.FORGET: "the nodes sign with the new one, and forget the old one",
        }
        return (
            f"the rotation of the nodes' secret, begun by {self.by}, is unfinished "
            f"({goal[self.phase]})"
        )
