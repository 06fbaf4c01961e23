"""Status of a monitoring host, as ``cluster status`` shows it. Pure."""

from collections.abc import Iterator

from ...facts.alerts import Alert, AlertsError, Targets, firing_alerts, targets_up
from ...facts.fact import Answers, View
from ...facts.lan.interfaces import INTERFACES
from ...model.inventory import Inventory
from ..host_status import Cell, HostStatus

WATCHDOG = "Watchdog"
"""The alert that always burns."""


def monitoring_view(inventory: Inventory, name: str) -> View[HostStatus]:
    """Facts of one monitoring host, and what follows from them."""
    monitoring = inventory.monitoring
    assert monitoring is not None
    address, ports = monitoring.hosts[name].address, monitoring.ports
    targets, alerts = (
        targets_up(address, ports.prometheus),
        firing_alerts(address, ports.alertmanager),
    )

    def combine(seen: Answers) -> HostStatus:
        # A host whose addresses cannot be told counts as not seen, whatever its role.
        _ = seen[INTERFACES]
        reached = seen[targets]
        try:
            burning, problem = seen[alerts], ""
        except AlertsError as error:
            burning, problem = (), str(error)
        counted = [one for one in burning if one.name != WATCHDOG]
        record = {
            "prometheus": not reached.problem,
            "alertmanager": not problem,
            "targets_up": reached.up,
            "targets": reached.every,
            "alerts": len(counted),
            "critical": sum(one.severity == "critical" for one in counted),
        }
        faults = tuple(_faults(name, reached, burning, problem))
        return HostStatus(record, _cells(reached, counted, problem), faults)

    return View((INTERFACES, targets, alerts), combine)


def _cells(reached: Targets, counted: list[Alert], problem: str) -> dict[str, Cell]:
    critical = any(one.severity == "critical" for one in counted)
    told = "unknown" if problem else str(len(counted))
    every = "unknown" if reached.problem else f"{reached.up} of {reached.every}"
    return {
        "Prometheus": Cell(_word(reached.problem), good=not reached.problem),
        "targets": Cell(every, good=0 < reached.every == reached.up),
        "Alertmanager": Cell(_word(problem), good=not problem),
        "alerts": Cell(told, good=not problem and not critical),
    }


def _word(problem: str) -> str:
    return "silent" if problem else "answers"


def _faults(
    name: str, reached: Targets, burning: tuple[Alert, ...], problem: str
) -> Iterator[tuple[str, str]]:
    logs = f"see `cluster logs {name}`; `cluster deploy` starts it"
    if reached.problem:
        yield f"Prometheus does not answer: {reached.problem}", logs
    if problem:
        yield f"Alertmanager does not answer: {problem}", logs
    elif not reached.problem and all(one.name != WATCHDOG for one in burning):
        text = "Alertmanager got nothing from Prometheus: alerts would not be told"
        yield text, f"see `cluster logs {name}`; it begins a minute after the first start"
