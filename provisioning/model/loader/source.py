"""The inventory file's text: read with a bound, decoded with care."""

import codecs
import os
from pathlib import Path

from .diagnostic import Diagnostic, InventoryError
from .inventory_program import STDIN, ProgramError, is_program, output_of, standard_input

MAX_BYTES = 1 << 20
"""A thousand hosts with every key written out take a fifth of it."""

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path) -> str:
    """The file's text without byte order mark; that of ``-`` is standard input, and that of a
    program what it prints. Raises ``InventoryError``."""
    try:
        content = _content(path)
    except ProgramError as error:
        fix = "run it by hand; it is to print an inventory, as YAML or JSON, and end with status 0"
        raise _whole(path, str(error), fix) from None
    except FileNotFoundError:
        raise _whole(
            path,
            "there is no such file",
            "`cluster init` writes one; or name yours with -i PATH",
        ) from None
    except IsADirectoryError:
        raise _whole(path, "this is a folder", "name the file in it with -i PATH") from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise _whole(path, f"cannot be read: {reason}", "check its path and permissions") from None
    if len(content) > MAX_BYTES:
        raise _whole(
            path,
            f"is larger than {MAX_BYTES >> 20} MiB, which no inventory is",
            "name the inventory itself with -i PATH",
        )
    return _decode(path, content)


def _content(path: Path) -> bytes:
    if path == STDIN:
        return standard_input(MAX_BYTES)
    if is_program(path):
        return output_of(path)
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _whole(path: Path, message: str, fix: str) -> InventoryError:
    return InventoryError([Diagnostic(str(path), 0, 0, "", message, fix=fix)])


def _decode(path: Path, content: bytes) -> str:
    if content.startswith(_UTF16_MARKS):
        raise InventoryError(
            [
                Diagnostic(
                    str(path),
                    1,
                    1,
                    "",
                    "the file is UTF-16, not UTF-8",
                    fix=f"save it as UTF-8, or: iconv -f UTF-16 -t UTF-8 {path.name}",
                )
            ]
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # utf-8-sig counts from behind the mark it took off.
        shift = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
        raise _not_utf8(path, content, error.start + shift) from None


def _not_utf8(path: Path, content: bytes, offset: int) -> InventoryError:
    before = content[:offset]
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", "replace")) + 1
    fix = "save the file as UTF-8"
    if _is_gb18030(content):
        fix += f"; it reads as Chinese GB18030 (GBK): iconv -f GB18030 -t UTF-8 {path.name}"
    return InventoryError(
        [
            Diagnostic(
                str(path),
                before.count(b"\n") + 1,
                column,
                "",
                f"the file is not UTF-8: byte {offset} does not fit",
                found=f"0x{content[offset]:02x}",
                fix=fix,
            )
        ]
    )


def _is_gb18030(content: bytes) -> bool:
    try:
        return content.decode("gb18030").isprintable() or any(
            "\u4e00" <= character <= "\u9fff" for character in content.decode("gb18030")
        )
    except UnicodeDecodeError:
        return False
