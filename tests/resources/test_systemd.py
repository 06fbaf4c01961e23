"""Services under a real systemd of the test's own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.model.hosts import ServiceManager
from provisioning.resources import service
from provisioning.resources.base import UnobservableError
from provisioning.resources.file import File
from provisioning.resources.service import Service
from tests.resources.host import Host
from tests.resources.invariants import assert_cycle, remembered
from tests.resources.private_systemd import PrivateSystemd

SYSTEMD = ServiceManager.SYSTEMD
WEB = Service(name="web", manager=SYSTEMD)
RELOAD = service.reload("web", SYSTEMD).command
RESTART = service.restart("web", SYSTEMD).command

pytestmark = pytest.mark.skipif(
    not Path("/lib/systemd/systemd").exists(), reason="systemd is not installed"
)


@pytest.fixture
def systemd(host: Host) -> Iterator[PrivateSystemd]:
    # The path of a socket is at most 107 bytes long (unix(7)).
    folder = Path(tempfile.mkdtemp(prefix="cluster-systemd-"))
    private = PrivateSystemd(folder)
    try:
        if not private.comes_up():
            log = (folder / "log").read_text()
            pytest.skip(f"systemd cannot run here (no control groups to write to?): {log}")
        host.path = f"{private.tools}:{host.path}"
        yield private
    finally:
        private.stop()
        shutil.rmtree(folder)


def look(host: Host) -> tuple[str, str]:
    """State and pid."""
    state, pid = host.must("systemd_look web; echo $ACTIVE $PID").split()
    return state, pid


def test_there_and_back(host: Host, systemd: PrivateSystemd) -> None:
    systemd.write("web", "exec sleep 1000")
    host.must("systemctl daemon-reload")
    assert_cycle(host, WEB)
    assert host.deploy(WEB) == ["start (is inactive), start at boot"]
    assert look(host)[0] == "active"
    assert (systemd.units / "idle.target.wants" / "web.service").is_symlink()


def test_a_unit_that_came_in_the_same_run_is_found(host: Host, systemd: PrivateSystemd) -> None:
    change = host.change(WEB)
    assert change is not None
    assert change.supersedes == {"reload web", "restart web"}
    systemd.write("web", "exec sleep 1000")
    run = host.begin()
    host.must(change.apply, run)
    assert host.change(WEB) is None
    host.must(change.undo, run)
    assert look(host)[0] == "inactive"
    (systemd.units / "web.service").unlink()
    host.must("systemctl daemon-reload")
    host.must(change.undo, run)


def test_one_that_runs_but_would_not_at_boot_is_left_running(
    host: Host, systemd: PrivateSystemd
) -> None:
    systemd.write("web", "exec sleep 1000")
    host.must("systemctl daemon-reload; systemctl start web")
    before = look(host)
    change = host.change(WEB)
    assert change is not None
    assert (change.summary, change.supersedes) == ("start at boot", frozenset())
    assert_cycle(host, WEB)
    assert look(host) == before


def test_one_that_ran_goes_back_to_the_file_that_it_ran_with(
    host: Host, systemd: PrivateSystemd, tmp_path: Path
) -> None:
    path, read = tmp_path / "web.conf", tmp_path / "read"
    path.write_text("theirs\n")
    systemd.write("web", f"cat {path} > {read}; exec sleep 1000")
    host.must("systemctl daemon-reload; systemctl enable --quiet --now web")
    again = service.restart("web", SYSTEMD)
    ours = File(path=str(path), content="ours\n", triggers=(again,), returned=again)
    host.deploy(ours, WEB)
    host.must(RESTART, host.begin())
    assert read.read_text() == "ours\n"
    # The last that came goes first, as when a cluster is destroyed.
    run = host.begin()
    host.must(WEB.remove(), run)
    host.must(ours.remove(), run)
    assert (path.read_text(), read.read_text()) == ("theirs\n", "theirs\n")
    assert look(host)[0] == "active"
    assert remembered(host) == []


def test_one_that_does_not_stay_up_fails(host: Host, systemd: PrivateSystemd) -> None:
    systemd.write("web", "exit 3")
    change = host.change(WEB)
    assert change is not None
    run = host.begin()
    failed = host.run(change.apply, run)
    assert failed.status != 0
    assert "web: systemd says failed instead of active" in failed.stderr
    host.must(change.undo, run)
    assert remembered(host) == []


def test_a_unit_that_is_not_there_is_named(host: Host, systemd: PrivateSystemd) -> None:
    change = host.change(WEB)
    assert change is not None
    run = host.begin()
    failed = host.run(change.apply, run)
    assert failed.status != 0
    assert "web.service" in failed.stderr
    host.must(change.undo, run)


def test_a_masked_unit_is_a_persons_decision(host: Host, systemd: PrivateSystemd) -> None:
    host.must("systemctl --quiet mask web")
    with pytest.raises(UnobservableError, match="allow it with: systemctl unmask web"):
        host.change(WEB)


def test_a_oneshot_remains_after_it_ended(host: Host, systemd: PrivateSystemd) -> None:
    systemd.write("web", "true", "Type=oneshot", "RemainAfterExit=yes")
    host.deploy(WEB)
    assert host.change(WEB) is None


def test_reload_runs_the_units_reload_and_leaves_the_process(
    host: Host, systemd: PrivateSystemd
) -> None:
    got = systemd.folder / "got"
    systemd.write("web", "exec sleep 1000", f"ExecReload=/bin/sh -c 'echo reloaded >> {got}'")
    host.deploy(WEB)
    before = look(host)
    host.must(RELOAD, host.begin())
    assert got.read_text() == "reloaded\n"
    assert look(host) == before


def test_a_reload_that_ends_the_process_fails(host: Host, systemd: PrivateSystemd) -> None:
    systemd.write(
        "web", "exec sleep 1000", "ExecReload=/bin/kill $MAINPID", "Restart=always", "RestartSec=0"
    )
    host.deploy(WEB)
    failed = host.run(RELOAD, host.begin())
    assert failed.status != 0
    assert "web: did not live through its reload" in failed.stderr


def test_restart_takes_up_a_changed_unit(host: Host, systemd: PrivateSystemd) -> None:
    systemd.write("web", "exec sleep 1000")
    host.deploy(WEB)
    _, first = look(host)
    ran = systemd.folder / "ran"
    systemd.write("web", "exec sleep 2000", f"ExecStartPre=/bin/touch {ran}")
    host.must(RESTART, host.begin())
    state, second = look(host)
    assert state == "active"
    assert second != first
    assert ran.exists()


def test_a_restart_that_fails_can_be_taken_back_in_the_same_run(
    host: Host, systemd: PrivateSystemd
) -> None:
    systemd.write("web", "exec sleep 1000")
    host.deploy(WEB)
    systemd.write("web", "exit 3")
    run = host.begin()
    failed = host.run(RESTART, run)
    assert failed.status != 0
    systemd.write("web", "exec sleep 1000")
    host.must(RESTART, run)
    assert look(host)[0] == "active"


@pytest.mark.parametrize("command", [RELOAD, RESTART])
def test_a_stopped_service_is_left_alone(host: Host, systemd: PrivateSystemd, command: str) -> None:
    host.must(command, host.begin())
    systemd.write("web", "exec sleep 1000")
    host.deploy(WEB)
    host.must("systemctl stop web")
    host.must(command, host.begin())
    assert look(host)[0] == "inactive"


@pytest.mark.parametrize("command", [RELOAD, RESTART])
def test_one_that_fell_over_is_started(host: Host, systemd: PrivateSystemd, command: str) -> None:
    broken = systemd.folder / "broken"
    broken.touch()
    systemd.write("web", f"[ ! -e {broken} ] || exit 1; exec sleep 1000")
    host.run("systemd_start web")
    assert look(host)[0] == "failed"
    broken.unlink()
    host.must(command, host.begin())
    assert look(host)[0] == "active"


def test_a_host_without_systemd_says_so(host: Host, tmp_path: Path) -> None:
    (tmp_path / "systemctl").write_text(
        "#!/bin/sh\necho System has not been booted with systemd as init system >&2; exit 1\n"
    )
    (tmp_path / "systemctl").chmod(0o755)
    host.path = f"{tmp_path}:{host.path}"
    with pytest.raises(UnobservableError, match="has not been booted with systemd"):
        host.change(WEB)
