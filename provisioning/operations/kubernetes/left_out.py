"""Parts of an inventory that the chart has not. Pure."""

from collections.abc import Iterator

from ...model.derived.resolve import app_services
from ...model.derived.way_in import way_in_vips
from ...model.inventory import Inventory
from .values import vips_of

_OF_A_HOST = ("environment", "workers", "weight", "gpus")
_ALIKE = "pods are all alike"


def left_out(inventory: Inventory) -> list[str]:
    """The parts and their reasons, a sentence each without its full stop."""
    return [*_of_nodes(inventory), *_of_the_way_in(inventory)]


def _of_nodes(inventory: Inventory) -> Iterator[str]:
    for name, host in inventory.real_servers.hosts.items():
        for key in _OF_A_HOST:
            if key in host.model_fields_set:
                yield f"real_servers.hosts.{name}.{key}: {_ALIKE}"
    for service in app_services(inventory):
        if service.real_servers is not None:
            yield f"services.{service.name}.real_servers: {_ALIKE}"


def _of_the_way_in(inventory: Inventory) -> Iterator[str]:
    for service in inventory.services:
        if not service.app:
            yield f"services.{service.name}: it is not the app's"
    kept = vips_of(inventory)
    for vip in way_in_vips(inventory):
        if vip not in kept:
            yield f"the VIP {vip.address.ip}: a Service has one of each family"
    if inventory.edges is not None:
        yield "edges: nodes themselves refuse what they cannot take"
    if inventory.tls is not None and not inventory.tls.names:
        yield "tls: an Ingress or Gateway goes by tls.names, and there are none"
