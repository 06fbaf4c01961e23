"""Paths in what the page's events carry, without a look at the files.

Gradio asks the file system about every file that an event names, in the event loop: whether it
is there, where its links lead, whether it must be copied. In the shared folder of a file server
that is gone such a question hangs, and with it the whole node. Here a path is right or wrong by
its words alone. Checked against Gradio 6.31.
"""

from pathlib import Path
from typing import Any

from gradio import processing_utils
from gradio.data_classes import FileData
from gradio.exceptions import Error
from gradio.route_utils import API_PREFIX
from gradio_client.utils import encode_file_path, is_file_obj, is_file_obj_with_meta, traverse

from ...paths import below

# The functions of `processing_utils` through which all events go.
_MOVE, _CHECK = "async_move_files_to_cache", "check_all_files_in_cache"


def install(*folders: Path) -> None:
    """Let events name files below ``folders`` and no others. For the whole process."""

    def known(path: str) -> str:
        if not any(below(Path(path), folder) for folder in folders):
            raise Error("没有这个文件\nthere is no such file", print_exception=False)
        return path

    def told(data: dict[str, Any]) -> dict[str, Any]:
        file = FileData(**data)
        file.url = f"{API_PREFIX}/file={encode_file_path(known(file.path))}"
        return file.model_dump()

    async def move(data: Any, _block: Any, **_how: Any) -> Any:
        if hasattr(data, "model_dump"):
            data = data.model_dump()
        return traverse(data, told, is_file_obj_with_meta)

    def check(data: Any) -> None:
        traverse(data, lambda found: known(found["path"]), is_file_obj)

    for name, function in ((_MOVE, move), (_CHECK, check)):
        if not hasattr(processing_utils, name):
            raise RuntimeError(f"this Gradio has no {name}; its events may hang with the share")
        setattr(processing_utils, name, function)
