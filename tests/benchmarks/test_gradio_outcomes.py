import json
from pathlib import Path

from benchmarks.gradio_end_to_end.results import outcomes, table

_REPORT = {
    "suites": [
        {
            "title": "a.spec.ts",
            "specs": [{"title": "一", "line": 3, "tests": [{"status": "expected"}]}],
            "suites": [
                {
                    "title": "inner",
                    "specs": [{"title": "two", "line": 9, "tests": [{"status": "unexpected"}]}],
                }
            ],
        }
    ]
}


def test_every_test_of_every_suite_is_counted(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps(_REPORT))
    found = outcomes(report)
    assert found == {
        "a.spec.ts › 一 (3.0)": "expected",
        "a.spec.ts › inner › two (9.0)": "unexpected",
    }


def test_a_table_shows_where_columns_differ() -> None:
    shown = table(
        {
            "one": {"same": "expected", "other": "expected", "broken": "unexpected"},
            "alone": {"same": "expected", "other": "flaky", "broken": "unexpected"},
        }
    ).splitlines()
    assert [line.split()[0] for line in shown[1:3]] == ["other", "broken"]
    assert "same" not in "".join(shown)
    assert [line.split() for line in shown[3:]] == [
        ["pass", "2", "1"],
        ["late", "0", "1"],
        ["FAIL", "1", "1"],
        ["skip", "0", "0"],
    ]
