"""Output of an observe fragment."""

from provisioning.resources.base import Observation, UnobservableError


def printed(observation: Observation) -> str:
    """The output. Raises ``UnobservableError`` with the errors of a fragment that failed."""
    if observation.status != 0:
        said = observation.stderr.strip() or f"its check ended with status {observation.status}"
        raise UnobservableError(f"could not be observed: {said}")
    return observation.stdout


def headed(observation: Observation) -> tuple[str, str]:
    """The first line, which names the state, and all that follows it, to the byte."""
    head, _, rest = printed(observation).partition("\n")
    return head, rest
