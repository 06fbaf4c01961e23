"""The nodes' secret: made once where the inventory names none, for its owner's eyes alone, and the
same for whoever deploys from wherever."""

import stat
from pathlib import Path

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.model.cluster_record import secret_id
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.model.secrets.shared_secret import SharedSecret
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster.secret import cluster_secret, keep_secret, known_secret
from provisioning.operations.errors import OperationError
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from provisioning.transport.base import Transport, UnreachableError
from tests.operations.sandbox_cluster import SandboxHost

_INVENTORY = """\
vip: 192.168.1.100
directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}
real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102, rs3: 192.168.1.103}}
"""
_OURS, _THEIRS, _ODD = ("ours" * 8, "theirs" * 6, "odd" * 10)


def cluster(folder: Path, more: str = "", text: str = _INVENTORY) -> Cluster:
    folder.mkdir(exist_ok=True)
    path = folder / "inventory.yaml"
    path.write_text(text + more)
    return Cluster(load_inventory(path), path)


class Nodes:
    """Real servers, and what they have; others cannot be reached."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hosts: dict[str, SandboxHost] = {}
        self.asked: list[str] = []

    def have(self, **secrets: str) -> None:
        for name, secret in secrets.items():
            self.hosts[name] = host = SandboxHost(self.folder / name)
            if secret:
                (host.root / "etc/cosyvoice/cluster-secret").write_text(f"{secret}\n")

    def fleet(self) -> Fleet:
        def connect(name: str) -> Transport:
            self.asked.append(name)
            if name not in self.hosts:
                raise UnreachableError(f"{name}: nobody answers")
            return self.hosts[name]

        return Fleet(connect, forks=4)


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    return Nodes(tmp_path / "hosts")


def keep(here: Cluster, secret: str) -> None:
    here.state_dir.mkdir(parents=True)
    path = here.state_dir / "secret"
    path.write_text(f"{secret}\n")
    path.chmod(0o600)


def test_made_once_kept_and_written_by_nobody_who_only_looks(tmp_path: Path, nodes: Nodes) -> None:
    nodes.have(rs1="", rs2="", rs3="")
    here = cluster(tmp_path / "here")
    made = cluster_secret(here, nodes.fleet(), None)
    assert made is not None and made.made_here and len(made.value) >= 32 and not made.told
    assert known_secret(here) is None and not here.state_dir.exists()
    keep_secret(here, made)
    assert known_secret(here) == made.value
    kept = here.state_dir / "secret"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in here.state_dir.iterdir()] == ["secret"]


def test_a_folder_that_the_cluster_agrees_with_asks_nobody(tmp_path: Path, nodes: Nodes) -> None:
    here = cluster(tmp_path / "here")
    keep(here, _OURS)
    found = cluster_secret(here, nodes.fleet(), secret_id(_OURS))
    assert found is not None and found.value == _OURS and not nodes.asked


def test_a_fresh_clone_takes_over_what_the_real_servers_have(tmp_path: Path, nodes: Nodes) -> None:
    nodes.have(rs1=_THEIRS, rs2=_THEIRS, rs3="")
    found = cluster_secret(cluster(tmp_path / "here"), nodes.fleet(), None)
    assert found is not None and found.value == _THEIRS
    assert "taken over" in found.told and _THEIRS not in found.told


@pytest.mark.parametrize(
    ("folder", "hosts", "remembered", "wins"),
    [
        # A folder with a secret of its own is a stranger, however it came by that.
        (_OURS, (_THEIRS, _THEIRS, _THEIRS), None, _THEIRS),
        (_OURS, (_THEIRS, _THEIRS, _THEIRS), _THEIRS, _THEIRS),
        # One node that was changed by hand is put right.
        (_OURS, (_OURS, _ODD, _OURS), None, _OURS),
        (None, (_THEIRS, _ODD, _THEIRS), None, _THEIRS),
        # What the cluster remembers counts, also against the many.
        (None, (_ODD, _THEIRS, _ODD), _THEIRS, _THEIRS),
        (_OURS, (_THEIRS, _THEIRS, _THEIRS), _OURS, _OURS),
        # As many on either side: the folder's.
        (_OURS, (_OURS, _THEIRS, ""), None, _OURS),
        (_OURS, ("", "", ""), None, _OURS),
    ],
)
def test_which_one_counts(
    tmp_path: Path,
    nodes: Nodes,
    folder: str | None,
    hosts: tuple[str, str, str],
    remembered: str | None,
    wins: str,
) -> None:
    nodes.have(**dict(zip(("rs1", "rs2", "rs3"), hosts, strict=True)))
    here = cluster(tmp_path / "here")
    if folder:
        keep(here, folder)
    id = secret_id(remembered) if remembered else None
    found = cluster_secret(here, nodes.fleet(), id)
    assert found is not None and found.value == wins
    if wins != folder:
        assert "taken over" in found.told
    keep_secret(here, found)
    assert known_secret(here) == wins


def test_never_another_one_where_the_clusters_is_out_of_reach(tmp_path: Path, nodes: Nodes) -> None:
    nodes.have(rs3="")
    with pytest.raises(OperationError, match="rs1, rs2"):
        cluster_secret(cluster(tmp_path / "here"), nodes.fleet(), secret_id(_THEIRS))


def test_the_inventorys_own_wins(
    tmp_path: Path, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_SECRET", "0123456789abcdef")
    here = cluster(tmp_path / "here", "app: {secret: {env: TTS_SECRET}}\n")
    found = cluster_secret(here, nodes.fleet(), None)
    assert found is not None and found.value == "0123456789abcdef"
    keep_secret(here, found)
    assert not here.state_dir.exists() and not nodes.asked


@pytest.mark.parametrize(
    "text",
    [
        _INVENTORY.replace(", rs2: 192.168.1.102, rs3: 192.168.1.103", ""),
        _INVENTORY + "app: {session_routing: false}\n",
    ],
)
def test_none_where_there_is_nothing_to_route(tmp_path: Path, nodes: Nodes, text: str) -> None:
    here = cluster(tmp_path / "here", text=text)
    assert cluster_secret(here, nodes.fleet(), None) is None and not nodes.asked
    names = [
        resource.path
        for resource in desired_hosts(here.inventory, None, Runtime(), SharedSecret("x" * 32))[
            "rs1"
        ].resources
        if isinstance(resource, File)
    ]
    assert "/etc/cosyvoice/peers" not in names and "/etc/cosyvoice/cluster-secret" not in names


def test_on_the_nodes_for_the_app_alone(tmp_path: Path) -> None:
    here = cluster(tmp_path / "here")
    hosts = desired_hosts(here.inventory, None, Runtime(), SharedSecret("0123456789abcdef"))
    for name in ("rs1", "rs2"):
        files = {r.path: r for r in hosts[name].resources if isinstance(r, File)}
        secret = files["/etc/cosyvoice/cluster-secret"]
        assert secret.content == "0123456789abcdef\n"
        assert (secret.mode, secret.group, secret.sensitive) == (0o640, "cosyvoice", True)
        assert [handler.name for handler in secret.triggers] == ["restart cosyvoice"]
        accepted = files["/etc/cosyvoice/cluster-secret.accepted"]
        assert (accepted.content, accepted.mode, accepted.sensitive) == ("", 0o640, True)
        assert not accepted.triggers
        # A node that joins must not restart the others.
        assert not files["/etc/cosyvoice/peers"].triggers
    others = [r for name in ("lvs1", "lvs2") for r in hosts[name].resources]
    assert not any("0123456789abcdef" in repr(resource) for resource in others)
