"""Runs a host's scripts on this machine with their state in a folder of the test's own."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from provisioning.engine.script import STATE
from provisioning.engine.seat import RUN_LOCK
from provisioning.transport.base import Completed
from provisioning.transport.conversation import ProcessConversation
from provisioning.transport.shell_start import shell_start


class SandboxTransport:
    """A host made of one folder: scripts find it where they would have their state."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, script: str | bytes) -> subprocess.Popen[bytes]:
        """Starts a script in a process group of its own and gives it all its input."""
        text = script.decode() if isinstance(script, bytes) else script
        process = subprocess.Popen(
            ["sh", "-s"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.processes.append(process)
        assert process.stdin
        process.stdin.write(self.here(text).encode())
        process.stdin.close()
        process.stdin = None
        return process

    def here(self, text: str) -> str:
        """A script as it finds this host."""
        return text.replace(STATE, str(self.state)).replace(RUN_LOCK, f"{self.state}.lock")

    def converse(self, script: str) -> ProcessConversation:
        conversation = ProcessConversation("sandbox", shell_start(converses=True))
        conversation.start(self.here(script))
        return conversation

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        process = self.start(script)
        stdout, stderr = process.communicate(timeout=timeout)
        if on_stdout:
            on_stdout(stdout)
        return Completed(stdout, stderr, process.returncode)

    def close(self) -> None:
        pass
