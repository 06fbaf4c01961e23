"""Each alert burns in time, not a step below, and ends: by Prometheus' own test of rules."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.roles.monitoring.alert_cases import CASES, LVS1, Case, Rate, Value, host, node

Sample = tuple[float, list[dict[str, str]]]
"""Minute, and the alerts that burn then."""


def values(value: Value, minutes: int, after: tuple[Value, int] | None = None) -> str:
    """Samples of a series, one a minute, in promtool's notation; then those of another value."""
    if isinstance(value, Rate):
        start = 24.0 if value.a_minute < 0 else 0.0
        text, last = f"{start}{value.a_minute:+}x{minutes}", start + value.a_minute * minutes
    elif value is None:
        text, last = f"_x{minutes + 1}", 0.0
    else:
        text, last = f"{value}+0x{minutes}", float(value)
    if after is None:
        return text
    then, more = after
    if isinstance(then, Rate):
        start = 24.0 if then.a_minute < 0 else last + then.a_minute
        return f"{text} {start}{then.a_minute:+}x{more - 1}"
    if then is None:
        return f"{text} stale _x{more}"
    return f"{text} {then}+0x{more - 1}"


def promtool(folder: Path, rules: Path, step: str, tests: list[dict[str, Any]]) -> str:
    """What it says of tests; empty where all pass."""
    path = folder / "tests.yml"
    exprs = [one["expr"] for test in tests for one in test["promql_expr_test"]]
    asked = [f"alert: {name}\n" for name in re.findall(r'alertname="(\w+)"', str(exprs))]
    content = {
        # One without the alerts asked for costs time alone.
        "rule_files": [
            str(path)
            for path in rules.glob("*.yml")
            if path.stem == "directors" or any(name in path.read_text() for name in asked)
        ],
        "evaluation_interval": step,
        "tests": tests,
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode else ""


def a_test(alert: str, series: dict[str, str], expected: list[Sample]) -> dict[str, Any]:
    """A test of promtool's: series, and what burns when."""
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": text} for name, text in series.items()],
        "promql_expr_test": [
            {
                "expr": f'ALERTS{{alertname="{alert}",alertstate="firing"}}',
                "eval_time": f"{round(minute * 60)}s",
                "exp_samples": [{"labels": _written(one), "value": 1} for one in burning],
            }
            for minute, burning in expected
        ],
    }


def _written(labels: dict[str, str]) -> str:
    inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f'ALERTS{{alertstate="firing",{inside}}}'


def three(case: Case, alert: dict[str, Any]) -> list[dict[str, Any]]:
    """It burns, it does not, it ends."""
    labels = {"alertname": case.alert, "cluster": "c", **alert["labels"], **case.labels}
    till, more = case.burns_after, case.ends_after
    pairs = case.series.items()
    early: list[Sample] = [(case.not_after, [])] if case.not_after else []
    return [
        a_test(
            case.alert,
            {name: values(burns, till) for name, (burns, _) in pairs},
            [*early, (till, [labels])],
        ),
        a_test(case.alert, {name: values(calm, till) for name, (_, calm) in pairs}, [(till, [])]),
        a_test(
            case.alert,
            {name: values(burns, till, (calm, more)) for name, (burns, calm) in pairs},
            [(till, [labels]), (till + more, [])],
        ),
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.alert)
def test_it_burns_in_time_not_a_step_below_and_ends(
    case: Case, rules: Path, alerts: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    tests = three(case, alerts[case.alert])
    assert promtool(tmp_path, rules, case.step, tests) == ""


def test_the_test_itself_notices_what_does_not_burn(
    rules: Path, alerts: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    case = next(case for case in CASES if case.alert == "NoMaster")
    burns, calm, _ = three(case, alerts["NoMaster"])
    swapped = {**burns, "input_series": calm["input_series"]}
    assert "NoMaster" in promtool(tmp_path, rules, case.step, [swapped])


def test_every_alert_has_its_case(alerts: dict[str, dict[str, Any]]) -> None:
    own = {"Watchdog", "ClockWrong", "VrrpFlaps"}
    assert {case.alert for case in CASES} | own == set(alerts)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.alert)
def test_texts_name_labels_that_it_has(case: Case, alerts: dict[str, dict[str, Any]]) -> None:
    texts = " ".join(alerts[case.alert]["annotations"].values())
    assert set(re.findall(r"\$labels\.(\w+)", texts)) <= set(case.labels)


def test_the_watchdog_always_burns(rules: Path, tmp_path: Path) -> None:
    burning = {"alertname": "Watchdog", "severity": "none"}
    tests = [a_test("Watchdog", {}, [(0, [burning]), (60, [burning])])]
    assert promtool(tmp_path, rules, "1m", tests) == ""


def test_a_clock_is_compared_with_the_watchers(rules: Path, tmp_path: Path) -> None:
    """Samples are taken at the watcher's time, a minute apart from 0."""
    labels = {"cluster": "c", "instance": "rs1", "job": "cosyvoice-host", "node": "rs1"}
    burning = {"alertname": "ClockWrong", "severity": "warning", "role": "real_server", **labels}
    name = f"node_time_seconds{{{host()}}}"
    tests = [
        a_test("ClockWrong", {name: "4+60x10"}, [(4, []), (6, [burning])]),
        a_test("ClockWrong", {name: "-4+60x10"}, [(6, [burning])]),
        a_test("ClockWrong", {name: "3+60x10"}, [(10, [])]),
        a_test("ClockWrong", {name: "4+60x6 420+60x6"}, [(6, [burning]), (8, [])]),
    ]
    assert promtool(tmp_path, rules, "15s", tests) == ""


def test_flapping_is_counted(rules: Path, tmp_path: Path) -> None:
    labels = {"cluster": "c", "instance": "lvs1", "job": "cosyvoice-host", "node": "lvs1"}
    burning = {"alertname": "VrrpFlaps", "severity": "warning", "iname": "VI_1", **labels}
    burning["role"] = "director"
    name = f'keepalived_vrrp_state{{{LVS1},iname="VI_1"}}'
    tests = [
        a_test("VrrpFlaps", {name: "1 2 1 2 1 2 2+0x20"}, [(6, [burning]), (22, [])]),
        a_test("VrrpFlaps", {name: "1 2 1 2 1 1+0x20"}, [(6, [])]),
    ]
    assert promtool(tmp_path, rules, "15s", tests) == ""


def test_a_few_jobs_burn_no_budget(rules: Path, tmp_path: Path) -> None:
    """Of a job a minute a quarter fails, and then no more."""
    series = {
        f"up{{{node()}}}": "1+0x60",
        f'cosyvoice_jobs_total{{{node()},outcome="done"}}': "0+0.75x16 12+1x44",
        f'cosyvoice_jobs_total{{{node()},outcome="failed"}}': "0+0.25x16 4+0x44",
    }
    names = ("ErrorBudgetBurnsFast", "ErrorBudgetBurns")
    tests = [a_test(name, series, [(16, []), (40, []), (60, [])]) for name in names]
    assert promtool(tmp_path, rules, "30s", tests) == ""


def test_another_cluster_burns_its_own_budget(rules: Path, tmp_path: Path) -> None:
    series = {
        name.replace('cluster="c"', 'cluster="d"'): values
        for name, values in {
            f"up{{{node()}}}": "1+0x60",
            f'cosyvoice_jobs_total{{{node()},outcome="done"}}': "0+50x60",
            f'cosyvoice_jobs_total{{{node()},outcome="failed"}}': "0+50x60",
        }.items()
    }
    assert (
        promtool(tmp_path, rules, "30s", [a_test("ErrorBudgetBurnsFast", series, [(60, [])])]) == ""
    )


def test_of_a_drained_node_only_its_drain_is_told(rules: Path, tmp_path: Path) -> None:
    series = {
        f"up{{{node()}}}": "0+0x20",
        f"cosyvoice_ready{{{node()}}}": "0+0x20",
        f'cluster_drained{{{LVS1},real_server="rs1"}}': "1+0x20",
    }
    tests = [a_test(name, series, [(20, [])]) for name in ("NodeDown", "NodeNotReady")]
    assert promtool(tmp_path, rules, "15s", tests) == ""


def test_a_drained_real_server_is_not_missing(rules: Path, tmp_path: Path) -> None:
    to = 'local_address="192.0.2.100",local_port="7860",proto="TCP",remote_port="7860"'
    rs1 = f'{LVS1},{to},remote_address="192.0.2.1",real_server="rs1",service="web"'
    series = {
        f"cluster_expected_real_server{{{rs1}}}": "0+0x20",
        f"cluster_expected_real_server_weight{{{rs1}}}": "0+0x20",
        f"keepalived_up{{{LVS1}}}": "1+0x20",
    }
    tests = [a_test(name, series, [(20, [])]) for name in ("RealServerMissing", "WeightDiffers")]
    assert promtool(tmp_path, rules, "15s", tests) == ""


def test_a_director_without_keepalived_is_no_reason_to_miss_real_servers(
    rules: Path, tmp_path: Path
) -> None:
    to = 'local_address="192.0.2.100",local_port="7860",proto="TCP",remote_port="7860"'
    rs1 = f'{LVS1},{to},remote_address="192.0.2.1",real_server="rs1",service="web"'
    series = {
        f"cluster_expected_real_server{{{rs1}}}": "1+0x20",
        f"keepalived_up{{{LVS1}}}": "0+0x20",
    }
    tests = [a_test("RealServerMissing", series, [(20, [])])]
    assert promtool(tmp_path, rules, "15s", tests) == ""


def test_connections_are_counted_on_the_master_alone(rules: Path, tmp_path: Path) -> None:
    to = 'local_address="192.0.2.100",local_port="7860",proto="TCP",remote_port="7860"'
    other = host("lvs2", "director")
    count = 'node_ipvs_backend_connections_active{%s,%s,remote_address="192.0.2.1"}'
    states = {LVS1: "2+0x5", other: "1+0x5"}
    series = {f'keepalived_vrrp_state{{{who},iname="VI_1"}}': text for who, text in states.items()}
    series |= {count % (who, to): "7+0x5" for who in states}
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": text} for name, text in series.items()],
        "promql_expr_test": [
            {
                "expr": "sum(cluster:active_connections:sum)",
                "eval_time": "5m",
                "exp_samples": [{"labels": "{}", "value": 7}],
            }
        ],
    }
    assert promtool(tmp_path, rules, "15s", [test]) == ""
