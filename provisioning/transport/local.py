"""This machine itself: the control machine's own place, and a host for tests."""

import contextlib
import math
import os
import selectors
import signal
import subprocess
from collections.abc import Callable

from provisioning.transport.base import Completed, ConnectionLostError
from provisioning.transport.conversation import ProcessConversation
from provisioning.transport.deadline import Deadline
from provisioning.transport.shell_start import AfterMark, shell_start
from provisioning.transport.sudo import sudo_error

_HOST = "this machine"
_CHUNK = 65536
_TICK = 0.5
_LINGER = 2.0
"""Seconds without output after which we stop waiting for a script that has ended: a daemon it
started may hold its output open for ever."""


class LocalTransport:
    """Runs scripts here with ``sh``."""

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """As ``Transport.run``; root needs root, or sudo without a password."""
        start = shell_start(sudo=root and os.geteuid() != 0, timeout=timeout)
        output, errors = AfterMark(start.mark), AfterMark(start.mark)
        printed: list[bytes] = []
        complaints: list[bytes] = []

        def take_output(data: bytes) -> None:
            if text := output.feed(data):
                printed.append(text)
                if on_stdout:
                    on_stdout(text)

        def take_errors(data: bytes) -> None:
            complaints.append(errors.feed(data))

        data = script.encode() if isinstance(script, str) else script
        deadline = Deadline(timeout or math.inf)
        with _started(start.argv) as process:
            try:
                _Pump(process, data, take_output, take_errors).run(deadline)
                # Its output may end before it does.
                status = process.wait(deadline.left)
            except subprocess.TimeoutExpired:
                raise _too_late(deadline) from None
            finally:
                _end(process)
        if not output.found:
            said = errors.before.decode("utf-8", "replace")
            raise sudo_error(_HOST, said, password_given=False, status=status)
        # As a shell tells of a signal.
        status = status if status >= 0 else 128 - status
        return Completed(b"".join(printed), b"".join(complaints), status)

    def converse(self, script: str) -> ProcessConversation:
        """As ``Transport.converse``."""
        start = shell_start(sudo=os.geteuid() != 0, converses=True)
        conversation = ProcessConversation(_HOST, start)
        conversation.start(script)
        return conversation

    def close(self) -> None:
        """Nothing to end."""


def _started(argv: tuple[str, ...]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except FileNotFoundError:
        said = f"{argv[0]}: not found"
        raise sudo_error(_HOST, said, password_given=False, status=127) from None


def _too_late(deadline: Deadline) -> ConnectionLostError:
    return ConnectionLostError(
        f"{_HOST}: a script took more than {deadline.seconds:g} s and was ended"
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that still runs, and all that it started. Where sudo runs it, only the time
    limit in its command can."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


class _Pump:
    """Writes input and reads output and errors of a process at the same time."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        data: bytes,
        take_output: Callable[[bytes], None],
        take_errors: Callable[[bytes], None],
    ) -> None:
        assert process.stdin and process.stdout and process.stderr
        self._process, self._data = process, memoryview(data)
        self._selector = selectors.DefaultSelector()
        os.set_blocking(process.stdin.fileno(), False)
        self._selector.register(process.stdin, selectors.EVENT_WRITE)
        self._selector.register(process.stdout, selectors.EVENT_READ, take_output)
        self._selector.register(process.stderr, selectors.EVENT_READ, take_errors)

    def run(self, deadline: Deadline) -> None:
        """Until the output ends. Raises ``ConnectionLostError`` when the time is up."""
        with self._selector:
            quiet: Deadline | None = None
            while self._selector.get_map():
                ready = self._selector.select(min(_TICK, deadline.left))
                for key, _ in ready:
                    self._serve(key)
                if deadline.passed:
                    raise _too_late(deadline)
                if ready or self._process.poll() is None:
                    quiet = None
                elif (quiet := quiet or Deadline(_LINGER)).passed:
                    return

    def _serve(self, key: selectors.SelectorKey) -> None:
        if key.data is None:
            self._write()
        elif data := os.read(key.fd, _CHUNK):
            key.data(data)
        else:
            self._selector.unregister(key.fileobj)

    def _write(self) -> None:
        stdin = self._process.stdin
        assert stdin
        try:
            self._data = self._data[os.write(stdin.fileno(), self._data[:_CHUNK]) :]
        except BrokenPipeError:
            # A shell that ends before it has read all; its status tells more.
            self._data = self._data[:0]
        if not self._data:
            self._selector.unregister(stdin)
            stdin.close()
