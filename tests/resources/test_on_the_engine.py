"""Resources in the scripts that the engine makes of them, on a real shell."""

from pathlib import Path

import pytest

from provisioning.engine.apply import HostResult, apply_plan
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.plan import HostPlan
from provisioning.engine.progress import silent
from provisioning.resources.base import Handler, Resource
from provisioning.resources.current_release import CurrentRelease
from provisioning.resources.directory import Directory
from provisioning.resources.file import File
from tests.engine.sandbox import SandboxTransport
from tests.resources.test_release import release


class Host:
    """A host whose root is a folder, planned and changed by the engine."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.root.mkdir()
        (self.root / "motd").write_text("hello")
        self._transport = SandboxTransport(folder)
        self._runs = 0

    def plan(self, *resources: Resource) -> HostPlan:
        return observe_and_plan("h", self._transport, (), resources, {})[0]

    def deploy(self, *resources: Resource) -> HostResult:
        self._runs += 1
        return apply_plan(
            self.plan(*resources),
            self._transport,
            run_id=f"r{self._runs}",
            holder="me",
            progress=silent,
        )

    def wanted(self, version: str, *, check: str = "true", took_up: str = ":") -> list[Resource]:
        """A little of every kind, as a role would ask for it."""
        opt, handler = self.root / "opt", Handler("take up", took_up.format(root=self.root))
        return [
            Directory(path=f"{self.root}/etc/语音", mode=0o750),
            File(path=f"{self.root}/etc/语音/a.conf", content=f"版本 {version}\\n$x"),
            File(path=f"{self.root}/motd", content=f"{version}\n", triggers=(handler,)),
            Directory(path=str(opt)),
            release(opt, version, keep=1),
            CurrentRelease(directory=str(opt), name=version, triggers=(handler,)),
            File(path=f"{self.root}/last", content=version, validate=check),
        ]

    def tree(self) -> dict[str, str]:
        """All there is: kind, mode and content by path."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            if path.is_symlink():
                found[str(path)] = f"-> {path.readlink()}"
            elif path.is_file():
                found[str(path)] = f"{path.stat().st_mode:o} {path.read_bytes()!r}"
            else:
                found[str(path)] = f"{path.stat().st_mode:o}"
        return found


@pytest.fixture
def deployed(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    assert host.deploy(*host.wanted("1")).outcome == "changed"
    return host


def test_a_second_deploy_changes_nothing(deployed: Host) -> None:
    assert (deployed.root / "opt/current/app/speak.py").read_text() == "WHO = '1'\n"
    assert not deployed.plan(*deployed.wanted("1")).changes


@pytest.mark.parametrize(
    "how", [{"check": "echo no >&2; false"}, {"took_up": "grep -q 1 {root}/motd"}]
)
def test_a_failing_step_or_handler_takes_everything_back(
    deployed: Host, how: dict[str, str]
) -> None:
    before = deployed.tree()
    result = deployed.deploy(*deployed.wanted("2", **how))
    assert result.outcome == "failed"
    assert "could not be taken back" not in result.message
    assert deployed.tree() == before
    assert deployed.deploy(*deployed.wanted("2")).outcome == "changed"
    assert not deployed.plan(*deployed.wanted("2")).changes


def test_a_first_deploy_that_fails_leaves_the_host_as_it_was(tmp_path: Path) -> None:
    host = Host(tmp_path)
    before = host.tree()
    assert host.deploy(*host.wanted("1", check="false")).outcome == "failed"
    assert host.tree() == before


def test_what_leaves_the_inventory_goes_and_at_last_all_is_as_it_was(tmp_path: Path) -> None:
    host = Host(tmp_path)
    before = host.tree()
    host.deploy(*host.wanted("1"))
    assert host.deploy(*host.wanted("2")[:3]).outcome == "changed"
    assert not (host.root / "opt").exists()
    assert host.deploy().outcome == "changed"
    assert host.tree() == before
