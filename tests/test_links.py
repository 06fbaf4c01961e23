"""Links between the repository's Markdown files, and the paths that they name, lead somewhere."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
_FOLDERS = ("app", "benchmarks", "docs", "provisioning", "scripts", "templates", "tests")
_FENCED = re.compile(r"^```.*?^```", re.M | re.S)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_ELSEWHERE = re.compile(r"[a-z]+:")
_PATH = re.compile(rf"`((?:{'|'.join(_FOLDERS)})/[\w./-]+)(?: [^`\n]*)?`")
_PLACEHOLDER = re.compile(r"NAME|ROLE")
"""Parts of a path that the reader replaces, as in ``app/engines/NAME.py``."""


def _documents() -> Iterator[Path]:
    yield from sorted(_ROOT.glob("*.md"))
    for folder in _FOLDERS:
        for path in sorted((_ROOT / folder).rglob("*.md")):
            # Of another package, or laid over a copy of the repository.
            if not {"node_modules", "a_new_role"} & set(path.parts):
                yield path


def prose(path: Path) -> str:
    """Text without its blocks of code."""
    return _FENCED.sub("", path.read_text(encoding="utf-8"))


def links(path: Path) -> list[str]:
    """Targets of links to other places of the repository."""
    found = _LINK.findall(_CODE.sub("", prose(path)))
    return [target for target in found if not _ELSEWHERE.match(target)]


def anchors(path: Path) -> set[str]:
    """Anchors of a file's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?)\s*$", prose(path), re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = base = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        number = 0
        while anchor in found:
            number += 1
            anchor = f"{base}-{number}"
        found.add(anchor)
    return found


_DOCUMENTS = {str(path.relative_to(_ROOT)): path for path in _documents()}


@pytest.mark.parametrize("name", _DOCUMENTS)
def test_links_lead_to_a_file_and_a_heading_of_it(name: str) -> None:
    path = _DOCUMENTS[name]
    broken = []
    for target in links(path):
        file, _, anchor = target.partition("#")
        aim = (path.parent / file).resolve() if file else path
        if not aim.exists() or (anchor and anchor not in anchors(aim)):
            broken.append(target)
    assert not broken


# A change log names files as they were.
@pytest.mark.parametrize("name", [name for name in _DOCUMENTS if name != "CHANGELOG.md"])
def test_paths_that_are_named_exist(name: str) -> None:
    named = [
        path for path in _PATH.findall(prose(_DOCUMENTS[name])) if not _PLACEHOLDER.search(path)
    ]
    assert [path for path in named if not (_ROOT / path).exists()] == []


@pytest.mark.parametrize("name", [name for name in _DOCUMENTS if name != "CHANGELOG.md"])
def test_folders_of_what_the_reader_names_exist(name: str) -> None:
    folders = [
        Path(*itertools.takewhile(lambda part: not _PLACEHOLDER.search(part), Path(path).parts))
        for path in _PATH.findall(prose(_DOCUMENTS[name]))
        if _PLACEHOLDER.search(path)
    ]
    assert [str(folder) for folder in folders if not (_ROOT / folder).is_dir()] == []


def test_readme_leads_to_every_document() -> None:
    linked = {target.partition("#")[0] for target in links(_ROOT / "README.md")}
    documents = {f"docs/{path.name}" for path in (_ROOT / "docs").glob("*.md")}
    assert documents - linked == set()


def test_documents_are_linked_to_each_other() -> None:
    assert sum(len(links(path)) for path in _DOCUMENTS.values()) > 50
