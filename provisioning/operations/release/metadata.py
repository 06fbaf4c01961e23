"""The requirements that a project states, read without running any of it."""

import configparser
import importlib.metadata
import re
import tomllib
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ...errors import ClusterError

_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']*)["']|["']([^"']*)["']\s*==\s*extra""")

_NEVER = 'python_version < "0"'


class OwnMetadataError(ClusterError):
    """The source does not tell its requirements; the message says why and the fix."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """A project's requirements."""

    said_in: str
    """The file."""
    name: str
    requires: list[str]
    extras: dict[str, list[str]] = field(default_factory=dict)
    """By the extra's canonical name."""

    def wanted(self, extras: list[str]) -> list[str]:
        """List what it needs together with these extras. Raises ``OwnMetadataError``."""
        return self._others([*self.requires, *self._lines_of(extras)])

    def of_extras(self, extras: list[str]) -> list[str]:
        """List what these extras need, by themselves. Raises ``OwnMetadataError``."""
        return self._others(self._lines_of(extras))

    def _lines_of(self, extras: list[str]) -> list[str]:
        chosen = self._with_included([canonicalize_name(extra) for extra in extras])
        return [line for extra in chosen for line in self.extras[extra]]

    def _others(self, lines: list[str]) -> list[str]:
        """Each once, without the project itself."""
        found = dict.fromkeys(
            str(need) for need in map(self._parsed, lines) if not self._is_itself(need)
        )
        return list(found)

    def _with_included(self, extras: list[str]) -> list[str]:
        """An extra may name others of the same project: ``NAME[other]``."""
        chosen: list[str] = []
        for extra in extras:
            if extra not in self.extras:
                known = ", ".join(sorted(self.extras)) or "none"
                raise OwnMetadataError(
                    f"its {self.said_in} has no extra {extra}; it has: {known}. Correct "
                    "app.venv.extras"
                )
            if extra in chosen:
                continue
            chosen.append(extra)
            for need in map(self._parsed, self.extras[extra]):
                if self._is_itself(need):
                    more = [canonicalize_name(name) for name in sorted(need.extras)]
                    extras += [name for name in more if name not in extras]
        return chosen

    def _is_itself(self, need: Requirement) -> bool:
        return canonicalize_name(need.name) == canonicalize_name(self.name)

    def _parsed(self, line: str) -> Requirement:
        try:
            return Requirement(line)
        except InvalidRequirement as error:
            raise OwnMetadataError(
                f"its {self.said_in} has a requirement that cannot be read: {line!r} "
                f"({str(error).splitlines()[0]})"
            ) from None


def own_metadata(root: Path, *, builtin: bool) -> Metadata | None:
    """Read what the project in a folder says, or nothing where it says nothing.

    Raises ``OwnMetadataError``.
    """
    for said in (_of_wheel(root), _of_pyproject(root), _of_setup_cfg(root)):
        if said is not None:
            return said
    return _of_installed() if builtin else None


def _of_installed() -> Metadata | None:
    try:
        found = importlib.metadata.distribution("cosyvoice-cluster")
    except importlib.metadata.PackageNotFoundError:
        return None
    return _of_headers(found.read_text("METADATA") or "", "METADATA")


def _of_wheel(root: Path) -> Metadata | None:
    found = sorted(root.glob("*.dist-info/METADATA"))
    # A folder of installed packages is no wheel.
    if len(found) != 1:
        return None
    return _of_headers(found[0].read_text("utf-8", "replace"), "METADATA")


def _of_headers(text: str, said_in: str) -> Metadata:
    headers = HeaderParser().parsestr(text)
    extras = [str(name) for name in headers.get_all("Provides-Extra", [])]
    lines = [str(line) for line in headers.get_all("Requires-Dist", [])]
    plain = [line for line in lines if not _EXTRA.search(line)]
    conditional = [line for line in lines if _EXTRA.search(line)]
    return Metadata(
        said_in,
        str(headers["Name"] or ""),
        plain,
        {
            canonicalize_name(extra): [
                line
                for line in (_decided(line, extra) for line in conditional)
                if not line.endswith(f"; {_NEVER}")
            ]
            for extra in extras
        },
    )


def _decided(line: str, chosen: str) -> str:
    """The requirement with its question for an extra answered; the rest is for pip to answer, on
    the host."""

    def answer(found: re.Match[str]) -> str:
        same = canonicalize_name(found[1] or found[2] or "") == canonicalize_name(chosen)
        return 'python_version > "0"' if same else _NEVER

    return _EXTRA.sub(answer, line)


def _of_pyproject(root: Path) -> Metadata | None:
    try:
        content = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    except OSError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OwnMetadataError(f"its pyproject.toml cannot be read: {error}") from None
    project = content.get("project")
    if not isinstance(project, dict):
        return None
    dynamic = {"dependencies", "optional-dependencies"} & {*project.get("dynamic", [])}
    if dynamic:
        raise OwnMetadataError(
            f"its pyproject.toml leaves {', '.join(sorted(dynamic))} to be computed; give a wheel "
            "of it, or put a requirements.txt beside it"
        )
    return Metadata(
        "pyproject.toml",
        str(project.get("name", "")),
        _lines(project.get("dependencies", [])),
        {
            canonicalize_name(name): _lines(lines)
            for name, lines in project.get("optional-dependencies", {}).items()
        },
    )


def _lines(value: Any) -> list[str]:
    return [str(line) for line in value] if isinstance(value, list) else []


def _of_setup_cfg(root: Path) -> Metadata | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        text = (root / "setup.cfg").read_text("utf-8")
        parser.read_string(text)
    except OSError:
        return None
    except (configparser.Error, UnicodeDecodeError) as error:
        raise OwnMetadataError(f"its setup.cfg cannot be read: {error}") from None
    if not parser.has_section("options"):
        return None
    section = "options.extras_require"
    extras = dict(parser.items(section)) if parser.has_section(section) else {}
    needs = parser["options"].get("install_requires", "")
    if any(text.strip().startswith("file:") for text in (needs, *extras.values())):
        raise OwnMetadataError(
            "its setup.cfg takes requirements from other files; give a wheel of it, or put a "
            "requirements.txt beside it"
        )
    return Metadata(
        "setup.cfg",
        parser.get("metadata", "name", fallback=""),
        _listed(needs),
        {canonicalize_name(name): _listed(text) for name, text in extras.items()},
    )


def _listed(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
