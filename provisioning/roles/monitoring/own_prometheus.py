"""The files by which a Prometheus that is there already watches the cluster, and a Grafana shows
it. Pure."""

from ...model.address import endpoint
from ...model.inventory import Inventory
from ...model.watching.monitoring import Monitoring
from ..rendering import Templates
from .boards.every import boards
from .boards.grafana import board_file, dashboard
from .prometheus import scrape_values
from .rules import RULES, rule_file, rule_values
from .targets import jobs

_FOLDER = "monitoring"


def prometheus_files(inventory: Inventory, monitoring: Monitoring) -> dict[str, str]:
    """Contents by their paths, relative to one folder: configuration, rules, targets, and the
    modules of a blackbox exporter beside that Prometheus, and the boards. Raises
    ``RenderingError``."""
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
    grafana = {
        f"grafana/boards/{board_file(board)}": dashboard(board, inventory.name)
        for board in boards(inventory)
    }
    places = {
        name: f"http://{endpoint(host.address, monitoring.ports.prometheus)}"
        for name, host in monitoring.hosts.items()
    }
    return {
        "prometheus.yml": configuration,
        "blackbox.yml": render("blackbox"),
        **rules,
        **targets,
        **grafana,
        "grafana/provisioning/dashboards/cosyvoice.yml": render("grafana-boards"),
        **(
            {
                "grafana/provisioning/datasources/cosyvoice.yml": render(
                    "grafana-sources", places=places, interval=monitoring.interval
                )
            }
            if places
            else {}
        ),
    }
