"""The blackbox exporter on a monitoring host: it asks the VIPs as a client does."""

from ...model.watching.monitoring import Monitoring
from ...places import BLACKBOX_EXPORTER, MONITORING_CONF
from ...resources.base import Resource
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .daemon import PackagedDaemon

CONF = f"{MONITORING_CONF}/blackbox.yml"


def blackbox(host: RoleHost, monitoring: Monitoring) -> list[Resource]:
    """Its configuration and its service. On loopback alone: who reaches it makes it ask anything
    that this host reaches."""
    runs = PackagedDaemon(
        BLACKBOX_EXPORTER,
        (
            f"--config.file={CONF}",
            f"--web.listen-address=127.0.0.1:{monitoring.ports.blackbox}",
        ),
    )
    return [
        RenderedFile(
            path=CONF,
            content=host.render("blackbox.yml.j2"),
            validate=f'{BLACKBOX_EXPORTER} --config.check --config.file="$CANDIDATE"',
            triggers=(runs.again(host.manager),),
        ),
        *runs.kept_running(host),
    ]
