"""Files that one node writes to the outputs folder, as the app's user, the others can read.

Each real server writes a small hidden file of its own, then each reads all, then each removes
its own. A file that a cut run left behind is removed by a later one.
"""

import secrets
import shlex
from dataclasses import dataclass, field

from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import run_fragments
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.verify.check import CheckResult
from provisioning.resources.base import Observation
from provisioning.transport.base import Transport

NAME = "what a node writes to the outputs folder, all nodes can read"
_PREFIX = ".cluster-verify-"
_PATIENCE = 10
"""Seconds the file server may take."""
_KEY = "shared"


@dataclass(slots=True)
class SharedWrite:
    """Nodes that could write, and files that each could read."""

    unwritten: dict[str, str] = field(default_factory=dict)
    """Reason for which a node could not write."""
    unread: dict[str, list[str]] = field(default_factory=dict)
    """Of whom a node could not read the file."""
    nodes: list[str] = field(default_factory=list)
    """Nodes that took part."""
    away: list[str] = field(default_factory=list)
    """Nodes that have no mount, or one that does not answer."""


def try_shared_write(inventory: Inventory, fleet: Fleet, state: ClusterState) -> SharedWrite:
    """Writes, reads and removes: three round trips per real server. Those whose mount is away
    are spared, as they could only wait."""
    token = secrets.token_hex(8)
    result = SharedWrite()
    servers = state.real_servers
    names = [name for name, one in servers.items() if one.mount and one.mount.answers]
    result.away = [name for name in servers if name not in names]
    files = {name: f"{_PREFIX}{token}-{name}" for name in names}

    def run(fragment: dict[str, str]) -> dict[str, Observation]:
        def one(name: str, transport: Transport) -> Observation:
            asked = {_KEY: _as_user(inventory, fragment[name])}
            return run_fragments(name, transport, asked, timeout=3 * _PATIENCE)[_KEY]

        return fleet.each(fragment, one)

    try:
        written = run({name: _write(files[name], token) for name in names})
        for name, found in written.items():
            if found.status:
                result.unwritten[name] = _reason(found)
        result.nodes = [name for name in written if name not in result.unwritten]
        others = [files[name] for name in result.nodes]
        for name, found in run(dict.fromkeys(result.nodes, _read(others))).items():
            missing = [n for n in result.nodes if f"{files[n]} {token}" not in found.stdout]
            if missing:
                result.unread[name] = missing
    finally:
        run({name: f"rm -f -- {shlex.quote(files[name])}" for name in names})
    return result


def check_shared_write(inventory: Inventory, result: SharedWrite | None) -> CheckResult:
    """Pure."""
    if inventory.storage is None or result is None:
        return CheckResult(NAME, None, "the inventory has no storage")
    folder = inventory.storage.mount_point
    if result.away:
        evidence = f"{', '.join(result.away)} could not try: the folder is not there"
        return CheckResult(NAME, False, evidence, "mend that first: see the check of the folder")
    problems = [f"{name} cannot write: {why}" for name, why in result.unwritten.items()]
    problems += [
        f"{name} does not see what {', '.join(missing)} wrote"
        for name, missing in result.unread.items()
    ]
    if problems or not result.nodes:
        fix = (
            f"the user {inventory.app.user} needs the same number on all nodes, and must own"
            f" {folder}; `cluster deploy` sees to both"
        )
        return CheckResult(NAME, False, "; ".join(problems) or "no node could try", fix)
    return CheckResult(NAME, True, f"{', '.join(result.nodes)} in {folder}")


def _as_user(inventory: Inventory, script: str) -> str:
    """The script in the folder, as the app's user; a hard mount's hang ends at SIGKILL only."""
    assert inventory.storage is not None
    user = shlex.quote(inventory.app.user)
    folder = shlex.quote(str(inventory.storage.mount_point))
    return (
        f'timeout -s KILL {_PATIENCE} setpriv --reuid {user} --regid "$(id -g {user})"'
        f" --init-groups -- sh -euc {shlex.quote(f'cd {folder}; {script}')}"
    )


def _write(file: str, token: str) -> str:
    # Old is what the file server changed ten minutes before this: the node's clock may be wrong.
    own = shlex.quote(file)
    return (
        f"printf '%s\\n' {token} > {own}; old=$(($(stat -c %Y -- {own}) - 600));"
        f" find . -maxdepth 1 -name '{_PREFIX}*' ! -newermt \"@$old\" -delete"
    )


def _read(files: list[str]) -> str:
    words = shlex.join(files)
    return f'for f in {words}; do echo "$f $(cat "$f")"; done'


def _reason(found: Observation) -> str:
    if found.status == 128 + 9:
        return f"the file server did not answer within {_PATIENCE} s"
    return (found.stderr.strip().splitlines() or [f"status {found.status}"])[-1]
