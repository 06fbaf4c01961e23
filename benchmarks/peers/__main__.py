"""The cost of knowing the other nodes, against their number.

    python -m benchmarks.peers [--nodes N ...] [--seconds N] [--release FOLDER]

One real node, idle, whose peers are cheap ones in this process: what they answer, and ask back as
often as they are asked, is what real ones would. Prints the processor time of the node's web
process, of which looking after itself is the same for all numbers (that of one), and what that is
for each question it asks. On a machine that has no more to give it asks more seldom.
"""

import argparse
import asyncio
import re
import resource
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.node.running import node
from benchmarks.numbers import at_least, duration
from benchmarks.peers.cheap_peers import CheapPeers

NODES = (1, 3, 32, 100, 300)
_NODE = "rs0"
_SECRET = b"0123456789abcdef0123456789abcdef"
_SETTLING = 15.0
"""Seconds in which the node sees that its list of peers has changed, and has met them all."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=at_least(1), nargs="+", default=NODES, help="of a cluster")
    parser.add_argument("--seconds", type=duration, default=10, help="of each measurement")
    parser.add_argument("--release", type=Path, help="a checkout to start the node from")
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16 * max(options.nodes) + soft), hard))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        peers, secret = folder / "peers", folder / "secret"
        peers.touch()
        secret.touch(mode=0o600)
        secret.write_bytes(_SECRET)
        more = {
            "--node-name": _NODE,
            "--peers-file": str(peers),
            "--cluster-secret-file": str(secret),
        }
        with node(folder, "espeak", 1, release=options.release, more=more) as client:
            print(f"{'nodes':>6}{'CPU':>8}{'asks/s':>9}{'asked/s':>9}{'ms each':>9}", flush=True)
            for nodes in options.nodes:
                asyncio.run(_measured(client, peers, nodes, options.seconds))


async def _measured(client: httpx.Client, file: Path, nodes: int, seconds: float) -> None:
    peers = CheapPeers(nodes - 1, _NODE, _SECRET)
    peers.place = (client.base_url.host, client.base_url.port or 0)
    try:
        file.write_text("".join(f"{line}\n" for line in await peers.listen()), encoding="utf-8")
        await asyncio.sleep(_SETTLING)
        answered, asked, cpu, began = await _now(client, peers)
        await asyncio.sleep(seconds)
        more_answered, more_asked, more_cpu, ended = await _now(client, peers)
    finally:
        peers.close()
    took, used = ended - began, more_cpu - cpu
    asks, is_asked = more_answered - answered, more_asked - asked
    each = f"{used / asks * 1000:9.2f}" if asks else ""
    print(
        f"{nodes:6}{used / took:8.1%}{asks / took:9.1f}{is_asked / took:9.1f}{each}",
        flush=True,
    )


async def _now(client: httpx.Client, peers: CheapPeers) -> tuple[int, int, float, float]:
    """Questions either way, and seconds of the processor, up to a time."""
    metrics = (await asyncio.to_thread(client.get, "/metrics")).text
    found = re.search(r"^process_cpu_seconds_total (\S+)$", metrics, re.MULTILINE)
    return peers.answered, peers.asked, float(found[1]) if found else 0.0, time.monotonic()


if __name__ == "__main__":
    main()
