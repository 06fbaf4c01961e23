"""Rules of objectives, and what nodes tell."""

import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from app.metrics.jobs import JobMetrics
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.model.watching.objectives import BOUNDS
from provisioning.places import MONITORING_CONF
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts


def rules_of(seconds: float) -> str:
    """The file of rules of a cluster that promises its first sound after so long."""
    inventory = Inventory.model_validate(
        {
            "vip": "192.0.2.100",
            "directors": {"hosts": {"lvs1": "192.0.2.11"}},
            "real_servers": {"hosts": {"rs1": "192.0.2.101"}},
            "monitoring": {
                "hosts": {"mon1": "192.0.2.61"},
                "objectives": {"first_audio": {"seconds": seconds}},
            },
        }
    )
    path = f"{MONITORING_CONF}/rules/objectives.yml"
    (content,) = (
        one.content
        for one in desired_hosts(inventory, None, Runtime())["mon1"].resources
        if isinstance(one, File) and one.path == path
    )
    return content


@pytest.mark.parametrize("seconds", [*BOUNDS, *(int(one) for one in BOUNDS if one == int(one))])
def test_they_ask_for_a_bucket_that_nodes_have(seconds: float) -> None:
    registry = CollectorRegistry()
    JobMetrics(registry, 22050)
    told = generate_latest(registry).decode()
    (bound,) = set(re.findall(r'le="([^"]+)"', rules_of(seconds)))
    assert f'cosyvoice_first_audio_seconds_bucket{{le="{bound}"}}' in told
    assert float(bound) == seconds
