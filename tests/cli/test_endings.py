"""Ends of the command: by Ctrl-C at any moment, on a full disk, in a folder it may not write to,
in another encoding. Never with a traceback."""

import json
import os
import pty
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import wait_until

_REPOSITORY = Path(__file__).parents[2]
_CLUSTER = [sys.executable, "-m", "provisioning"]
_INVENTORY = """\
vip: 192.0.2.100
ssh: {{host: 127.0.0.1, port: {port}, known_hosts_file: known_hosts, connect_timeout: 60}}
directors: {{hosts: {{lvs1: 192.0.2.11, lvs2: 192.0.2.12}}}}
real_servers: {{hosts: {{rs1: 192.0.2.101, rs2: 192.0.2.102}}}}
app: {{secret: {{env: CLUSTER_TEST_SECRET}}}}
"""
_LINES = [
    "plan",
    "plan --json",
    "deploy --yes",
    "deploy --check",
    "verify",
    "status",
    "exec all -- true",
    "drain rs1",
    "undrain rs1",
    "switchover",
    "start",
    "stop --limit rs1 --yes",
    "restart --yes",
    "destroy --yes",
    "rollback --yes",
    "rolling-upgrade --yes",
    "releases",
    "logs rs1",
    "support-bundle",
]
_SAID = "Interrupted. Run the same command again to go on."
_AS_NOBODY = pytest.mark.skipif(
    os.getuid() != 0
    or any(not folder.stat().st_mode & 1 for folder in (_REPOSITORY, *_REPOSITORY.parents)),
    reason="becomes nobody, which root alone may, and nobody may not read this folder",
)


def environment(**more: str) -> dict[str, str]:
    secret = {"CLUSTER_TEST_SECRET": "0123456789abcdef0123456789abcdef"}
    return {**os.environ, "PYTHONPATH": str(_REPOSITORY), **secret, **more}


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


@pytest.fixture
def folder(tmp_path: Path, silent: socket.socket) -> Path:
    text = _INVENTORY.format(port=silent.getsockname()[1])
    (tmp_path / "inventory.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "known_hosts").touch()
    return tmp_path


@pytest.fixture
def open_folder(folder: Path) -> Iterator[Path]:
    """The same where everybody gets to: pytest closes its own place whenever it begins, also for
    those that are under way."""
    with tempfile.TemporaryDirectory(prefix="cosyvoice-endings-") as place:
        shutil.copytree(folder, place, dirs_exist_ok=True)
        yield Path(place)


def begun(folder: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*_CLUSTER, *words],
        cwd=folder,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def _impatient(folder: Path) -> None:
    """No host is waited for for long."""
    path = folder / "inventory.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("connect_timeout: 60", "connect_timeout: 0.3"), encoding="utf-8")


def results(folder: Path) -> list[str]:
    done = subprocess.run(
        [*_CLUSTER, "history", "--json"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=True,
    )
    return [str(run["result"]) for run in json.loads(done.stdout)]


@pytest.mark.parametrize(
    ("line", "times"),
    [
        *[(line, 2) for line in ("plan", "deploy --yes", "rolling-upgrade --yes")],
        *[(line, 1) for line in _LINES],
    ],
)
def test_ctrl_c_ends_it_while_a_host_says_nothing(
    line: str, times: int, folder: Path, silent: socket.socket
) -> None:
    process = begun(folder, *line.split())
    connection, _ = silent.accept()
    with connection:
        began = time.monotonic()
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)
        out, err = process.communicate(timeout=60)
    # An idle machine needs a tenth of a second; a host is waited for for sixty.
    assert time.monotonic() - began < 30
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == _SAID
    assert "Traceback" not in err
    if "--json" in line:
        json.loads(out)
    if (folder / ".cluster").exists():
        assert results(folder) == ["interrupted"]


@pytest.mark.parametrize("after", [0.0, 0.03, 0.1, 0.2, 0.3, 0.5])
def test_ctrl_c_while_it_starts(after: float, folder: Path, silent: socket.socket) -> None:
    process = begun(folder, "status")
    # What Python does before the program's first lines is not in its hands; they begin the thread
    # that minds Ctrl-C.
    wait_until(lambda: len(os.listdir(f"/proc/{process.pid}/task")) > 1)  # noqa: PTH208
    # Not for a condition: any moment will do.
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err and err.splitlines()[-1] == _SAID


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_ctrl_c_at_a_prompt_is_130_and_a_no_is_1(key: str, folder: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*_CLUSTER, "stop", "--limit", "rs1"],
        cwd=folder,
        env=environment(),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
    )
    os.close(slave)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(master, 4096)
    os.write(master, key.encode())
    assert process.wait(60) == (130 if key == "\x03" else 1)
    os.close(master)


@pytest.mark.parametrize("line", ["schema", "validate", "validate --json", "plan --help", "render"])
def test_a_full_disk_under_the_output_is_told(line: str, folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*_CLUSTER, *line.split()],
            cwd=folder,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "Error: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    "line", ["deploy --yes", "drain rs1", "switchover", "destroy --yes", "rolling-upgrade --yes"]
)
def test_a_full_disk_under_the_state_is_told(line: str, folder: Path) -> None:
    (folder / ".cluster" / "cosyvoice" / "history").mkdir(parents=True)
    done = subprocess.run(
        [*_CLUSTER, *line.split()],
        cwd=folder,
        env=environment(),
        # No file may grow: as if there were no room.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "lock and journal are kept" in done.stderr


@_AS_NOBODY
@pytest.mark.parametrize("theirs", [False, True], ids=["read-only folder", "another's state"])
@pytest.mark.parametrize(
    "line",
    [
        "deploy --yes",
        "drain rs1",
        "undrain rs1",
        "switchover",
        "forget rs9",
        "start",
        "stop --yes --limit rs1",
        "restart --yes",
        "destroy --yes",
        "rollback --yes",
        "rolling-upgrade --yes",
        "rolling-upgrade --pause",
        "history",
    ],
)
def test_a_folder_that_is_not_mine_is_told(line: str, theirs: bool, open_folder: Path) -> None:
    if line == "history" and not theirs:
        pytest.skip("nothing was done there, and that can be read")
    if theirs:
        (open_folder / ".cluster" / "cosyvoice" / "history").mkdir(parents=True)
        (open_folder / ".cluster").chmod(0o700)
    open_folder.chmod(0o555)
    done = subprocess.run(
        [*_CLUSTER, *line.split()],
        cwd=open_folder,
        env=environment(),
        user=65534,
        group=65534,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "ermission denied" in done.stderr and ".cluster" in done.stderr
    assert "Nothing has been done" not in done.stdout


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "gb2312"},
    ],
    ids=["latin-1", "ascii", "C", "gb2312"],
)
def test_another_encoding_loses_no_output(variables: dict[str, str], folder: Path) -> None:
    path = folder / "inventory.yaml"
    text = path.read_text(encoding="utf-8").replace("port:", "user: 王😀é…, port:")
    path.write_text(text, encoding="utf-8")
    _impatient(folder)
    for words in (["status"], ["plan"], ["render"], ["validate"], ["status", "--json"]):
        done = subprocess.run(
            [*_CLUSTER, *words],
            cwd=folder,
            env=environment(**variables),
            capture_output=True,
            check=False,
        )
        assert b"Traceback" not in done.stderr, done.stderr
        assert done.stdout or done.stderr
        if "--json" in words:
            # ASCII says nothing about the terminal: what is printed is UTF-8 then.
            encoding = variables.get("PYTHONIOENCODING", "ascii").replace("ascii", "utf-8")
            json.loads(done.stdout.decode(encoding))


@pytest.mark.parametrize(
    "variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"]
)
def test_no_colour_where_none_is_wanted(variables: dict[str, str], folder: Path) -> None:
    _impatient(folder)
    wrong = folder / "wrong.yaml"
    wrong.write_text("vip: nonsense\n", encoding="utf-8")
    for words in (
        ["validate"],
        ["validate", "-i", "wrong.yaml"],
        ["status", "-i", "wrong.yaml"],
        ["drain", "rs9"],
        ["forget", "rs9"],
        ["rolling-upgrade", "--pause"],
        ["history"],
        ["render"],
    ):
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [*_CLUSTER, *words],
            cwd=folder,
            env=environment(**variables),
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        said = b""
        try:
            while chunk := os.read(master, 4096):
                said += chunk
        except OSError:
            pass  # the terminal's other end is gone
        os.close(master)
        process.wait(60)
        assert said and b"\x1b[3" not in said and b"\x1b[1;3" not in said, said
