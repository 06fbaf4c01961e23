"""The files of rules: alerts, with their severity, texts and runbook. Pure."""

from ...model.inventory import Inventory
from ...model.watching.monitoring import Monitoring
from ...model.watching.objectives import Objectives

RULES = ("hosts", "directors", "edges", "service", "objectives", "gpus", "watching")
"""Templates ``alerts-NAME.yml.j2``, each a file of rules of the same name."""
_LABELS = (
    "app_node", "gpu", "iname", "instance", "integration", "job", "local_address", "mountpoint",
    "name", "node", "objective", "real_server", "role", "route", "rule_group", "service", "vip",
)  # fmt: skip


def rule_values(inventory: Inventory, monitoring: Monitoring) -> dict[str, object]:
    """Values of the templates. What Prometheus itself fills in stands there by its name: a
    template's braces are Jinja's."""
    return {
        "of": {label: f"{{{{ $labels.{label} }}}}" for label in _LABELS},
        "value": "{{ $value | humanize }}",
        "percent": "{{ $value | humanizePercentage }}",
        "duration": "{{ $value | humanizeDuration }}",
        "runbooks": monitoring.runbooks.rstrip("/"),
        "queue": inventory.app.queue_size,
        "objectives": monitoring.objectives,
        "first_audio_bound": _bucket(monitoring.objectives),
        "cluster_name": inventory.name,
        "watchers": len(monitoring.hosts),
    }


def _bucket(objectives: Objectives) -> str:
    """The label ``le`` of the bucket with the jobs that were quick enough, as nodes write it."""
    return repr(objectives.first_audio.seconds) if objectives.first_audio else ""


def rule_file(name: str) -> str:
    """Name of the file with these rules."""
    return f"{name}.yml"
