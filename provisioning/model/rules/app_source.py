"""Rules for where the app comes from."""

import re
from collections.abc import Iterator
from pathlib import Path

from ..app_source import (
    PACKAGES,
    folder_of,
    has_login,
    is_archive,
    is_git_url,
    is_wheel,
    without_login,
)
from ..paths import against, is_dir, is_file
from .finding import Context, Finding, warning

_PATH = ("app", "source")
_KINDS = "builtin, a local folder, a wheel, a .tar.gz, .tgz or .zip, or a git URL"


def source(context: Context) -> Iterator[Finding]:
    """``builtin``, what holds the package ``app`` on this machine, or a git URL."""
    text = context.inventory.app.source
    if not text.strip() or text.startswith("-"):
        yield Finding(_PATH, "not a source", "write builtin", None, _KINDS)
        return
    if text.startswith("git+"):
        yield Finding(_PATH, "pip's way to write it", f"write {without_login(text[4:])}", None)
        return
    if re.match(r"([a-z+]+://([^/@]*@)?|[^/\s@]*@)-", text):
        yield Finding(_PATH, "its host starts with -", "write the host's name")
        return
    if has_login(text):
        yield Finding(
            _PATH,
            "a login in the URL, which ends up in lists of processes",
            "take it out: git asks its credential helper (git help credentials), or use an SSH URL",
            without_login(text),
        )
    elif text.startswith("http://"):
        yield warning(
            _PATH,
            "fetched in clear text: whoever is in between can change the code",
            "write https://",
        )
    if re.match(r"https?://", text) and (is_archive(text) or is_wheel(text)):
        yield Finding(
            _PATH,
            "an archive on another machine, where a URL is taken for a git repository",
            "fetch it to this machine and name the file, or write the URL of its git repository",
        )
        return
    if text == "builtin" or is_git_url(text):
        return
    place = against(context.base_dir, Path(text))
    if is_file(place):
        if not is_wheel(text) and not is_archive(text):
            yield Finding(
                _PATH, "not a kind of file that is known", "pack it as .tar.gz", None, _KINDS
            )
    elif not is_dir(place):
        yield Finding(
            _PATH,
            f"there is no file or folder {place}",
            "correct it (relative paths start at the inventory's folder), or write builtin",
            None,
            _KINDS,
        )
    elif not any(is_file(place / folder_of(name) / "__main__.py") for name in PACKAGES):
        yield Finding(
            _PATH,
            f"{place} has no Python package app with a __main__.py",
            "name the folder that holds the app folder",
        )


def ref(context: Context) -> Iterator[Finding]:
    """Belongs to git, and pins what is deployed."""
    app = context.inventory.app
    if app.ref is None:
        if is_git_url(app.source) and not (is_archive(app.source) or is_wheel(app.source)):
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
