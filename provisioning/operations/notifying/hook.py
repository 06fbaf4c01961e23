"""The two kinds of hook. Each gets one JSON object and may take a short time for it."""

import http.client
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from ...errors import ClusterError
from ...model.secrets.secret import reveal
from ...model.watching.notify import Notify
from .program import HookError, run_program

TIMEOUT = 10.0
"""Seconds a hook may take."""


class Hook(Protocol):
    """One who wants to know."""

    def __call__(self, record: Mapping[str, Any], /) -> None:
        """Raises ``HookError``."""


class HookSyntaxError(ClusterError, ValueError):
    """A hook is not written right; the message says how to."""


@dataclass(frozen=True, slots=True)
class CommandHook:
    """A program of the control machine that gets the object on standard input. No shell."""

    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "CommandHook":
        """From a line such as ``/usr/local/bin/tell --team "speech ops"``. Raises
        ``HookSyntaxError``."""
        try:
            words = tuple(shlex.split(text))
        except ValueError:
            raise HookSyntaxError(f"{text!r}: a quote is not closed") from None
        if not words:
            raise HookSyntaxError("the notify command is empty; name a program")
        return cls(words)

    def __call__(self, record: Mapping[str, Any], /) -> None:
        ended = run_program(self.words, record, timeout=TIMEOUT)
        if ended.status:
            raise HookError(f"{self.words[0]} ended with status {ended.status}: {ended.said}")


@dataclass(frozen=True, slots=True)
class WebHook:
    """A URL that the object is posted to as JSON. The URL is a secret: whoever has it can post."""

    url: str = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> "WebHook":
        """Raises ``HookSyntaxError``."""
        try:
            parts = urlsplit(url.strip())
            fine = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            fine = False
        if not fine:
            raise HookSyntaxError("the webhook is not a URL that starts with http:// or https://")
        return cls(url.strip())

    def __call__(self, record: Mapping[str, Any], /) -> None:
        where = f"the webhook at {urlsplit(self.url).hostname}"
        data = json.dumps(record, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            # Only http and https come this far, see parse.
            with urlopen(  # nosec B310
                Request(self.url, data, headers), timeout=TIMEOUT
            ) as answer:
                answer.read(1024)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise HookError(f"{where}: {error}") from None


def hooks_of(
    notify: Notify, base_dir: Path, command: Hook | None, webhook: Hook | None
) -> tuple[Hook, ...]:
    """The given hooks, and the inventory's in place of one that is not given. Raises
    ``HookSyntaxError``."""
    try:
        if notify.command and command is None:
            command = CommandHook.parse(notify.command)
        if notify.webhook and webhook is None:
            webhook = WebHook.parse(reveal(notify.webhook, base_dir))
    except HookSyntaxError as error:
        raise HookSyntaxError(f"the inventory's notify: {error}") from None
    return tuple(hook for hook in (command, webhook) if hook)
