"""docs/doctor.md has a heading for every rule, under which something stands."""

import re
from pathlib import Path

from provisioning.cli.views.findings import PAGE
from provisioning.operations.doctor.registry import ALL_IDS
from tests.test_links import anchors

_ROOT = Path(__file__).resolve().parents[3]
_PAGE = _ROOT / PAGE


def test_rules_and_headings_are_the_same() -> None:
    sections = re.split(r"^### ", _PAGE.read_text(encoding="utf-8"), flags=re.M)[1:]
    titles = [section.partition("\n")[0] for section in sections]
    assert sorted(titles) == sorted(ALL_IDS)
    assert len(set(ALL_IDS)) == len(ALL_IDS)
    assert all(len(section.split()) > 10 for section in sections)


def test_what_a_finding_links_to_is_an_anchor() -> None:
    assert set(ALL_IDS) <= anchors(_PAGE)
