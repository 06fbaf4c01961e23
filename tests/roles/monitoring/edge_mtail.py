"""mtail of an edge as it is rendered for Supervisor, on a record of this machine."""

import subprocess
from pathlib import Path

from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.places import EDGE_REQUESTS, MTAIL, MTAIL_PROGRAMS
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts


def start_mtail(
    inventory: Inventory, folder: Path, record: Path, address: str = "127.0.0.1"
) -> subprocess.Popen[bytes]:
    """The program of ``edge1``, told of by its port at ``address``; ``folder`` is its own."""
    given = {
        one.path: one.content
        for one in desired_hosts(inventory, None, Runtime())["edge1"].resources
        if isinstance(one, File)
    }
    (folder / "edge.mtail").write_text(given[f"{MTAIL_PROGRAMS}/edge.mtail"])
    unit = given[f"/etc/supervisor/conf.d/{MTAIL}.conf"]
    assert "command=/usr/bin/setpriv --reuid=mtail --regid=mtail --groups=adm" in unit
    command = unit.partition("--no-new-privs ")[2].partition("\n")[0]
    assert inventory.edges is not None
    own = str(inventory.edges.hosts["edge1"].address)
    for theirs, ours in {MTAIL_PROGRAMS: folder, EDGE_REQUESTS: record, own: address}.items():
        assert theirs in command
        command = command.replace(theirs, str(ours))
    with (folder / "mtail.log").open("wb") as log:
        return subprocess.Popen(command.split(), stdout=log, stderr=log)
