"""Request to pause a run, as a file of the state folder: the run under way there obeys it."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from ...engine.lock import LockedError, cluster_lock


@dataclass(frozen=True, slots=True)
class PauseRequest:
    """The request to pause the runs of one command."""

    folder: Path
    """The cluster's state folder."""
    command: str

    @property
    def asked(self) -> bool:
        """True where a pause was asked for."""
        return self._path.exists()

    def ask(self) -> None:
        """Have the run under way stop when the hosts at work are done."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._path.touch()

    def ask_if_running(self) -> bool:
        """Ask where a run holds the cluster's lock; tell whether one does."""
        try:
            with cluster_lock(self.folder, f"{self.command} --pause"):
                return False
        except LockedError:
            self.ask()
            return True

    def forget(self) -> None:
        """Remove the request: it was obeyed, or made before the run."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.command}.pause"
