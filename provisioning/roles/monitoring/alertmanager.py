"""Alertmanager on a monitoring host: secrets, configuration, service."""

from pathlib import Path

from ...model.address import endpoint
from ...model.secrets.secret import SecretSource, reveal
from ...model.watching.monitoring import Monitoring
from ...model.watching.receiver import (
    DingTalkReceiver,
    EmailReceiver,
    FeishuReceiver,
    PagerDutyReceiver,
    Receiver,
    SlackReceiver,
    WebhookReceiver,
    WeComReceiver,
)
from ...places import ALERTMANAGER, MONITORING_CONF, MONITORING_SECRETS
from ...resources.base import Resource
from ...resources.directory import Directory
from ...resources.file import File
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .daemon import PackagedDaemon

CONF = f"{MONITORING_CONF}/alertmanager.yml"
_GROUP = "prometheus"
_TITLE = "[{{ .Status | toUpper }}] {{ .CommonLabels.alertname }} ({{ .CommonLabels.cluster }})"
_TEXT = (
    "{{ range .Alerts }}[{{ .Status }}] {{ .Labels.severity }}: {{ .Annotations.summary }}\n"
    "{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}"
)


def daemon(host: RoleHost, monitoring: Monitoring) -> PackagedDaemon:
    """Bound to the host's own address; it tells the others what it has told."""
    ports = monitoring.ports
    own = monitoring.hosts[host.name].address
    others = [one.address for name, one in monitoring.hosts.items() if name != host.name]
    place = endpoint(own, ports.alertmanager)
    mesh = [f"--cluster.listen-address={endpoint(own, ports.mesh) if others else ''}"]
    if others:
        # It would look for a private address of its own choice.
        mesh.append(f"--cluster.advertise-address={endpoint(own, ports.mesh)}")
        mesh += [f"--cluster.peer={endpoint(other, ports.mesh)}" for other in others]
    return PackagedDaemon(
        ALERTMANAGER,
        (
            f"--config.file={CONF}",
            "--storage.path=/var/lib/prometheus/alertmanager",
            f"--web.listen-address={place}",
            f"--web.external-url=http://{place}/",
            *mesh,
        ),
    )


def alertmanager(host: RoleHost, monitoring: Monitoring) -> list[Resource]:
    """All of it. Secrets come first, as the configuration names their files."""
    runs = daemon(host, monitoring)
    heartbeat = monitoring.heartbeat
    content = host.render(
        "alertmanager.yml.j2",
        repeat_hours=monitoring.repeat_hours,
        heartbeat=_revealed(heartbeat) if heartbeat is not None else "",
        receivers=[_values(one) for one in monitoring.receivers],
        relay=f"http://127.0.0.1:{monitoring.ports.relay}",
        title=_TITLE,
        text=_TEXT,
    )
    again = (runs.again(host.manager),)
    return [
        Directory(path=MONITORING_SECRETS, mode=0o750, group=_GROUP),
        *(
            File(
                path=path,
                content=_revealed(source),
                mode=0o640,
                group=_GROUP,
                sensitive=True,
                triggers=again,
            )
            for path, source in _secret_files(monitoring)
        ),
        RenderedFile(
            path=CONF,
            content=content,
            # Of some kinds it holds the secret itself: this Alertmanager knows no file for those.
            mode=0o640,
            group=_GROUP,
            sensitive=True,
            validate='amtool check-config "$CANDIDATE"',
            triggers=again,
        ),
        *runs.kept_running(host),
    ]


def _secret_files(monitoring: Monitoring) -> list[tuple[str, SecretSource]]:
    found = []
    for receiver in monitoring.receivers:
        for key, source in _in_files(receiver).items():
            if source is not None:
                found.append((_path(receiver, key), source))
    return found


def _in_files(receiver: Receiver) -> dict[str, SecretSource | None]:
    """Secrets that Alertmanager reads from files."""
    match receiver:
        case EmailReceiver():
            return {"password": receiver.password}
        case WebhookReceiver():
            return {"token": receiver.token}
        case SlackReceiver():
            return {"url": receiver.url}
        case PagerDutyReceiver():
            return {"routing_key": receiver.routing_key}
        case WeComReceiver() | DingTalkReceiver() | FeishuReceiver():
            return {}


def _path(receiver: Receiver, key: str) -> str:
    return f"{MONITORING_SECRETS}/{receiver.name}-{key.replace('_', '-')}"


def _values(receiver: Receiver) -> dict[str, object]:
    """Values of the template: secrets as paths, or as they are where there is no other way."""
    values: dict[str, object] = {
        **receiver.model_dump(),
        "severities": "|".join(one.value for one in receiver.severities),
    }
    for key, source in _in_files(receiver).items():
        values[f"{key}_file"] = _path(receiver, key) if source is not None else ""
    if isinstance(receiver, WebhookReceiver):
        values["url"] = _revealed(receiver.url)
    if isinstance(receiver, WeComReceiver):
        values["secret"] = _revealed(receiver.secret)
    return values


def _revealed(source: SecretSource) -> str:
    return reveal(source, Path())
