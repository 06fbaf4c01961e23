"""Real file systems of a test's own: full, gone, read-only, frozen. They need root."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts file systems")


def _run(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


@contextmanager
def small(folder: Path, size: str = "2m") -> Iterator[Path]:
    """A tmpfs of `size`, mounted on `folder`."""
    folder.mkdir(exist_ok=True)
    mount(folder, size)
    try:
        yield folder
    finally:
        unmount(folder)


def mount(folder: Path, size: str = "2m") -> None:
    # Private, so that what is mounted in it can be moved.
    _run("mount", "-t", "tmpfs", "--make-private", "-o", f"size={size}", "none", folder)


def unmount(folder: Path) -> None:
    # Lazily: a file may be open. Nothing to do when the test has unmounted it.
    if folder.is_mount():
        _run("umount", "-l", folder)


def move_away(folder: Path, other: Path) -> None:
    """The file system vanishes from `folder` and is kept at `other`, both below one `small`."""
    other.mkdir(exist_ok=True)
    _run("mount", "--move", folder, other)


def set_read_only(folder: Path, read_only: bool) -> None:
    """The kernel refuses it while a file is open for writing, as a node may have one any time."""
    end = time.monotonic() + 30
    while True:
        try:
            _run("mount", "-o", f"remount,{'ro' if read_only else 'rw'}", folder)
        except subprocess.CalledProcessError as error:
            if b"busy" not in error.stderr or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def freezable(folder: Path) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """An ext4 on `folder`, and functions that freeze and thaw it.

    Whoever writes while it is frozen hangs in the kernel, as with a dead file server.
    """
    image = folder.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(16 << 20)
    folder.mkdir(exist_ok=True)
    _run("mkfs.ext4", "-q", image)
    _run("mount", "-o", "loop", image, folder)
    guard: subprocess.Popen[bytes] | None = None

    def freeze() -> None:
        nonlocal guard
        # Should this process be killed, nothing hangs for ever.
        command = ["sh", "-c", f"sleep 240; fsfreeze -u {folder}"]
        guard = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
        _run("fsfreeze", "-f", folder)

    def thaw() -> None:
        nonlocal guard
        _run("fsfreeze", "-u", folder)
        if guard:
            os.killpg(guard.pid, signal.SIGKILL)
            guard.wait()
            guard = None

    try:
        yield freeze, thaw
    finally:
        if guard:
            thaw()
        unmount(folder)
