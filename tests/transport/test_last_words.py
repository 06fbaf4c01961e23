"""What a host says in its last moment is heard, in whatever order threads come to read it."""

import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import paramiko
import pytest

from provisioning.transport.base import SudoError
from provisioning.transport.channel import ScriptChannel
from provisioning.transport.conversation import ChannelConversation
from provisioning.transport.shell_start import shell_start

Part = bytes | float
"""Output, or seconds without any, after which reading gives up."""


class Channel:
    """A channel of paramiko's on paper, whose script has ended with status 0."""

    def __init__(self, output: list[Part], errors: list[Part]) -> None:
        self._output, self._errors = iter(output), iter(errors)
        self.status_event = threading.Event()

    def recv(self, size: int) -> bytes:
        return self._next(self._output)

    def recv_stderr(self, size: int) -> bytes:
        return self._next(self._errors)

    def exit_status_ready(self) -> bool:
        return True

    def recv_exit_status(self) -> int:
        return 0

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None

    @staticmethod
    def _next(parts: Iterator[Part]) -> bytes:
        part = next(parts, b"")
        if isinstance(part, bytes):
            return part
        time.sleep(part)
        raise TimeoutError


def test_of_a_script_that_was_silent_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioning.transport.channel._LINGER", 0.2)
    start = shell_start()
    # Its end and its last words come between a look for output and one for its end.
    channel = cast(paramiko.Channel, Channel([start.mark, 0.5, b"done\n"], [start.mark]))
    script_channel = ScriptChannel("rs1", channel, start, timeout=None, on_stdout=None)
    assert script_channel.run(b"").stdout == b"done\n"


def test_of_a_sudo_that_refuses_a_conversation() -> None:
    class Slow(Channel):
        def recv_stderr(self, size: int) -> bytes:
            time.sleep(0.3)
            return super().recv_stderr(size)

    channel = Slow([], [b"sudo: a password is required\n"])
    start = shell_start(sudo=True, converses=True)
    conversation = ChannelConversation("rs1", cast(paramiko.Channel, channel), start)
    with pytest.raises(SudoError, match="sudo wants a password"):
        conversation.start("true")
