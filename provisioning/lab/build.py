"""Making the machines of a lab, and waiting until each lets the lab's key in."""

import secrets
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path, PurePosixPath

from . import (
    forwarding,
    inventory,
    machine_files,
    machines,
    network,
    ssh_client,
    ssh_keys,
)
from .accounts import Accounts, free_number
from .bare import supply
from .bare.files import LOGIN_NUMBER
from .bare.supply import Supply
from .commands import run
from .errors import LabError
from .machine_files import Identity, Interpreter
from .state import Forward, Phase, Record, StateFolder
from .topology import Node, Topology

Report = Callable[[str], None]
"""Takes one line of progress."""

_PATIENCE = 90.0
"""Seconds a machine may take to boot on a busy host; an idle one needs a tenth."""
_BARE_PATIENCE = 900.0
"""The same for one that is bare: systemd starts some hundred programs. One that has ended is not
waited for."""
_POLL = 0.1


def build(
    folder: StateFolder,
    topology: Topology,
    forwards: Sequence[Forward],
    asks_password: bool,
    report: Report,
) -> Record:
    """Make network, machines and the way to them; returns when all are ready to deploy to.

    Raises LabError at the first thing that fails, leaving what was made for `down`.
    """
    supplied = supply.provide(topology, report)
    # Written first: whatever is cut off from here on is found and removed by its name.
    record = Record(topology, {}, (), time.time(), Phase.MAKING)
    folder.write(record)
    network.create(topology)
    report(f"network {topology.lan.network}")
    keys = {node.name: ssh_keys.generate() for node in topology.nodes}
    login = ssh_keys.generate()
    _write_secret(folder.key, login.private)
    password_hash = _new_password(folder.sudo_password) if asks_password else None
    number = free_number(_host_accounts())
    for node in topology.nodes:
        own_number = LOGIN_NUMBER if node.debian else number
        who = Identity(keys[node.name], f"{login.public} lab", own_number, password_hash)
        _write(folder, topology, node, who, supplied)
        machines.start(topology.name, node, folder.node(node.name))
    report(f"{len(topology.nodes)} machines boot")
    if supplied:
        supply.start_apt_cache(folder, supplied.mirror)
    record = _with_ports(record, _forward(folder, topology, forwards))
    known_hosts = machine_files.known_hosts(topology, keys, record.ssh_ports)
    folder.known_hosts.write_text(known_hosts, "utf-8")
    _write_for_people(folder, record, asks_password)
    wait_ready(folder, record, topology.nodes, report)
    record = replace(record, phase=Phase.UP)
    folder.write(record)
    return record


def wait_ready(
    folder: StateFolder,
    record: Record,
    nodes: Sequence[Node],
    report: Report,
    also: Callable[[], bool] = lambda: True,
) -> None:
    """Wait until every one of these machines lets the lab's key in, and ``also`` is true.

    Raises LabError for a machine that ends or takes too long.
    """
    patience = _BARE_PATIENCE if any(node.debian for node in nodes) else _PATIENCE
    deadline = time.monotonic() + patience
    given_up = threading.Event()

    def wait(node: Node) -> None:
        port = record.ssh_ports[node.name]
        while not (
            ssh_client.answers(port) and ssh_client.logs_in(folder.ssh_config, node.name) and also()
        ):
            machines.require_running(folder.name, node, folder.console(node.name))
            if time.monotonic() > deadline:
                raise LabError(
                    f"{node.name} did not let the lab's key in within {patience:.0f} s. Its"
                    f" console: {folder.console(node.name)}"
                )
            if given_up.wait(_POLL):
                return
        report(f"{node.name} ({node.role}) answers on 127.0.0.1:{port}")

    with ThreadPoolExecutor(max_workers=max(1, len(nodes))) as pool:
        try:
            for result in as_completed([pool.submit(wait, node) for node in nodes]):
                result.result()
        except BaseException:
            given_up.set()
            raise


def _write(
    folder: StateFolder, topology: Topology, node: Node, who: Identity, supplied: Supply | None
) -> None:
    if node.debian and supplied:
        supply.write_machine(folder, topology, node, node.debian, who, supplied)
    else:
        files = machine_files.machine_files(topology, node, _host_accounts(), who, _interpreter())
        machines.write(folder.node(node.name), files)


def _forward(folder: StateFolder, topology: Topology, forwards: Sequence[Forward]) -> list[Forward]:
    wanted = [*forwarding.to_sshd(topology, {}), *forwards]
    inward = supply.ways_out(folder, topology)
    return forwarding.start(topology.name, wanted, folder.forwarder_log, inward)


def _with_ports(record: Record, forwards: Sequence[Forward]) -> Record:
    nodes = record.topology.nodes
    ports = {node.name: f.host_port for node, f in zip(nodes, forwards, strict=False)}
    return replace(record, ssh_ports=ports, forwards=tuple(forwards[len(nodes) :]))


def _write_for_people(folder: StateFolder, record: Record, asks_password: bool) -> None:
    config = ssh_client.config(record.ssh_ports, folder.key, folder.known_hosts)
    folder.ssh_config.write_text(config, "utf-8")
    text = inventory.render(
        record.topology,
        record.ssh_ports,
        folder.inventory,
        folder.key,
        folder.known_hosts,
        python=None if record.topology.debian else Path(sys.prefix, "bin/python"),
        sudo_password=folder.sudo_password if asks_password else None,
    )
    folder.inventory.write_text(text, "utf-8")


def _new_password(file: Path) -> str:
    password = secrets.token_urlsafe(12)
    _write_secret(file, f"{password}\n")
    return run(["openssl", "passwd", "-6", "-stdin"], f"{password}\n").strip()


def _write_secret(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, "utf-8")


def _host_accounts() -> Accounts:
    passwd, group, shadow = (Path("/etc", name).read_text() for name in Accounts.__annotations__)
    return Accounts(passwd, group, shadow)


def _interpreter() -> Interpreter:
    written = (Path(sys.prefix), Path(sys.base_prefix))
    paths = {PurePosixPath(form) for path in written for form in (path, path.resolve())}
    return Interpreter(tuple(sorted(paths)))
