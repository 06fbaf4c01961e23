"""Central logs: one host that keeps the lines of all, and programs on all that send them there."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from ..base import Port, Whole
from ..hosts import Group, Host, IPAddress, address_only
from ..log_output import LogOutput


class LogHost(Host):
    """The machine that keeps the logs of every host."""


LogHostEntry = Annotated[
    LogHost, BeforeValidator(address_only, json_schema_input_type=IPAddress | LogHost)
]


class Logs(Group[LogHostEntry]):
    """The machine that keeps the logs of every host, so that those of a dead one can be read."""

    host_type = LogHost

    port: Port = 2514
    """Where hosts send to, over TLS in which both sides show a certificate of the cluster's."""
    keep_days: Annotated[Whole, Field(ge=1, le=3650)] = 30
    """Days after which lines are removed."""
    keep_gib: Annotated[Whole, Field(ge=1, le=65536)] = 20
    """GiB of all lines together, past which the oldest are removed sooner."""
    spool_mib: Annotated[Whole, Field(ge=16, le=65536)] = 512
    """MiB of lines that a host keeps on its disk while the log host is away."""
    outputs: list[LogOutput] = []
    """Elasticsearch, OpenSearch or Loki, to which the log host sends lines on."""
