"""Every rendered file is what an expert would have typed, and stays so.

``UPDATE_GOLDEN=1`` writes the golden files anew; read the diff before committing it.
"""

import os
import re

import pytest

from tests.roles.rendered import CASES, HERE, files

_HASH = re.compile(r"inventory sha256:[0-9a-f]{12}")


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    folder = HERE / "golden" / name
    rendered = {
        place: f"mode {file.mode:04o} {file.owner}:{file.group}\n"
        + _HASH.sub("inventory sha256:HASH", file.content)
        for place, file in files(name).items()
    }
    if os.environ.get("UPDATE_GOLDEN"):
        for place, text in rendered.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    golden = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert rendered == golden


@pytest.mark.parametrize("name", CASES)
def test_every_file_tells_its_source(name: str) -> None:
    for place, file in files(name).items():
        if file.ignore_lines is None:
            # From no template: a program as it is, or JSON, which has no comments.
            continue
        assert _HASH.search(file.content), place
        assert file.content.endswith("\n"), place
