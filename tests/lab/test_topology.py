"""The layout of a lab, and what is written from it; needs neither root nor a kernel."""

from ipaddress import IPv4Network
from pathlib import Path, PurePosixPath

import pytest
import yaml

from provisioning.lab import accounts, inventory, partition, ssh_client
from provisioning.lab.accounts import Accounts, Login
from provisioning.lab.errors import LabError
from provisioning.lab.machine_files import Identity, Interpreter, machine_files
from provisioning.lab.machines import command
from provisioning.lab.partition import Cut
from provisioning.lab.ssh_keys import generate
from provisioning.lab.topology import Lan, Size, plan
from provisioning.model.derived.way_in import way_in
from provisioning.model.inventory import Inventory

HOST = Accounts(
    passwd="root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000::/home/ops:/bin/zsh\n",
    group="root:x:0:\nwheel:x:7700:\n",
    shadow="root:*:19000:0:99999:7:::\nops:$6$hash:19000:0:99999:7:::\n",
)


def test_default_lab_has_the_addresses_that_the_documents_name() -> None:
    topology = plan()
    assert {node.name: str(node.address) for node in topology.nodes} == {
        "lvs1": "10.77.0.11",
        "lvs2": "10.77.0.12",
        "rs1": "10.77.0.21",
        "rs2": "10.77.0.22",
        "rs3": "10.77.0.23",
        "nas1": "10.77.0.31",
        "client1": "10.77.0.50",
    }
    assert str(topology.lan.vip) == "10.77.0.100"


def test_largest_lab_gives_every_machine_its_own_name_address_and_port() -> None:
    topology = plan("x" * 20, Size(directors=9, real_servers=9, storage=9, clients=9))
    taken = {topology.lan.vip, topology.lan.control}
    assert len({node.address for node in topology.nodes} | taken) == 36 + 2
    assert len({node.mac for node in topology.nodes}) == 36
    # IFNAMSIZ of netdevice(7): 15 characters and a zero byte.
    assert len({node.name for node in topology.nodes if len(node.name) <= 15}) == 36


@pytest.mark.parametrize(
    ("name", "size", "network", "message"),
    [
        ("", Size(), "10.77.0.0/24", "cannot name a lab"),
        ("实验", Size(), "10.77.0.0/24", "'实验' cannot name a lab: use 1 to 20 of a-z"),
        ("a/../b", Size(), "10.77.0.0/24", "cannot name a lab"),
        ("a-b", Size(), "10.77.0.0/24", "cannot name a lab"),
        ("lab", Size(directors=0), "10.77.0.0/24", "needs a way in: directors, or edges alone"),
        ("lab", Size(directors=10), "10.77.0.0/24", "0 to 9 machines of the role director"),
        ("lab", Size(real_servers=10), "10.77.0.0/24", "1 to 9 machines of the role real server"),
        ("lab", Size(storage=-1), "10.77.0.0/24", "0 to 9 machines of the role storage"),
        ("lab", Size(storage_memory=64), "10.77.0.0/24", "at least 96 MiB of memory"),
        ("lab", Size(), "10.77.0.0/25", "must be a /24"),
    ],
)
def test_impossible_labs_are_refused(name: str, size: Size, network: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        plan(name, size, Lan(IPv4Network(network)))


def test_login_replaces_an_account_of_that_name_and_takes_a_free_number() -> None:
    number = accounts.free_number(HOST)
    assert number == 7701
    made = accounts.with_login(HOST, Login("ops", number, "/home/ops"))
    assert made.passwd.splitlines() == [
        "root:x:0:0:root:/root:/bin/bash",
        "ops:x:7701:7701::/home/ops:/bin/bash",
    ]
    assert made.group.splitlines()[1:] == ["wheel:x:7700:", "ops:x:7701:"]
    assert "$6$hash" not in made.shadow


def test_machine_files_hide_nothing_that_leads_to_the_interpreter() -> None:
    topology = plan()
    who = Identity(generate(), "ssh-ed25519 AAAA", 7701)
    python = Interpreter((PurePosixPath("/opt/cosyvoice/venv"), PurePosixPath("/root/py")))
    files = machine_files(topology, topology.node("rs1"), HOST, who, python)
    hidden, entered = files["hidden"].text or "", files["entered"].text or ""
    assert "opt/cosyvoice\n" not in hidden and "root/.ssh\n" in hidden
    # Its scripts would run at each login, also where nobody sees what they say.
    assert "etc/update-motd.d\n" in hidden
    assert entered.splitlines() == ["opt", "opt/cosyvoice", "opt/cosyvoice/venv", "root", "root/py"]


def test_interpreter_where_machines_have_their_own_files_is_refused() -> None:
    with pytest.raises(LabError, match=r"/srv/venv cannot be seen .* have a /srv of their own"):
        Interpreter((PurePosixPath("/srv/venv"),))


def test_secrets_are_readable_by_root_only_and_not_on_command_lines() -> None:
    topology = plan()
    who = Identity(generate(), "ssh-ed25519 AAAA", 7701, "$6$salt$secret")
    files = machine_files(topology, topology.node("rs1"), HOST, who, Interpreter(()))
    secret = {path for path, file in files.items() if "secret" in (file.text or "")}
    secret |= {path for path, file in files.items() if "PRIVATE KEY" in (file.text or "")}
    assert secret == {"root/etc/shadow", "root/etc/ssh/ssh_host_ed25519_key"}
    assert {files[path].mode for path in secret} == {0o600}
    assert "secret" not in repr(who) + repr(files)
    assert "NOPASSWD" not in (files["root/etc/sudoers.d/ops"].text or "")
    words = " ".join(command("lab", topology.node("rs1"), Path("/run/x")))
    assert "secret" not in words and "ifname=rs1" in words


def test_inventory_holds_what_the_model_wants() -> None:
    topology = plan("lab", Size(storage=0, edges=2))
    ports = {node.name: 2000 + index for index, node in enumerate(topology.nodes)}
    folder = Path("/run/cosyvoice-lab/lab")
    text = inventory.render(
        topology,
        ports,
        folder / "inventory.yaml",
        folder / "key",
        folder / "known_hosts",
        python=Path("/opt/python/bin/python"),
        sudo_password=None,
    )
    made = Inventory.model_validate(yaml.safe_load(text))
    assert made.storage is None
    assert made.edges is not None and str(made.edges.vip.address.ip) == "10.77.0.110"
    assert list(made.edges.hosts) == ["edge1", "edge2"]
    assert made.directors.hosts["lvs2"].ssh.port == 2001
    assert str(made.app.python) == "/opt/python/bin/python"
    assert (made.vrrp.version, made.vrrp.advert_interval) == (3, 0.2)


def test_edges_alone_are_a_way_in() -> None:
    topology = plan("lab", Size(directors=0, real_servers=2, storage=0, edges=2))
    assert (str(topology.vip), topology.web_port) == ("10.77.0.110", 9080)
    assert (plan().vip, plan().web_port) == (plan().lan.vip, 7860)
    folder = Path("/run/cosyvoice-lab/lab")
    ports = {node.name: 2000 + index for index, node in enumerate(topology.nodes)}
    where = (folder / "inventory.yaml", folder / "key", folder / "known_hosts", None, None)
    made = Inventory.model_validate(yaml.safe_load(inventory.render(topology, ports, *where)))
    assert way_in(made) == ["edge1", "edge2"] and not made.virtual_ips


def test_ssh_command_keeps_the_words_of_a_command_as_they_are() -> None:
    argv = ssh_client.command(Path("/c"), "rs1", ["echo", "a  b", "$HOME; rm -rf 你"])
    assert argv == ["ssh", "-F", "/c", "rs1", "echo 'a  b' '$HOME; rm -rf 你'"]


def test_cuts_become_drops_in_both_directions_and_none_becomes_no_rule() -> None:
    pair = partition.ruleset([Cut("lvs1", "lvs2")])
    assert 'iifname "lvs1" oifname "lvs2" drop' in pair
    assert 'iifname "lvs2" oifname "lvs1" drop' in pair
    assert pair.count("drop") == 2
    alone = partition.ruleset([Cut("rs1", control=True)])
    assert alone.count("drop") == 4
    assert "drop" not in partition.ruleset([])
