"""Monitoring: Prometheus, Alertmanager and the exporters that they ask."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from ..base import Part, Port, Whole
from ..hosts import Group, Host, IPAddress, address_only
from ..secrets.secret import Secret
from .objectives import Objectives
from .receiver import BotReceiver, DingTalkReceiver, FeishuReceiver, Receiver


class MonitoringHost(Host):
    """A machine that watches the others."""


MonitoringEntry = Annotated[
    MonitoringHost,
    BeforeValidator(address_only, json_schema_input_type=IPAddress | MonitoringHost),
]


class Retention(Part):
    """Age and size of what a Prometheus keeps; whichever is reached first counts."""

    days: Annotated[Whole, Field(ge=1, le=3650)] = 30
    """Age in days."""
    gigabytes: Annotated[Whole, Field(ge=1, le=100_000)] = 10
    """Size on its disk, under ``/var/lib/prometheus``."""


class MonitoringPorts(Part):
    """Ports, each at the host's own address and never at a VIP."""

    prometheus: Port = 9090
    """On monitoring hosts."""
    alertmanager: Port = 9093
    """On monitoring hosts."""
    mesh: Port = 9094
    """Between the Alertmanagers of two monitoring hosts, TCP and UDP."""
    blackbox: Port = 9115
    """On monitoring hosts, on their loopback alone."""
    relay: Port = 9095
    """What tells DingTalk and Feishu, where one of them is a receiver; on monitoring hosts, on
    their loopback alone."""
    host: Port = 9100
    """Node exporter, on every host."""
    edge: Port = 3903
    """mtail, on edges: their requests."""


class Monitoring(Group[MonitoringEntry]):
    """The machines that watch the others; two watch by themselves and share what was told. Without
    hosts there are exporters alone, for a Prometheus of yours (``cluster render --prometheus``)."""

    host_type = MonitoringHost

    retention: Retention = Retention()
    """What is kept, and for how long."""
    interval: Annotated[Whole, Field(ge=5, le=60)] = 15
    """Seconds between looks."""
    ports: MonitoringPorts = MonitoringPorts()
    """Ports."""
    objectives: Objectives = Objectives()
    """What clients are promised; without any, no error budget is watched."""
    receivers: list[Receiver] = []
    """Those who are told of alerts; without any, `cluster alerts` shows them."""
    heartbeat: Secret | None = None
    """A URL that is posted to every minute for as long as alerts can be told; what waits there
    for it tells of a monitoring host that died."""
    repeat_hours: Annotated[Whole, Field(ge=1, le=168)] = 4
    """Hours after which an alert that goes on is told again."""
    runbooks: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.~:/?&=%+-]{1,255}$")] = "docs/runbooks"
    """Where the runbooks are, in front of ``/NAME.md`` in each alert: a URL of a copy of yours, or
    the folder in this project."""

    @property
    def bots(self) -> list[DingTalkReceiver | FeishuReceiver]:
        """Receivers that are told by a relay of ours."""
        return [one for one in self.receivers if isinstance(one, BotReceiver)]
