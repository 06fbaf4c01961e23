"""End of a run of a maintenance. Pure."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..rolling_upgrade.events import UpgradeEvent
from ..verify import CheckResult
from . import state_machine
from .state import HostStatus, Maintenance, RunStatus


class Outcome(Enum):
    """End of a command."""

    DONE = "done"
    FAILED = "failed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class MaintenanceResult:
    """A maintenance at the end of a run."""

    state: Maintenance
    checks: tuple[CheckResult, ...] = ()
    """The proof at its end, if one was made."""

    @property
    def bad(self) -> list[str]:
        """Failures, one a host."""
        if self.state.status is RunStatus.ABORTED:
            return []
        return [f"{host.host}: {host.reason}" for host in state_machine.failures(self.state)]

    @property
    def ok(self) -> bool:
        """True where it went as the operator asked, also into a pause or an abort."""
        proved = all(check.ok is not False for check in self.checks)
        return proved and self.state.status is not RunStatus.STOPPED and not self.bad

    @property
    def outcome(self) -> Outcome:
        """The result in one word; a pause with failures is a failure."""
        if not self.ok:
            return Outcome.FAILED
        return Outcome.PAUSED if self.state.status is RunStatus.PAUSED else Outcome.DONE


def end_event(ended: MaintenanceResult) -> UpgradeEvent:
    """Announce the result."""
    state, numbers = ended.state, facts(ended.state)
    if ended.bad:
        text = "; ".join(ended.bad) + "; `cluster maintain --resume` goes on with the others"
        return UpgradeEvent("failure", text=text, facts=numbers)
    if state.status is RunStatus.PAUSED:
        return UpgradeEvent("paused", text="paused; --resume continues", facts=numbers)
    if state.status is RunStatus.ABORTED:
        return UpgradeEvent("finish", text="aborted; no host is left in the middle", facts=numbers)
    if not ended.ok:
        text = "; ".join(f"{one.name}: {one.evidence}" for one in ended.checks if one.ok is False)
        return UpgradeEvent("failure", text=f"maintained, but not proved: {text}", facts=numbers)
    return UpgradeEvent("finish", text="all hosts are maintained", facts=numbers)


def facts(state: Maintenance) -> dict[str, Any]:
    """Numbers of a maintenance for machines: statuses, reasons and seconds by host."""
    failed = {host.host: host.reason for host in state.hosts if host.reason}
    return {
        "status": state.status.value,
        "hosts": {host.host: host.status.value for host in state.hosts},
        "reasons": failed,
        "seconds": {host.host: dict(host.seconds) for host in state.hosts if host.seconds},
    }


def whereabouts_of_cut(state: Maintenance) -> str:
    """Say what an interrupted run leaves, and how to go on."""
    said = []
    for host in state.hosts:
        if host.status not in (HostStatus.UNDER_WAY, HostStatus.PUTTING_BACK):
            continue
        where = f"cut at {host.at or 'the next phase'}"
        if host.at == "run":
            where = "its command goes on there"
        stays = ", stays out of service" if host.serves else ""
        said.append(f"{host.host}: {where}{stays}")
    left = "; ".join(said) or "no host is in the middle"
    return (
        f"interrupted: {left}. `cluster maintain --resume` goes on from there; `cluster maintain "
        "--abort` puts hosts back that are well, and ends it"
    )
