"""The choice of the language a template is written in. An operator's own has the name of ours, and
so its language."""

from .environment_file import EnvironmentFile
from .exports import Exports
from .go_template import GoTemplate
from .keepalived import Keepalived
from .language import Language
from .lines import Listed, Sysctl, Words
from .metrics import Metrics
from .nft import Nft
from .nginx import Nginx
from .perl import Perl
from .rsyslog import Rsyslog
from .shell import Shell
from .supervisor import Supervisor
from .systemd import Systemd
from .yaml import Yaml

_BY_END: tuple[tuple[str, type[Language]], ...] = (
    ("/keepalived.conf.j2", Keepalived),
    (".supervisor.conf.j2", Supervisor),
    (".service.j2", Systemd),
    (".timer.j2", Systemd),
    ("/keepalived.restart.conf.j2", Systemd),
    ("/nginx.conf.j2", Nginx),
    ("/nginx.restart.conf.j2", Systemd),
    # Parts of configurations of Nginx.
    ("nginx/tls.conf.j2", Nginx),
    ("nginx/redirect_host.conf.j2", Nginx),
    ("nginx/acme_nodes.conf.j2", Nginx),
    ("nginx/ask_acme_nodes.conf.j2", Nginx),
    ("/firewall.nft.j2", Nft),
    ("/log-shipper.conf.j2", Rsyslog),
    ("/log-store.conf.j2", Rsyslog),
    ("/sysctl.conf.j2", Sysctl),
    ("/modules.conf.j2", Words),
    ("/peers.j2", Listed),
    ("/services.j2", Listed),
    ("/edge-nodes.j2", Listed),
    # A program in Python; what is put into it is a word.
    ("/cosyvoice-edge.j2", Words),
    ("/logrotate.j2", Words),
    # Nothing is put into these.
    ("/sorry-page.html.j2", Words),
    ("/sorry-page.json.j2", Words),
    # mtail's program; what is put into it is a word.
    ("/edge.mtail.j2", Words),
    (".env.j2", EnvironmentFile),
    ("/exports.j2", Exports),
    (".sh.j2", Shell),
    ("/notify.j2", Shell),
    ("/keepalived-guard.j2", Shell),
    ("/dynamic-check.j2", Perl),
    ("/lvs-real-server.j2", Shell),
    ("/nfs-export.j2", Shell),
    ("/cosyvoice-nginx.j2", Shell),
    ("/keepalived-metrics.j2", Shell),
    (".drop-in.conf.j2", Systemd),
    (".yml.j2", Yaml),
    (".prom.j2", Metrics),
    (".lib.j2", GoTemplate),
    ("/cosyvoice-firewall.j2", Shell),
    ("/shipper-again.j2", Shell),
    ("/shipper-rewind.j2", Shell),
)


def language_of(template: str) -> Language:
    """By the template's name. Raises ``LookupError`` for one that nobody has given a language."""
    for end, language in _BY_END:
        if template.endswith(end):
            return language()
    raise LookupError(f"template {template}: provisioning/languages has no language for its name")
