"""End of a run of a maintenance. Pure."""

from dataclasses import dataclass
from typing import Any

from ..rolling.events import RunEvent
from ..rolling.result import RunResult
from ..rolling.run_status import RunStatus
from . import state_machine
from .state import HostStatus, Maintenance


@dataclass(frozen=True, slots=True)
class MaintenanceResult(RunResult):
    """A maintenance at the end of a run."""

    state: Maintenance

    @property
    def status(self) -> RunStatus:
        return self.state.status

    @property
    def failures(self) -> list[str]:
        return [f"{host.host}: {host.reason}" for host in state_machine.failures(self.state)]


def end_event(ended: MaintenanceResult) -> RunEvent:
    """Announce the result."""
    state, numbers = ended.state, facts(ended.state)
    if ended.bad:
        text = "; ".join(ended.bad) + "; `cluster maintain --resume` goes on with the others"
        return RunEvent("failure", text=text, facts=numbers)
    if state.status is RunStatus.PAUSED:
        return RunEvent("paused", text="paused; --resume continues", facts=numbers)
    if state.status is RunStatus.ABORTED:
        return RunEvent("finish", text="aborted; no host is left in the middle", facts=numbers)
    if not ended.ok:
        text = f"maintained, but not proved: {ended.unproved}"
        return RunEvent("failure", text=text, facts=numbers)
    return RunEvent("finish", text="all hosts are maintained", facts=numbers)


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
