"""The folder in which the control machine keeps a cluster's lock and journal."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ClusterError


class StateFolderError(ClusterError):
    """A file in it cannot be read or written; the message names it and the fix."""


@contextmanager
def in_state_folder(folder: Path) -> Iterator[None]:
    """Makes ``StateFolderError`` of what the system says about files in the folder."""
    try:
        yield
    except PermissionError as error:
        raise StateFolderError(
            f"{error.filename or folder}: {_said(error)}; this cluster's lock and journal are kept "
            "beside its inventory: work as the user whose folder that is, or copy the inventory "
            "and its .cluster folder to one of your own"
        ) from None
    except OSError as error:
        raise StateFolderError(
            f"{error.filename or folder}: {_said(error)}; this cluster's lock and journal are kept "
            "there, and nothing is done without them"
        ) from None


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
