"""Every alert has its page, every page its alert, and they say the same."""

import re
from pathlib import Path
from typing import Any

import pytest

_PAGES = Path(__file__).parents[3] / "docs" / "runbooks"
Alerts = dict[str, dict[str, Any]]


def test_alerts_and_pages_are_the_same_list(alerts: Alerts) -> None:
    assert {page.stem for page in _PAGES.glob("*.md")} - {"README"} == set(alerts)


def test_each_alert_leads_to_its_page(alerts: Alerts) -> None:
    for name, alert in alerts.items():
        texts = alert["annotations"]
        assert texts["runbook_url"] == f"https://wiki.example.org/runbooks/{name}.md"
        assert set(texts) == {"summary", "description", "runbook_url"}
        assert all(texts.values())
        assert alert["labels"]["severity"] in ("critical", "warning", "info", "none")


def test_pages_say_what_the_alerts_do(alerts: Alerts) -> None:
    for name, alert in alerts.items():
        title, first, empty, *_ = (_PAGES / f"{name}.md").read_text(encoding="utf-8").splitlines()
        when = f"burns after {alert['for']}" if "for" in alert else "burns at once"
        assert (title, empty) == (f"# {name}", "")
        assert first == f"Severity {alert['labels']['severity']}; {when}."


@pytest.mark.parametrize("heading", ["## Look", "## Do"])
def test_each_page_says_where_to_look_and_what_to_do(heading: str) -> None:
    for page in _PAGES.glob("[A-Z]*[a-z].md"):
        _, _, below = page.read_text(encoding="utf-8").partition(f"\n{heading}\n")
        assert below.startswith("- "), page


def test_the_list_of_pages_is_whole(alerts: Alerts) -> None:
    text = (_PAGES / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \| ([\w ]+) \|$", text, re.M)
    assert {(name, severity, when) for name, _, severity, when in listed} == {
        (name, alert["labels"]["severity"], alert.get("for", "at once"))
        for name, alert in alerts.items()
    }
    assert all(name == page for name, page, *_ in listed)
