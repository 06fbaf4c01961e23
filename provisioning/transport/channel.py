"""Run one script on one SSH channel: input, output and errors flow at the same time.

Each of them has a thread, as any that was not served would fill its window and stop the others
(the script reads nothing while its output is stuck, and the other way round).
"""

import contextlib
import itertools
import logging
import math
import shlex
import threading
from collections.abc import Callable, Iterable

import paramiko

from .base import Completed, ConnectionLostError, SudoError, TransportError
from .deadline import Deadline
from .shell_start import AfterMark, ShellStart
from .sudo import refused_password, sudo_error

_log = logging.getLogger(__name__)

_BREAKS = (paramiko.SSHException, OSError, EOFError)
"""Exceptions of paramiko for a connection that breaks in the middle of something."""
_CHUNK = 65536
_TICK = 0.5
_SUDO_PATIENCE = 30.0
"""Seconds sudo may take to check a password; PAM waits 2 after a wrong one."""
_DYING = 3.0
"""Seconds that a connection that broke may take to its own end, after that of its channels."""
_LINGER = 10.0
"""Seconds without output after which we stop waiting for a script that has ended: a daemon it
started may hold its output open for ever."""


class ScriptChannel:
    """One run of one script, which closes the channel."""

    def __init__(
        self,
        host: str,
        channel: paramiko.Channel,
        start: ShellStart,
        *,
        timeout: float | None,
        on_stdout: Callable[[bytes], None] | None,
        on_stderr: Callable[[bytes], None] | None = None,
        keeps: bool = True,
    ) -> None:
        self._host, self._channel, self._start = host, channel, start
        self._deadline = Deadline(timeout or math.inf)
        self._on_stdout, self._on_stderr = on_stdout, on_stderr
        self._keeps = keeps
        """What comes is part of the result."""
        self._stdout, self._stderr = AfterMark(start.mark), AfterMark(start.mark)
        self._output: list[bytes] = []
        self._errors: list[bytes] = []
        self._got, self._got_errors = 0, 0
        """Bytes, kept or not."""
        self._decided = threading.Event()
        """The shell runs, or sudo has asked twice, or there is nothing more to come."""

    def run(self, script: bytes, given: Iterable[bytes] = ()) -> Completed:
        """Run the script; what is ``given`` follows it. Raises ``TransportError``."""
        channel = self._channel
        channel.settimeout(min(_TICK, self._deadline.seconds))
        try:
            channel.exec_command(shlex.join(self._start.argv))  # nosec B601
        except _BREAKS:
            raise self._broken("it refused to run a command") from None
        helpers = [self._helper(self._read_errors)]
        try:
            data = itertools.chain([self._start.then + script], given)
            if self._start.first and not self._becomes_root():
                # There is something else than our shell: it must not see the script.
                data = itertools.chain()
            helpers.append(self._helper(self._write, data))
            self._read_output()
            status = self._status()
        finally:
            with contextlib.suppress(*_BREAKS):
                channel.close()
            for helper in helpers:
                helper.join()
        if not self._stdout.found:
            raise self._not_started(status)
        if status < 0:
            raise self._broken("the script's shell was killed there (out of memory?)")
        done = Completed(b"".join(self._output), b"".join(self._errors), status)
        _log.info(
            "%s: channel %d: sent %d bytes, got %d and %d of errors, status %d, %.2f s",
            *(self._host, channel.get_id(), len(script)),
            *(self._got, self._got_errors, status, self._deadline.elapsed),
        )
        return done

    @staticmethod
    def _helper(work: Callable[..., None], *arguments: Iterable[bytes]) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        return thread

    def _becomes_root(self) -> bool:
        """Give sudo the password and wait; true if the shell runs then. Raises ``SudoError`` if
        the password is wrong."""
        with contextlib.suppress(*_BREAKS):
            self._channel.sendall(self._start.first)
        patience = Deadline(min(_SUDO_PATIENCE, self._deadline.left))
        if not self._decided.wait(patience.seconds):
            self._check_time()
            said = self._stderr.before.replace(self._start.prompt, b"").decode("utf-8", "replace")
            raise SudoError(
                f"{self._host}: sudo did not answer within "
                f"{patience.seconds:g} s; its output: {' '.join(said.split()) or 'none'}"
            )
        if self._asked_twice():
            raise refused_password(self._host)
        return self._stderr.found

    def _asked_twice(self) -> bool:
        prompt = self._start.prompt
        return bool(prompt) and self._stderr.before.count(prompt) > 1

    def _read_errors(self) -> None:
        while (chunk := self._receive(self._channel.recv_stderr)) != b"":
            if chunk is not None:
                text = self._stderr.feed(chunk)
                self._got_errors += len(text)
                if self._keeps:
                    self._errors.append(text)
                if text and self._on_stderr:
                    self._on_stderr(text)
                if self._stderr.found or self._asked_twice():
                    self._decided.set()
        self._decided.set()

    def _read_output(self) -> None:
        quiet: Deadline | None = None
        while (chunk := self._receive(self._channel.recv)) != b"":
            if chunk is not None:
                quiet = None
                if text := self._stdout.feed(chunk):
                    self._got += len(text)
                    if self._keeps:
                        self._output.append(text)
                    if self._on_stdout:
                        self._on_stdout(text)
            # Counted from its end: its last output may have come in the same moment.
            elif self._channel.exit_status_ready() and (quiet := quiet or Deadline(_LINGER)).passed:
                return
            self._check_time()

    def _receive(self, receive: Callable[[int], bytes]) -> bytes | None:
        """A chunk, empty at the end; None if none came for a moment."""
        try:
            return receive(_CHUNK)
        except TimeoutError:
            return None
        except _BREAKS:
            return b""

    def _write(self, pieces: Iterable[bytes]) -> None:
        # A shell that ends before it has read all closes the channel; its status tells more.
        with contextlib.suppress(*_BREAKS):
            for piece in pieces:
                data = memoryview(piece)
                while data and not self._channel.exit_status_ready():
                    try:
                        data = data[self._channel.send(bytes(data[:_CHUNK])) :]
                    except TimeoutError:
                        continue
                if self._channel.exit_status_ready():
                    break
            self._channel.shutdown_write()

    def _status(self) -> int:
        while not self._channel.exit_status_ready():
            self._channel.status_event.wait(_TICK)
            self._check_time()
        return self._channel.recv_exit_status()

    def _check_time(self) -> None:
        if self._deadline.passed:
            raise ConnectionLostError(
                f"{self._host}: a script took more than {self._deadline.seconds:g} s and was ended"
            )

    def _not_started(self, status: int) -> TransportError:
        said = self._stderr.before.replace(self._start.prompt, b"").decode("utf-8", "replace")
        if status < 0:
            return self._broken(f"it ended the session at once: {' '.join(said.split())[-500:]}")
        if self._start.argv[0] == "sudo":
            return sudo_error(
                self._host, said, password_given=bool(self._start.first), status=status
            )
        said = f"{self._stdout.before.decode('utf-8', 'replace')} {said}"
        return TransportError(
            f"{self._host}: the login shell there did not run our command (status {status}): "
            f"{' '.join(said.split())[-500:] or 'no output'}; is the account's shell "
            "nologin, is there a ForceCommand?"
        )

    def _broken(self, where_alive: str) -> ConnectionLostError:
        """The error for a channel that ended without a status: the connection is gone, or else
        ``where_alive``."""
        transport = self._channel.get_transport()
        # The channels of a connection end a moment before it does.
        transport.join(_DYING)
        if transport.is_active():
            return ConnectionLostError(f"{self._host}: {where_alive}")
        reason = transport.get_exception()
        return ConnectionLostError(
            f"{self._host}: the connection broke while a script ran"
            f"{f': {reason}' if str(reason or '') else ''}"
        )
