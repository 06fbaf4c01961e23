"""Prometheus on a monitoring host: rules, targets, configuration, service."""

from ...model.address import endpoint
from ...model.inventory import Inventory
from ...model.watching.monitoring import Monitoring
from ...places import MONITORING_CONF, PROMETHEUS
from ...resources.base import Requirement, Resource
from ...resources.directory import Directory
from ...resources.file import File
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .boards.console import console_page, page_file
from .boards.every import boards
from .daemon import PackagedDaemon
from .rules import RULES, rule_file, rule_values
from .targets import jobs

_DATA = "/var/lib/prometheus/metrics2"
"""Debian's folder; it stays when the role leaves, as what was measured may be wanted."""
CONF = f"{MONITORING_CONF}/prometheus.yml"
_CONSOLES = f"{MONITORING_CONF}/consoles"
_LIBRARIES = f"{MONITORING_CONF}/console-libraries"
_TIMEOUT = 10
"""Seconds that a look may take, at most; a director with one busy core needs a few."""


def daemon(host: RoleHost, monitoring: Monitoring) -> PackagedDaemon:
    """Bound to the host's own address."""
    place = endpoint(monitoring.hosts[host.name].address, monitoring.ports.prometheus)
    return PackagedDaemon(
        PROMETHEUS,
        (
            f"--config.file={CONF}",
            f"--storage.tsdb.path={_DATA}",
            f"--storage.tsdb.retention.time={monitoring.retention.days}d",
            f"--storage.tsdb.retention.size={monitoring.retention.gigabytes}GB",
            f"--web.listen-address={place}",
            f"--web.external-url=http://{place}/",
            f"--web.console.templates={_CONSOLES}",
            f"--web.console.libraries={_LIBRARIES}",
        ),
    )


def prometheus(host: RoleHost, monitoring: Monitoring) -> list[Resource]:
    """All of it, in the order in which each file's check needs the others."""
    inventory = host.inventory
    runs = daemon(host, monitoring)
    again = (runs.again(host.manager),)
    rules, targets = f"{MONITORING_CONF}/rules", f"{MONITORING_CONF}/targets"
    every = jobs(inventory, monitoring)
    values = rule_values(inventory, monitoring)
    configuration = host.render(
        "prometheus.yml.j2",
        interval=monitoring.interval,
        timeout=min(_TIMEOUT, monitoring.interval),
        replica=host.name,
        alertmanagers=[
            endpoint(one.address, monitoring.ports.alertmanager)
            for one in monitoring.hosts.values()
        ],
        rules=[f"rules/{rule_file(name)}" for name in RULES],
        **scrape_values(inventory, monitoring),
    )
    return [
        Directory(path=rules),
        Directory(path=targets),
        *(
            RenderedFile(
                path=f"{rules}/{rule_file(name)}",
                content=host.render(f"alerts-{name}.yml.j2", **values),
                validate='promtool check rules "$CANDIDATE"',
                triggers=again,
            )
            for name in RULES
        ),
        # Prometheus looks at these by itself.
        *(File(path=f"{targets}/{job.file}", content=job.text(inventory.name)) for job in every),
        RenderedFile(
            path=CONF,
            content=configuration,
            validate='promtool check config "$CANDIDATE"',
            triggers=again,
        ),
        *_consoles(host),
        *runs.kept_running(host),
    ]


def _consoles(host: RoleHost) -> list[Resource]:
    """The boards, which Prometheus reads anew whenever one is looked at."""
    every = boards(host.inventory)
    library = host.render("cosyvoice.lib.j2")
    return [
        Directory(path=_LIBRARIES),
        Directory(path=_CONSOLES),
        RenderedFile(path=f"{_LIBRARIES}/cosyvoice.lib", content=library),
        *(
            File(
                path=f"{_CONSOLES}/{page_file(board)}",
                content=console_page(board, every, host.inventory.name),
            )
            for board in every
        ),
    ]


def scrape_values(inventory: Inventory, monitoring: Monitoring) -> dict[str, object]:
    """Values of the part of a configuration that says where to look."""
    return {
        "jobs": [
            {"name": job.job_name, "file": f"targets/{job.file}", "modules": job.modules}
            for job in jobs(inventory, monitoring)
        ],
        "blackbox": f"127.0.0.1:{monitoring.ports.blackbox}",
    }


def room(monitoring: Monitoring) -> Requirement:
    """The disk is larger than what is to be kept on it."""
    size = monitoring.retention.gigabytes
    return Requirement(
        f"/var/lib has room for {size} GB of metrics",
        # What it keeps already counts as room.
        "folder=/var/lib/prometheus; [ -d $folder ] || folder=/var/lib\n"
        "free=$(df -B1G --output=avail $folder | tail -n 1)\n"
        "kept=$(du -s -B1G /var/lib/prometheus 2> /dev/null | cut -f 1)\n"
        'there=$((free + ${kept:-0})); echo "there are $there GB"\n'
        f'[ "$there" -ge {size} ]',
        "lower monitoring.retention.gigabytes, or give the host a larger disk",
    )
