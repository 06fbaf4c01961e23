"""Outputs in partitions on a share of real NFS: each node's history is what the file server holds,
as soon as somebody looks, whoever saved, deleted or cleaned."""

import json
import sys
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from provisioning.lab import lifecycle
from tests.lab.cluster import Cluster
from tests.lab.test_directors_heal import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(1800)]
NODES = ("rs1", "rs2", "rs3")
ROOT = Path(__file__).parents[2]
_LOOKER = """
import json, os, sys, time
from pathlib import Path
from app.outputs.history import History
folder, told = Path(sys.argv[1]), Path(sys.argv[2])
history = History(folder)
while True:
    found = history.search("", 10000, "", 10)
    told.with_suffix(".new").write_text(json.dumps([one.file_name for one in found.outputs]))
    told.with_suffix(".new").rename(told)
    time.sleep(0.1)
"""
"""What a node whose page is open does, in a process of its own."""
_CLEANING = """
import sys, time
from pathlib import Path
from app.outputs.cleaning import Cleaning
from app.outputs.limits import Retention
from app.outputs.shared import SharedFolder
limits = Retention(days=float(sys.argv[2]))
print(Cleaning(SharedFolder(Path(sys.argv[1])), limits, time.time()).run())
"""


@pytest.fixture(scope="module")
def folder(cluster: Cluster) -> Iterator[str]:
    """Where nodes have the share; the cluster is deployed and saves in partitions."""

    def change(content: dict[str, Any]) -> None:
        content["app"] |= {
            "environment": {"COSYVOICE_PARTITION_OUTPUTS": "1"},
            "owners": {"history": "all", "deletion": "all"},
        }

    cluster.write(change)
    done = cluster.run("deploy", "--yes", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    mounted = cluster.on("rs1", "findmnt -n -o TARGET -t nfs,nfs4").split()
    assert len(mounted) == 1
    yield mounted[0]
    cluster.write()
    assert cluster.run("deploy", "--yes", "--no-verify", timeout=1200).returncode == 0


def python(script: str, *words: str) -> str:
    """A command that runs it on a machine, which sees this computer's files."""
    quoted = " ".join(f"'{word}'" for word in (textwrap.dedent(script), *words))
    return f"cd {ROOT} && {sys.executable} -c {quoted}"


@pytest.fixture(scope="module")
def looking(cluster: Cluster, folder: str) -> Iterator[None]:
    """Every node looks at the history all the time."""
    for name in NODES:
        cluster.on(
            name, f"({python(_LOOKER, folder, '/run/looked')}) < /dev/null > /run/looker.log 2>&1 &"
        )
    yield
    for name in NODES:
        cluster.on(name, "pkill -f '[/]run/looked'")


def looked(cluster: Cluster, name: str) -> list[str]:
    return list(json.loads(cluster.on(name, "cat /run/looked 2> /dev/null || echo []")))


def held(cluster: Cluster) -> list[str]:
    """Names of all that the file server has, the newest first."""
    found = cluster.on("nas1", "find /srv -name '*Z-rs*.wav' -printf '%f\\n'")
    return sorted(found.split(), reverse=True)


def agree(cluster: Cluster, within: float = 30) -> None:
    """Wait until every node shows what the file server has."""
    for name in NODES:
        took = wait_for(f"{name} shows it", partial(_shows, cluster, name), within)
        print(f"{name}: after {took:.1f} s")


def _shows(cluster: Cluster, name: str) -> bool:
    return looked(cluster, name) == held(cluster)


def spoken(cluster: Cluster) -> str:
    """An output, made through the VIP; its file name."""
    said = {
        "model": "tts-1",
        "input": "你好",
        "voice": "cmn",
        "response_format": "wav",
        "save": True,
        "stream": False,
    }
    url = f"http://{cluster.lab.topology.lan.vip}:7860/v1/audio/speech"
    done = cluster.from_client(
        *("curl", "-sS", "-m", "60", "-o", "/dev/null", "-w", "%header{x-output}"),
        *("--json", json.dumps(said), url),
    )
    assert done.stdout.startswith("/outputs/"), done.stdout + done.stderr
    return done.stdout.removeprefix("/outputs/")


def asked(cluster: Cluster, node: str, name: str, *words: str) -> str:
    """The status of a request for an output at a node's own address."""
    address = cluster.lab.topology.node(node).address
    url = f"http://{address}:7860/outputs/{name}"
    done = cluster.from_client(
        *("curl", "-sS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}", *words, url)
    )
    return done.stdout


def test_what_is_spoken_is_in_every_history(cluster: Cluster, folder: str, looking: None) -> None:
    made = [spoken(cluster) for _ in range(6)]
    inside = cluster.on("nas1", "find /srv -name '*Z-rs*.wav' -printf '%h\\n'").split()
    assert all(path[-5] == "/" and path[-16:-5].count("-") == 2 for path in inside), inside
    agree(cluster)
    assert {name.split("-")[1] for name in made} <= set(NODES)
    for node in NODES:
        for name in made:
            assert asked(cluster, node, name) == "200"


def test_what_one_node_deletes_is_gone_from_all(
    cluster: Cluster, folder: str, looking: None
) -> None:
    made = [spoken(cluster) for _ in range(3)]
    agree(cluster)
    for node, name in zip(NODES, made, strict=True):
        assert asked(cluster, node, name, "-X", "DELETE") in ("200", "204")
    agree(cluster)
    assert not set(made) & set(held(cluster))
    for node in NODES:
        assert asked(cluster, node, made[0]) == "404"


def test_a_partition_of_long_ago_is_catalogued_changed_and_removed(
    cluster: Cluster, folder: str, looking: None
) -> None:
    """Copies of an output under names of days ago, as from a spool."""
    name = spoken(cluster)
    stem = name.removesuffix(".wav")
    source = cluster.on("rs1", f"find {folder} -name {name} -printf '%h'")
    place = f"{folder}/2026-01-05/1210"
    cluster.on("rs1", f"mkdir -p {place} && touch {folder}")
    for number in range(3):
        other = f"20260105T121{number}00000Z-rs1-{number:08x}"
        for suffix in (".wav", ".json"):
            copy = f"{place}/{other}{suffix}"
            cluster.on("rs1", f"cp {source}/{stem}{suffix} {copy} && touch -d 2026-01-05 {copy}")
    agree(cluster)
    print(cluster.on("rs2", python(_CLEANING, folder, "36500")))
    # Its last change may have been in this tick of the file server's clock.
    wait_for(
        "it has a catalogue",
        lambda: (
            "outputs=0" in cluster.on("rs2", python(_CLEANING, folder, "36500"))
            and ".catalogue" in cluster.on("rs3", f"ls {folder}/2026-01-05")
        ),
        60,
    )
    agree(cluster)
    first = f"20260105T121000000Z-rs1-{0:08x}.wav"
    assert asked(cluster, "rs3", first, "-X", "DELETE") in ("200", "204")
    agree(cluster)
    assert "outputs=2" in cluster.on("rs1", python(_CLEANING, folder, "30"))
    agree(cluster)
    assert "2026-01-05" not in cluster.on("rs2", f"ls {folder}")


def test_the_share_hangs_and_comes_back(cluster: Cluster, folder: str, looking: None) -> None:
    """What was made meanwhile waits in spools, and comes to its partition."""
    lifecycle.stop(cluster.lab, "nas1")
    try:
        made = spoken(cluster)
    finally:
        lifecycle.resume(cluster.lab, "nas1")
    wait_for("it has come", lambda: made in held(cluster), 240)
    agree(cluster, 120)
