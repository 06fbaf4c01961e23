"""The Python packages of a release, in a virtual environment of its own."""

import re
from dataclasses import dataclass, field

from .shell_call import quote_call
from .validation import require_line

_SET = re.compile(r"[0-9a-f]{12,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The packages that ``requirements.txt`` of a release asks for, installed by pip.

    From the package index that the host knows or ``index_url`` names, with a cache that releases
    share; or, with ``wheels``, from those alone that were brought to the host: the name of a set
    below releases/.wheels, every one of which is pinned to its checksum.
    """

    wheels: str | None = None
    index_url: str | None = field(default=None, repr=False)
    """May hold a login: it is never printed, and pip gets it where no process list shows it."""
    highlight: str = ""
    """The package in it that its hosts have to be fit for, for people."""

    def __post_init__(self) -> None:
        if self.wheels is not None and not _SET.fullmatch(self.wheels):
            raise ValueError(f"set of wheels {self.wheels!r}: a checksum in hexadecimal")
        if self.index_url is not None:
            require_line("index_url", self.index_url)

    @property
    def summary(self) -> str:
        """Say where the packages come from, in short."""
        source = "from brought wheels" if self.wheels else "from the package index"
        return f"{source}, with {self.highlight}" if self.highlight else source

    def recipe(self) -> str:
        """Shell that decides how ``unpack_release`` builds the environment."""
        if self.wheels:
            return quote_call("environment_from_wheels", self.wheels)
        return quote_call("environment_from_index", self.index_url or "")
