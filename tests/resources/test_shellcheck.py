"""Every kind of fragment, with the prelude, is plain POSIX sh."""

import subprocess
from collections.abc import Iterator

from provisioning.model.hosts import ServiceManager
from provisioning.resources.address import Address
from provisioning.resources.artifact import Artifact, ArtifactFile, Artifacts
from provisioning.resources.base import Observation, Resource
from provisioning.resources.current_release import CurrentRelease
from provisioning.resources.directory import Directory
from provisioning.resources.file import File
from provisioning.resources.firewall import FirewallRules
from provisioning.resources.kernel_module import KernelModules
from provisioning.resources.mount import Mount
from provisioning.resources.nfs_export import NfsExport
from provisioning.resources.package import Packages
from provisioning.resources.release import Release
from provisioning.resources.service import Service, reload, restart
from provisioning.resources.soundness import Soundness
from provisioning.resources.supervisor_daemon import SupervisorDaemon
from provisioning.resources.sysctl import Sysctl
from provisioning.resources.user import User
from tests.resources.host import PRELUDE

NAME = "it's $1 \\ `名`"

# Resources, each with what its host prints before a change is made.
CHANGES: list[tuple[Resource, str]] = [
    (File(path=f"/etc/{NAME}", content=NAME, validate='grep -q x "$CANDIDATE"'), "absent\n"),
    (Directory(path=f"/etc/{NAME}"), "absent\n"),
    (Directory(path=f"/etc/{NAME}"), "directory:700:root:root\n"),
    (CurrentRelease(directory=f"/opt/{NAME}", name="1.0"), "absent\n"),
    (
        Artifacts(
            directory=f"/opt/{NAME}", wanted=(Artifact("a", (ArtifactFile(NAME, 1, "0" * 64),)),)
        ),
        "absent\n",
    ),
    (
        FirewallRules(
            path=f"/etc/{NAME}",
            content=NAME,
            program=f"/usr/{NAME}",
            table=NAME,
            folders=(f"/run/{NAME}",),
        ),
        "absent none confirmed none\n",
    ),
    (Sysctl(key="net.ipv4.ip_forward", value="1"), "value\n0\n"),
    (Address(address="::1/128", interface="lo"), "interface\n"),
    (Packages(names=("curl", "g++")), ""),
    (KernelModules(names=("ip_vs", "dm-mod")), "\n"),
    (NfsExport(path=f"/srv/{NAME}", clients=("10.0.0.1",), serve=":"), "0\n"),
    (Mount(source="a:/", target=f"/mnt/{NAME}", fstype="nfs4"), "\nmounts:\n"),
    (User(name="app", home=f"/opt/{NAME}", groups=("video",)), "absent\n"),
    (User(name="app", home="/a", groups=("video",)), "app:x:9:9::/a:/bin/false\n9\n"),
    (Release(directory=f"/opt/{NAME}", name="1", archive=b"1", keep=2, python="/p"), "absent\n"),
    (SupervisorDaemon(), "down\n"),
    (Soundness(name="app", manager=ServiceManager.SYSTEMD, program=f"/{NAME}"), "wrong\n"),
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


def fragments() -> Iterator[str]:
    """All fragments as functions, the way the engine holds them."""
    for resource, printed in CHANGES:
        change = resource.compare(Observation(printed, "", 0))
        assert change is not None
        yield resource.observe()
        yield change.apply
        yield change.undo
        yield resource.remove()
        for handler in resource.triggers:
            yield handler.command
    for manager in ServiceManager:
        yield reload("app", manager).command
        yield restart("app", manager).command


def test_fragments() -> None:
    """In one script, as it is the prelude that takes shellcheck its time."""
    functions = (f"part_{n}() {{ :\n{text}\n}}" for n, text in enumerate(fragments()))
    assert shellcheck("\n".join([PRELUDE, *functions, ""])) == ""


def test_shellcheck_would_complain() -> None:
    assert "SC2086" in shellcheck("fragment() {\nrm $1\n}\n")
