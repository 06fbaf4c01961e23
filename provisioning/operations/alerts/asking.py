"""Ask the cluster's Alertmanagers. They share silences and know the same alerts, so one that
answers is enough."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...engine.fleet import Fleet
from ...engine.observe import run_fragments
from ...facts.alerts import (
    Alert,
    AlertsError,
    answered,
    firing_alerts,
    posting_alerts,
    silencing,
)
from ...facts.fact import Fact
from ...model.watching.monitoring import Monitoring
from ...resources.base import Observation
from ...roles.monitoring.view import WATCHDOG
from ...transport.base import Transport
from ..errors import OperationError

_TIMEOUT = 30.0
_ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Burning:
    """Alerts, as the Alertmanager of one host has them."""

    host: str
    alerts: tuple[Alert, ...]
    watched: bool
    """Whether Prometheus tells it anything: without, no alert means nothing."""


def burning_alerts(monitoring: Monitoring, fleet: Fleet) -> Burning:
    """Alerts that burn now. Raises ``OperationError`` where no host can say."""

    def asked(name: str) -> Fact[tuple[Alert, ...]]:
        return firing_alerts(monitoring.hosts[name].address, monitoring.ports.alertmanager)

    host, found = _first(monitoring, fleet, lambda name: asked(name).fragment)
    alerts = asked(host).parse(found)
    told = tuple(one for one in alerts if one.name != WATCHDOG)
    return Burning(host, told, len(told) != len(alerts))


def silence(
    monitoring: Monitoring,
    fleet: Fleet,
    wanted: dict[str, str],
    *,
    since: datetime,
    seconds: float,
    who: str,
    comment: str,
) -> str:
    """Let nobody be told of alerts with these labels for a time; the silence's id. Raises
    ``OperationError``."""
    body = {
        "matchers": [
            {"name": name, "value": value, "isRegex": False, "isEqual": True}
            for name, value in wanted.items()
        ],
        "startsAt": since.isoformat(),
        "endsAt": (since + timedelta(seconds=seconds)).isoformat(),
        "createdBy": who,
        "comment": comment,
    }
    port = monitoring.ports.alertmanager
    _, found = _first(
        monitoring, fleet, lambda name: silencing(monitoring.hosts[name].address, port, body)
    )
    return str(answered(found)["silenceID"])


def tell_a_test(
    monitoring: Monitoring, fleet: Fleet, cluster: str, severity: str, *, since: datetime, who: str
) -> str:
    """Tell an alert that means nothing, which ends by itself after five minutes; the host that
    took it. Raises ``OperationError``."""
    alert: dict[str, Any] = {
        "labels": {"alertname": "Test", "severity": severity, "cluster": cluster},
        "annotations": {
            "summary": "This is a test",
            "description": f"{who} tries whether alerts arrive. Nothing is wrong.",
        },
        "startsAt": since.isoformat(),
        "endsAt": (since + timedelta(minutes=5)).isoformat(),
    }
    port = monitoring.ports.alertmanager
    host, _ = _first(
        monitoring,
        fleet,
        lambda name: posting_alerts(monitoring.hosts[name].address, port, [alert]),
    )
    return host


def _first(
    monitoring: Monitoring, fleet: Fleet, fragment: Callable[[str], str]
) -> tuple[str, Observation]:
    """The first host whose Alertmanager answers, and what it says."""

    def work(name: str, transport: Transport) -> Observation:
        asked = {_ANSWER: fragment(name)}
        return run_fragments(name, transport, asked, timeout=_TIMEOUT)[_ANSWER]

    problems = []
    for name in monitoring.hosts:
        if not (found := fleet.each_at_once([name], work)):
            problems.append(str(fleet.errors[name]))
            continue
        try:
            answered(found[name])
        except AlertsError as error:
            problems.append(f"{name}: {error}")
            continue
        return name, found[name]
    raise OperationError(f"no Alertmanager answers: {'; '.join(problems)}")
