"""Every kind of fragment, with the prelude, is plain POSIX sh."""

import subprocess

import pytest

from provisioning.model.hosts import ServiceManager
from provisioning.resources.address import Address
from provisioning.resources.base import Change, Handler, Observation, Resource
from provisioning.resources.directory import Directory
from provisioning.resources.file import File
from provisioning.resources.link import Link
from provisioning.resources.service import Service, reload, restart
from provisioning.resources.sysctl import Sysctl
from tests.resources.host import PRELUDE

NAME = "it's $1 \\ `名`"

# Resources, each with what its host prints before a change is made.
CHANGES: list[tuple[Resource, str]] = [
    (File(path=f"/etc/{NAME}", content=NAME, validate='grep -q x "$CANDIDATE"'), "absent\n"),
    (Directory(path=f"/etc/{NAME}"), "absent\n"),
    (Directory(path=f"/etc/{NAME}"), "directory:700:root:root\n"),
    (Link(path=f"/etc/{NAME}", target=NAME), "absent\n"),
    (Sysctl(key="net.ipv4.ip_forward", value="1"), "value\n0\n"),
    (Address(address="::1/128", interface="lo"), "interface\n"),
    (Service(name="app", manager=ServiceManager.SYSTEMD), "LoadState=loaded\n"),
    (Service(name="app", manager=ServiceManager.SUPERVISOR), "absent 0\n"),
]


def shellcheck(script: str) -> str:
    # 2317, 2034: functions called and variables read by other fragments. 2016: `$` in a name is
    # quoted on purpose.
    return subprocess.run(
        ["shellcheck", "-s", "sh", "-e", "SC2016,SC2034,SC2317", "-"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def fragments(resource: Resource, change: Change) -> str:
    """All of one resource's fragments as functions, the way the engine holds them."""
    parts = (resource.observe(), change.apply, change.undo, resource.remove())
    return "\n".join(f"part_{n}() {{ :\n{text}\n}}" for n, text in enumerate(parts))


@pytest.mark.parametrize(
    ("resource", "before"), CHANGES, ids=[f"{r.id}-{n}" for n, (r, _) in enumerate(CHANGES)]
)
def test_fragments_of(resource: Resource, before: str) -> None:
    change = resource.compare(Observation(before, "", 0))
    assert change is not None
    assert shellcheck(f"{PRELUDE}\n{fragments(resource, change)}\n") == ""


@pytest.mark.parametrize("manager", list(ServiceManager))
@pytest.mark.parametrize("make", [reload, restart])
def test_handlers(make: type[Handler], manager: ServiceManager) -> None:
    assert shellcheck(f"{PRELUDE}\n{make('app', manager).command}\n") == ""


def test_shellcheck_would_complain() -> None:
    assert "SC2086" in shellcheck(f"{PRELUDE}\nrm $1\n")
