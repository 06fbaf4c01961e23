"""Requirements of a deploy, asked like any question. Pure."""

from ...resources.base import Observation, Requirement
from ..fact import Fact


def met(number: int, requirement: Requirement) -> Fact[str]:
    """The host's words where it does not meet it; empty where it does."""

    def parse(found: Observation) -> str:
        if found.status == 0:
            return ""
        said = (found.stdout.strip() or found.stderr.strip()).splitlines()
        return said[-1] if said else "nothing of the kind is there"

    return Fact(f"requirement.{number}", requirement.probe, parse)
