"""Commands and paths on the hosts."""

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError


def _wrong(message: str, allowed: str, fix: str) -> PydanticCustomError:
    return PydanticCustomError("command", message, {"allowed": allowed, "fix": fix})


def _command(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError:
        raise _wrong(
            "a quote is not closed", "a path and arguments", "close the quote or remove it"
        ) from None
    if not words or not words[0].startswith("/"):
        raise _wrong(
            "does not start with an absolute path",
            "an absolute path and arguments",
            "write where it lies on the directors: Keepalived's script security (script_user, "
            "keepalived.conf(5)) takes nothing else",
        )
    operators = shlex.shlex(text, posix=True, punctuation_chars=";|&<>()")
    operators.whitespace_split, operators.commenters = True, ""
    if shell := next((word for word in operators if set(word) <= set(";|&<>()`")), None):
        raise _wrong(
            f"{shell} is for a shell, and none reads this",
            "a program and its arguments",
            "call a script of yours that does it all, or put the word in single quotes",
        )
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text):
        raise _wrong(
            "has a line end or another control character",
            "words on one line",
            "put such arguments into the script",
        )
    if found := re.search(r"[$`]|~(?=SEQ|LST)", text):
        # keepalived.conf(5) replaces them, wherever they stand.
        raise _wrong(
            f"{found[0]} is replaced by nobody, or by Keepalived",
            "words without $, `, ~SEQ and ~LST",
            "put such arguments into the script",
        )
    if re.search(r"[\"\\]", text):
        # Keepalived splits the line by rules of its own, which are not a shell's.
        raise _wrong(
            "Keepalived reads double quotes and backslashes in its own way",
            "words without double quotes and backslashes",
            "put such arguments into the script",
        )
    return text


Command = Annotated[str, AfterValidator(_command), Field(max_length=400)]
"""Absolute path of a program on a director, and arguments."""


def words(command: str) -> list[str]:
    """The words of a command."""
    return shlex.split(command)


def filled(command: str, fields: dict[str, str]) -> str:
    """The command with ``{NAME}`` replaced; the values are those of the program itself."""
    for name, value in fields.items():
        command = command.replace(f"{{{name}}}", value)
    return command


def _absolute(path: PurePosixPath) -> PurePosixPath:
    if not path.is_absolute():
        raise PydanticCustomError(
            "absolute",
            "not an absolute path",
            {"allowed": "a path on the host that starts with /", "fix": f"write /{path}?"},
        )
    if ".." in path.parts or len(path.parts) < 2:
        raise PydanticCustomError(
            "absolute",
            "not a folder of its own",
            {"allowed": "a path below /, without ..", "fix": "write the path in full"},
        )
    if not re.fullmatch(r"[^\s\"'\\$%,;#&|<>(){}\[\]*?!`~:=]+", str(path)):
        raise PydanticCustomError(
            "absolute",
            "has a character that units, exports or fstab read in another way",
            {
                "allowed": "letters of any language, digits and / . _ - + @",
                "fix": "name the folder otherwise",
            },
        )
    return path


HostPath = Annotated[PurePosixPath, AfterValidator(_absolute)]
"""A path on a host."""


class Folder(StrEnum):
    """The use that is made of a folder on hosts."""

    APP = "app"
    EXPORT = "export"
    MOUNT = "mount"


@dataclass(frozen=True, slots=True)
class FolderOn:
    """Marks a path as a folder that is filled, given away or mounted over."""

    kind: Folder


AppFolder = Annotated[HostPath, FolderOn(Folder.APP)]
ExportedFolder = Annotated[HostPath, FolderOn(Folder.EXPORT)]
MountPoint = Annotated[HostPath, FolderOn(Folder.MOUNT)]
