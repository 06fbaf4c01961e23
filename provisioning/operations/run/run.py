"""Run that changes a cluster: locked, journaled, with its end written however it ends."""

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ...engine.journal import Journal, new_id
from ...engine.lock import cluster_lock
from ...engine.state_folder import StateFolderError
from ...model.past_run import PastRun, shown_command
from ..cluster.cluster import Cluster
from .operator_name import operator, operator_name
from .seats import Seats
from .waiting import Waiting

_BEFORE = {"begin", "plan", "note", "hook", "hooks_skipped"}
"""Kinds of journal lines that precede any change."""


@dataclass(slots=True)
class Run:
    """A run under way."""

    id: str
    holder: str
    journal: Journal
    left_behind: str | None
    """Holder of the lock when an earlier run was cut; None where none was."""
    begun: str = ""
    """Time of the start: ISO 8601, UTC."""
    seats: Seats | None = None
    """Hosts that it holds, while its connections are open."""
    ok: bool = False
    """Set by the command, for the journal's last line."""
    command: str = ""
    """The command, as it may be shown to others."""
    waiting: Waiting = field(default_factory=Waiting)
    """Patience with another run that holds the cluster."""

    def so_far(self) -> PastRun:
        """The run for the cluster's history, while it lasts."""
        changed = self.journal.changed
        return PastRun(self.id, operator_name(), self.command, self.begun, changed=changed)

    def ended(self, error: BaseException | None) -> PastRun:
        """The run for the cluster's history, with its end."""
        if error is None:
            return replace(self.so_far(), result="ok" if self.ok else "failed")
        return replace(self.so_far(), result=_result(error, self.journal), reason=_reason(error))


@contextmanager
def journaled_run(
    cluster: Cluster, command: list[str], waiting: Waiting | None = None
) -> Iterator[Run]:
    """Hold the cluster's lock and write the journal for the time of the block.

    Raises ``LockedError`` when another run is under way, and is still when waiting ends.
    """
    run_id = new_id()
    holder = operator(run_id)
    waiting = waiting or Waiting()
    with ExitStack() as stack:
        left_behind = waiting.enter(stack, lambda: cluster_lock(cluster.state_dir, holder))
        journal = Journal(cluster.history_dir, run_id)
        digest = hashlib.sha256(cluster.path.read_bytes()).hexdigest()[:12]
        journal.write("begin", command=" ".join(command), who=operator_name(), inventory=digest)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        shown = shown_command(command)
        run = Run(run_id, holder, journal, left_behind, now, command=shown, waiting=waiting)
        try:
            yield run
        except BaseException as error:
            # The operator needs the first error, not that the disk had no room for the last line.
            with contextlib.suppress(StateFolderError):
                journal.write("end", result=_result(error, journal), reason=_reason(error))
            raise
        else:
            journal.write("end", result="ok" if run.ok else "failed")
        finally:
            journal.close()


def _result(error: BaseException, journal: Journal) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return "failed" if journal.kinds - _BEFORE else "refused"


def _reason(error: BaseException) -> str:
    # click's errors have their words in an attribute.
    return str(getattr(error, "message", "") or error) or type(error).__name__
