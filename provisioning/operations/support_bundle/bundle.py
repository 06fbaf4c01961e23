"""Everything that somebody needs who is to say what is wrong with a cluster, in one archive,
without secrets."""

import gzip
import io
import json
import platform
import shlex
import tarfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ... import __version__
from ...engine.fleet import Fleet
from ...engine.observe import run_fragments
from ...model.derived.resolve import all_hosts
from ...model.inventory import Inventory
from ...model.secrets.secret import SecretError
from ...places import STATE
from ...resources.file import File
from ...roles.desired import desired_hosts
from ...roles.registry import roles_of
from ...roles.rendering import RenderingError
from ...transport.base import Transport
from ..cluster.cluster import Cluster
from ..cluster_state.look import look_at
from ..faults.registry import all_faults
from ..logs.sources import log_sources, read_script
from ..status.record import status_record
from .dead_hosts import last_words
from .known_secrets import known_secrets
from .redaction import Redactor, without_texts

_LOG_LINES = 2000
_LONGEST = 512 * 1024
"""Bytes of one file or answer of a host; the end of it counts."""
_RUNS = 20
"""Runs of the journal, the latest."""
_TIMEOUT = 90.0

_EVERYWHERE = {
    "system.txt": "uname -a; cat /etc/os-release; uptime; date --iso-8601=seconds; nproc; free -m",
    "addresses.txt": "ip address show; ip -4 route show; ip -6 route show; ip neighbour show",
    "sockets.txt": "ss -Htanp state listening 2>/dev/null | sed 's/ *users:.*//'",
    "processes.txt": "ps -eo pid,ppid,user,etime,rss,stat,comm",
    "disks.txt": "timeout -s KILL 5 df -hT; cat /proc/mounts",
    "kernel.txt": "dmesg | tail -n 300",
    "managed.txt": f"grep -v '^\t' {STATE}/manifest 2>/dev/null || :; ls -la {STATE} {STATE}/runs",
}


def write_bundle(cluster: Cluster, fleet: Fleet, path: Path) -> dict[str, str]:
    """Writes the archive, readable for its owner alone; what could not be had, by host. Raises
    ``OSError`` where ``path`` cannot be written."""
    redactor = Redactor(known_secrets(cluster))
    errors: dict[str, str] = {}
    members = {
        name: redactor.clean(without_texts(text) if name.startswith("logs/") else text)
        for name, text in _collect(cluster, fleet, errors)
    }
    members["errors.json"] = redactor.clean(json.dumps(errors, ensure_ascii=False, indent=2))
    plain = io.BytesIO()
    folder = path.name.partition(".")[0]
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in sorted(members.items()):
            data = text.encode("utf-8", "backslashreplace")
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size, member.mode, member.mtime = len(data), 0o600, int(time.time())
            archive.addfile(member, io.BytesIO(data))
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(gzip.compress(plain.getvalue()))
    return errors


def _collect(cluster: Cluster, fleet: Fleet, errors: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Names in the archive and texts, as they are."""
    inventory = cluster.inventory
    yield (
        "about.json",
        _json(
            {
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
                "cluster": inventory.name,
                "version": __version__,
                "python": platform.python_version(),
                "control_machine": platform.platform(),
            }
        ),
    )
    yield "inventory.yaml", cluster.path.read_text(encoding="utf-8", errors="replace")
    yield "runtime.json", _json(asdict(cluster.runtime))
    for run in sorted(cluster.history_dir.glob("*.jsonl"))[-_RUNS:]:
        yield f"journal/{run.name}", run.read_text(encoding="utf-8", errors="replace")
    state = look_at(inventory, fleet, cluster.record)
    faults = all_faults(inventory, state)
    yield "status.json", _json(status_record(inventory, state, faults))
    rendered = _rendered(cluster, errors)
    for name, files in rendered.items():
        for file in files:
            yield f"rendered/{name}{file.path}", file.content
    questions = {name: _questions(inventory, name, rendered[name]) for name in rendered}
    fleet.connect(questions)

    def look(name: str, transport: Transport) -> dict[str, str]:
        found = run_fragments(name, transport, questions[name], timeout=_TIMEOUT)
        return {key: one.stdout + one.stderr for key, one in found.items()}

    for name, answers in fleet.each(questions, look).items():
        for key, text in answers.items():
            yield key.replace("HOST", name, 1), text
    unreached = {name: str(fleet.errors[name]) for name in questions if name in fleet.errors}
    texts, problems = last_words(inventory, fleet, list(unreached))
    errors |= unreached | problems
    for name, text in texts.items():
        yield f"logs/{name}/from-log-host.log", text


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, default=dict) + "\n"


def _rendered(cluster: Cluster, errors: dict[str, str]) -> dict[str, list[File]]:
    """Render what is wanted on each host; no files where it cannot be told."""
    found: dict[str, list[File]] = {name: [] for name in all_hosts(cluster.inventory)}
    try:
        desired = desired_hosts(cluster.inventory, None, cluster.runtime)
    except (RenderingError, SecretError) as error:
        errors["rendering"] = str(error)
        return found
    for name, host in desired.items():
        found[name] = [one for one in host.resources if isinstance(one, File)]
    return found


def _questions(inventory: Inventory, name: str, files: list[File]) -> dict[str, str]:
    """Fragments by the name in the archive; the first HOST in it stands for the host."""
    asked = {f"hosts/HOST/{key}": look for key, look in _EVERYWHERE.items()}
    for role in roles_of(inventory, name):
        asked |= {f"hosts/HOST/{key}": look for key, look in role.diagnostics.items()}
    for file in files:
        asked[f"found/HOST{file.path}"] = f"tail -c {_LONGEST} -- {shlex.quote(file.path)}"
    for source in log_sources(inventory, name):
        script = read_script(source, lines=_LOG_LINES, age=None, follow=False)
        asked[f"logs/HOST/{source.service}.log"] = f"( {script} ) | tail -c {_LONGEST}"
    return asked
