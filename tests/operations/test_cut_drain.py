"""A drain that was cut between its word on disk and the directors is finished by the next one."""

from pathlib import Path

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.drain import runtime_change
from provisioning.operations.drain.runtime_change import plan_directors
from provisioning.operations.state_folder.runtime_state import (
    load_applied,
    load_record,
    save_applied,
    save_runtime,
)
from provisioning.resources.base import Resource
from provisioning.resources.file import File
from tests.engine.sandbox import SandboxTransport

NOBODY = Runtime()
DRAINED = Runtime(drains={"rs1": Drain("anna", "now")})
SHARED = Runtime(shares={"rs1": 10})


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A director whose configuration is one file that tells the runtime state."""
    path = tmp_path / "keepalived.conf"

    def parts(
        inventory: Inventory, before: Runtime, after: Runtime
    ) -> dict[str, tuple[tuple[Resource, ...], tuple[Resource, ...]]]:
        old, new = (File(path=str(path), content=str(one)) for one in (before, after))
        return {"lvs1": ((old,), (new,)) if old != new else ((), ())}

    monkeypatch.setattr(runtime_change, "director_parts", parts)
    return path


def changes(folder: Path, *befores: Runtime, after: Runtime) -> tuple[list[str], list[str]]:
    """Steps that would change the director, and what is strange about it."""
    fleet = Fleet(lambda name: SandboxTransport(folder), forks=1)
    fleet.connect(["lvs1"])
    found = plan_directors(Inventory(), befores, after, fleet, ["lvs1"])
    return [step.id for step in found.plans["lvs1"].steps], found.strange.get("lvs1", [])


def test_what_was_written_down_and_not_told_is_told(configuration: Path, tmp_path: Path) -> None:
    configuration.write_text(str(NOBODY))
    changed, strange = changes(tmp_path, DRAINED, NOBODY, after=DRAINED)
    assert (changed, strange) == ([f"file:{configuration}"], [])


def test_a_director_that_was_told_is_left_alone(configuration: Path, tmp_path: Path) -> None:
    configuration.write_text(str(DRAINED))
    assert changes(tmp_path, DRAINED, NOBODY, after=DRAINED) == ([], [])


def test_an_edit_of_somebody_else_is_strange(configuration: Path, tmp_path: Path) -> None:
    configuration.write_text("by hand")
    _, strange = changes(tmp_path, NOBODY, NOBODY, after=DRAINED)
    assert strange == [f"file:{configuration}"]


def test_what_directors_were_told_is_kept_apart(tmp_path: Path) -> None:
    assert load_applied(tmp_path) == NOBODY
    save_applied(tmp_path, SHARED)
    save_runtime(tmp_path, DRAINED)
    assert load_applied(tmp_path) == SHARED
    assert load_record(tmp_path).runtime == DRAINED
