"""The doctor's findings as a person sees them: the same of many hosts is said once."""

import io

from rich.console import Console

from provisioning.cli.views.findings import show_examination
from provisioning.operations.doctor.examination import Examination
from provisioning.operations.doctor.finding import Finding, Severity, on_host


def _unkept(host: str) -> Finding:
    return Finding(
        host=host,
        severity=Severity.WARNING,
        evidence="nothing runs that keeps its clock",
        cause="it will drift away from the others'",
        fix=on_host(host, "apt-get", "install", "-y", "chrony"),
        rule="clock-unkept",
    )


def _shown(*findings: Finding, unanswered: tuple[tuple[str, str, str], ...] = ()) -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    show_examination(console, Examination(findings, unanswered))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_the_same_of_many_hosts_is_said_once_with_a_command_for_all() -> None:
    mount = Finding(host="rs2", evidence="no mount", cause="c", fix="look at rs2", rule="mount")
    assert _shown(_unkept("rs1"), mount, _unkept("rs2"), _unkept("rs3"), _unkept("nas1")) == [
        "warning clock-unkept  nas1,rs[1-3] (4 hosts): nothing runs that keeps its clock",
        "    it will drift away from the others'",
        "    fix: `cluster exec --root 'nas1,rs[1-3]' -- apt-get install -y chrony`",
        "error mount  rs2: no mount",
        "    c",
        "    fix: look at rs2",
        "1 error, 4 warnings; docs/doctor.md explains each.",
    ]


def test_one_host_is_named_as_it_is() -> None:
    assert _shown(_unkept("rs1"))[::2] == [
        "warning clock-unkept  rs1: nothing runs that keeps its clock",
        "    fix: `cluster exec --root rs1 -- apt-get install -y chrony`",
    ]


def test_hosts_that_gave_no_answer_are_named_together() -> None:
    why = "connection refused\nmore"
    asked = (("mount", "rs1", why), ("mount", "rs2", why), ("mount", "rs3", ""))
    assert _shown(unanswered=asked)[:2] == [
        "not asked mount  rs[1-2] (2 hosts): connection refused",
        "not asked mount  rs3: no answer",
    ]
