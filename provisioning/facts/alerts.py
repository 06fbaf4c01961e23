"""Answers of Prometheus and Alertmanager to the host they run on. Pure."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import ClusterError
from ..model.address import IPAddress, endpoint
from ..resources.base import Observation
from .fact import Fact

_ASK = "curl -sS -g --noproxy '*' --max-time 10 --fail-with-body"


class AlertsError(ClusterError):
    """No answer that makes sense; the message says why."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that burns."""

    name: str
    severity: str
    labels: Mapping[str, str]
    since: datetime
    summary: str
    description: str
    runbook: str
    state: str
    """``active``, or ``suppressed`` while a silence or another alert covers it."""
    silenced_by: tuple[str, ...]
    """Silences that cover it."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Number of targets, and of those that Prometheus reaches."""

    problem: str
    """Reason for which it does not say; empty where it does."""
    up: int = 0
    every: int = 0


def firing_alerts(address: IPAddress, port: int) -> Fact[tuple[Alert, ...]]:
    """Alerts that Alertmanager holds. Its parser raises ``AlertsError``."""
    url = f"http://{endpoint(address, port)}/api/v2/alerts"
    return Fact("alerts", f"{_ASK} {shlex.quote(url)}", _alerts)


def targets_up(address: IPAddress, port: int) -> Fact[Targets]:
    """Readiness of Prometheus, and the part of the cluster that it reaches."""
    url = f"http://{endpoint(address, port)}/api/v1/query?query=up"
    return Fact("targets_up", f"{_ASK} {shlex.quote(url)}", _targets)


def silencing(address: IPAddress, port: int, silence: Mapping[str, Any]) -> str:
    """Fragment that makes a silence, and prints Alertmanager's answer."""
    return _post(address, port, "silences", silence)


def posting_alerts(address: IPAddress, port: int, alerts: list[dict[str, Any]]) -> str:
    """Fragment that gives alerts to Alertmanager, as Prometheus does."""
    return _post(address, port, "alerts", alerts)


def _post(address: IPAddress, port: int, what: str, body: object) -> str:
    url = f"http://{endpoint(address, port)}/api/v2/{what}"
    text = shlex.quote(json.dumps(body, ensure_ascii=False))
    return (
        f"printf %s {text} | {_ASK} -H 'Content-Type: application/json' --data-binary @- "
        f"{shlex.quote(url)}"
    )


def answered(found: Observation) -> Any:
    """JSON of an answer, or nothing where there is no body. Raises ``AlertsError``."""
    if found.status:
        said = [*found.stderr.strip().splitlines(), f"status {found.status}"]
        body = found.stdout.strip()
        raise AlertsError(f"{said[0]}{': ' + body if body else ''}")
    try:
        return json.loads(found.stdout) if found.stdout.strip() else None
    except ValueError:
        raise AlertsError(f"it is no JSON: {found.stdout[:100]!r}") from None


def _alerts(found: Observation) -> tuple[Alert, ...]:
    try:
        alerts = [_alert(one) for one in answered(found) or []]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise AlertsError(f"Alertmanager's answer is not understood ({error})") from None
    return tuple(sorted(alerts, key=lambda one: (_order(one), one.name, sorted(one.labels))))


def _order(alert: Alert) -> int:
    known = ("critical", "warning", "info")
    return known.index(alert.severity) if alert.severity in known else len(known)


def _alert(said: Mapping[str, Any]) -> Alert:
    labels, texts, status = dict(said["labels"]), said["annotations"], said["status"]
    name, severity = labels.pop("alertname"), labels.pop("severity", "")
    return Alert(
        name,
        severity,
        labels,
        datetime.fromisoformat(said["startsAt"]),
        texts.get("summary", ""),
        texts.get("description", ""),
        texts.get("runbook_url", ""),
        status["state"],
        tuple(status["silencedBy"]),
    )


def _targets(found: Observation) -> Targets:
    try:
        result = answered(found)["data"]["result"]
        return Targets("", sum(one["value"][1] == "1" for one in result), len(result))
    except AlertsError as error:
        return Targets(str(error))
    except (KeyError, TypeError, IndexError):
        return Targets("its answer is not understood")
