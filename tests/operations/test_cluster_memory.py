"""``cluster state``, and waiting for another run, with two folders of one cluster."""

import json
import stat
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provisioning.cli import running
from provisioning.cli.commands import state as state_command
from provisioning.engine.lock import LockedError
from provisioning.engine.seat import BYE
from provisioning.model.cluster_record import from_text
from provisioning.operations.run.run import journaled_run
from provisioning.operations.run.waiting import Waiting
from provisioning.operations.run.working_fleet import working_fleet
from provisioning.operations.state_folder.deployed_hosts import remember
from provisioning.transport.conversation import ProcessConversation
from tests.operations.sandbox_cluster import SandboxCluster
from tests.operations.test_two_folders import (  # noqa: F401
    Folder,
    folders,
    record,
    sandbox,
)


@pytest.fixture
def typed(sandbox: SandboxCluster, monkeypatch: pytest.MonkeyPatch) -> "Typed":  # noqa: F811
    monkeypatch.setattr(state_command, "load_or_exit", lambda *_: sandbox.inventory)
    return Typed()


class Typed:
    """``cluster state WORDS`` in a folder."""

    def __call__(self, folder: Folder, *words: str) -> Result:
        command, *more = words
        place = ["-i", str(folder.cluster.path)]
        return CliRunner().invoke(running.cluster, ["state", command, *place, *more])


def test_a_fresh_folder_sees_drains_the_run_under_way_hosts_and_history(
    sandbox: SandboxCluster,  # noqa: F811
    folders: tuple[Folder, Folder],  # noqa: F811
    typed: Typed,
) -> None:
    one, two = folders
    one.drain("rs1")
    with one.at_work() as (_, run):
        remember(one.cluster.state_dir, one.cluster.inventory, ["rs1"])
        seen = json.loads(typed(two, "show", "--json").output)
        assert run.holder in seen["held_by"] and "process" in seen["held_by"]
    seen = json.loads(typed(two, "show", "--json").output)
    assert seen["drained"]["rs1"]["reason"] == "内存" and seen["held_by"] == ""
    assert seen["deployed"] == ["rs1"] and len(seen["history"]) == 2
    assert seen["hosts"]["lvs1"]["current"] and seen["hosts"]["lvs2"]["current"]
    stale = record(sandbox, "lvs2").read_text()
    one.undrain("rs1")
    record(sandbox, "lvs2").write_text(stale)
    sandbox.gone = {"lvs1"}
    done = typed(two, "show")
    assert done.exit_code == 1 and "lvs1: no answer" in done.output
    sandbox.gone = set()
    done = typed(two, "show")
    assert done.exit_code == 0 and "lvs2: remembers version" in done.output
    assert "drained since" not in done.output and not (two.cluster.base_dir / ".cluster").exists()


def test_what_was_saved_is_given_back_to_directors_that_lost_it(
    sandbox: SandboxCluster,  # noqa: F811
    folders: tuple[Folder, Folder],  # noqa: F811
    typed: Typed,
    tmp_path: Path,
) -> None:
    one, two = folders
    saved = tmp_path / "saved.json"
    done = typed(one, "export", "--output", str(saved))
    assert done.exit_code == 1 and "nothing was deployed yet" in done.output
    one.drain("rs1")
    assert typed(two, "export", "--output", str(saved), "--json").exit_code == 0
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert typed(two, "export").output == saved.read_text(encoding="utf-8")
    one.undrain("rs1")
    for director in ("lvs1", "lvs2"):
        record(sandbox, director).unlink()
    assert typed(two, "import", str(saved)).exit_code == 2, "nobody can be asked"
    done = typed(two, "import", "--yes", "--json", str(saved))
    assert done.exit_code == 0, done.output
    known = from_text(record(sandbox, "lvs1").read_text())
    assert known.runtime.drains.keys() == {"rs1"}
    # The folder that ended the drain before hears that it is there again.
    with one.at_work():
        assert one.cluster.runtime.drains.keys() == {"rs1"}
    saved.write_text(saved.read_text(encoding="utf-8").replace("rs1", "rs2"), encoding="utf-8")
    done = typed(two, "import", "--yes", str(saved))
    assert done.exit_code == 1 and "checksum is wrong" in done.output


def test_a_run_waits_for_another_and_not_for_ever(
    folders: tuple[Folder, Folder],  # noqa: F811
) -> None:
    one, two = folders
    said: list[str] = []
    free, waits = threading.Event(), threading.Event()

    def hold() -> None:
        with one.at_work():
            waits.set()
            assert free.wait(60)

    def take(waiting: Waiting) -> None:
        with (
            journaled_run(two.cluster, ["cluster", "test"], waiting) as run,
            working_fleet(two.cluster, run, said.append),
        ):
            assert run.seats is not None and sorted(run.seats.held) == ["lvs1", "lvs2"]

    holder = threading.Thread(target=hold)
    holder.start()
    assert waits.wait(60)
    try:
        with pytest.raises(LockedError, match="is under way on this cluster"):
            take(Waiting(0.1, said.append))
        assert len(said) == 1 and said[0].endswith("Waiting up to 0.1 s")

        def heard(text: str) -> None:
            said.append(text)
            free.set()

        take(Waiting(60, heard))
    finally:
        free.set()
        holder.join()
    # The same on this machine, before any host is asked.
    with (
        one.at_work(),
        pytest.raises(LockedError),
        journaled_run(one.cluster, ["cluster", "test"], Waiting(0.1, said.append)),
    ):
        pass


def test_a_run_that_changes_nothing_says_one_line_to_each_director(
    folders: tuple[Folder, Folder],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two = folders
    one.drain("rs1")
    lines: list[str] = []
    ask = ProcessConversation.ask

    def counted(self: ProcessConversation, line: str, timeout: float) -> str:
        lines.append(line)
        return ask(self, line, timeout)

    monkeypatch.setattr(ProcessConversation, "ask", counted)
    with two.at_work() as (_, run):
        run.ok = True
    assert [line[0] for line in lines] == [BYE, BYE]
    assert one.cluster.record.serial < two.cluster.record.serial
    assert two.cluster.record.history[-1].id == run.id
