"""The things that can be done to a lab: up, down, and accidents to its machines on purpose."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace

from . import (
    build,
    cgroups,
    console,
    forwarding,
    machines,
    network,
    processes,
    requirements,
)
from .bare import apt_cache, supply
from .bare.mirror import of_this_computer
from .build import Report
from .commands import run
from .errors import LabError, LabUsageError
from .partition import Cut, ruleset
from .running import Lab
from .state import Forward, Phase, StateFolder
from .topology import Topology


def _silent(_line: str) -> None:
    pass


def up(
    topology: Topology,
    web_port: int = 0,
    vip_ports: Sequence[int] = (),
    asks_password: bool = False,
    report: Report = _silent,
) -> Lab:
    """Make a lab and return when every machine can be deployed to.

    ``web_port`` is the port of 127.0.0.1 that leads to the app's port of the VIP (0: any free
    one); ``vip_ports`` are further ports of the VIP to lead to. With ``asks_password`` sudo asks
    for one on the machines; it is then in the state folder's ``sudo_password``.

    Raises LabError if something is missing on the host, a lab of that name is up, or a machine
    does not come; nothing is left behind then.
    """
    requirements.check(bare=bool(topology.debian))
    folder = StateFolder(topology.name)
    with folder.locked():
        _refuse_if_up(folder)
        if leftovers(folder.name):
            report("removing what an earlier lab of this name left behind")
            _clear(folder)
        if note := requirements.memory_note(topology.memory):
            report(note)
        forwards = [Forward(web_port, str(topology.vip), topology.web_port)]
        forwards += [Forward(0, str(topology.vip), port) for port in vip_ports]
        try:
            return Lab(folder, build.build(folder, topology, forwards, asks_password, report))
        except BaseException:
            _clear(folder)
            folder.remove()
            raise


def down(name: str) -> int:
    """Remove a lab, whole or half-made, and return how many processes it had.

    Raises LabError if another command is at work on it, or something cannot be removed.
    """
    requirements.require_linux()
    requirements.require_root()
    folder = StateFolder(name)
    with folder.locked():
        ended = _clear(folder)
        folder.remove()
    return ended


def leftovers(name: str) -> list[str]:
    """List whatever there is of a lab on this machine, one line each; empty after `down`."""
    folder = StateFolder(name)
    spaces = network.existing(name)
    inside = dict.fromkeys(processes.inside(_identities(spaces)), "in its network")
    pids = inside | {process.pid: process.part for process in processes.of_lab(name)}
    files = sorted(folder.path.iterdir()) if folder.path.is_dir() else []
    files += sorted(folder.disks.iterdir()) if folder.disks.is_dir() else []
    return [
        *(f"process {pid} ({part})" for pid, part in sorted(pids.items())),
        *(f"network namespace {space}" for space in spaces),
        *(f"file {file}" for file in files),
    ]


def kill(lab: Lab, node: str) -> None:
    """Cut a machine's power: its kernel ends at once, nothing is sent or written any more."""
    processes.end_part(lab.name, lab.topology.node(node).name)


def reboot(lab: Lab, name: str, report: Report = _silent) -> None:
    """Restart a bare machine as Ctrl+Alt+Del on its console does; returns when it lets the lab's
    key in again.

    Raises LabError if it is not bare, not running or does not come back.
    """
    node = lab.topology.node(name)
    if node.debian is None:
        raise LabError(
            f"{name} has no disk to boot from again: only bare machines reboot (cluster lab up"
            f" --bare). Power it off and on: cluster lab kill {name}; cluster lab start {name}"
        )
    leader = _leader(lab, name)
    boot = _boot_id(lab, name)
    if node.shares_kernel:
        # What the kernel does to PID 1 when these keys are pressed.
        os.kill(leader.pid, signal.SIGINT)
    else:
        console.ctrl_alt_del(leader.pid, lab.folder.node(name))
    build.wait_ready(
        lab.folder, lab.record, [node], report, lambda: _boot_id(lab, name) not in ("", boot)
    )


def stop(lab: Lab, node: str) -> None:
    """Freeze a machine: it neither answers nor refuses, as if its kernel hung."""
    os.kill(_leader(lab, node).pid, signal.SIGSTOP)


def resume(lab: Lab, node: str) -> None:
    """Let a frozen machine go on."""
    os.kill(_leader(lab, node).pid, signal.SIGCONT)


def start(lab: Lab, names: Sequence[str] = (), report: Report = _silent) -> list[str]:
    """Boot machines that are down. A bare one has its disk as the power cut left it; of all others
    what was written on them is gone.

    Without names, all that are down. The forwarder and the cache of apt are started again if they
    have ended. Returns what was started. Raises LabError if a machine is up already or does not
    come.
    """
    with lab.folder.locked():
        wanted = [lab.topology.node(name) for name in names] or list(lab.topology.nodes)
        down = [node for node in wanted if processes.leader(lab.name, node.name) is None]
        if names and len(down) < len(wanted):
            running_now = ", ".join(node.name for node in wanted if node not in down)
            raise LabError(f"Already running: {running_now}. To boot afresh, kill first.")
        started = []
        if not processes.of_part(lab.name, forwarding.PART):
            _restart_forwarder(lab)
            started.append(forwarding.PART)
        if lab.topology.debian and not processes.of_part(lab.name, apt_cache.PART):
            supply.start_apt_cache(lab.folder, of_this_computer())
            started.append(apt_cache.PART)
        for node in down:
            processes.end_part(lab.name, node.name)
            machines.start(lab.name, node, lab.folder.node(node.name))
        build.wait_ready(lab.folder, lab.record, down, report)
    return [*started, *(node.name for node in down)]


def partition(lab: Lab, one: str, other: str | None = None, control: bool = False) -> Lab:
    """Cut a machine from another, or from all, besides the cuts there are; `Cut` says how.

    Raises LabError if there is no such machine, or the host's kernel cannot filter on a bridge.
    """
    lab.topology.node(one)
    if other is not None and lab.topology.node(other).name == one:
        raise LabUsageError(f"{one} cannot be cut from itself: name another machine.")
    cut = Cut(one, other, control)
    return _cut(lab, tuple(dict.fromkeys((*lab.record.cuts, cut))))


def heal(lab: Lab) -> Lab:
    """Undo every cut."""
    return _cut(lab, ())


def _cut(lab: Lab, cuts: tuple[Cut, ...]) -> Lab:
    with lab.folder.locked():
        space = network.switch_namespace(lab.name)
        run(["ip", "netns", "exec", space, "nft", "-f", "-"], ruleset(cuts))
        record = replace(lab.record, cuts=cuts)
        lab.folder.write(record)
    return Lab(lab.folder, record)


def _leader(lab: Lab, node: str) -> processes.Process:
    name = lab.topology.node(node).name
    leader = processes.leader(lab.name, name)
    if leader is None:
        raise LabError(f"{name} is not running. Boot it: cluster lab start {name}")
    return leader


def _boot_id(lab: Lab, name: str) -> str:
    """The id of the running boot (random(4)), and when PID 1 began, which is all there is of it on
    a shared kernel (proc(5)); empty if the machine does not answer."""
    script = "cat /proc/sys/kernel/random/boot_id; cut -d ' ' -f 22 /proc/1/stat"
    return lab.exec(name, ["sh", "-c", script]).stdout.strip()


def _restart_forwarder(lab: Lab) -> None:
    to_sshd = forwarding.to_sshd(lab.topology, lab.record.ssh_ports)
    wanted = [*to_sshd, *lab.record.forwards]
    inward = supply.ways_out(lab.folder, lab.topology)
    forwarding.start(lab.name, wanted, lab.folder.forwarder_log, inward)


def _refuse_if_up(folder: StateFolder) -> None:
    record = folder.read()
    if record is None or record.phase is not Phase.UP or not processes.of_lab(folder.name):
        return
    minutes = (time.time() - record.created) / 60
    raise LabError(
        f"A lab {folder.name!r} of {len(record.topology.nodes)} machines is up since"
        f" {minutes:.0f} min. Use it (cluster lab status), remove it (cluster lab down), or give"
        " the new one another --name."
    )


def _clear(folder: StateFolder) -> int:
    """Remove all of a lab but its folder, which the caller holds locked."""
    spaces = network.existing(folder.name)
    ended = processes.end_all(folder.name, _identities(spaces))
    network.remove(folder.name)
    cgroups.remove(folder.name)
    folder.empty()
    return ended


def _identities(spaces: Sequence[str]) -> set[tuple[int, int]]:
    return {network.identity(space) for space in spaces}
