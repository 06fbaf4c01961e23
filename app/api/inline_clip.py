"""A recording that travels inside JSON: base64, bare or as a ``data:`` URL."""

import base64
import binascii
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import InvalidInputError

LARGEST = 16 << 20
"""Bytes of one recording: a minute of the best a studio makes fits."""


@contextlib.contextmanager
def inline_clip(encoded: str | None, field: str) -> Iterator[Path | None]:
    """A file with what was sent, which is removed at the end; None where nothing was.

    Whether it holds sound is for others to say. Raises ``InvalidInputError``.
    """
    if encoded is None:
        yield None
        return
    content = _decoded(encoded, field)
    with tempfile.NamedTemporaryFile(prefix="cosyvoice-clip-") as file:
        file.write(content)
        file.flush()
        yield Path(file.name)


def too_large(field: str) -> InvalidInputError:
    """The refusal of a recording of more than ``LARGEST`` bytes."""
    return InvalidInputError(
        "recording_too_large",
        f"{field} has more than {LARGEST >> 20} MiB; cut it or use a compressed format",
        f"{field} 超过 {LARGEST >> 20} MiB，请剪短或使用压缩格式",
        field=field,
    )


def _decoded(encoded: str, field: str) -> bytes:
    if encoded.startswith("data:"):
        head, comma, encoded = encoded.partition(",")
        if not comma or not head.endswith(";base64"):
            raise _broken(field)
    if len(encoded) // 4 * 3 > LARGEST:
        raise too_large(field)
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _broken(field) from error
    if not content:
        raise _broken(field)
    return content


def _broken(field: str) -> InvalidInputError:
    return InvalidInputError(
        "recording_not_base64",
        f"{field} is neither base64 nor a URL like data:audio/wav;base64,…",
        f"{field} 既不是 base64，也不是 data:audio/wav;base64,… 形式的 URL",
        field=field,
    )
