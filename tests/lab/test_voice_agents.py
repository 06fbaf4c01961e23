"""Gateways and voice agents, unmodified, speak through the virtual IP."""

import sys

import pytest

from tests.app.api.voice_agents import AGENTS, PACKAGES, Environment
from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("agents"), sys.executable, *PACKAGES)


@pytest.fixture(scope="module")
def deployed(cluster: Cluster) -> Cluster:
    cluster.write()
    done = cluster.run("deploy", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    return cluster


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_speaks_through_the_vip(
    deployed: Cluster, agents: Environment, agent: str
) -> None:
    script, rate = AGENTS[agent]
    found = agents.heard(
        script, f"http://{deployed.lab.topology.vip}:7860/v1", deployed.lab.client_command
    )
    assert found["rate"] == rate
    assert (found["bytes"] or 0) > (48_000 if rate else 5_000)
