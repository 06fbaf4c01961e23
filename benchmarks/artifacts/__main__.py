"""The same contents to one machine and to many, over links of a bandwidth of their own.

    python -m benchmarks.artifacts [--machines 8] [--megabytes 100] [--mbit 100]

Machines are network and mount namespaces on one switch, each with an sshd; the control machine has
a link as fast as theirs (tbf in both directions of every link). Each round sends new bytes to
folders that are empty. Printed: seconds for one machine, for all of them, and the ratio; and the
least that a link allows for what went over SSH, in base64.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.artifacts.machines import Machines, machines
from benchmarks.numbers import at_least
from provisioning.engine.progress import silent
from provisioning.model.loader.load import load_inventory
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster.fleet import new_fleet
from provisioning.operations.spreading.content import Content
from provisioning.operations.spreading.real_servers import real_servers
from provisioning.operations.spreading.spreading import spread

_BASE64 = 4 / 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machines", type=at_least(2), default=8)
    parser.add_argument("--megabytes", type=at_least(1), default=100, help="to each machine")
    parser.add_argument("--mbit", type=at_least(1), default=100, help="of each link, per second")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(_measure(given.measure, given.megabytes)))
        return
    prefix = f"spread{os.getpid()}"
    scratch = Path(tempfile.mkdtemp(prefix="cosyvoice-spread-"))
    with machines(scratch, given.machines, given.mbit, prefix) as made:
        (scratch / "inventory.yaml").write_text(made.inventory)
        one, every = _inside(made, given.megabytes)
    least = given.megabytes * 8 * _BASE64 / given.mbit
    print(f"{given.megabytes} MB, links of {given.mbit} Mbit/s (at least {least:.1f} s)")
    print(f"  1 machine  {one:8.2f} s")
    print(f"{given.machines:3} machines {every:8.2f} s")
    print(f"ratio        {every / one:8.2f}")


def _inside(made: Machines, megabytes: int) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.artifacts"]
    options = ["--measure", str(made.folder), "--megabytes", str(megabytes)]
    done = subprocess.run(
        made.inside([*command, *options]), stdout=subprocess.PIPE, text=True, check=True
    )
    one, every = json.loads(done.stdout)
    return float(one), float(every)


def _measure(folder: Path, megabytes: int) -> list[float]:
    """At the control machine's place."""
    path = folder / "inventory.yaml"
    cluster = Cluster(load_inventory(path), path)
    names = list(cluster.inventory.real_servers.hosts)
    fleet = new_fleet(cluster, forks=len(names))
    fleet.connect(names)
    if fleet.errors:
        sys.exit(str(next(iter(fleet.errors.values()))))
    seconds = []
    for count in (1, len(names)):
        content = _content(folder, megabytes, count)
        began = time.monotonic()
        spread(fleet, real_servers(cluster), names[:count], [content], silent)
        seconds.append(time.monotonic() - began)
        for name in names[:count]:
            place = folder / name / "opt" / content.place
            if place.stat().st_size != content.size:
                sys.exit(f"{name} does not have it")
            shutil.rmtree(place.parent)
    fleet.close()
    return seconds


def _content(folder: Path, megabytes: int, seed: int) -> Content:
    path, digest = folder / "content", hashlib.sha256()
    source = random.Random(seed)
    with path.open("wb") as file:
        for _ in range(megabytes):
            data = source.randbytes(1_000_000)
            digest.update(data)
            file.write(data)
    name = digest.hexdigest()
    size = megabytes * 1_000_000
    return Content(path, f"artifacts/.blobs/{name}", f"artifacts/.parts/{name}", name, size)


if __name__ == "__main__":
    main()
