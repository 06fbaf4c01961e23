"""Stand-in GPUs in machines of a lab, for whatever runs there."""

import sysconfig
from pathlib import Path

from tests.gpu_driver.cards import build, cards
from tests.lab.cluster import Cluster

PLACE = "/var/lib/lab-cards"
_LIBRARIES = f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}"


def put_cards(cluster: Cluster, hosts: tuple[str, ...], count: int, folder: Path) -> None:
    """Put a driver and cards into machines, which see this computer's files."""
    library = build(folder, PLACE)
    driver = cards(folder / "cards")
    for index in range(count):
        driver.add(index)
    for host in hosts:
        copy = f"cp {library} {_LIBRARIES}/ && cp -r {driver.folder} {PLACE}"
        cluster.on(host, f"{copy} && chmod -R a+rX {PLACE}")


def set_on_card(cluster: Cluster, host: str, index: int, key: str, value: object) -> None:
    """Change a value of a card."""
    place = f"{PLACE}/{index}"
    cluster.on(host, f"echo {value} > {place}/.new && mv {place}/.new {place}/{key}")


def unset_on_card(cluster: Cluster, host: str, index: int, key: str) -> None:
    """Take a value of a card away."""
    cluster.on(host, f"rm {PLACE}/{index}/{key}")
