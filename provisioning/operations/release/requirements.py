"""The contents of a release's environment, as files for pip."""

import re
from pathlib import Path

from ...model.app_source import PACKAGES, has_login
from ...model.venv import Venv
from .metadata import Metadata, OwnMetadataError, own_metadata

FILE = "requirements.txt"
_OTHER = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(\S.*)")
_LOCAL = re.compile(r"-e\b|--editable\b|\.{0,2}/|\.$|\.\[|file:|\S+ @ file:")
_APP = "app"
"""Extra of this project with all that its app needs."""


def required(root: Path, venv: Venv, *, builtin: bool, ours: bool) -> dict[str, bytes]:
    """``requirements.txt`` for a source, and the files it names, by their paths.

    With extras, or without a requirements.txt of its own, it is what the project's metadata says.
    Of this project (``ours``) that is its extra ``app`` and those asked for: what it requires
    besides is the CLI's. Raises ``OwnMetadataError``.
    """
    extras = [*(venv.extras or [])]
    if ours and _APP not in extras:
        extras.insert(0, _APP)
    own = root / FILE
    if own.is_file() and not builtin and not venv.extras:
        files = _with_named(root, FILE, {})
        lines = files[FILE].decode("utf-8").splitlines()
        said_in = FILE
    else:
        metadata = own_metadata(root, builtin=builtin)
        if metadata is None and not venv.requirements:
            raise OwnMetadataError(
                "it does not say what it requires: there is no requirements.txt, pyproject.toml, "
                "setup.cfg or wheel's METADATA; add one of them, or name the packages in "
                "app.venv.requirements"
            )
        files, lines, said_in = {}, _wanted(metadata, extras, ours), "the inventory"
        if metadata:
            said_in = f"{metadata.said_in} [{', '.join(extras)}]" if extras else metadata.said_in
    # The interpreter is named so that another one makes another release.
    head = f"# From {said_in}, for {venv.python}."
    text = "\n".join([head, *lines, *venv.requirements]) + "\n"
    return {**files, FILE: text.encode()}


def _wanted(metadata: Metadata | None, extras: list[str], ours: bool) -> list[str]:
    if metadata is None:
        return []
    return metadata.of_extras(extras) if ours else metadata.wanted(extras)


def _with_named(root: Path, path: str, found: dict[str, bytes]) -> dict[str, bytes]:
    """A requirements file and those that it names with -r and -c."""
    place = root / path
    taken = any(path.startswith(f"{name.partition('.')[0]}/") for name in PACKAGES)
    if taken or not place.resolve().is_relative_to(root.resolve()):
        raise OwnMetadataError(f"its {FILE} names {path}, which is not beside it; move it there")
    try:
        content = place.read_bytes()
        lines = content.decode("utf-8").splitlines()
    except OSError:
        raise OwnMetadataError(f"its {FILE} names {path}, which is not there") from None
    except UnicodeDecodeError:
        raise OwnMetadataError(f"its {path} is not UTF-8 text; save it as UTF-8") from None
    found[path] = content
    for line in map(str.strip, lines):
        _refuse_unusable(path, line)
        if (other := _OTHER.match(line)) is None:
            continue
        name = other[1].split(" #")[0].strip()
        if "://" in name:
            continue
        named = str((Path(path).parent / name).as_posix())
        if named not in found:
            _with_named(root, named, found)
    return found


def _refuse_unusable(path: str, line: str) -> None:
    if _LOCAL.match(line):
        raise OwnMetadataError(
            f"its {path} has {line!r}, which is on this machine only; name a package of the index"
        )
    if has_login(line):
        raise OwnMetadataError(
            f"its {path} has a URL with a login, which everybody on a node could read; take it "
            "out and write app.venv.index_url: {env: NAME}"
        )
