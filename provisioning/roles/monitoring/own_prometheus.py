"""The files by which a Prometheus that is there already watches the cluster. Pure."""

from ...model.inventory import Inventory
from ...model.monitoring import Monitoring
from ..rendering import Templates
from .prometheus import scrape_values
from .rules import RULES, rule_file, rule_values
from .targets import jobs

_FOLDER = "monitoring"


def prometheus_files(inventory: Inventory, monitoring: Monitoring) -> dict[str, str]:
    """Contents by their paths, relative to one folder: configuration, rules, targets, and the
    modules of a blackbox exporter beside that Prometheus. Raises ``RenderingError``."""
    templates = Templates(inventory)
    variables: dict[str, object] = {**inventory.vars}

    def render(name: str, **values: object) -> str:
        return templates.render(f"{_FOLDER}/{name}.yml.j2", variables, **values)

    values = rule_values(inventory, monitoring)
    rules = {f"rules/{rule_file(name)}": render(f"alerts-{name}", **values) for name in RULES}
    targets = {
        f"targets/{job.file}": job.text(inventory.name) for job in jobs(inventory, monitoring)
    }
    configuration = render(
        "for-prometheus", rules=list(rules), **scrape_values(inventory, monitoring)
    )
    return {
        "prometheus.yml": configuration,
        "blackbox.yml": render("blackbox"),
        **rules,
        **targets,
    }
