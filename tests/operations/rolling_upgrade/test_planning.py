"""UpgradeOptions, capacity, order, targets: pure."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.model.app import App
from provisioning.operations.rolling.capacity import forbidding, objections
from provisioning.operations.rolling.snapshot import ClusterSnapshot, NodeSnapshot, ServiceSnapshot
from provisioning.operations.rolling_upgrade.options import (
    OptionError,
    SlowStep,
    UpgradeOptions,
    batch_label,
    batch_size,
    duration,
    slow_steps,
)
from provisioning.operations.rolling_upgrade.ordering import ordered, planned
from provisioning.operations.rolling_upgrade.target import app_for, as_typed

HOSTS = ["rs1", "rs2", "rs3", "rs4"]


def snapshot(
    *, quorum: int = 1, masters: tuple[str, ...] = ("lvs1",), **jobs: int
) -> ClusterSnapshot:
    nodes = {
        host: NodeSnapshot(
            True,
            "1.0",
            slots=2,
            places=4,
            running=min(2, jobs.get(host, 0)),
            waiting=max(0, jobs.get(host, 0) - 2),
        )
        for host in HOSTS
    }
    return ClusterSnapshot(
        (ServiceSnapshot("web", quorum, dict.fromkeys(HOSTS, 10)),), nodes, masters
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1.5h", 5400), (" 5 m ", 300)]
)
def test_times(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "ten", "10d", "1m30s", "分"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(OptionError):
        duration(text)


@given(st.integers(1, 100), st.integers(1, 200))
def test_a_share_is_at_least_one_and_never_more_than_it_says(percent: int, nodes: int) -> None:
    size = batch_size(f"{percent}%", nodes)
    assert size >= 1
    assert size == 1 or size <= nodes * percent / 100


@pytest.mark.parametrize("text", ["0", "0%", "101%", "-1", "half", "%", "1.5"])
def test_what_is_no_batch(text: str) -> None:
    with pytest.raises(OptionError):
        batch_size(text, 10)


def test_slow_start() -> None:
    assert slow_steps("10, 50%:30s") == (SlowStep(10, 10.0), SlowStep(50, 30.0))
    assert slow_steps("") == ()


@pytest.mark.parametrize("text", ["0", "100", "50,10", "10,10", "ten", "10:soon"])
def test_what_is_no_slow_start(text: str) -> None:
    with pytest.raises(OptionError):
        slow_steps(text)


def test_one_of_four_may_go() -> None:
    assert objections(snapshot(), {"rs1"}) == []


def test_not_below_the_quorum() -> None:
    assert "weight 20 would be left" in forbidding(objections(snapshot(quorum=21), {"rs1", "rs2"}))
    assert forbidding(objections(snapshot(quorum=20), {"rs1", "rs2"})) == ""


def test_not_all_of_them() -> None:
    assert "no healthy node" in forbidding(objections(snapshot(), set(HOSTS)))


def test_those_that_stay_must_have_places_for_the_jobs_there_are() -> None:
    full: Any = dict.fromkeys(HOSTS, 6)
    assert "24 jobs are there and 18 places" in forbidding(objections(snapshot(**full), {"rs1"}))


def test_longer_waits_are_told_and_no_more() -> None:
    (objection,) = objections(snapshot(rs1=2, rs2=2, rs3=2, rs4=2), {"rs1"})
    assert not objection.hard and "8 jobs run and 6 workers" in objection.text


def test_services_that_a_node_is_no_part_of_do_not_matter() -> None:
    seen = snapshot()
    other = ServiceSnapshot("admin", 1, {"rs4": 1})
    assert objections(ClusterSnapshot((*seen.services, other), seen.nodes), {"rs1"}) == []
    assert "admin" in forbidding(objections(ClusterSnapshot((other,), seen.nodes), {"rs4"}))


def test_orders() -> None:
    seen = snapshot(rs1=3, rs2=1, rs3=2)
    assert ordered(HOSTS, "inventory", seen) == HOSTS
    assert ordered(HOSTS, "reverse", seen) == HOSTS[::-1]
    assert ordered(HOSTS, "idle-first", seen) == ["rs4", "rs2", "rs3", "rs1"]
    assert ordered(HOSTS, "busy-first", seen) == ["rs1", "rs3", "rs2", "rs4"]
    assert ordered(HOSTS, "rs3, rs1", seen) == ["rs3", "rs1", "rs2", "rs4"]


@pytest.mark.parametrize("order", ["rs9", "rs1,rs1", "alphabetical"])
def test_what_is_no_order(order: str) -> None:
    with pytest.raises(OptionError, match="--order"):
        ordered(HOSTS, order, snapshot())


def test_directors_then_canaries_then_batches() -> None:
    options = UpgradeOptions(canary=1, batch="2")
    nodes = planned(HOSTS, ["lvs1", "lvs2"], options, snapshot(masters=("lvs1",)))
    assert [(node.host, node.batch, node.canary) for node in nodes] == [
        ("lvs2", 1, False),
        ("lvs1", 2, False),
        ("rs1", 3, True),
        ("rs2", 4, False),
        ("rs3", 4, False),
        ("rs4", 5, False),
    ]


def test_a_rack_at_a_time() -> None:
    labels = {"rack": {"rs1": "a", "rs2": "b", "rs3": "a", "rs4": "b"}}
    nodes = planned(HOSTS, [], UpgradeOptions(canary=0, batch="rack"), snapshot(), labels)
    assert [(node.host, node.batch) for node in nodes] == [
        ("rs1", 1),
        ("rs3", 1),
        ("rs2", 2),
        ("rs4", 2),
    ]


def test_a_node_without_the_label_of_batches() -> None:
    labels = {"rack": dict.fromkeys(("rs1", "rs2", "rs4"), "a")}
    with pytest.raises(OptionError, match=r"--batch: rs3 without the label rack; .*labels: rack"):
        planned(HOSTS, [], UpgradeOptions(batch="rack"), snapshot(), labels)
    assert [batch_label(text) for text in ("rack", " row.2 ", "2", "25%", "-1", "")] == [
        "rack",
        "row.2",
        "",
        "",
        "",
        "",
    ]


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
    st.integers(0, 5),
    st.sampled_from(["1", "3", "25%", "100%"]),
)
def test_every_host_goes_once(jobs: list[int], canary: int, batch: str) -> None:
    hosts = [f"rs{n}" for n in range(len(jobs))]
    nodes = planned(hosts, [], UpgradeOptions(canary=canary, batch=batch), ClusterSnapshot((), {}))
    assert sorted(node.host for node in nodes) == sorted(hosts)
    sizes = [sum(n.batch == number for n in nodes) for number in {node.batch for node in nodes}]
    assert max(sizes) <= batch_size(batch, len(hosts))
    assert [node.batch for node in nodes] == sorted(node.batch for node in nodes)


def test_what_to_go_to(tmp_path: Path) -> None:
    git = App(source="https://git.example.com/app.git", ref="v1")
    assert app_for(git, None, tmp_path) == git
    assert app_for(git, "v2", tmp_path).ref == "v2"
    assert app_for(App(), "https://git.example.com/other.git", tmp_path).ref is None
    (tmp_path / "源码").mkdir()
    assert app_for(git, "源码", tmp_path).source == "源码"
    assert app_for(App(), "app-2.0-py3-none-any.whl", tmp_path).source.endswith(".whl")


def test_what_is_typed_holds_from_the_folder_it_was_typed_in(tmp_path: Path) -> None:
    (tmp_path / "rel").mkdir()
    (tmp_path / "a.whl").touch()
    for to in ("rel", "./rel", "a.whl"):
        found = App.model_validate({"source": as_typed(to, tmp_path)}).source
        assert found == app_for(App(), as_typed(to, tmp_path), Path("/elsewhere")).source
        assert Path(found) == tmp_path / to
    for to in ("v2", "https://git.example.com/app.git", "b.whl"):
        assert as_typed(to, tmp_path) == to


@pytest.mark.parametrize("to", ["v2", "https://me:secret@git.example.com/app.git"])
def test_what_one_cannot_go_to(to: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError) as error:
        app_for(App(), to, tmp_path)
    assert "secret" not in str(error.value)
