"""State of a maintenance: everything that is needed to resume it after a cut. Plain data, pure."""

from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from ...errors import ClusterError
from ..rolling.run_status import RunStatus
from ..rolling_upgrade.options import most_out
from .options import MaintenanceOptions
from .work import Work

CAUSE = "maintain"
"""Cause of a maintenance's drains in the runtime state."""
VERSION = 1
"""Version of the format; another is not read."""


class HostStatus(StrEnum):
    """Progress of a host."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    PUTTING_BACK = "putting back"
    """It failed before or in its command, and returns to service if it is proved well."""
    DONE = "maintained"
    PUT_BACK = "put back"
    """It failed, was proved well and is in service."""
    OUT = "failed"
    """It failed and is not proved well; it gets no clients."""


class Ran(StrEnum):
    """Fate of a host's command."""

    NO = ""
    """It was not begun, or nobody knows yet how it ended."""
    WELL = "well"
    FAILED = "failed"


MOVING = frozenset({HostStatus.UNDER_WAY, HostStatus.PUTTING_BACK})
FAILED = frozenset({HostStatus.PUTTING_BACK, HostStatus.PUT_BACK, HostStatus.OUT})
SETTLED = frozenset({HostStatus.DONE, HostStatus.PUT_BACK, HostStatus.OUT})
_RESTORE = "restore"
"""The phase after which a host has its whole weight."""


@dataclass(frozen=True, slots=True)
class HostState:
    """One host of the maintenance."""

    host: str
    roles: tuple[str, ...]
    """Keys of its roles, such as ``real_servers``."""
    batch: int
    canary: bool = False
    drained: bool = False
    """Drained by the operator: it stays out of service."""
    status: HostStatus = HostStatus.WAITING
    done: tuple[str, ...] = ()
    """Phases that ended well, in order."""
    back: tuple[str, ...] = ()
    """Phases of putting it back that ended well."""
    at: str = ""
    """The phase under way, or that failed; still set after a cut."""
    attempt: int = 1
    """Number of its command: of each number one is run at most."""
    ran: Ran = Ran.NO
    settled: bool = False
    """True where its failure was known when the present run began."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Durations by name."""
    facts: dict[str, float] = field(default_factory=dict)
    """Findings of phases for later ones."""
    notes: dict[str, str] = field(default_factory=dict)
    """The same, in words."""
    reason: str = ""
    """Reason why it failed."""

    @property
    def serves(self) -> bool:
        """True for a real server."""
        return "real_servers" in self.roles

    @property
    def ended(self) -> bool:
        """True where this run does nothing more with it."""
        return self.status in SETTLED

    @property
    def leaves(self) -> bool:
        """True for a real server that clients lose while it is maintained."""
        return self.serves and not self.drained

    @property
    def waits(self) -> bool:
        """True until it begins."""
        return self.status is HostStatus.WAITING

    @property
    def moves(self) -> bool:
        """True while it is under way, or being put back."""
        return self.status in MOVING

    @property
    def is_out(self) -> bool:
        """True while the maintenance keeps a real server from serving with its whole weight."""
        if self.status is HostStatus.UNDER_WAY:
            return _RESTORE not in self.done
        return self.status in (HostStatus.PUTTING_BACK, HostStatus.OUT)

    def in_batch(self, number: int) -> "HostState":
        """Copy the host into another batch."""
        return replace(self, batch=number)


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A whole run."""

    id: str
    work: Work
    options: MaintenanceOptions
    hosts: tuple[HostState, ...]
    begun: str
    """Time of the start, ISO 8601."""
    status: RunStatus = RunStatus.RUNNING

    @property
    def servers(self) -> tuple[HostState, ...]:
        """Hosts that are real servers and nothing else."""
        return tuple(host for host in self.hosts if host.roles == ("real_servers",))

    @property
    def most_out(self) -> int | None:
        """Real servers that may be out at any time; None where batches are barriers. Raises
        ``OptionError``."""
        text = self.options.max_out
        return most_out(text, len(self.servers)) if text else None

    def host(self, name: str) -> HostState:
        """Find one host by name."""
        return next(host for host in self.hosts if host.host == name)

    def with_host(self, changed: HostState) -> "Maintenance":
        """Copy the maintenance with one host changed."""
        hosts = tuple(changed if one.host == changed.host else one for one in self.hosts)
        return replace(self, hosts=hosts)

    def with_status(self, status: RunStatus) -> "Maintenance":
        """Copy the maintenance with another status."""
        return replace(self, status=status)


_HOST_KEYS = tuple(one.name for one in fields(HostState))


class MaintenanceFormatError(ClusterError, ValueError):
    """A state that this version cannot read."""


def to_record(maintenance: Maintenance) -> dict[str, Any]:
    """Render a maintenance for JSON. Programs from before there were windows read one of
    batches."""
    # Not asdict of the whole, which copies what hundreds of hosts have at every phase of each.
    hosts = [{key: getattr(host, key) for key in _HOST_KEYS} for host in maintenance.hosts]
    options = asdict(maintenance.options)
    if not maintenance.options.max_out:
        del options["max_out"]
    return {
        "version": VERSION,
        "id": maintenance.id,
        "work": asdict(maintenance.work),
        "options": options,
        "hosts": hosts,
        "begun": maintenance.begun,
        "status": maintenance.status,
    }


def from_record(record: Any) -> Maintenance:
    """Parse ``to_record``. Raises ``MaintenanceFormatError``."""
    try:
        if record["version"] != VERSION:
            raise MaintenanceFormatError(
                f"it has format {record['version']}, this program {VERSION}"
            )
        return Maintenance(
            record["id"],
            Work(**record["work"]),
            MaintenanceOptions(**record["options"]),
            tuple(_host(one) for one in record["hosts"]),
            record["begun"],
            RunStatus(record["status"]),
        )
    except MaintenanceFormatError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise MaintenanceFormatError(f"it is not the state of a maintenance ({error})") from None


def _host(one: dict[str, Any]) -> HostState:
    lists = {key: tuple(one[key]) for key in ("roles", "done", "back")}
    return HostState(
        **{**one, **lists, "status": HostStatus(one["status"]), "ran": Ran(one["ran"])}
    )
