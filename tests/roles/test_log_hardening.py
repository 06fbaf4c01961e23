"""The programs of central logs under what their units leave them: system calls that the unit's
filter refuses fail, and capabilities that it takes away are not there. systemd itself does not run
here: strace refuses the calls, and setpriv takes the capabilities."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.roles.log_site import LogSite, line, running
from tests.roles.rendered import files

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="capabilities are root's"),
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd knows its groups"),
]
_SERVICES = {"log1.conf": "cosyvoice-log-store", "rs2.conf": "cosyvoice-log-shipper"}


@cache
def calls(word: str) -> frozenset[str]:
    """System calls that a word of a filter stands for."""
    if not word.startswith("@"):
        return frozenset({word})
    words = ["systemd-analyze", "syscall-filter", word]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    inner = [one.strip() for one in said.splitlines()[1:]]
    return frozenset().union(*(calls(one) for one in inner if one and not one.startswith("#")))


def refused(unit: str) -> set[str]:
    """Those of systemd's well-known ones that the filter leaves out (systemd.exec(5))."""
    allowed: set[str] = set()
    for value in re.findall(r"^SystemCallFilter=(.+)$", unit, re.MULTILINE):
        named = {one for word in value.removeprefix("~").split() for one in calls(word)}
        allowed = allowed - named if value.startswith("~") else allowed | named
    return set(calls("@known")) - allowed


def confined(unit: str, command: list[str], trace: Path) -> list[str]:
    [left] = re.findall(r"^CapabilityBoundingSet=(.*)$", unit, re.MULTILINE)
    bounds = ["-all", *(f"+{one.removeprefix('CAP_').lower()}" for one in left.split())]
    names = ",".join(f"?{one}" for one in sorted(refused(unit)))
    return [
        *("setpriv", f"--bounding-set={','.join(bounds)}", "--inh-caps=-all", "--no-new-privs"),
        *("strace", "-D", "-f", "-qq", "-o", str(trace), "-e", f"trace={names}"),
        *("-e", f"inject={names}:error=EPERM", *command),
    ]


class ConfinedSite(LogSite):
    """Both rsyslogds have what their units leave them."""

    def command(self, conf: Path) -> list[str]:
        unit = unit_of(_SERVICES[conf.name])
        return confined(unit, super().command(conf), conf.with_suffix(".trace"))


def unit_of(service: str) -> str:
    return files("logs")[f"log1/etc/systemd/system/{service}.service"].content


@pytest.mark.long
def test_rsyslogd_ships_and_keeps_with_what_its_units_leave_it(tmp_path: Path) -> None:
    site = ConfinedSite(tmp_path)
    with running(site, site.store, site.shipper):
        site.write(*(line(n, f"m{n}") for n in range(50)))
        assert len(site.wait_for(50)) == 50


def test_the_filters_refuse_what_no_log_needs() -> None:
    for service in (*_SERVICES.values(), "cosyvoice-log-keeper", "cosyvoice-log-sender"):
        assert {"mount", "ptrace", "init_module", "setuid"} <= refused(unit_of(service))
