"""The command as a whole: expected failures are one line."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]


def test_a_secret_that_is_not_here_is_one_line_and_not_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(
        "vip: 192.168.1.100\n"
        "vrrp: {version: 2, auth_pass: {env: CLUSTER_TEST_NOWHERE}}\n"
        "directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}\n"
        "real_servers: {hosts: {rs1: 192.168.1.101}}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "provisioning", "render", "-i", str(path)]
    done = subprocess.run(
        command, cwd=_REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "CLUSTER_TEST_NOWHERE is not set; export it first" in done.stderr


def test_little_is_imported_before_a_command_is_known() -> None:
    program = (
        "import sys; from provisioning.cli.running import run; run(sys.argv[1:]);"
        "print(*sys.modules)"
    )
    heavy = {"cryptography", "jinja2", "paramiko", "pydantic", "rich", "yaml"}
    for words in (["--version"], ["--help"], ["stauts"]):
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            cwd=_REPOSITORY,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        imported = set(done.stdout.splitlines()[-1].split())
        assert "click" in imported
        assert not imported & heavy
        assert not any(one.startswith("provisioning.model.rules") for one in imported)


def test_ctrl_c_is_status_130_and_one_line(tmp_path: Path) -> None:
    # A host that takes the connection and says nothing: there is time to interrupt.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        path = tmp_path / "inventory.yaml"
        port = silent.getsockname()[1]
        (tmp_path / "known_hosts").touch()
        path.write_text(
            "vip: 192.168.1.100\n"
            f"ssh: {{host: 127.0.0.1, port: {port}, known_hosts_file: {tmp_path}/known_hosts}}\n"
            "directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}\n"
            "real_servers: {hosts: {rs1: 192.168.1.101}}\n",
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "provisioning", "exec", "-i", str(path), "rs1", "--", "id"]
        process = subprocess.Popen(
            command, cwd=_REPOSITORY, stderr=subprocess.PIPE, text=True, process_group=0
        )
        silent.settimeout(60)
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Interrupted. Run the same command again to go on."
    assert "Traceback" not in said


def test_a_wrong_option_is_a_usage_error() -> None:
    command = [sys.executable, "-m", "provisioning", "plan", "--nonsense"]
    done = subprocess.run(
        command, cwd=_REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, "2 would say that changes are pending"
    assert "No such option '--nonsense'" in done.stderr
