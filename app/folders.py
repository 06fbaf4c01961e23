"""The folders a node is started with: made where missing, refused where they cannot work."""

import errno
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import click

# A share in this state is expected to work again; the node can start without it.
_PASSING = frozenset(
    {
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.ESTALE,
        errno.EIO,
        errno.ETIMEDOUT,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ECONNREFUSED,
        errno.ENOTCONN,
        errno.ENODEV,
    }
)
_PATIENCE = 10.0


def shared(folder: Path, option: str, mount: Path | None = None) -> Path:
    """A folder of all nodes, made if it is missing, as an absolute path.

    Nothing is made at or below ``mount``, an absolute path, while it is no mount point.

    Raises ``click.BadParameter`` when it cannot be made or is not this user's to write. A share
    that is not mounted, full, read-only, or does not answer for ten seconds is warned of and taken:
    the node keeps what it makes in its spool.
    """
    folder = folder.absolute()
    try:
        _in_time(lambda: _make_writable(folder, mount))
    except OSError as error:
        reason = error.strerror or f"no answer in {_PATIENCE:g} s"
        if not isinstance(error, TimeoutError) and error.errno not in _PASSING:
            raise click.BadParameter(
                f"folder {folder} cannot be used: {reason}", param_hint=option
            ) from error
        click.echo(f"Warning: folder {folder} does not work now: {reason}", err=True)
    return folder


def private(folder: Path, option: str) -> Path:
    """A folder for this user only, as an absolute path. Raises ``click.BadParameter``."""
    folder = folder.absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_owner(folder, {os.geteuid()})
        # Who owns the folder above could put another in its place.
        _check_owner(folder.parent, {os.geteuid(), 0})
        folder.chmod(0o700)
        _make_writable(folder)
    except OSError as error:
        raise click.BadParameter(
            f"folder {folder} cannot be used: {error.strerror}", param_hint=option
        ) from error
    return folder


def state_folder(node: str) -> Path:
    """Folder for data that outlives the process: systemd's StateDirectory, else the user's own
    state folder (XDG), else, for a user without a home, one below the system's temporary folder.
    """
    if given := os.environ.get("STATE_DIRECTORY"):
        # Several are separated by colons; systemd.exec(5).
        return Path(given.split(":")[0])
    states = _user_states()
    if states is not None and os.access(_nearest(states), os.W_OK | os.X_OK):
        return states / "cosyvoice" / node
    return Path(tempfile.gettempdir()) / f"cosyvoice-{os.geteuid()}-{node}"


def _user_states() -> Path | None:
    if given := os.environ.get("XDG_STATE_HOME"):
        return Path(given)
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError:
        # A user id without an account.
        return None


def _check_owner(folder: Path, allowed: set[int]) -> None:
    owner = folder.stat().st_uid
    if owner not in allowed:
        raise OSError(errno.EPERM, f"{folder} belongs to user id {owner}")


def _nearest(folder: Path) -> Path:
    """The folder itself, or its nearest parent that exists."""
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def _make_writable(folder: Path, mount: Path | None = None) -> None:
    if mount and mount in (folder, *folder.parents) and not mount.is_mount():
        raise OSError(errno.ENODEV, f"{mount} is not mounted")
    folder.mkdir(parents=True, exist_ok=True)
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, f"it is not writable by user id {os.geteuid()}")


def _in_time(call: Callable[[], None]) -> None:
    """Run ``call`` with a time limit; raises its errors, and TimeoutError when it hangs in a dead
    file server."""
    ended: list[OSError | None] = []

    def run() -> None:
        try:
            call()
        except OSError as error:
            ended.append(error)
        else:
            ended.append(None)

    # A daemon: Python would wait for any other at its end.
    thread = threading.Thread(target=run, name="folder", daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if not ended:
        raise TimeoutError
    if ended[0] is not None:
        raise ended[0]
