"""Gunicorn, Supervisor and Nginx together, with a node a card: all of them real, as rendered."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.node_api import STATUS
from tests.roles.edge_site import until
from tests.roles.per_gpu_site import PerGpuSite, serving_per_gpu

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def folder() -> Iterator[Path]:
    # A socket's path has at most 107 characters; none but us may go to its spool.
    made = Path(tempfile.mkdtemp(prefix="gpu-", dir="/var/tmp"))
    yield made
    shutil.rmtree(made)


async def speakers(site: PerGpuSite, number: int) -> set[str]:
    """Names of the nodes that did jobs, each of which was done well."""
    given = {"Content-Type": "application/json"}
    jobs = (site.ask(client=client, headers=given) for client in range(number))
    replies = await asyncio.gather(*jobs)
    for reply in replies:
        assert reply.status == 200, reply.body
        assert (reply.json["code"], reply.json["message"]) == ("200", "成功")
    return {reply.json["data"]["node"] for reply in replies}


async def test_each_card_has_a_node_that_is_kept_by_itself(folder: Path) -> None:
    async with serving_per_gpu(folder) as site:
        first, second = site.each
        assert [first.service, second.name] == ["cosyvoice:cosyvoice-gpu0", "rs1-gpu1"]
        pids = [site.supervised(node)[1] for node in site.each]
        cards = [site.environment(pid)["CUDA_VISIBLE_DEVICES"] for pid in pids]
        assert cards == ["0", "1"]
        assert await speakers(site, 4) == {"rs1-gpu0", "rs1-gpu1"}
        said = (await site.ask(STATUS, method="GET")).json
        keys = ("servers", "gpus_per_server", "concurrent_per_gpu", "total_capacity", "healthy")
        assert [said[key] for key in keys] == [1, 2, 2, 4, 2]

        os.kill(pids[1], signal.SIGKILL)
        # Its web process goes with it, and the kernel takes a moment for all its threads.
        await until(lambda: site.refuses(second), 60)
        # Nobody hears of it: what is refused there goes on to the other.
        await speakers(site, 2)
        await until(lambda: site.supervised(second)[0] == "RUNNING", 60)
        state, pid = site.supervised(second)
        assert (state, pid != pids[1]) == ("RUNNING", True)
        assert site.supervised(first) == ("RUNNING", pids[0]), "the other was left alone"
        await until(lambda: site.log_of(second).count("serving on") == 2, 60)
        assert site.log_of(first).count("serving on") == 1
