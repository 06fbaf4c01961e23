"""File systems that bare machines start from: made once for each release, then kept."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..commands import run
from ..machine_files import script
from ..topology import LOGIN_USER
from .mirror import Mirror
from .release import Release

CACHE = Path("/var/cache/cosyvoice-cluster/lab")
_MAKING = ".making-"
_SCRIPT, _INIT = "bare-image.sh", "bare-init.sh"


def path(release: int, kernel: str, cache: Path = CACHE) -> Path:
    """Path of the image of this release for this kernel, made or not.

    The name changes with the recipe: an image is never older than what makes it.
    """
    recipe = "\0".join((script(_SCRIPT), script(_INIT), kernel, LOGIN_USER))
    return cache / f"debian-{release}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}.ext4"


def provide(
    release: int, kernel: str, mirror: Mirror, report: Callable[[str], None], cache: Path = CACHE
) -> Path:
    """Return the image, made first if there is none.

    Raises LabError with the output of debootstrap or mkfs if it cannot be made. An image appears
    whole or not at all, and a making that was cut off leaves nothing that the next does not remove.
    """
    image = path(release, kernel, cache)
    if image.exists():
        # Not behind whoever makes another one.
        return image
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache):
        if image.exists():
            return image
        for left in cache.glob(f"{_MAKING}*"):
            shutil.rmtree(left)
        report(f"making the image of Debian {release}, once: some minutes")
        began = time.monotonic()
        _make(release, mirror, image)
        report(f"image of Debian {release} made in {time.monotonic() - began:.0f} s: {image}")
    return image


def _make(release: int, mirror: Mirror, image: Path) -> None:
    work = image.parent / f"{_MAKING}{image.name}"
    work.mkdir(mode=0o700)
    try:
        work.joinpath("init").write_text(script(_INIT), "utf-8")
        work.joinpath("make").write_text(script(_SCRIPT), "utf-8")
        arguments = (work, Release(release).codename, mirror.archive, LOGIN_USER)
        # Mounts and processes of debootstrap end with this one, also where it is killed.
        mortal = ["setpriv", "--pdeathsig", "KILL"]
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        run([*mortal, *apart, "sh", work / "make", *map(str, arguments)])
        work.joinpath("image").rename(image)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Wait for whoever makes an image in this folder; the kernel frees what a killed one held."""
    handle = os.open(cache, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
