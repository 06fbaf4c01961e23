"""The Debian mirror that this computer's own apt uses. Pure but for `of_this_computer`.

sources.list(5) has two forms: one line for each source, and stanzas (deb822).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import LabError

_SOURCES = Path("/etc/apt")
_SUITE = re.compile(r"(bookworm|trixie|forky|sid|stable|testing|unstable|oldstable)(-security)?")
_LINE = re.compile(r"deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>.*)")


@dataclass(frozen=True)
class Mirror:
    """Addresses of Debian's archive and of its security updates, without a slash at the end."""

    archive: str
    security: str | None
    """None where this computer's apt has no security updates."""


@dataclass(frozen=True)
class _Source:
    uri: str
    suite: str


def of_this_computer(folder: Path = _SOURCES) -> Mirror:
    """The mirror that the sources in ``folder`` name.

    Raises LabError if they name none.
    """
    lists = [folder / "sources.list", *sorted(folder.glob("sources.list.d/*.list"))]
    stanzas = sorted(folder.glob("sources.list.d/*.sources"))
    found = mirror(_texts(lists), _texts(stanzas))
    if found is None:
        raise LabError(
            f"The sources of apt in {folder} name no Debian mirror (http or https, component main),"
            " from which bare machines could be made."
        )
    return found


def mirror(lists: Iterable[str], stanzas: Iterable[str]) -> Mirror | None:
    """The mirror named by texts of ``*.list`` and of ``*.sources`` files; the first one counts."""
    sources = [source for text in lists for source in _of_lines(text)]
    sources += [source for text in stanzas for source in _of_stanzas(text)]
    archive = _first(sources, security=False)
    return Mirror(archive, _first(sources, security=True)) if archive else None


def _first(sources: Iterable[_Source], security: bool) -> str | None:
    for source in sources:
        match = _SUITE.fullmatch(source.suite)
        if match and bool(match[2]) == security and re.match("https?://", source.uri):
            return source.uri.rstrip("/")
    return None


def _of_lines(text: str) -> Iterator[_Source]:
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match and "main" in match["components"].split():
            yield _Source(match["uri"], match["suite"])


def _of_stanzas(text: str) -> Iterator[_Source]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", lines):
        pairs = (line.partition(":") for line in re.sub(r"\n[ \t]+", " ", stanza).splitlines())
        fields = {name.strip().lower(): value.split() for name, _, value in pairs}
        is_off = fields.get("enabled", ["yes"]) == ["no"]
        if is_off or "deb" not in fields.get("types", ()) or "main" not in _components(fields):
            continue
        for uri in fields.get("uris", ()):
            yield from (_Source(uri, suite) for suite in fields.get("suites", ()))


def _components(fields: dict[str, list[str]]) -> list[str]:
    return fields.get("components", [])


def _texts(files: Iterable[Path]) -> Iterator[str]:
    return (file.read_text(errors="replace") for file in files if file.is_file())
