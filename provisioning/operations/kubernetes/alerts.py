"""Alerts that mean on Kubernetes what they mean on hosts. Pure."""

from typing import Any

import yaml

from ...model.inventory import Inventory
from ...model.watching.monitoring import Monitoring
from ...roles.monitoring.rules import rule_values
from ...roles.rendering import Templates

RULES = ("service", "objectives", "gpus")
"""Files of rules that speak of nodes. Machines, directors and Prometheus are others' there."""
ELSEWHERE = {
    "VipUnreachable": "probes of the virtual IP are a blackbox exporter's, which the chart lacks",
    "CertificateEnds": "the certificate is a Secret, which cert-manager renews and watches",
    "CertificateEndsSoon": "the same",
    "DrainedTooLong": "a pod drains for its grace period and no longer",
    "GpuMissing": "a pod whose cards are not there is not started",
}
"""Alerts of those files that have nothing to look at there, and why."""


def alert_rules(inventory: Inventory) -> str:
    """The rules in YAML, as Prometheus and a PrometheusRule have them. Raises
    ``RenderingError``."""
    templates = Templates(inventory)
    # The chart's values name the cluster.
    values = rule_values(inventory, inventory.monitoring or Monitoring()) | {"cluster_name": ""}
    groups: list[dict[str, Any]] = []
    for name in RULES:
        text = templates.render(f"monitoring/alerts-{name}.yml.j2", {**inventory.vars}, **values)
        groups += yaml.safe_load(text)["groups"]
    for group in groups:
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert") not in ELSEWHERE]
    return yaml.safe_dump({"groups": groups}, allow_unicode=True, sort_keys=False, width=1000)
