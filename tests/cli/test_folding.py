"""What is shown of many hosts: those that are alike together, the others by name."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click
import pytest
from rich.console import Console

from provisioning.cli.commands import exec as exec_command
from provisioning.cli.views.folding import every_host_option, folds
from provisioning.cli.views.plan import show_plans
from provisioning.cli.views.status import status_view
from provisioning.engine.plan import HostPlan, PlannedStep
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.host_ranges.folded import folded
from provisioning.model.host_ranges.ranges import expand
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_state.look import look_at
from provisioning.operations.executing.batches import Outcomes
from provisioning.operations.executing.execution import Answer
from provisioning.operations.faults.fault import Fault
from provisioning.operations.planning import Plans, own_words
from provisioning.resources.base import Change
from tests.operations.replay import INVENTORY, recording, replay

_NAMES = expand("rs[001:300]")
_MANY = Inventory.model_validate(
    {
        **INVENTORY.model_dump(include={"name", "vip"}),
        "directors": {"hosts": {"lvs1": "10.77.0.11", "lvs2": "10.77.0.12"}},
        "real_servers": {
            "hosts": {name: f"10.77.{n // 250 + 1}.{n % 250 + 1}" for n, name in enumerate(_NAMES)}
        },
    }
)


@contextmanager
def asked_for_all() -> Iterator[None]:
    @click.command()
    @every_host_option
    def command() -> None:
        pass

    with command.make_context("cluster", ["--all"]):
        yield


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("rs001 rs002 rs003 rs009", "rs[001-003,009]"),
        ("lvs1 rs1 rs2", "lvs1,rs[1-2]"),
        ("r1n1 r1n2 r2n1 r2n2", "r[1-2]n[1-2]"),
        ("web db", "db,web"),
    ],
)
def test_names_become_ranges_that_can_be_read_again(names: str, said: str) -> None:
    assert folded(names.split()) == said
    again = [name for part in said.replace("],", "] ").split() for name in expand(part)]
    if "[" in said and "lvs" not in said:
        assert again == names.split()


def test_few_hosts_are_shown_one_by_one_and_so_are_many_where_asked() -> None:
    assert [folds(10), folds(11)] == [False, True]
    with asked_for_all():
        assert not folds(300)
    assert folds(300)


def _change(name: str, text: str) -> HostPlan:
    change = Change("content", "true", "true", before="", after=f"host {name}\n{text}\n")
    return HostPlan(name, (PlannedStep("file /etc/x", change),))


def _plan(hosts: dict[str, HostPlan], **more: object) -> list[str]:
    out = io.StringIO()
    names = frozenset(word for name in _NAMES for word in own_words(_MANY, name))
    show_plans(Console(file=out, width=300), Plans(hosts=hosts, names=names, **more))  # type: ignore[arg-type]
    return out.getvalue().splitlines()


def test_a_plan_counts_first_and_names_who_deviates() -> None:
    hosts = {name: HostPlan(name) for name in _NAMES[:298]} | {"rs007": _change("rs007", "one")}
    gone = {name: f"{name}: 10.77.2.{n}: no answer" for n, name in enumerate(_NAMES[298:])}
    assert _plan(hosts, unreachable=gone)[:3] == [
        "1 of 300 hosts change: 1 changes, 0 handlers; unreachable: rs299, rs300.",
        "rs[001-006,008-298] (297 hosts): no changes",
        "rs007: 1 changes",
    ]
    assert _plan(hosts, unreachable=gone)[-1] == (
        "rs[299-300] (2 hosts): unreachable; the first: rs299: unreachable: 10.77.2.0: no answer"
    )


def test_changes_that_differ_in_own_names_and_addresses_are_one_and_others_are_not() -> None:
    hosts = {
        name: _change(f"{name} {_MANY.real_servers.hosts[name].address}", "same") for name in _NAMES
    }
    hosts["rs100"] = _change("rs100", "another")
    lines = _plan(hosts)
    assert (
        "rs[001-099,101-300] (299 hosts): 1 changes, as here on rs001 but for names and addresses"
        in lines
    )
    assert "      +host rs001 10.77.1.1" in lines and "      +another" in lines
    assert not any("rs002" in line for line in lines)
    with asked_for_all():
        assert sum(": 1 changes" in line for line in _plan(hosts)) == 300


def test_a_few_hosts_are_as_ever() -> None:
    lines = _plan({name: HostPlan(name) for name in _NAMES[:10]})
    assert lines[0] == "rs001: no changes" and lines[-1] == "No changes on 10 of 10 hosts."


def test_the_same_answer_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    done = {name: Answer(0, b"6.1.0\n") for name in _NAMES[:298]}
    done["rs050"] = Answer(3, b"5.10.0\n", b"old\n")
    errors = {name: f"{name}: nobody answers" for name in _NAMES[298:]}
    exec_command._show(Outcomes(done, errors), streams=False)
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "rs[001-049,051-298] (297 hosts): 6.1.0",
        "rs050: 5.10.0",
    ]
    assert said.err.splitlines() == [
        "300 hosts: 297 well, 1 not, 2 not reached; 2 different answers",
        "rs050: old",
        "rs050: status 3",
        "rs[299-300] (2 hosts): the first: rs299: nobody answers",
    ]


def _status(faults: list[Fault]) -> str:
    state = look_at(INVENTORY, replay(recording("healthy")), ClusterRecord())
    node = state.real_servers["rs1"]
    nodes = {name: node for name in _NAMES if name != "rs300"}
    nodes["rs042"] = replace(node, service="stopped")
    console = Console(file=io.StringIO(), width=250)
    console.print(status_view(_MANY, replace(state, real_servers=nodes), faults))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_status_counts_and_names_the_nodes_that_deviate() -> None:
    lines = [" ".join(line.split()) for line in _status([Fault("rs042", "down", "x")]).splitlines()]
    assert lines[0] == "300 real servers: 298 well, 1 wrong (rs042), 1 unreachable (rs300)"
    nodes = lines[lines.index("Real servers") + 2 :][:3]
    assert nodes[0].startswith("rs[001-041,043-299] (298 hosts) yes yes running yes")
    assert nodes[1].startswith("rs042 yes yes stopped") and nodes[2] == "rs300 unreachable"


def test_a_fault_of_many_is_one() -> None:
    faults = [
        Fault(name, f"{name} hangs", f"`cluster restart --limit {name}`") for name in _NAMES[:20]
    ]
    text = _status([*faults, Fault("", "no sync", "y")])
    assert "rs[001-020] (20 hosts): rs001 hangs (as rs001 has it)" in text
    assert "fix: `cluster restart --limit rs001` (and so for each)" in text
    assert "rs002" not in text and "no sync" in text
