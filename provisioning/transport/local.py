"""This machine itself: the control machine's own place, and a host for tests."""

import os
import subprocess
import threading
from collections.abc import Callable
from typing import IO

from provisioning.transport.base import READ_ALL, Completed, ConnectionLostError, SudoError


class LocalTransport:
    """Runs scripts here with sh."""

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """As ``Transport.run``; root needs root, or sudo without a password."""
        command = ["sh", "-c", READ_ALL]
        if root and os.geteuid() != 0:
            command = ["sudo", "-n", "--", *command]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        chunks: list[bytes] = []
        errors: list[bytes] = []

        def read(stream: IO[bytes], into: list[bytes]) -> None:
            while chunk := os.read(stream.fileno(), 65536):
                into.append(chunk)
                if into is chunks and on_stdout:
                    on_stdout(chunk)

        assert process.stdin and process.stdout and process.stderr
        readers = [
            threading.Thread(target=read, args=(process.stdout, chunks)),
            threading.Thread(target=read, args=(process.stderr, errors)),
        ]
        for reader in readers:
            reader.start()
        try:
            process.stdin.write(script.encode() if isinstance(script, str) else script)
            process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ConnectionLostError(
                f"this machine: a script took more than {timeout} s"
            ) from None
        finally:
            for reader in readers:
                reader.join()
            process.stdout.close()
            process.stderr.close()
        stderr = b"".join(errors)
        if command[0] == "sudo" and process.returncode == 1 and stderr.startswith(b"sudo:"):
            raise SudoError(f"this machine: {stderr.decode().strip()}; run as root")
        return Completed(b"".join(chunks), stderr, process.returncode)

    def close(self) -> None:
        """Nothing to end."""
