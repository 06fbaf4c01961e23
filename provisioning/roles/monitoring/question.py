"""The question by which ``cluster init`` asks for monitoring hosts."""

from ..question import Question

MONITORING_QUESTION = Question(
    key="monitoring",
    option="--monitoring-host",
    help="A machine that watches the others; or none. May be repeated.",
    metavar="[NAME=]ADDRESS|none",
    text="Monitoring (Prometheus, alerts): address of one or two hosts, or none",
    more="Prometheus, Alertmanager and exporters. Any host but a director or real server; the "
    "storage host will do (docs/monitoring.md).",
    prefix="mon",
    comment="# The machines that watch the others: Prometheus, Alertmanager, and exporters on all "
    "hosts\n# (docs/monitoring.md).\n",
    optional=True,
)
