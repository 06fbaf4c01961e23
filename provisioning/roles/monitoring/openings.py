"""Connections to monitoring hosts, and from them. Pure."""

from ...model.address import IPNetwork
from ...model.derived.nodes import nodes_of
from ...model.inventory import Inventory
from ...model.watching.monitoring import Monitoring
from ..opening import Opening, networks, own_networks

_KEY = "monitoring"


def openings(inventory: Inventory, name: str) -> list[Opening]:
    """On every host the exporters' ports for the monitoring hosts; on these each other's, and the
    pages for those who may look at metrics."""
    monitoring = inventory.monitoring
    if monitoring is None:
        return []
    watchers, exported = own_networks(inventory, _KEY), (monitoring.ports.host,)
    # A Prometheus of the operator's own asks for them too.
    askers = (*watchers, *_lookers(inventory))
    found = [Opening(what="metrics of the machine", ports=exported, sources=askers)]
    if name in inventory.real_servers.hosts:
        ports = tuple(node.port for node in nodes_of(inventory, name))
        found.append(Opening(what="metrics of the app", ports=ports, sources=watchers))
    if inventory.edges and name in inventory.edges.hosts:
        ports = (monitoring.ports.edge,)
        found.append(Opening(what="metrics of an edge's requests", ports=ports, sources=askers))
    if name in monitoring.hosts:
        found += _of_monitoring(inventory, monitoring)
    return found


def _of_monitoring(inventory: Inventory, monitoring: Monitoring) -> list[Opening]:
    ports, watchers = monitoring.ports, own_networks(inventory, _KEY)
    pages = (ports.prometheus, ports.alertmanager)
    found = [Opening(what="what one tells the other", ports=pages, sources=watchers)]
    if len(monitoring.hosts) > 1:
        # Gossip of Alertmanagers goes both ways (github.com/hashicorp/memberlist).
        what = "alerts and silences that Alertmanagers share"
        found += [
            Opening(what=what, ports=(ports.mesh,), sources=watchers),
            Opening(what=what, protocol="udp", ports=(ports.mesh,), sources=watchers),
        ]
    what = "the pages of Prometheus and Alertmanager"
    return [*found, Opening(what=what, ports=pages, sources=_lookers(inventory))]


def _lookers(inventory: Inventory) -> tuple[IPNetwork, ...]:
    """Those who may look at metrics, as the inventory has them."""
    return networks(inventory.firewall.metrics_from) if inventory.firewall else ()
