"""The nodes' secret: made once where the inventory names none, and for its owner's eyes alone."""

import stat
from pathlib import Path

import pytest

from provisioning.model.loading import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.cluster_secret import cluster_secret
from provisioning.operations.session import Site
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts

_INVENTORY = """\
vip: 192.168.1.100
directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}
real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}
"""


def site(folder: Path, more: str = "", text: str = _INVENTORY) -> Site:
    path = folder / "inventory.yaml"
    path.write_text(text + more)
    return Site(load_inventory(path), path)


def test_made_once_and_kept(tmp_path: Path) -> None:
    here = site(tmp_path)
    made = cluster_secret(here)
    assert made is not None and len(made) >= 32
    assert cluster_secret(here) == made
    kept = here.state_dir / "secret"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in here.state_dir.iterdir()] == ["secret"]


def test_the_inventorys_own_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_SECRET", "0123456789abcdef")
    here = site(tmp_path, "app: {secret: {env: TTS_SECRET}}\n")
    assert cluster_secret(here) == "0123456789abcdef"
    assert not here.state_dir.exists()


@pytest.mark.parametrize(
    "text",
    [
        _INVENTORY.replace(", rs2: 192.168.1.102", ""),
        _INVENTORY + "app: {session_routing: false}\n",
    ],
)
def test_none_where_there_is_nothing_to_route(tmp_path: Path, text: str) -> None:
    here = site(tmp_path, text=text)
    assert cluster_secret(here) is None
    names = [
        resource.path
        for resource in desired_hosts(here.inventory, None, Runtime(), "x" * 32)["rs1"].resources
        if isinstance(resource, File)
    ]
    assert "/etc/cosyvoice/peers" not in names and "/etc/cosyvoice/cluster-secret" not in names


def test_on_the_nodes_for_the_app_alone(tmp_path: Path) -> None:
    here = site(tmp_path)
    hosts = desired_hosts(here.inventory, None, Runtime(), "0123456789abcdef")
    for name in ("rs1", "rs2"):
        files = {r.path: r for r in hosts[name].resources if isinstance(r, File)}
        secret = files["/etc/cosyvoice/cluster-secret"]
        assert secret.content == "0123456789abcdef\n"
        assert (secret.mode, secret.group, secret.sensitive) == (0o640, "cosyvoice", True)
        assert [handler.name for handler in secret.triggers] == ["restart cosyvoice"]
        # A node that joins must not restart the others.
        assert not files["/etc/cosyvoice/peers"].triggers
    others = [r for name in ("lvs1", "lvs2") for r in hosts[name].resources]
    assert not any("0123456789abcdef" in repr(resource) for resource in others)
