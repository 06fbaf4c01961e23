"""Who is changed at the same time as whom."""

import pytest

from provisioning.engine.plan import HostPlan, PlannedHandler, PlannedStep
from provisioning.engine.script import StoredFragment
from provisioning.engine.waves import Wave, batches
from provisioning.resources.base import Change, Handler

STEP = PlannedStep("file:/x", Change("create", "a", "b"))
RESTART = PlannedHandler(Handler("restart app", ":"), ("file:/x",))
BEFORE = (StoredFragment("file:/x", ":"),)


def plans(fresh: int, busy: int, idle: int) -> dict[str, HostPlan]:
    found = {}
    for n in range(fresh):
        found[f"fresh{n}"] = HostPlan(f"fresh{n}", (STEP,))
    for n in range(busy):
        found[f"busy{n}"] = HostPlan(f"busy{n}", (STEP,), (RESTART,), manifest_before=BEFORE)
    for n in range(idle):
        found[f"idle{n}"] = HostPlan(f"idle{n}")
    return found


def test_a_change_may_disturb_by_itself() -> None:
    again = PlannedStep("mount:/x", Change("mount again", "a", "b", disturbs=True))
    assert HostPlan("h", (again,), manifest_before=BEFORE).disruptive
    assert not HostPlan("h", (again,)).disruptive, "nothing runs there yet"
    assert not HostPlan("h", (STEP,), manifest_before=BEFORE).disruptive


def test_fresh_hosts_go_together_running_ones_one_by_one_and_idle_ones_not_at_all() -> None:
    found = plans(fresh=3, busy=2, idle=4)
    wave = Wave("real servers", tuple(found))
    assert list(batches(wave, found, forks=2, batch=1)) == [
        ("fresh0", "fresh1"),
        ("fresh2",),
        ("busy0",),
        ("busy1",),
    ]


@pytest.mark.parametrize(
    ("gate", "well", "bad", "passed"),
    [
        ("every", 2, 0, True),
        ("every", 2, 1, False),
        ("some", 1, 5, True),
        ("some", 0, 1, False),
        ("some", 0, 0, True),
        ("none", 0, 3, True),
    ],
)
def test_gates(gate: str, well: int, bad: int, passed: bool) -> None:
    assert Wave("w", (), gate).passed(well, bad) is passed  # type: ignore[arg-type]
