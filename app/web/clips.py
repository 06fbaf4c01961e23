"""Recordings that were uploaded or made on the page: where they are, and what is said of them."""

from pathlib import Path

from app.errors import InvalidInputError


def uploaded(value: str | None, folder: Path) -> Path | None:
    """The file a clip field holds, or None for an empty one.

    The field's value comes from the browser, which may send any path. Raises `InvalidInputError`
    for one that is not an upload (`folder` is where Gradio keeps those).
    """
    if not value:
        return None
    path = Path(value)
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise InvalidInputError(
            "upload_gone",
            "the recording is not on the server any more; add it again",
            "录音已不在服务器上，请重新上传或录制",
            field="reference",
        )
    return path
