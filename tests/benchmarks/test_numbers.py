"""Benchmarks refuse numbers with which there is nothing to measure, before they start anything."""

import sys
from importlib import import_module

import pytest

WRONG = [
    ("full_line", "--clients", "0"),
    ("full_line", "--clients", "1.5"),
    ("full_line", "--seconds", "-1"),
    ("full_line", "--seconds", "nan"),
    ("soak", "--minutes", "0"),
    ("soak", "--minutes", "inf"),
    ("node", "--repeats", "0"),
    ("node", "--jobs", "-3"),
    ("history", "99"),
    ("deploy", "--repeats", "0"),
    ("rolling_upgrade", "--soak", "-1"),
    ("session_routing", "--jobs", "0"),
    ("session_routing", "--slots", "0"),
    ("session_routing", "--live-seconds", "0"),
    ("session_routing", "--nodes", "0"),
    ("session_routing", "--load", "nan"),
    ("peers", "--nodes", "0"),
    ("peers", "--seconds", "0"),
    ("gradio_end_to_end", "checkout", "work", "--retries", "-1"),
    ("status", "--inventory", "cluster.yaml", "--runs", "0"),
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_such_a_number_is_a_usage_error(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *arguments = words
    program = import_module(f"benchmarks.{name}.__main__")
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 2
    assert "error: argument" in capsys.readouterr().err
