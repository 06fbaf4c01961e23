"""Commands for a living cluster: what is refused before any host is asked."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioning.cli.main import main
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.state_folder.deployed_hosts import remember
from provisioning.operations.state_folder.runtime_state import load_record, save_runtime

_INVENTORY = """\
vip: 192.0.2.100
ssh: {host: 127.0.0.1, port: 1, known_hosts_file: known_hosts, connect_timeout: 2}
directors: {hosts: {lvs1: 192.0.2.11, lvs2: 192.0.2.12}}
real_servers: {hosts: {rs1: 192.0.2.101, rs2: 192.0.2.102}}
clients: {hosts: {laptop: 192.0.2.50}}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(_INVENTORY, encoding="utf-8")
    return path


def state(inventory: Path) -> Path:
    return inventory.parent / ".cluster" / "cosyvoice"


@dataclass
class Done:
    """Outcome of a command."""

    returncode: int
    stdout: str
    stderr: str


Cluster = Callable[..., Done]


@pytest.fixture
def cluster(
    inventory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cluster:
    """`cluster WORDS` with the inventory, in this process."""

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["cluster", words[0], "-i", str(inventory), *words[1:]])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("drain", "lvs1"), "`cluster switchover` moves the VIP away from it"),
        (("drain", "rs9"), "rs9 is not a real server; choose from rs1, rs2"),
        (("undrain", "lvs2"), "`cluster switchover`"),
        (("drain",), "Missing argument 'HOST'"),
        (("drain", "rs1", "--timeout", "-1"), "-1"),
        (("switchover", "--to", "rs1"), "rs1 is not a director; choose from lvs1, lvs2"),
        (("stop",), "there is no terminal to ask on; say --yes"),
        (("restart", "--limit", "directors", "--yes"), "not on lvs1, lvs2; choose from rs1, rs2"),
        (("start", "--limit", "nobody"), "no host or group 'nobody'"),
        (("logs", "laptop"), "laptop has no role, so there is no log"),
        (("logs", "rs1", "--since", "soon"), "'soon' is neither a time such as"),
        (("forget", "rs1"), "rs1 is in the inventory; take it out there first"),
    ],
)
def test_a_wrong_command_line_says_what_is_right(
    inventory: Path, cluster: Cluster, words: tuple[str, ...], said: str
) -> None:
    done = cluster(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert load_record(state(inventory)).runtime == Runtime()


def test_without_directors_nothing_is_drained(inventory: Path, cluster: Cluster) -> None:
    done = cluster("drain", "rs1", "--reason", "换内存条")
    assert done.returncode == 1
    assert "no director can be reached" in done.stderr and "Traceback" not in done.stderr
    assert load_record(state(inventory)).runtime == Runtime()


def test_a_damaged_state_stops_what_would_put_drained_hosts_back(
    inventory: Path, cluster: Cluster
) -> None:
    state(inventory).mkdir(parents=True)
    (state(inventory) / "runtime.json").write_text("{")
    for words in (("render",), ("plan",), ("undrain", "rs1")):
        done = cluster(*words)
        assert done.returncode == 1, words
        assert "is damaged" in done.stderr and "Traceback" not in done.stderr


def test_render_and_plan_know_of_drained_hosts(inventory: Path, cluster: Cluster) -> None:
    drain = Drain("ops@control", "2026-01-01T00:00:00+00:00", "换内存条")
    save_runtime(state(inventory), Runtime({"rs2": drain}))
    shown = cluster("render", "--host", "lvs1").stdout
    assert "# rs2 (drained: established connections go on, new ones go elsewhere)" in shown
    assert "weight 0" in shown
    plan = json.loads(cluster("plan", "--json").stdout)
    assert plan["drained"]["rs2"]["reason"] == "换内存条"
    assert "换内存条" in cluster("plan").stdout


def test_plan_tells_who_leaves_and_forget_gives_it_up(inventory: Path, cluster: Cluster) -> None:
    known = load_inventory(inventory)
    inventory.write_text(_INVENTORY.replace(", rs2: 192.0.2.102", ""), encoding="utf-8")
    remember(state(inventory), known, ["rs1", "rs2"])
    plan = cluster("plan")
    assert "rs2: leaves the cluster" in plan.stdout and "cluster forget rs2" in plan.stdout
    assert json.loads(cluster("plan", "--json").stdout)["leaving"] == ["rs2"]
    assert cluster("forget", "rs2").returncode == 0
    assert json.loads(cluster("plan", "--json").stdout)["leaving"] == []
    again = cluster("forget", "rs2")
    assert again.returncode == 1 and "known: rs1" in again.stderr


def test_a_bundle_is_written_though_no_host_answers(
    inventory: Path, cluster: Cluster, tmp_path: Path
) -> None:
    out = tmp_path / "求助.tar.gz"
    done = cluster("support-bundle", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert out.stat().st_mode & 0o777 == 0o600
    assert "rs1" in done.stderr
    refused = cluster("support-bundle", "--out", str(tmp_path / "none" / "x.tar.gz"))
    assert refused.returncode == 2 and "there is no folder" in refused.stderr
