"""What an edge tells Prometheus, by the real Nginx, mtail and cosyvoice-edge."""

import asyncio
import contextlib
import subprocess
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from provisioning.model.inventory import Inventory
from provisioning.places import EDGE_METRICS
from tests.ports import free_port
from tests.roles.edge_site import Site, serving, until
from tests.roles.monitoring.edge_mtail import start_mtail
from tests.roles.test_edge_nginx import CONTENT, hold

pytestmark = pytest.mark.anyio
Samples = dict[tuple[str, str], float]
"""Values by name and labels, as they stand there."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def watched(log_format: str) -> Inventory:
    """The seed's cluster with Supervisor, so that command lines are in files."""
    edges = {**CONTENT["edges"], "per_client": 3, "log_format": log_format}
    ports = {"edge": free_port()}
    monitoring = {"hosts": {"mon1": "192.168.1.61"}, "ports": ports}
    more = {"edges": edges, "monitoring": monitoring, "service_manager": "supervisor"}
    return Inventory.model_validate({**CONTENT, **more})


def samples(text: str) -> Samples:
    found = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(one.labels.items()))
            found[one.name, labels] = one.value
    return found


@contextlib.contextmanager
def counted(site: Site) -> Iterator[str]:
    """Mtail as it is rendered, on this edge's record; the URL of its metrics."""
    assert site.inventory.monitoring is not None
    folder = site.folder / "mtail"
    folder.mkdir()
    process = start_mtail(site.inventory, folder, site.folder / "cosyvoice-requests.log")
    try:
        yield f"http://127.0.0.1:{site.inventory.monitoring.ports.edge}/metrics"
    finally:
        process.kill()
        process.wait()


def told(url: str) -> Samples:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return samples(answer.read().decode())
    except OSError:
        return {}


@contextlib.asynccontextmanager
async def asking(site: Site) -> AsyncIterator[Path]:
    """cosyvoice-edge as it is rendered; the file for the node exporter."""
    target = site.folder / EDGE_METRICS.rpartition("/")[2]
    text = site.nodes_file.read_text().replace(EDGE_METRICS, str(target))
    site.nodes_file.write_text(text)
    program = site.program.read_text().replace("TOLD_EVERY = 5.0", "TOLD_EVERY = 0.05")
    site.program.write_text(program)
    process = subprocess.Popen(["python3", "-I", str(site.program), str(site.nodes_file)])
    try:
        await until(target.exists)
        yield target
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)
    assert not target.exists(), "nobody looks after it any more"


async def _traffic(site: Site) -> int:
    """Requests of every kind; their number."""
    await site.ask()
    await site.ask("/v1/voices", method="GET", body=b"")
    await site.ask("/nothing", method="GET", body=b"", headers={"User-Agent": 'a"status":200,'})
    go_on = await hold(site)
    # While it has its three there is no more for it; only then is the site filled by others.
    greedy = [asyncio.create_task(site.ask(client=20)) for _ in range(5)]
    await until(lambda: sum(task.done() for task in greedy) == 2)
    await until(lambda: sum(node.taken for node in site.nodes) == 3)
    full = [asyncio.create_task(site.ask(client=n)) for n in range(1, 15)]
    await until(lambda: sum(task.done() for task in full) == 5)
    go_on.set()
    await asyncio.gather(*greedy, *full)
    for node in site.nodes:
        node.drop = True
    await site.ask()
    return 3 + len(full) + len(greedy) + 1


@pytest.mark.parametrize("log_format", ["json", "text"])
async def test_requests_are_counted_by_what_became_of_them(log_format: str) -> None:
    async with serving(watched(log_format)) as site:
        with counted(site) as url:
            await until(lambda: told(url))
            number = await _traffic(site)

            def seen() -> bool:
                every = [v for (name, _), v in told(url).items() if name.endswith("requests_total")]
                return sum(every) == number

            await until(seen)
            found = told(url)
    name = "cosyvoice_edge_requests_total"
    assert {labels: value for (this, labels), value in found.items() if this == name} == {
        "code=200,kind=job": 13,
        "code=200,kind=other": 1,
        "code=404,kind=own": 1,
        # Full, or more than the share of one; and the one that was lost.
        "code=503,kind=job": 8,
    }
    refused = "cosyvoice_edge_jobs_refused_total"
    assert (found[refused, "reason=client"], found[refused, "reason=full"]) == (2, 5)
    assert found["cosyvoice_edge_jobs_lost_total", ""] == 1
    first = "cosyvoice_edge_first_byte_seconds_count"
    by_node = {labels: value for (this, labels), value in found.items() if this == first}
    assert set(by_node) == {"app_node=rs1", "app_node=rs2", "app_node=rs3"}
    assert sum(by_node.values()) == 14, "of those that a node answered, the last one too"
    assert found["cosyvoice_edge_request_seconds_count", "kind=job"] == 21
    assert found["cosyvoice_edge_sent_bytes_total", "kind=other"] == 36


async def test_nodes_and_connections_are_told_to_the_node_exporter() -> None:
    async with serving(watched("json")) as site, asking(site) as target:

        def values() -> Samples:
            return samples(target.read_text())

        one = "app_node=rs2,real_server=rs2"
        await until(lambda: values()["cluster_edge_node_ready", one] == 1)
        found = values()
        assert found["nginx_up", ""] == 1
        assert found["nginx_connections_active", ""] >= 1
        assert found["nginx_connections_accepted_total", ""] >= 1
        assert found["cluster_edge_node_slots", one] == 4
        site.nodes[1].ready = False
        await until(lambda: values()["cluster_edge_node_ready", one] == 0)
        assert values()["cluster_edge_node_drained", one] == 0
        await site.stop_nginx()
        await until(lambda: values()["nginx_up", ""] == 0)
