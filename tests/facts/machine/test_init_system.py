"""What keeps services running, by the name of PID 1."""

import pytest

from provisioning.facts.machine.init_system import INIT_SYSTEM
from provisioning.model.hosts import ServiceManager
from tests.facts.recordings import printed


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("systemd\n", ServiceManager.SYSTEMD),
        ("supervisord\n", ServiceManager.SUPERVISOR),
        ("init\n", ServiceManager.SUPERVISOR),
        ("", None),
    ],
)
def test_it_is_systemd_or_has_to_be_supervisor(said: str, found: ServiceManager | None) -> None:
    assert INIT_SYSTEM.parse(printed(said)) is found
