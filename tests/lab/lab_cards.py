"""Stand-in GPUs in machines of a lab, for whatever runs there."""

import io
import subprocess
import sysconfig
import tarfile
from pathlib import Path

from provisioning.lab.running import Lab
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


def send_cards(lab: Lab, host: str, count: int, folder: Path) -> None:
    """Send a driver and cards to a machine that sees none of this computer's files."""
    library, driver = build(folder, PLACE), cards(folder / "cards")
    for index in range(count):
        driver.add(index)
    sent = io.BytesIO()
    with tarfile.open(fileobj=sent, mode="w") as archive:
        archive.add(library, f"{_LIBRARIES}/{Path(library).name}")
        archive.add(driver.folder, PLACE)
    unpack = ["sudo", "tar", "-xf", "-", "-C", "/", "--no-same-owner"]
    subprocess.run(lab.ssh_command(host, unpack), input=sent.getvalue(), check=True)
    subprocess.run(lab.ssh_command(host, ["sudo", "chmod", "-R", "a+rX", PLACE]), check=True)


def set_on_card(cluster: Cluster, host: str, index: int, key: str, value: object) -> None:
    """Change a value of a card."""
    place = f"{PLACE}/{index}"
    cluster.on(host, f"echo {value} > {place}/.new && mv {place}/.new {place}/{key}")


def unset_on_card(cluster: Cluster, host: str, index: int, key: str) -> None:
    """Take a value of a card away."""
    cluster.on(host, f"rm {PLACE}/{index}/{key}")
