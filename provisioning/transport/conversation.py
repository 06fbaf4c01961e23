"""A conversation with a script on a host: a line there, a line back, for as long as both live.

Unlike ``Transport.run`` its standard input stays open, so the script learns from its end that the
one who started it is gone, however that ended.
"""

import contextlib
import logging
import os
import shlex
import signal
import subprocess
import threading
from base64 import b64encode

import paramiko

from .base import ConnectionLostError, TransportError
from .shell_start import AfterMark, ShellStart
from .sudo import refused_password, sudo_error

_log = logging.getLogger(__name__)

_BREAKS = (paramiko.SSHException, OSError, EOFError)
_CHUNK = 65536
_START = 60.0
"""Seconds until a script must run: sudo may ask LDAP, a slow host starts a shell."""


def first_line(script: str) -> bytes:
    """The script in the form in which a conversation takes it."""
    return b64encode(script.encode()) + b"\n"


class _Lines:
    """Incoming lines."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._changed = threading.Condition()
        self._rest = b""
        self._lines: list[str] = []
        self._ended = False

    def feed(self, data: bytes) -> None:
        with self._changed:
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines += [line.decode("utf-8", "replace") for line in lines]
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def next(self, timeout: float) -> str:
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._ended, timeout)
            if self._lines:
                return self._lines.pop(0)
            how = "ended" if self._ended else f"sent nothing for {timeout:g} s"
        raise ConnectionLostError(f"{self._host}: the conversation {how}")


class ChannelConversation:
    """Over a channel of an SSH connection."""

    def __init__(self, host: str, channel: paramiko.Channel, start: ShellStart) -> None:
        self._host, self._channel, self._start = host, channel, start
        self._lines = _Lines(host)
        self._stdout, self._stderr = AfterMark(start.mark), AfterMark(start.mark)
        self._decided = threading.Event()
        """The script can be sent, or there is nobody to send it to."""
        self._errors_reader = threading.Thread(target=self._read_errors, daemon=True)

    def start(self, script: str) -> None:
        """Run the script. Raises ``TransportError``."""
        self._channel.settimeout(None)
        try:
            self._channel.exec_command(shlex.join(self._start.argv))  # nosec B601
            threading.Thread(target=self._read_output, daemon=True).start()
            self._errors_reader.start()
            if self._start.first:
                self._send(self._start.first)
            self._decided.wait(_START)
            if not self._stdout.found:
                raise self._not_started()
            self._send(self._start.then + first_line(script))
            _log.info("%s: conversation begun by %d bytes", self._host, len(script))
        except _BREAKS:
            self.close()
            raise ConnectionLostError(f"{self._host}: the connection broke") from None

    def ask(self, line: str, timeout: float) -> str:
        """As ``Conversation.ask``."""
        # The line may be the cluster's record; nothing in it is for a log.
        _log.debug("%s: conversation: line of %d bytes", self._host, len(line))
        try:
            self._send(line.encode() + b"\n")
        except _BREAKS:
            raise ConnectionLostError(f"{self._host}: the connection broke") from None
        return self._lines.next(timeout)

    def answer(self, timeout: float) -> str:
        """As ``Conversation.answer``."""
        return self._lines.next(timeout)

    def close(self) -> None:
        """As ``Conversation.close``."""
        with contextlib.suppress(*_BREAKS):
            self._channel.close()

    def _send(self, data: bytes) -> None:
        self._channel.sendall(data)

    def _read_output(self) -> None:
        with contextlib.suppress(*_BREAKS):
            while data := self._channel.recv(_CHUNK):
                if text := self._stdout.feed(data):
                    self._lines.feed(text)
                if self._stdout.found:
                    self._decided.set()
        self._decided.set()
        self._lines.end()

    def _read_errors(self) -> None:
        with contextlib.suppress(*_BREAKS):
            while data := self._channel.recv_stderr(_CHUNK):
                self._stderr.feed(data)
                if self._asked_twice():
                    self._decided.set()

    def _asked_twice(self) -> bool:
        prompt = self._start.prompt
        return bool(prompt) and self._stderr.before.count(prompt) > 1

    def _not_started(self) -> TransportError:
        self.close()
        # Its output may be read to its end before its reasons are.
        self._errors_reader.join(_START)
        if self._asked_twice():
            return refused_password(self._host)
        said = self._stderr.before.replace(self._start.prompt, b"").decode("utf-8", "replace")
        if self._start.argv[0] == "sudo":
            given = bool(self._start.first)
            return sudo_error(self._host, said, password_given=given, status=1)
        return ConnectionLostError(
            f"{self._host}: the login shell there did not run our command: "
            f"{' '.join(said.split())[-500:] or 'no output'}"
        )


class ProcessConversation:
    """With a process of this machine."""

    def __init__(self, host: str, start: ShellStart) -> None:
        self._lines = _Lines(host)
        self._host = host
        self._stdout = AfterMark(start.mark)
        self._process = subprocess.Popen(
            start.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        threading.Thread(target=self._read_output, daemon=True).start()

    def start(self, script: str) -> None:
        """Run the script."""
        self._send(first_line(script))

    def ask(self, line: str, timeout: float) -> str:
        """As ``Conversation.ask``."""
        self._send(line.encode() + b"\n")
        return self._lines.next(timeout)

    def answer(self, timeout: float) -> str:
        """As ``Conversation.answer``."""
        return self._lines.next(timeout)

    def close(self) -> None:
        """As ``Conversation.close``."""
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_START)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _send(self, data: bytes) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(data)
        except (OSError, ValueError):  # The latter where another thread has closed it.
            raise ConnectionLostError(f"{self._host}: the conversation ended") from None

    def _read_output(self) -> None:
        assert self._process.stdout
        while data := os.read(self._process.stdout.fileno(), _CHUNK):
            if text := self._stdout.feed(data):
                self._lines.feed(text)
        self._process.stdout.close()
        self._lines.end()
