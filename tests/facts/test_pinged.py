"""What a ping and the kernel's neighbours tell."""

from ipaddress import ip_address

import pytest

from provisioning.facts.pinged import pinged
from tests.facts.recordings import printed


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("alive\n10.99.0.100 dev eth0 lladdr 02:00:00:00:00:42 REACHABLE\n", "02:00:00:00:00:42"),
        # It answers ARP, and no ping.
        ("10.99.0.100 dev eth0 lladdr 02:00:00:00:00:42 STALE\n", "02:00:00:00:00:42"),
        ("alive\n", ""),
        ("10.99.0.100 dev eth0 FAILED\n", None),
        ("", None),
    ],
)
def test_an_answer_is_a_machine(said: str, found: str | None) -> None:
    assert pinged(ip_address("10.99.0.100")).parse(printed(said)) == found
