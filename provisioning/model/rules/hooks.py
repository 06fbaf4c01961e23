"""Hooks that can be run from here."""

import shlex
import shutil
from collections.abc import Iterator

from ..hooks import STEPS, Moment
from ..paths import is_file
from .finding import Context, Finding, warning

_MOMENTS: tuple[Moment, ...] = ("before", "after")


def programs(context: Context) -> Iterator[Finding]:
    """Programs that are here: where they are not, a step before which they are asked is stopped."""
    hooks = context.inventory.hooks
    for moment in _MOMENTS:
        for step in STEPS:
            if not (command := hooks.command(moment, step)):
                continue
            name = shlex.split(command)[0]
            path = context.base_dir / name
            if "/" not in name:
                if shutil.which(name) is None:
                    fix = "install it, or write where it lies"
                    yield warning(("hooks", moment, step), f"there is no program {name} here", fix)
            elif not is_file(path):
                fix = "make it, or correct it: relative paths start at the inventory's folder"
                yield warning(("hooks", moment, step), f"there is no program {path}", fix)
            elif not path.stat().st_mode & 0o111:
                fix = f"chmod +x {path}"
                yield warning(("hooks", moment, step), f"{path} cannot be run", fix)
