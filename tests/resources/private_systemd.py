"""A systemd of the test's own: a user's service manager, in namespaces that end with it.

It is the same program with the same units as the one that is PID 1 elsewhere; ``systemctl`` on the
host's path is made to speak to this one.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

_START = """\
mount -t tmpfs none /run
mkdir -p /run/systemd/system
exec env -i PATH="$PATH" HOME="$1" XDG_RUNTIME_DIR="$1/run" XDG_CONFIG_HOME="$1/config" \
    SYSTEMD_LOG_TARGET=console sh -c '/lib/systemd/systemd --user --unit=idle.target & wait'
"""

_UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]

_SYSTEMCTL = """\
#!/bin/sh
export XDG_RUNTIME_DIR={folder}/run XDG_CONFIG_HOME={folder}/config
# It must see the manager's process to trust its socket.
read -r inside < /proc/{pid}/task/{pid}/children
exec nsenter --target="$inside" --mount --pid /usr/bin/systemctl --user "$@"
"""


class PrivateSystemd:
    """Units are files in ``units``; ``tools`` goes on the host's path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.units = folder / "config" / "systemd" / "user"
        self.units.mkdir(parents=True)
        (folder / "run").mkdir(mode=0o700)
        (self.units / "idle.target").write_text("[Unit]\nDefaultDependencies=no\n")
        self.tools = folder / "bin"
        self.tools.mkdir()
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*_UNSHARE, "sh", "-c", _START, "-", str(folder)], stdout=log, stderr=log
            )
        shim = self.tools / "systemctl"
        shim.write_text(_SYSTEMCTL.format(folder=folder, pid=self._process.pid))
        shim.chmod(0o755)

    def comes_up(self) -> bool:
        """Waits until it answers; whether it does, which takes writable control groups."""
        for _ in range(100):
            if self._process.poll() is not None:
                return False
            answer = subprocess.run(
                [self.tools / "systemctl", "show", "-p", "ActiveState", "idle.target"],
                capture_output=True,
                check=False,
            )
            if answer.stdout.strip() == b"ActiveState=active":
                return True
            time.sleep(0.05)
        return False

    def write(self, name: str, command: str, *lines: str) -> None:
        """A service that runs a command of the shell."""
        script = self.folder / f"{name}.sh"
        script.write_text(f"{command}\n")
        text = ["[Service]", f"ExecStart=/bin/sh {script}", *lines]
        install = ["[Install]", "WantedBy=idle.target", ""]
        (self.units / f"{name}.service").write_text("\n".join(text + install))

    def stop(self) -> None:
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
