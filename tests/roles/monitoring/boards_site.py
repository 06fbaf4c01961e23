"""A cluster that is looked at by a Prometheus as it is rendered: a real node with stand-in GPUs,
and node exporters of a director, an edge and the real server, the kernel's tables from files."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from provisioning.model.inventory import Inventory
from provisioning.places import (
    BLACKBOX_EXPORTER,
    EXPECTED_METRICS,
    MTAIL,
    NODE_EXPORTER,
    PROMETHEUS,
)
from tests.app.node_process import NodeProcess, running
from tests.gpu_driver.cards import build, cards
from tests.ports import free_port
from tests.roles.monitoring.edge_mtail import start_mtail
from tests.roles.monitoring.watching_site import Site

_IPVS = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  7F000064:{port:04X} wlc
  -> 7F000001:{port:04X}      Route   100    7          19
"""
_IPVS_STATS = """\
   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
 16AA370 E33656E5        0     51D8C8883AB3                0

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       4    1FB3C        0          1282A8F                0
"""
_NFS = (
    "net 70 70 69 45\nrpc 1218785755 374636 1218815394\n"
    "proc3 22 2 9 1 4 0 5 7 9 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
)
_NFSD = (
    "rc 0 6 18622\nfh 0 0 0 0 0\nio 157286400 0\n"
    "th 8 0 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000\n"
    "ra 32 0 0 0 0 0 0 0 0 0 0 0\nnet 18628 0 18628 6\nrpc 18628 0 0 0 0\n"
    "proc2 18 2 69 0 0 4410 0 0 0 0 0 0 0 0 0 0 0 99 2\n"
    "proc3 22 2 112 0 2719 111 0 0 0 0 0 0 0 0 0 0 0 27 216 0 2 1 0\n"
    "proc4 2 2 10853\n"
    "proc4ops 72 0 0 0 1098 2 0 0 0 0 8179 5896 0 0 0 0 5900 0 0 2 0 2 0 9609 0 2 150 1272 0 0 0"
    " 1236 0 0 0 0 3 3 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
)


@dataclass
class Looked:
    """What runs."""

    site: Site
    node: NodeProcess
    client: httpx.Client
    """Of its Prometheus."""

    def ask(self, query: str) -> list[dict[str, Any]]:
        """What Prometheus has now. Raises ``httpx.HTTPStatusError``."""
        answer = self.client.get("/api/v1/query", params={"query": query}).raise_for_status()
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found


@contextlib.contextmanager
def boards_site(folder: Path) -> Iterator[Looked]:
    """All of it; the node has spoken."""
    driver = cards(folder / "cards")
    driver.add(0)
    driver.add(1, name='NVIDIA "A" <b>100</b>', utilization=20, throttling=0x44)
    build(folder)
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("LD_LIBRARY_PATH"))))
    (folder / "peers").write_text("rs9 http://127.0.0.9:1\n")
    (folder / "token").write_text("geheim-geheim-geheim")
    (folder / "token").chmod(0o600)
    with running(
        folder / "node",
        *("--engine", "faulty", "--node-name", "rs1", "--gpus-expected", "2", "--workers", "2"),
        *("--peers-file", str(folder / "peers"), "--cluster-secret-file", str(folder / "token")),
        # Nobody is there: then the end of the certificate is 0.
        *("--tls-port", str(free_port())),
        LD_LIBRARY_PATH=path,
        NVML_CARDS=str(driver.folder),
    ) as node:
        site = Site(folder, _inventory(int(node.url.rpartition(":")[2]), folder / "token"))
        try:
            _start(site)
            node.wait_ready()
            monitoring = site.inventory.monitoring
            assert monitoring is not None
            url = f"http://127.0.0.61:{monitoring.ports.prometheus}"
            with httpx.Client(base_url=url, trust_env=False) as client:
                yield Looked(site, node, client)
        finally:
            for process in site.running.values():
                process.kill()
            for process in site.running.values():
                process.wait()


def _inventory(port: int, secret: Path) -> Inventory:
    keys = ("prometheus", "alertmanager", "mesh", "blackbox", "host", "edge")
    return Inventory.model_validate(
        {
            "name": "sprache-1",
            "vip": "127.0.0.100",
            "service_manager": "supervisor",
            "directors": {"hosts": {"lvs1": "127.0.0.11"}},
            "real_servers": {"hosts": {"rs1": {"address": "127.0.0.1", "gpus": 2}}},
            "edges": {"vip": "127.0.0.110", "hosts": {"edge1": "127.0.0.51"}},
            "services": [{"port": port}],
            "app": {"secret": {"file": str(secret)}},
            "monitoring": {
                "objectives": {"served": 99.9, "first_audio": {"seconds": 2.5}},
                "hosts": {"mon1": "127.0.0.61"},
                "ports": {key: free_port() for key in keys},
            },
        }
    )


def _start(site: Site) -> None:
    for name in ("lvs1", "edge1", "rs1", "mon1"):
        site.write(name)
        (site.folder / name / EXPECTED_METRICS.lstrip("/")).parent.mkdir(
            parents=True, exist_ok=True
        )
    for name, state in (("lvs1", 2), ("edge1", 1)):
        metrics = (site.folder / name / EXPECTED_METRICS.lstrip("/")).parent
        told = f'keepalived_up 1\nkeepalived_vrrp_state{{iname="VI_1"}} {state}\n'
        (metrics / "cosyvoice-keepalived.prom").write_text(told)
    (port,) = {service.port for service in site.inventory.services}
    kernel = _procfs(site.folder / "proc", port)
    site.start("lvs1", NODE_EXPORTER, f"--path.procfs={kernel}")
    for name in ("edge1", "rs1"):
        site.start(name, NODE_EXPORTER)
    _count_requests(site)
    site.start("mon1", BLACKBOX_EXPORTER)
    site.start("mon1", PROMETHEUS)


def _count_requests(site: Site) -> None:
    """An edge's record that grows, and what counts it."""
    folder = site.folder / "mtail"
    folder.mkdir()
    record = folder / "cosyvoice-requests.log"
    record.touch()
    site.running["edge1", MTAIL] = start_mtail(site.inventory, folder, record, "127.0.0.51")
    lines = folder / "lines"
    lines.write_text("".join(map(_request, ("200", "503", "404"))))
    grow = 'while sleep 0.2; do cat "$0" >> "$1"; done'
    site.running["edge1", "requests"] = subprocess.Popen(["sh", "-c", grow, lines, record])


def _request(status: str) -> str:
    """A line of the record: a job that the second node took, one that nobody had a place for, and
    one that nobody was asked for."""
    node, answers, limit, lost = {
        "200": ("unix:/run/node-rs2.sock, unix:/run/node-rs1.sock", "502, 200", "PASSED", ""),
        "503": ("unix:/run/node-rs1.sock", "502", "PASSED", "yes"),
        "404": ("", "", "", ""),
    }[status]
    said = {
        "status": int(status),
        "bytes": 4000,
        "seconds": 0.25,
        "node": node,
        "node_status": answers,
        "node_connect": "0.001",
        "node_first": "0.001, 0.125",
        "node_seconds": "0.2",
        "limit": limit,
        "lost": lost,
        "active": 1,
    }
    return json.dumps(said, separators=(",", ":")) + "\n"


def _procfs(folder: Path, port: int) -> Path:
    """This kernel's, with a table of IPVS and NFS."""
    (folder / "net" / "rpc").mkdir(parents=True)
    for entry in Path("/proc").iterdir():
        if entry.name != "net":
            (folder / entry.name).symlink_to(entry)
    for entry in Path("/proc/self/net").iterdir():
        if entry.name not in ("rpc", "ip_vs", "ip_vs_stats"):
            (folder / "net" / entry.name).symlink_to(Path("/proc/net") / entry.name)
    for name, text in (
        ("ip_vs", _IPVS.format(port=port)),
        ("ip_vs_stats", _IPVS_STATS),
        ("rpc/nfs", _NFS),
        ("rpc/nfsd", _NFSD),
    ):
        (folder / "net" / name).write_text(text)
    return folder
