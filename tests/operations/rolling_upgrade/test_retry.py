"""A host where an earlier run is still at work is waited for, and nothing else is."""

import pytest

from provisioning.operations.rolling_upgrade.ssh.retry import wait_for_lock
from provisioning.operations.runtime_change import HostBusyError, OperationError
from tests.operations.rolling_upgrade.fake_cluster import FakeClock


def tried(failures: list[OperationError]) -> tuple[int, FakeClock]:
    """Times that an action was tried which fails with these."""
    clock, count = FakeClock(), 0

    def action() -> None:
        nonlocal count
        count += 1
        if failures:
            raise failures.pop(0)

    try:
        wait_for_lock(action, clock)
    except OperationError:
        return -count, clock
    return count, clock


def test_a_host_at_work_is_waited_for() -> None:
    count, clock = tried([HostBusyError("rs1: anna is at work")] * 3)
    assert count == 4
    assert clock.now() > FakeClock().now()


def test_nothing_else_is_waited_for() -> None:
    assert tried([OperationError("disk full, changes are being made here by anna")])[0] == -1


def test_not_for_ever() -> None:
    count, _ = tried([HostBusyError("anna is at work")] * 1000)
    assert -1000 < count < -10


def test_what_goes_well_is_done_once() -> None:
    assert tried([])[0] == 1
    with pytest.raises(ValueError, match="other"):
        wait_for_lock(lambda: (_ for _ in ()).throw(ValueError("other")), FakeClock())
