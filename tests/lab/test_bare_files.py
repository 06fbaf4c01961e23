"""Files that bare machines are made from, as texts; needs neither root nor a kernel."""

import fcntl
import os
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from provisioning.cli.commands.lab import lab
from provisioning.lab import console, inventory
from provisioning.lab.bare import apt_cache, image, supply
from provisioning.lab.bare.files import bare_machine_files
from provisioning.lab.bare.mirror import Mirror, mirror, of_this_computer
from provisioning.lab.bare.release import sources
from provisioning.lab.errors import LabError
from provisioning.lab.machine_files import Identity
from provisioning.lab.machines import command
from provisioning.lab.ssh_keys import generate
from provisioning.lab.state import StateFolder
from provisioning.lab.topology import Lan, Size, plan
from provisioning.model.inventory import Inventory

DEBIAN = Mirror("http://mirror.example/debian", "http://mirror.example/debian-security")
STANZAS = """\
# Debian's own form since 12.
Types: deb deb-src
# A comment in the middle.
URIs: http://mirror.example/debian/
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


def test_mirror_is_read_from_stanzas() -> None:
    assert mirror([], [STANZAS]) == DEBIAN


def test_mirror_is_read_from_lines() -> None:
    text = """\
# deb http://other.example/debian bookworm main
deb https://vendor.example/apt stable-tools main
deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian/ trixie main non-free
deb-src https://mirror.example/debian-security trixie-security main
"""
    assert mirror([text], []) == Mirror("https://mirror.example/debian", None)


@pytest.mark.parametrize(
    "stanza",
    [
        STANZAS.replace("Types:", "Enabled: no\nTypes:"),
        STANZAS.replace("main", "contrib"),
        STANZAS.replace("deb deb-src", "deb-src").replace("Types: deb\n", "Types: deb-src\n"),
        STANZAS.replace("http://", "cdrom:"),
        STANZAS.replace("bookworm", "nodistro"),
        "",
    ],
)
def test_sources_that_are_no_debian_to_fetch_from_are_passed_over(stanza: str) -> None:
    assert mirror([], [stanza]) is None


def test_computer_without_a_debian_mirror_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="name no Debian mirror"):
        of_this_computer(tmp_path)
    tmp_path.joinpath("sources.list.d").mkdir()
    tmp_path.joinpath("sources.list.d/debian.sources").write_text(STANZAS)
    assert of_this_computer(tmp_path) == DEBIAN


def test_each_role_has_the_releases_in_turn_and_clients_have_none() -> None:
    topology = plan(debian=(12, 13))
    assert {node.name: node.debian for node in topology.nodes} == {
        "lvs1": 12,
        "lvs2": 13,
        "rs1": 12,
        "rs2": 13,
        "rs3": 12,
        "nas1": 12,
        "client1": None,
    }
    assert topology.debian == [12, 13]
    assert plan().debian == []


def test_real_servers_alone_share_the_kernel_and_mount_no_storage() -> None:
    topology = plan(size=Size.bare(storage=0), debian=(12,), shared_kernel=True)
    shared = {node.name: node for node in topology.nodes if node.shares_kernel}
    assert list(shared) == ["rs1", "rs2", "rs3"]
    words = " ".join(command("lab", shared["rs1"], Path("/run/x")))
    assert "linux.uml" not in words and words.endswith("/run/x/launch /run/x cosyvoice-lab/lab/rs1")
    with pytest.raises(LabError, match="use --storage 0 with --shared-kernel"):
        plan(debian=(12,), shared_kernel=True)
    assert not any(node.shares_kernel for node in plan(shared_kernel=True).nodes)


def test_image_is_another_one_when_its_recipe_is(monkeypatch: pytest.MonkeyPatch) -> None:
    first = image.path(12, "6.1.1")
    assert first == image.path(12, "6.1.1") and first.name.startswith("debian-12-")
    others = {first, image.path(13, "6.1.1"), image.path(12, "6.1.2")}
    monkeypatch.setattr(image, "script", lambda name: "true")
    assert len(others | {image.path(12, "6.1.1")}) == 4


def test_image_that_is_there_is_taken_while_another_is_made(tmp_path: Path) -> None:
    made = image.path(13, "6.1.1", tmp_path)
    made.touch()
    making = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(making, fcntl.LOCK_EX)
    try:
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(image.provide, 13, "6.1.1", DEBIAN, print, tmp_path)
            try:
                assert asked.result(timeout=20) == made
            finally:
                fcntl.flock(making, fcntl.LOCK_UN)
    finally:
        os.close(making)


def test_machine_gets_packages_from_the_lan_and_is_given_its_identity_once() -> None:
    topology = plan(debian=(13,))
    node = topology.node("rs1")
    who = Identity(generate(), "ssh-ed25519 AAAA", 1000, "$6$salt$secret")
    files = bare_machine_files(topology, node, 13, who, apt_cache.seen_from(topology.lan, DEBIAN))
    apt = files["seed/root/etc/apt/sources.list.d/debian.sources"].text or ""
    assert "URIs: http://10.77.0.1:3142/debian\nSuites: trixie trixie-updates\n" in apt
    assert "URIs: http://10.77.0.1:3142/debian-security\nSuites: trixie-security\n" in apt
    assert "10.77.0.21/24" in (files["seed/root/etc/systemd/network/10-vec0.network"].text or "")
    secret = {path for path, file in files.items() if "secret" in (file.text or "")}
    secret |= {path for path, file in files.items() if "PRIVATE KEY" in (file.text or "")}
    assert secret == {"seed/passwords", "seed/root/etc/ssh/ssh_host_ed25519_key"}
    assert {files[path].mode for path in secret} == {0o600}
    words = " ".join(command("lab", node, Path("/run/x")))
    assert "ubd0=/run/x/disk/changes,/run/x/image root=/dev/ubda rw" in words
    assert "hostfs" not in words and words.endswith("-- /run/x/seed")


def test_computer_without_security_updates_has_machines_without_them() -> None:
    seen = apt_cache.seen_from(Lan(), Mirror("http://a.example/debian", None))
    assert seen.security is None
    assert "security" not in sources(12, seen)


def test_cache_keeps_what_never_changes_and_asks_again_for_the_rest() -> None:
    text = apt_cache.configuration(
        Mirror("https://a.example/pub/debian", None), Path("/s/apt.socket"), Path("/c")
    )
    way = "rewrite ^/debian/(.*)$ /pub/debian/$1 break; proxy_pass https://a.example;"
    assert text.count(way) == 2
    assert "listen unix:/s/apt.socket;" in text and "listen 1" not in text
    assert "debian-security" not in text


def test_machines_reach_nothing_of_the_computer_unless_they_are_bare(tmp_path: Path) -> None:
    folder = StateFolder("lab", tmp_path, tmp_path)
    assert supply.ways_out(folder, plan()) == []
    [way] = supply.ways_out(folder, plan(debian=(12,)))
    assert (way.address, way.port) == ("10.77.0.1", 3142)


def test_inventory_of_bare_machines_is_as_for_servers() -> None:
    topology = plan(debian=(12,))
    ports = {node.name: 2000 for node in topology.nodes}
    text = inventory.render(
        topology, ports, Path("i"), Path("/k"), Path("/h"), python=None, sudo_password=None
    )
    made = Inventory.model_validate(yaml.safe_load(text))
    assert made.service_manager == "systemd" and "upervisor" not in text
    assert made.app.venv is not None and made.app.venv.wheelhouse


def test_releases_without_bare_machines_are_refused() -> None:
    done = CliRunner().invoke(lab, ["up", "--debian", "13"])
    assert done.exit_code == 2 and "--debian goes with --bare" in done.output
    done = CliRunner().invoke(lab, ["up", "--shared-kernel"])
    assert done.exit_code == 2 and "--shared-kernel goes with --bare" in done.output
    done = CliRunner().invoke(lab, ["up", "--bare", "--debian", "11"])
    assert done.exit_code == 2 and "'11' is not one of" in done.output


def test_bare_machines_have_the_memory_that_systemd_takes() -> None:
    assert plan(debian=(12,)).node("lvs1").memory == 512 > plan().node("lvs1").memory
    assert plan(debian=(12,)).node("rs1").memory == plan().node("rs1").memory


def test_console_request_has_the_layout_of_the_kernels_header() -> None:
    data = console.request("cad")
    assert len(data) == 12 + 512
    assert struct.unpack("=III", data[:12]) == (0xCAFEBABE, 2, 3)
    assert data[12:16] == b"cad\0"
