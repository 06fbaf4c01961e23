"""Programs of the control machine that print a secret: the command line of any vault.

One is run once in a run of ``cluster``, when its secret is first needed. What it prints is kept in
memory alone.
"""

import os
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from ...errors import ClusterError

PATIENCE = 60.0
"""Seconds that a program may take: time to unlock a vault by hand."""
_LARGEST = 64 * 1024
_SAID = 500
"""Characters of what it said of its failure."""
_Key = tuple[tuple[str, ...], Path]


class SecretProgramError(ClusterError):
    """The program printed no secret; message and fix, without a word of what it printed."""

    def __init__(self, message: str, fix: str) -> None:
        self.message, self.fix = message, fix
        super().__init__(f"{message}; {fix}")


def _words(value: object) -> object:
    """One line is split as a shell would split it, and nothing else is done that a shell does."""
    if isinstance(value, str):
        try:
            value = shlex.split(value)
        except ValueError:
            raise _wrong("a quote is not closed", "close the quote or remove it") from None
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        if not value or not value[0].strip():
            raise _wrong("names no program", "write the program and its arguments: pass show tts")
        if any("\0" in word for word in value):
            raise _wrong("has a NUL character", "remove it: no argument of a program may have one")
    return value


def _wrong(message: str, fix: str) -> PydanticCustomError:
    allowed = "a program and its arguments, as a line or a list"
    return PydanticCustomError("secret_program", message, {"allowed": allowed, "fix": fix})


Words = Annotated[list[str], BeforeValidator(_words, json_schema_input_type=str | list[str])]

_lock = threading.Lock()
_answers: dict[_Key, str | SecretProgramError] = {}
_listeners: list[Callable[[], None]] = []
_stand_in: list[str] = []


def printed_by(words: list[str], folder: Path) -> str:
    """The secret that a program prints, without its last newline; run in ``folder``, and once,
    however many ask. Raises ``SecretProgramError``, to all who ask the same."""
    if _stand_in:
        return _stand_in[-1]
    key = (tuple(words), folder)
    with _lock:
        fresh = key not in _answers
        if fresh:
            try:
                _answers[key] = _secret_in(_output(words, folder), words)
            except SecretProgramError as error:
                _answers[key] = error
        answer = _answers[key]
    if isinstance(answer, SecretProgramError):
        raise SecretProgramError(answer.message, answer.fix)
    if fresh:
        for listener in _listeners:
            listener()
    return answer


def printed_already(words: list[str], folder: Path) -> str | None:
    """The secret, where the program was run before; it is not run."""
    answer = _answers.get((tuple(words), folder))
    return answer if isinstance(answer, str) else None


def on_printed(listener: Callable[[], None]) -> None:
    """Call this whenever a program has printed a secret that was not known before."""
    _listeners.append(listener)


def forget_all() -> None:
    """Forget what was printed, and who wants to know of it: another run begins."""
    _answers.clear()
    _listeners.clear()


@contextmanager
def not_asked(stand_in: str) -> Iterator[None]:
    """Run no program for the time of the block; this text stands for what it would print."""
    _stand_in.append(stand_in)
    try:
        yield
    finally:
        _stand_in.pop()


def _output(words: list[str], folder: Path) -> bytes:
    program = shlex.quote(words[0])
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            # It may ask at the terminal; standard input may be the inventory.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        where = "in PATH" if "/" not in words[0] else f"in {folder}"
        raise SecretProgramError(
            f"there is no program {program} {where}", "install it, or correct its name"
        ) from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SecretProgramError(
            f"{program} cannot be run: {reason}", "make it a program that you may run"
        ) from None
    with process:
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except BaseException as error:
            process.kill()
            # What it started may hold the pipes for ever.
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            raise SecretProgramError(
                f"{program} has not ended within {PATIENCE:.0f} s",
                "unlock the vault first, or see why it waits: run it by hand",
            ) from None
    if process.returncode:
        raise SecretProgramError(
            f"{program} {_ended(process.returncode)}{_said(err)}", "run it by hand until it works"
        )
    return out


def _ended(status: int) -> str:
    return f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"


def _said(err: bytes) -> str:
    text = " ".join(err.decode("utf-8", "replace").split())
    text = "".join(sign if sign.isprintable() else "?" for sign in text)
    return f": {text[-_SAID:]}" if text else ", and said nothing of why"


def _secret_in(output: bytes, words: list[str]) -> str:
    program = shlex.quote(words[0])
    if len(output) > _LARGEST:
        raise SecretProgramError(
            f"{program} printed more than a secret ({len(output)} bytes)",
            "have it print that alone",
        )
    try:
        text = output.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretProgramError(
            f"{program} printed bytes that are not UTF-8 text", "have it print text, such as base64"
        ) from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise SecretProgramError(
            f"{program} printed nothing", "name an entry of the vault that has a secret"
        )
    return text
