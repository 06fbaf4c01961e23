"""A sandbox cluster whose only way in is two edges, each with a real ``cosyvoice-edge``."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from provisioning.engine.apply import apply_plan
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.progress import silent
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster.cluster import Cluster
from provisioning.places import EDGE_NODES, EDGE_PROGRAM, EDGE_RUN, NGINX_CONF, NGINX_PROGRAM
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from provisioning.roles.real_server.app import drain_flag
from tests.operations import sandbox_cluster as sandboxes
from tests.operations.sandbox_cluster import HOLDS_VIP, SandboxCluster, SandboxHost, sandbox_cluster

EDGES = ("edge1", "edge2")
_PATHS = (*sandboxes._PATHS, "/etc/nginx", NGINX_PROGRAM, EDGE_PROGRAM, "/var/log/nginx")
_SYSTEMCTL = """\
case $1 in
show) printf 'LoadState=loaded\\nActiveState=active\\nMainPID=1\\nUnitFileState=enabled\\n' ;;
*restart*) echo "$*" >> "$ROOT/systemctl"
    case "$*" in *cosyvoice-edge) "$ROOT/bin/edge-anew" ;; esac ;;
*) echo "$*" >> "$ROOT/systemctl" ;;
esac"""
_ANEW = f"""\
[ ! -f "$ROOT/edge-pid" ] || kill "$(cat "$ROOT/edge-pid")"
rm -f "$RUN/status.sock"
sed "s|{EDGE_RUN}|$RUN|" "$ROOT{EDGE_NODES}" > "$ROOT/edge-nodes"
setsid /usr/bin/python3 -I "$ROOT{EDGE_PROGRAM}" "$ROOT/edge-nodes" > "$ROOT/edge-log" 2>&1 &
echo $! > "$ROOT/edge-pid"
"""
# The socket of one that was just started is there within moments.
_CURL = """\
left=200
until /usr/bin/curl -s --unix-socket "$RUN/status.sock" http://edge/cluster/status; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || exit 1
    /usr/bin/sleep 0.05
done"""


def alone(inventory: Inventory) -> Inventory:
    """The same real servers, behind edges instead of directors."""
    content = inventory.model_dump(mode="json", exclude_unset=True)
    for key in ("vip", "directors"):
        del content[key]
    content["edges"] = {
        "vip": "127.0.0.200",
        "hosts": {"edge1": "127.0.0.51", "edge2": "127.0.0.52"},
    }
    return Inventory.model_validate(content)


@contextmanager
def edges_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxCluster]:
    """The cluster, deployed as far as drains are concerned."""
    monkeypatch.setattr(sandboxes, "_PATHS", _PATHS)
    with sandbox_cluster(folder) as made, tempfile.TemporaryDirectory(prefix="edges") as run:
        made.inventory = alone(made.inventory)
        made.cluster = Cluster(made.inventory, made.cluster.path)
        made.hosts = {name: made.hosts[name] for name in ("rs1", "rs2")}
        try:
            for name in EDGES:
                made.hosts[name] = _edge(folder / name, Path(run) / name)
            (made.hosts["edge1"].root / "addresses").write_text(
                HOLDS_VIP.replace("127.0.0.100", "127.0.0.200")
            )
            deploy(made)
            yield made
        finally:
            for name in EDGES:
                _end(folder / name)


def _edge(root: Path, run: Path) -> SandboxHost:
    host = SandboxHost(root)
    run.mkdir()
    for path in ("etc/nginx", "usr/local/sbin", "var/log/nginx"):
        (root / path).mkdir(parents=True)
    programs = {"systemctl": _SYSTEMCTL, "edge-anew": _ANEW, "curl": _CURL}
    for name, script in programs.items():
        _program(root / "bin" / name, f"ROOT='{root}' RUN='{run}'\n{script}")
    _program(root / NGINX_PROGRAM.lstrip("/"), ":")
    return host


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _end(root: Path) -> None:
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((root / "edge-pid").read_text()), signal.SIGTERM)


def deploy(made: SandboxCluster) -> None:
    """Give hosts the files that drains change, and what edges run."""
    desired = desired_hosts(made.inventory, None, made.cluster.runtime)
    files = (NGINX_CONF, EDGE_NODES, EDGE_PROGRAM)
    for name, host in made.hosts.items():
        ours = tuple(
            one for one in desired[name].resources if isinstance(one, File) and one.path in files
        )
        ours = ours or (drain_flag(made.cluster.runtime, name),)  # type: ignore[assignment]
        plan, _ = observe_and_plan(name, host, (), ours, {})
        if not plan.changes:
            (host.root / "var/lib/cosyvoice-cluster").mkdir()
            (host.root / "var/lib/cosyvoice-cluster/manifest").write_text("mark:x\n\t:\n")
        assert apply_plan(plan, host, run_id="r0", holder="me", progress=silent).ok


def configuration(made: SandboxCluster, edge: str) -> str:
    """Of its Nginx."""
    return (made.hosts[edge].root / NGINX_CONF.lstrip("/")).read_text(encoding="utf-8")
