"""A host's distribution, as far as it decides which packages fit. Pure."""

from dataclasses import dataclass

from ..errors import ClusterError
from ..resources.base import Observation
from .fact import Fact


class UnknownDistributionError(ClusterError):
    """A host does not tell its distribution; the message says what it answered."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Distribution, release and architecture, in the words of os-release(5) and dpkg(1)."""

    id: str
    codename: str
    architecture: str

    def __str__(self) -> str:
        return f"{self.id}-{self.codename}-{self.architecture}"

    @classmethod
    def read(cls, text: str) -> "Distribution":
        """Read what ``str`` made. Raises ``UnknownDistributionError``."""
        words = text.split("-")
        if len(words) != 3 or not all(words):
            raise UnknownDistributionError(
                f"{text!r} is no distribution: ID-CODENAME-ARCHITECTURE, such as "
                "debian-trixie-amd64"
            )
        return cls(*words)


def _parse(observation: Observation) -> Distribution:
    return Distribution.read(observation.stdout.strip())


DISTRIBUTION = Fact("distribution", 'host_distribution; printf "%s\\n" "$DISTRIBUTION"', _parse)
