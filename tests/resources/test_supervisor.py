"""Services under a real supervisord of the test's own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.model.hosts import ServiceManager
from provisioning.resources import service
from provisioning.resources.base import Handler, UnobservableError
from provisioning.resources.service import Service
from provisioning.resources.supervisor_daemon import SupervisorDaemon
from tests.processes import is_program, wait_until
from tests.resources.host import Host
from tests.resources.invariants import assert_cycle, remembered
from tests.resources.private_supervisor import PrivateSupervisor

SUPERVISOR = ServiceManager.SUPERVISOR


@pytest.fixture
def supervisor() -> Iterator[PrivateSupervisor]:
    # The path of a socket is at most 107 bytes long (unix(7)).
    folder = Path(tempfile.mkdtemp(prefix="cluster-supervisor-"))
    private = PrivateSupervisor(folder)
    yield private
    private.stop()
    shutil.rmtree(folder)


@pytest.fixture
def running(supervisor: PrivateSupervisor, host: Host) -> PrivateSupervisor:
    supervisor.start()
    return supervisor


def web(supervisor: PrivateSupervisor) -> Service:
    return Service(name="web", manager=SUPERVISOR, socket=supervisor.socket)


def look(host: Host, supervisor: PrivateSupervisor) -> tuple[str, str]:
    """State and pid."""
    look = f"supervisor_look {supervisor.socket} web; echo $PROCESS $PID"
    state, pid = host.must(look).split()
    return state, pid


def test_there_and_back(host: Host, running: PrivateSupervisor) -> None:
    running.write("web", "exec sleep 1000")
    assert_cycle(host, web(running))
    assert host.deploy(web(running)) == ["start (is absent)"]
    assert look(host, running)[0] == "RUNNING"


@pytest.fixture
def no_curl(host: Host, tmp_path: Path) -> None:
    """Leaves the host the tools that a service needs, and no curl."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ["mkdir", "python3", "rm", "sleep", "tail"]:
        (tools / tool).symlink_to(shutil.which(tool, path=host.path) or "")
    host.path = str(tools)


@pytest.mark.usefixtures("no_curl")
def test_there_and_back_without_curl(host: Host, running: PrivateSupervisor) -> None:
    running.write("web", "exec sleep 1000")
    assert_cycle(host, web(running))


def test_one_that_was_stopped_is_stopped_again(host: Host, running: PrivateSupervisor) -> None:
    running.write("web", "exec sleep 1000", "autostart=false")
    host.must(f"supervisor_take_up {running.socket} web")
    assert_cycle(host, web(running))


def test_one_that_ran_before_is_left_running(host: Host, supervisor: PrivateSupervisor) -> None:
    supervisor.write("web", "exec sleep 1000")
    supervisor.start()
    host.must(f"supervisor_await {supervisor.socket} web no")
    before = look(host, supervisor)
    assert host.deploy(web(supervisor)) == []
    host.must(web(supervisor).remove())
    assert look(host, supervisor) == before


def test_without_a_daemon_it_is_down_and_what_was_said_names_the_socket(
    host: Host, supervisor: PrivateSupervisor
) -> None:
    change = host.change(web(supervisor))
    assert change is not None
    assert change.summary == "start (is down)"
    assert change.supersedes == {"reload web", "restart web"}
    run = host.begin()
    failed = host.run(change.apply, run)
    assert failed.status != 0
    assert f"supervisord does not answer at {supervisor.socket}" in failed.stderr
    host.must(change.undo, run)
    assert remembered(host) == []


def test_a_socket_that_a_killed_daemon_left_is_down(
    host: Host, supervisor: PrivateSupervisor
) -> None:
    supervisor.start()
    supervisor.kill()
    assert Path(supervisor.socket).is_socket()
    assert host.observe(web(supervisor)).stdout == "down 0\n"


def test_a_socket_that_wants_a_password_is_no_stopped_service(
    host: Host, supervisor: PrivateSupervisor
) -> None:
    text = supervisor.config.read_text()
    secured = text.replace("s.sock\n", "s.sock\nusername=a\npassword=b\n")
    supervisor.config.write_text(secured)
    supervisor.start()
    with pytest.raises(UnobservableError, match="401"):
        host.change(web(supervisor))
    with pytest.raises(UnobservableError, match="401"):
        host.change(SupervisorDaemon(socket=supervisor.socket))


def test_one_without_a_program_file_says_so(host: Host, running: PrivateSupervisor) -> None:
    change = host.change(web(running))
    assert change is not None
    failed = host.run(change.apply, host.begin())
    assert failed.status != 0
    assert "web: supervisord's configuration has no such program" in failed.stderr


def test_one_that_does_not_come_up_shows_its_last_words(
    host: Host, running: PrivateSupervisor
) -> None:
    running.write("web", "echo port 7860 is taken >&2; exit 3", startsecs=30)
    change = host.change(web(running))
    assert change is not None
    run = host.begin()
    failed = host.run(change.apply, run)
    assert failed.status != 0
    assert "port 7860 is taken" in failed.stderr
    assert "web: supervisord says FATAL instead of RUNNING" in failed.stderr
    host.must(change.undo, run)
    assert look(host, running)[0] == "absent"


def test_a_broken_program_file_is_shown_in_supervisors_words(
    host: Host, running: PrivateSupervisor
) -> None:
    (running.folder / "conf.d" / "web.conf").write_text("[program:web]\nnumprocs=many\n")
    change = host.change(web(running))
    assert change is not None
    failed = host.run(change.apply, host.begin())
    assert failed.status != 0
    assert "supervisord refuses reloadConfig: CANT_REREAD" in failed.stderr


@pytest.mark.parametrize("client", ["curl", "no_curl"])
def test_a_oneshot_is_up_once_it_ended_well(
    host: Host, running: PrivateSupervisor, client: str, request: pytest.FixtureRequest
) -> None:
    if client == "no_curl":
        request.getfixturevalue(client)
    once = Service(name="web", manager=SUPERVISOR, oneshot=True, socket=running.socket)
    ran = running.folder / "ran"
    # Up only once it has ended, which takes it a moment.
    command = f"sleep 0.5; echo ran >> {ran}"
    running.write("web", command, "autorestart=false")
    path = running.folder / "conf.d" / "web.conf"
    host.deploy(once)
    assert ran.read_text() == "ran\n"
    assert host.deploy(once) == []
    again = service.restart("web", SUPERVISOR, oneshot=True, socket=running.socket)
    host.must(again.command, host.begin())
    assert ran.read_text() == "ran\nran\n"
    path.write_text(path.read_text().replace(command, "sleep 0.5; exit 4"))
    failed = host.run(again.command, host.begin())
    assert failed.status != 0
    assert "web: ended with status 4" in failed.stderr
    assert host.change(once) is not None


class TestHandlers:
    """Reload and restart of a program that writes down what it gets."""

    @pytest.fixture
    def reload(self, running: PrivateSupervisor) -> Handler:
        return service.reload("web", SUPERVISOR, socket=running.socket)

    @pytest.fixture
    def restart(self, running: PrivateSupervisor) -> Handler:
        return service.restart("web", SUPERVISOR, socket=running.socket)

    def test_reload_reaches_the_process_and_leaves_it_running(
        self, host: Host, running: PrivateSupervisor, reload: Handler
    ) -> None:
        got = running.folder / "got"
        ready = running.folder / "ready"
        command = f"trap 'echo HUP >> {got}' HUP; : > {ready}; while :; do sleep 0.1; done"
        running.write("web", command)
        host.deploy(web(running))
        wait_until(ready.exists)
        before = look(host, running)
        host.must(reload.command, host.begin())
        wait_until(lambda: got.exists() and got.read_text() == "HUP\n")
        assert look(host, running) == before

    def test_a_reload_that_kills_the_process_fails_though_it_is_started_again(
        self, host: Host, running: PrivateSupervisor, reload: Handler
    ) -> None:
        running.write("web", "exec sleep 1000", "autorestart=true")
        host.deploy(web(running))
        # What was only forked from supervisord takes no HUP to heart.
        wait_until(lambda: is_program(look(host, running)[1], "sleep", "1000"))
        failed = host.run(reload.command, host.begin())
        assert failed.status != 0
        assert "web: did not live through its reload" in failed.stderr

    def test_restart_takes_up_a_changed_program_file(
        self, host: Host, running: PrivateSupervisor, restart: Handler
    ) -> None:
        running.write("web", "exec sleep 1000")
        host.deploy(web(running))
        _, first = look(host, running)
        host.must(restart.command, host.begin())
        state, second = look(host, running)
        assert state == "RUNNING"
        assert second != first
        running.write("web", "exec sleep 2000")
        host.must(restart.command, host.begin())
        _, third = look(host, running)
        wait_until(lambda: is_program(third, "sleep", "2000"))

    def test_a_restart_that_fails_can_be_taken_back_in_the_same_run(
        self, host: Host, running: PrivateSupervisor, restart: Handler
    ) -> None:
        running.write("web", "exec sleep 1000")
        host.deploy(web(running))
        file = running.folder / "conf.d" / "web.conf"
        good = file.read_text()
        # Refused before it is even started, which leaves it STOPPED, as an operator would.
        file.write_text(good.replace("command=", "command=/no/such/program "))
        run = host.begin()
        failed = host.run(restart.command, run)
        assert failed.status != 0
        assert "web" in failed.stderr
        file.write_text(good)
        host.must(restart.command, run)
        assert look(host, running)[0] == "RUNNING"

    @pytest.mark.parametrize("kind", ["reload", "restart"])
    def test_a_stopped_or_unknown_service_is_left_alone(
        self, host: Host, running: PrivateSupervisor, kind: str, request: pytest.FixtureRequest
    ) -> None:
        command = request.getfixturevalue(kind).command
        host.must(command, host.begin())
        assert look(host, running)[0] == "absent"
        running.write("web", "exec sleep 1000")
        host.deploy(web(running))
        host.must(f"supervisor_stop {running.socket} web")
        host.must(command, host.begin())
        assert look(host, running)[0] == "STOPPED"

    @pytest.mark.parametrize("kind", ["reload", "restart"])
    def test_one_that_fell_over_is_started(
        self, host: Host, running: PrivateSupervisor, kind: str, request: pytest.FixtureRequest
    ) -> None:
        broken = running.folder / "broken"
        broken.touch()
        running.write("web", f"[ ! -e {broken} ] || exit 1; exec sleep 1000", startsecs=3)
        host.run(f"supervisor_start {running.socket} web no")
        assert look(host, running)[0] == "FATAL"
        broken.unlink()
        host.must(request.getfixturevalue(kind).command, host.begin())
        assert look(host, running)[0] == "RUNNING"


def test_the_daemon_there_and_back(host: Host, supervisor: PrivateSupervisor) -> None:
    daemon = SupervisorDaemon(config=str(supervisor.config), socket=supervisor.socket)
    assert_cycle(host, daemon)


def test_what_the_daemon_runs_does_not_see_the_scripts_environment(
    host: Host, supervisor: PrivateSupervisor
) -> None:
    seen = supervisor.folder / "seen"
    supervisor.write("web", f"env > {seen}.new; mv {seen}.new {seen}; exec sleep 1000")
    daemon = SupervisorDaemon(config=str(supervisor.config), socket=supervisor.socket)
    host.deploy(daemon, web(supervisor))
    wait_until(seen.exists)
    names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert "PATH" in names
    assert not names & {"STATE", "RUN_DIR", "LC_ALL", "CUT_COUNT"}


def test_a_daemon_whose_configuration_is_wrong_says_so(
    host: Host, supervisor: PrivateSupervisor
) -> None:
    supervisor.config.write_text("[supervisord]\nminfds=many\n")
    daemon = SupervisorDaemon(config=str(supervisor.config), socket=supervisor.socket)
    change = host.change(daemon)
    assert change is not None
    run = host.begin()
    failed = host.run(change.apply, run)
    assert failed.status != 0
    assert "many" in failed.stderr
    assert f"supervisord does not start with {supervisor.config}" in failed.stderr
    host.must(change.undo, run)
    assert remembered(host) == []


def test_a_daemon_that_ran_before_is_left_running(
    host: Host, supervisor: PrivateSupervisor
) -> None:
    supervisor.start()
    daemon = SupervisorDaemon(config=str(supervisor.config), socket=supervisor.socket)
    assert host.deploy(daemon) == []
    host.must(daemon.remove())
    assert host.change(daemon) is None


def group(supervisor: PrivateSupervisor, *words: str) -> list[Service]:
    """A group of two programs, each of which runs the words."""
    for name in ("a", "b"):
        supervisor.write(f"web-{name}", f"exec sleep {' '.join(words)}")
    path = supervisor.folder / "conf.d" / "web.conf"
    path.write_text("[group:web]\nprograms=web-a,web-b\n")
    return [
        Service(name=f"web:web-{name}", manager=SUPERVISOR, socket=supervisor.socket)
        for name in ("a", "b")
    ]


def look_at_group(host: Host, supervisor: PrivateSupervisor) -> list[tuple[str, str]]:
    names = ("web:web-a", "web:web-b")
    looks = (f"supervisor_look {supervisor.socket} {name}; echo $PROCESS $PID" for name in names)
    return [tuple(host.must(look).split()) for look in looks]  # type: ignore[misc]


def test_programs_of_a_group_come_and_go_one_by_one(host: Host, running: PrivateSupervisor) -> None:
    services = first, second = group(running, "1000")
    # All are looked at before any is changed.
    changes, run = [host.change(one) for one in services], host.begin()
    for change in changes:
        assert change is not None
        host.must(change.apply, run)
    before = look_at_group(host, running)
    assert [state for state, _ in before] == ["RUNNING", "RUNNING"]
    host.must(service.stopping(first.name, SUPERVISOR, socket=running.socket))
    assert look_at_group(host, running) == [("STOPPED", "0"), before[1]]
    host.must(service.starting(first.name, SUPERVISOR, socket=running.socket))
    (state, _), other = look_at_group(host, running)
    assert (state, other) == ("RUNNING", before[1])
    host.must(second.remove())
    assert look_at_group(host, running)[0][0] == "RUNNING"
    host.must(first.remove())
    assert [state for state, _ in look_at_group(host, running)] == ["absent", "absent"]


def test_a_group_with_a_new_configuration_is_started_once(
    host: Host, running: PrivateSupervisor
) -> None:
    for one in group(running, "1000"):
        host.deploy(one)
    services, run = group(running, "2000"), host.begin()
    looks, restarts = (
        [],
        [service.restart(one.name, SUPERVISOR, socket=running.socket) for one in services],
    )
    for restart in restarts:
        host.must(restart.command, run)
        looks.append(look_at_group(host, running)[1])
    # What the first has replaced, the second finds.
    assert looks[0][1] == looks[1][1]
    for state, pid in look_at_group(host, running):
        assert state == "RUNNING" and is_program(pid, "sleep", "2000")
    # In the next run nothing is new, and each is started anew by itself.
    host.must(restarts[1].command, host.begin())
    assert look_at_group(host, running)[1][1] != looks[1][1]
