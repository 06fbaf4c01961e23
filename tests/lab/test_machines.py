"""The machines of a lab: each really one of its own, reachable, mortal, and gone after `down`."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml

from provisioning.lab import forwarding, lifecycle, machines, processes, state, status
from provisioning.lab.errors import LabError
from provisioning.lab.running import Lab, find
from provisioning.lab.status import Condition
from provisioning.lab.topology import CLIENTS, Kernel, Lan, Size, plan
from provisioning.model.inventory import Inventory
from tests.lab.conftest import MakeLab

pytestmark = pytest.mark.lab

TINY = Size(directors=1, real_servers=1, storage=0, director_memory=128, real_server_memory=128)
VIP_PORT = 7860


def said(lab: Lab, node: str, script: str) -> str:
    """What a shell script prints on a machine; it must succeed."""
    done = lab.exec(node, ["sh", "-c", script])
    assert done.returncode == 0, f"{node}: {script}: {done.stderr}"
    return done.stdout.strip()


def eventually(true: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def node_status(lab: Lab, name: str) -> status.NodeStatus:
    """One machine's line of the status."""
    return next(node for node in status.status(lab).nodes if node.name == name)


def reaches(lab: Lab, source: str, target: str) -> bool:
    """Whether an echo request comes back; asked every second until one does, for 5 s.

    A virtual kernel that gets no turn on a busy machine leaves one request unanswered.
    """
    address = str(lab.topology.node(target).address)
    return lab.exec(source, ["ping", "-qc1", "-w5", address]).returncode == 0


# What the machines are


def test_every_machine_lets_the_operator_in_who_can_become_root(bare_lab: Lab) -> None:
    for node in bare_lab.topology.nodes:
        assert said(bare_lab, node.name, "id -un; sudo -n id -un; hostname") == (
            f"ops\nroot\n{node.name}"
        )


def test_machines_have_kernels_of_their_own_and_the_client_has_not(bare_lab: Lab) -> None:
    boots = {
        node.name: said(bare_lab, node.name, "cat /proc/sys/kernel/random/boot_id")
        for node in bare_lab.topology.nodes
    }
    assert len(set(boots.values())) == len(boots)
    host = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert [name for name, boot in boots.items() if boot == host] == ["client1"]
    assert said(bare_lab, "lvs1", "uname -r") == machines.uml_version()


def test_directors_balance_with_the_ipvs_of_their_kernel(bare_lab: Lab) -> None:
    table = said(
        bare_lab,
        "lvs2",
        "sudo modprobe -a ip_vs ip_vs_rr ip_vs_sh ip_vs_mh &&"
        " sudo ipvsadm -A -t 10.77.0.100:7860 -s mh && sudo ipvsadm -Ln && sudo ipvsadm -C",
    )
    assert "TCP  10.77.0.100:7860 mh" in table


def test_storage_machine_exports_its_data_disk(bare_lab: Lab) -> None:
    said(
        bare_lab,
        "nas1",
        "sudo sh -ec 'modprobe nfsd; mount -t nfsd nfsd /proc/fs/nfsd; rpcbind;"
        " mkdir -m 777 /srv/out; exportfs -o rw,fsid=0,no_subtree_check 10.77.0.0/24:/srv;"
        " rpc.nfsd 2; rpc.mountd'",
    )
    assert said(bare_lab, "nas1", "findmnt -no FSTYPE /srv") == "tmpfs"
    said(bare_lab, "rs1", "sudo mount -t nfs4 10.77.0.31:/ /mnt && echo 声音 >/mnt/out/a")
    assert said(bare_lab, "nas1", "cat /srv/out/a; rm /srv/out/a") == "声音"
    said(bare_lab, "rs1", "sudo umount /mnt")


def test_any_user_of_a_machine_can_run_the_python_of_the_inventory(bare_lab: Lab) -> None:
    python = yaml.safe_load(bare_lab.inventory.read_text())["app"]["python"]
    prefix = said(
        bare_lab, "rs1", f"sudo -u nobody {shlex.quote(python)} -c 'import sys; print(sys.prefix)'"
    )
    assert prefix == sys.prefix


def test_machines_look_like_fresh_servers(bare_lab: Lab) -> None:
    assert said(bare_lab, "rs1", "ls /etc/keepalived /etc/supervisor/conf.d /srv | grep -v :") == ""
    assert said(bare_lab, "rs1", "cat /etc/exports /etc/fstab") == ""
    running = said(bare_lab, "rs1", "ps -eo comm").split()
    assert not {"supervisord", "keepalived", "rpcbind"} & set(running)
    assert "sshd" in running
    assert "rs1" in said(bare_lab, "rs1", "getent hosts rs1") and "ops" in said(
        bare_lab, "rs1", "ps aux"
    )


@pytest.mark.parametrize("node", ["rs1", "client1"])
def test_orphans_are_taken_in_by_the_first_process(bare_lab: Lab, node: str) -> None:
    said(bare_lab, node, "for i in 1 2 3; do (sh -c 'sleep 0.1 & exit' &); done")
    assert eventually(lambda: said(bare_lab, node, "ps -eo stat | grep -c Z || :") == "0")


def test_no_machine_can_write_to_the_hosts_files(bare_lab: Lab) -> None:
    mark = f"lab-test-{os.getpid()}"
    said(bare_lab, "rs1", f"sudo touch /etc/{mark} /usr/{mark} && ls /etc/{mark} /usr/{mark}")
    said(bare_lab, "rs1", "sudo mount -t hostfs none /mnt")
    again = bare_lab.exec("rs1", ["sudo", "touch", f"/mnt/usr/{mark}"])
    said(bare_lab, "rs1", "sudo umount /mnt")
    client = bare_lab.exec("client1", ["sudo", "touch", f"/usr/{mark}"])
    said(bare_lab, "client1", f"sudo touch /etc/{mark} /tmp/{mark}")
    assert "Read-only file system" in again.stderr
    assert "Read-only file system" in client.stderr
    assert not [folder for folder in ("/etc", "/usr", "/tmp") if Path(folder, mark).exists()]


# The way to them


def test_inventory_is_valid_and_leads_to_every_machine(bare_lab: Lab) -> None:
    inventory = Inventory.model_validate(yaml.safe_load(bare_lab.inventory.read_text()))
    assert inventory.storage is not None
    groups = (inventory.directors, inventory.real_servers, inventory.storage, inventory.clients)
    hosts = {name: host for group in groups for name, host in group.hosts.items()}
    assert {name: str(host.address) for name, host in hosts.items()} == {
        node.name: str(node.address) for node in bare_lab.topology.nodes
    }
    for name, host in hosts.items():
        argv = ["ssh", "-F", "none", "-i", str(inventory.ssh.key_file), "-p", str(host.ssh.port)]
        argv += [
            "-o",
            f"UserKnownHostsFile={inventory.ssh.known_hosts_file}",
            "-o",
            "BatchMode=yes",
        ]
        argv += [f"{inventory.ssh.user}@{host.ssh.host}", "hostname"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.stdout.strip() == name, done.stderr


def test_client_reaches_every_machine_over_the_lan(bare_lab: Lab) -> None:
    for node in bare_lab.topology.nodes:
        assert reaches(bare_lab, "client1", node.name), node.name
        banner = bare_lab.client_exec(["nc", "-Nw30", str(node.address), "22"])
        assert banner.stdout.startswith("SSH-2.0-"), node.name


ANSWER_AFTER_THE_END = """
import socket
listener = socket.create_server(("", 7860))
while True:
    connection, peer = listener.accept()
    received = 0
    while chunk := connection.recv(65536):
        received += len(chunk)
    connection.sendall(b"%d from %s" % (received, peer[0].encode()))
    connection.close()
"""


@contextmanager
def vip_on(lab: Lab, node: str) -> Iterator[None]:
    """The VIP on one machine, with a server that answers once the client has finished."""
    address = f"{lab.topology.lan.vip}/24"
    said(lab, node, f"sudo ip address add {address} dev vec0")
    # With a terminal, so that the server ends when ssh does.
    command = lab.ssh_command(node, [sys.executable, "-c", ANSWER_AFTER_THE_END])
    command.insert(1, "-tt")
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        assert eventually(lambda: f":{VIP_PORT} " in said(lab, node, "ss -ltn"))
        yield
    finally:
        server.terminate()
        server.wait()
        said(lab, node, f"sudo ip address del {address} dev vec0")


def test_loopback_port_leads_to_the_vip_and_keeps_half_closed_connections(bare_lab: Lab) -> None:
    port = bare_lab.record.forwards[0].host_port
    payload = os.urandom(3_000_000)
    with vip_on(bare_lab, "rs1"):
        for _ in range(2):
            began = time.monotonic()
            with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
                connection.sendall(payload)
                connection.shutdown(socket.SHUT_WR)
                with connection.makefile("rb") as reader:
                    answer = reader.read()
            assert answer == b"3000000 from 10.77.0.1"
            # Segments of 64 KiB arrive as such; dropped and resent, this takes minutes.
            assert time.monotonic() - began < 30
        # Bound to loopback only: no other machine can come in this way.
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)
    # Nobody has the VIP now: the connection ends instead of hanging.
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as connection,
        pytest.raises(ConnectionResetError),
    ):
        connection.recv(1)


def test_an_ended_forwarder_is_started_again_on_the_same_ports(bare_lab: Lab) -> None:
    processes.end_part(bare_lab.name, forwarding.PART)
    assert not any(node.ssh_answers for node in status.status(bare_lab).nodes)
    assert status.status(bare_lab).forwarder_pid is None
    assert lifecycle.start(bare_lab) == [forwarding.PART]
    assert eventually(lambda: all(node.ssh_answers for node in status.status(bare_lab).nodes))


# Accidents


def test_killed_machine_is_gone_at_once_and_boots_fresh(bare_lab: Lab) -> None:
    said(bare_lab, "rs1", "touch ~/before; (while :; do :; done) >/dev/null 2>&1 &")
    boot = said(bare_lab, "rs1", "cat /proc/sys/kernel/random/boot_id")
    lifecycle.kill(bare_lab, "rs1")
    assert processes.of_part(bare_lab.name, "rs1") == []
    assert node_status(bare_lab, "rs1").condition is Condition.DOWN
    assert not reaches(bare_lab, "client1", "rs1")
    with pytest.raises(LabError, match="rs1 is not running"):
        lifecycle.stop(bare_lab, "rs1")

    assert lifecycle.start(bare_lab, ["rs1"]) == ["rs1"]
    assert "already in use" not in bare_lab.folder.console("rs1").read_text()
    assert said(bare_lab, "rs1", "cat /proc/sys/kernel/random/boot_id") != boot
    assert said(bare_lab, "rs1", "ls ~") == ""
    with pytest.raises(LabError, match="Already running: rs1"):
        lifecycle.start(bare_lab, ["rs1"])


def test_machine_that_halts_itself_is_down(bare_lab: Lab) -> None:
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(bare_lab.ssh_command("lvs2", ["sudo", "halt", "-f"]), timeout=8)
    assert eventually(lambda: node_status(bare_lab, "lvs2").condition is Condition.DOWN)
    assert lifecycle.start(bare_lab) == ["lvs2"]


def test_client_can_be_killed_and_started_like_the_others(bare_lab: Lab) -> None:
    lifecycle.kill(bare_lab, "client1")
    assert not node_status(bare_lab, "client1").ssh_answers
    assert lifecycle.start(bare_lab) == ["client1"]
    assert reaches(bare_lab, "client1", "rs1")


def test_frozen_machine_neither_answers_nor_refuses_until_it_goes_on(bare_lab: Lab) -> None:
    boot = said(bare_lab, "rs1", "cat /proc/sys/kernel/random/boot_id")
    # A refusal comes within a round trip; silence lasts until nc gives up.
    closed_port = ["nc", "-zvw10", "10.77.0.21", "9"]
    assert "refused" in bare_lab.client_exec(closed_port).stderr
    lifecycle.stop(bare_lab, "rs1")
    assert node_status(bare_lab, "rs1").condition is Condition.STOPPED
    assert "timed out" in bare_lab.client_exec(closed_port).stderr
    lifecycle.resume(bare_lab, "rs1")
    assert said(bare_lab, "rs1", "cat /proc/sys/kernel/random/boot_id") == boot


def test_partition_cuts_just_those_machines_and_heal_undoes_it(bare_lab: Lab) -> None:
    split = lifecycle.partition(bare_lab, "lvs1", "lvs2")
    assert not reaches(split, "lvs1", "lvs2")
    assert not reaches(split, "lvs2", "lvs1")
    assert reaches(split, "lvs1", "rs1") and reaches(split, "rs1", "lvs2")
    assert node_status(split, "lvs2").cuts == ("lvs1 from lvs2",)

    alone = lifecycle.partition(split, "rs1")
    assert not reaches(alone, "client1", "rs1")
    assert not reaches(alone, "lvs1", "lvs2"), "an earlier cut was lost"
    assert said(alone, "rs1", "hostname") == "rs1", "the control machine was to keep its way"

    off = lifecycle.partition(alone, "rs1", control=True)
    assert not node_status(off, "rs1").ssh_answers

    whole = lifecycle.heal(off)
    assert whole.record.cuts == ()
    assert reaches(whole, "lvs1", "lvs2") and reaches(whole, "client1", "rs1")
    assert eventually(lambda: node_status(whole, "rs1").ssh_answers)


def test_wrong_machine_names_are_told_the_right_ones(bare_lab: Lab) -> None:
    for act in (lifecycle.kill, lifecycle.partition, Lab.ssh_command):
        with pytest.raises(LabError, match=r"no machine 'rs9'\. It has: lvs1, lvs2, rs1, nas1"):
            act(bare_lab, "rs9")
    with pytest.raises(LabError, match="cannot be cut from itself"):
        lifecycle.partition(bare_lab, "rs1", "rs1")


# Coming and going


def traces(name: str) -> list[str]:
    """What is on this machine of a lab, found in other ways than the lab's own."""
    found = [f"folder {state.BASE / name}"] if (state.BASE / name).exists() else []
    netns = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    found += [line for line in netns.splitlines() if f"cosylab-{name}-" in line]
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found += [line for line in mounts if f"{state.BASE}/{name}/" in line or f"-{name}-" in line]
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_text(errors="replace")
            if f"{state.BASE}/{name}/" in words or f"cosylab-{name}-" in words:
                found.append(f"process {entry.name} {words}")
    return found


def test_second_lab_of_the_name_is_refused_and_one_of_another_name_is_not(
    bare_lab: Lab, make_lab: MakeLab
) -> None:
    with pytest.raises(LabError, match=rf"A lab '{bare_lab.name}' of 5 machines is up"):
        lifecycle.up(bare_lab.topology)
    other = make_lab("two", TINY)
    assert said(other, "rs1", "hostname") == said(bare_lab, "rs1", "hostname") == "rs1"
    lifecycle.down(other.name)
    assert {node.condition for node in status.status(bare_lab).nodes} == {Condition.UP}
    with pytest.raises(LabError, match=f"No lab '{other.name}' is up"):
        find(other.name)


def test_down_leaves_nothing(make_lab: MakeLab) -> None:
    links_before = {path.name for path in Path("/sys/class/net").iterdir()}
    made = make_lab("gone", TINY)
    assert traces(made.name) and lifecycle.leftovers(made.name)
    assert {path.name for path in Path("/sys/class/net").iterdir()} == links_before
    in_its_network = subprocess.Popen(made.client_command(["sleep", "600"]))
    lifecycle.down(made.name)
    assert in_its_network.wait(30) == -signal.SIGKILL
    assert traces(made.name) == [] and lifecycle.leftovers(made.name) == []
    lifecycle.down(made.name)
    assert traces(made.name) == []


def test_down_finds_a_lab_of_which_no_record_is_left(make_lab: MakeLab) -> None:
    made = make_lab("lost", TINY)
    shutil.rmtree(made.folder.path)
    assert any("process" in line for line in lifecycle.leftovers(made.name))
    lifecycle.down(made.name)
    assert traces(made.name) == []


@contextmanager
def up_in_the_making(name: str, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """`cluster lab up`, this long after it has made the network."""
    code = "import sys; from provisioning.cli.lab import lab; lab()"
    size = ["--directors=1", "--real-servers=1", "--storage=0", "--real-server-memory=128"]
    argv = [sys.executable, "-c", code, "up", "--name", name, *size]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdout=pipe, cwd=Path(__file__).parents[2], text=True) as command:
        try:
            assert command.stdout is not None and "network" in command.stdout.readline()
            time.sleep(seconds)
            yield command
        finally:
            command.kill()


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0])
def test_whatever_a_killed_up_has_made_is_removed(seconds: float) -> None:
    name = f"pytest{os.getpid()}cut"
    try:
        with up_in_the_making(name, seconds) as command:
            with pytest.raises(LabError, match="Another command is at work"):
                lifecycle.down(name)
            command.kill()
            command.wait()
            assert traces(name), "killed before anything was made"
            with pytest.raises(LabError, match="is being made, or its making was cut off"):
                find(name)
    finally:
        lifecycle.down(name)
    assert traces(name) == [] and lifecycle.leftovers(name) == []


def test_interrupted_up_cleans_up_at_once() -> None:
    name = f"pytest{os.getpid()}int"
    with up_in_the_making(name, 1.0) as command:
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=60) != 0
    assert traces(name) == []


def test_up_replaces_what_a_killed_one_left(make_lab: MakeLab) -> None:
    first = make_lab("again", TINY)
    processes.end_all(first.name, ())
    lines: list[str] = []
    second = lifecycle.up(first.topology, report=lines.append)
    assert any("left behind" in line for line in lines)
    assert said(second, "rs1", "hostname") == "rs1"


def test_up_that_fails_says_why_and_leaves_nothing() -> None:
    name = f"pytest{os.getpid()}port"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=f"Port {port} of 127.0.0.1 cannot be listened on"):
            lifecycle.up(plan(name, TINY), web_port=port)
    assert traces(name) == []


def test_sudo_can_be_made_to_ask_for_a_password(make_lab: MakeLab) -> None:
    topology = plan(f"pytest{os.getpid()}pass", TINY, Lan(IPv4Network("192.168.7.0/24")))
    try:
        asks = lifecycle.up(topology, asks_password=True)
        secret = asks.folder.sudo_password
        for node in asks.topology.nodes:
            assert asks.exec(node.name, ["sudo", "-n", "true"]).returncode != 0
            argv = asks.ssh_command(node.name, ["sudo", "-S", "-p", "", "id", "-un"])
            with secret.open() as password:
                done = subprocess.run(argv, stdin=password, capture_output=True, text=True)
            assert done.stdout == "root\n", done.stderr
        assert said(asks, "client1", "ip -br address show vec0").split()[2] == "192.168.7.50/24"
        everything = asks.inventory.read_text() + asks.folder.record_file.read_text()
        assert secret.read_text().strip() not in everything
        connection = yaml.safe_load(asks.inventory.read_text())["ssh"]
        assert connection["sudo_password"] == {"file": str(secret)}
    finally:
        lifecycle.down(topology.name)
    assert secret.exists() is False


def test_roles_and_kernels_are_as_planned(bare_lab: Lab) -> None:
    seen = status.status(bare_lab)
    assert [node.name for node in seen.nodes] == ["lvs1", "lvs2", "rs1", "nas1", "client1"]
    assert {node.condition for node in seen.nodes} == {Condition.UP}
    clients = bare_lab.topology.of_kind(CLIENTS)
    assert [node.kernel for node in clients] == [Kernel.NAMESPACE]
    for node in seen.nodes[:-1]:
        assert node.kernel == machines.uml_version() and 20 < node.memory_used <= node.memory + 16
