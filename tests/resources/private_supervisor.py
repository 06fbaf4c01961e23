"""A supervisord of the test's own, with its socket and program files in a folder."""

import shlex
import subprocess
import time
from pathlib import Path

from tests.processes import wait_until_gone

_CONFIG = """\
[unix_http_server]
file={folder}/s.sock
[supervisord]
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[include]
files = {folder}/conf.d/*.conf
"""


class PrivateSupervisor:
    """A Supervisor in a folder of its own; it runs once ``start`` was called or a resource started
    it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._daemon: subprocess.Popen[bytes] | None = None
        (folder / "conf.d").mkdir()
        self.config.write_text(_CONFIG.format(folder=folder))

    @property
    def socket(self) -> str:
        return str(self.folder / "s.sock")

    @property
    def config(self) -> Path:
        return self.folder / "supervisord.conf"

    @property
    def pid(self) -> str:
        """The daemon's process, or nothing until it has written it down."""
        try:
            return (self.folder / "supervisord.pid").read_text().strip()
        except FileNotFoundError:
            return ""

    def write(self, name: str, command: str, *options: str, startsecs: int = 0) -> None:
        """The file of a program, which has failed for good the first time it fails.

        With ``startsecs=0`` it is up as soon as there is a process.
        """
        lines = [
            f"[program:{name}]",
            f"command=sh -c {shlex.quote(command)}",
            f"startsecs={startsecs}",
            "startretries=0",
            *options,
        ]
        (self.folder / "conf.d" / f"{name}.conf").write_text("\n".join([*lines, ""]))

    def start(self) -> None:
        self._daemon = subprocess.Popen(
            ["supervisord", "--nodaemon", "-c", str(self.config)], stdout=subprocess.DEVNULL
        )
        # The socket comes first, and is there before anyone listens.
        while not self.pid:
            assert self._daemon.poll() is None
            time.sleep(0.02)

    def kill(self) -> None:
        """Its socket and what it has written down stay."""
        assert self._daemon
        self._daemon.kill()
        self._daemon.wait()

    def stop(self) -> None:
        if (pid := self.pid) and not (self._daemon and self._daemon.poll() is not None):
            # Not asked to end, as that takes it seconds; its programs are its children.
            ended = subprocess.run(
                ["sh", "-c", 'kids=$(pgrep -P "$1"); kill -9 "$1" $kids; echo $kids', "-", pid],
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            ).stdout.split()
            if self._daemon:
                self._daemon.wait()
            # They write to the folder, which may be deleted next.
            for one in (pid, *ended):
                wait_until_gone(int(one))
