"""Through an edge the first byte of sound comes while its node still speaks."""

import asyncio

import pytest

from benchmarks.edge.first_byte import Times, first_bytes
from tests.roles.edge_site import serving
from tests.roles.test_edge_nginx import cluster

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_the_first_byte_is_not_held_back() -> None:
    async with serving(cluster()) as site, asyncio.timeout(60):
        times = await first_bytes(site, 20, think=0.005, body=200)
    assert len(times.direct) == len(times.through) == 20
    assert min(times.direct) >= 0.005


def test_quantiles_are_of_each_by_itself() -> None:
    times = Times([3.0, 1.0, 2.0], [30.0, 10.0, 20.0])
    assert (times.at(0.5), times.at(0.99)) == ((2.0, 20.0), (3.0, 30.0))
