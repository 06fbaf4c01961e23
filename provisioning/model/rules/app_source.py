"""Where the app comes from."""

import re
from collections.abc import Iterator
from pathlib import Path

from provisioning.model.paths import against, is_dir, is_file
from provisioning.model.rules.finding import Context, Finding, warning

_PATH = ("app", "source")


def is_git_url(source: str) -> bool:
    """Whether git would fetch it from elsewhere: a URL, or ``user@host:path``."""
    return bool(re.match(r"[a-z][a-z0-9+.-]*://|[^/\s]+@[^/\s]+:", source))


def source(context: Context) -> Iterator[Finding]:
    """``builtin``, a folder that holds the package ``app``, or a git URL."""
    text = context.inventory.app.source
    if not text.strip() or text.startswith("-"):
        yield Finding(
            _PATH, "not a source", "write builtin", None, "builtin, a local folder or a git URL"
        )
        return
    if text.startswith("http://"):
        yield warning(
            _PATH,
            "fetched in clear text: whoever is in between can change the code",
            "write https://",
        )
    if text == "builtin" or is_git_url(text):
        return
    folder = against(context.base_dir, Path(text))
    if not is_dir(folder):
        yield Finding(
            _PATH,
            f"there is no folder {folder}",
            "correct it (relative paths start at the inventory's folder), or write builtin",
            None,
            "builtin, a local folder or a git URL",
        )
    elif not is_file(folder / "app" / "__main__.py"):
        yield Finding(
            _PATH,
            f"{folder} has no Python package app with a __main__.py",
            "name the folder that holds the app folder",
        )


def ref(context: Context) -> Iterator[Finding]:
    """Belongs to git, and pins what is deployed."""
    app = context.inventory.app
    if app.ref is None:
        if is_git_url(app.source):
            yield warning(
                _PATH,
                "without ref, each deploy takes whatever is newest",
                "add ref: with a tag or a commit",
                None,
                ("app", "ref"),
            )
        return
    if not is_git_url(app.source):
        yield Finding(
            ("app", "ref"),
            f"belongs to a git source, and the source is {app.source}",
            "remove it, or write source: with a git URL",
            also=(_PATH,),
        )
    if not re.fullmatch(r"[^\s~^:?*\[\\-][^\s~^:?*\[\\]*", app.ref) or ".." in app.ref:
        yield Finding(
            ("app", "ref"), "not a name git gives a tag or branch", "write a tag, branch or commit"
        )
