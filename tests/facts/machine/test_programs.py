"""Questions about a machine, put to this one: the shell is what hosts run, programs are real."""

import os
import socket
import subprocess
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

import pytest

from provisioning.engine.observe import run_fragments
from provisioning.facts.fact import Answers, Fact, fragments
from provisioning.facts.machine.clock_keeping import CLOCK_KEEPING
from provisioning.facts.machine.connections_to import connections_to
from provisioning.facts.machine.conntrack import CONNTRACK
from provisioning.facts.machine.file_systems import file_systems
from provisioning.facts.machine.keepalived_instances import KEEPALIVED_FOUND
from provisioning.facts.machine.kernel_settings import kernel_settings
from provisioning.facts.machine.large_receive import large_receive
from provisioning.facts.machine.listeners import listeners
from provisioning.facts.machine.name_lookups import NAME_LOOKUPS
from provisioning.facts.machine.networkd import Networkd, networkd
from provisioning.facts.machine.own_name import OWN_NAME
from provisioning.facts.machine.own_upgrades import OWN_UPGRADES
from provisioning.facts.machine.scheduler_modules import scheduler_modules
from provisioning.facts.machine.sshd_limits import SSHD_LIMITS
from provisioning.facts.machine.sysctl_files import SYSCTL_FILES, Setting
from provisioning.facts.share_speed import share_speed
from provisioning.transport.base import Completed, Conversation
from tests.facts.recordings import printed
from tests.processes import wait_until

T = TypeVar("T")
_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")


class Here:
    """This machine, as hosts run what they are sent; ``before`` is a command before its shell."""

    def __init__(self, *before: str, prelude: str = "") -> None:
        self._command = [*before, "sh", "-s"]
        self._prelude = prelude

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        text = script.decode() if isinstance(script, bytes) else script
        sent = (self._prelude + text).encode()
        done = subprocess.run(self._command, input=sent, capture_output=True, check=False)
        return Completed(done.stdout, done.stderr, done.returncode)

    def converse(self, script: str) -> Conversation:
        raise NotImplementedError("one question, one answer")

    def close(self) -> None:
        pass


def asked(fact: Fact[T], here: Here | None = None) -> T:
    return Answers(run_fragments("here", here or Here(), fragments((fact,))))[fact]


_SERVER = """\
python3 -c 'import socket, time
with socket.create_server(("0.0.0.0", 7860)): time.sleep(600)' its own words > /dev/null 2>&1 &
until [ "$(ss -Hlnt "sport = :7860")" ]; do sleep 0.05; done
"""


@_ROOT
def test_who_listens_is_told_with_the_command_that_runs() -> None:
    # With its own processes: ss looks through all there are.
    alone = ("unshare", "--net", "--pid", "--fork", "--mount-proc")
    (found,) = asked(listeners([7860, 9999]), Here(*alone, prelude=_SERVER))
    assert (found.address, found.port, found.program) == ("0.0.0.0", 7860, "python3")
    assert "python3 -c import socket" in found.command and found.folder == str(Path.cwd())
    assert found.command.endswith("its own words")
    assert asked(listeners([7860]), Here(*alone)) == ()


def test_room_is_that_of_the_folder_that_will_hold_it(tmp_path: Path) -> None:
    found = asked(file_systems([str(tmp_path / "not" / "there yet"), str(tmp_path), "/proc"]))
    room = os.statvfs(tmp_path)
    assert found[0].folder == str(tmp_path)
    assert found[0].size == room.f_blocks * room.f_bsize
    assert (found[0].files > 0) == (room.f_files > 0)
    assert len([one for one in found if one.folder == str(tmp_path)]) == 1


_SYSCTLS = """\
mount -t tmpfs none /etc/sysctl.d
printf '# Made\\nnet/ipv4/ip_forward = 7\\nnet.ipv4.conf.all.arp_ignore=1\\nno.such.key = 3\\n' \\
    > /etc/sysctl.d/60-cosyvoice-x.conf
printf '; x\\n-net.ipv4.ip_forward  =  0 \\nnet.ipv4.conf.eth0/100.rp_filter = 2\\n' \\
    > /etc/sysctl.d/99-later.conf
printf 'net.ipv4.ip_forward=1\\n' > /etc/sysctl.d/10-earlier.conf
"""


@_ROOT
def test_files_of_sysctl_are_read_in_their_order() -> None:
    found = asked(SYSCTL_FILES, Here("unshare", "--mount", "--net", prelude=_SYSCTLS))
    ours = [one for one in found if one.file.startswith("/etc/sysctl.d/")]
    later = "/etc/sysctl.d/99-later.conf"
    assert ours == [
        Setting("/etc/sysctl.d/10-earlier.conf", "net/ipv4/ip_forward", "1", ""),
        Setting("/etc/sysctl.d/60-cosyvoice-x.conf", "net/ipv4/ip_forward", "7", "0"),
        Setting("/etc/sysctl.d/60-cosyvoice-x.conf", "net/ipv4/conf/all/arp_ignore", "1", "0"),
        Setting("/etc/sysctl.d/60-cosyvoice-x.conf", "no/such/key", "3", ""),
        Setting(later, "net/ipv4/ip_forward", "0", ""),
        Setting(later, "net/ipv4/conf/eth0.100/rp_filter", "2", ""),
    ]
    assert [one.ours for one in ours] == [False, True, True, True, False, False]


_CONF = """\
vrrp_instance X {
    interface e0
    virtual_router_id 9
    virtual_ipaddress { 192.0.2.9 }
}
"""


_LINK = "ip link add e0 type veth peer name e1; ip link set e0 up; ip link set e1 up;"


@_ROOT
def test_each_keepalived_is_told_without_its_children(tmp_path: Path) -> None:
    conf = tmp_path / "keepalived.conf"
    conf.write_text(_CONF)
    running = []
    try:
        for number in (1, 2):
            pids = [f"--{kind}={tmp_path}/{kind}{number}" for kind in ("pid", "vrrp_pid")]
            words = ["keepalived", "-n", "-P", "-f", str(conf), *pids]
            command = ["unshare", "--net", "sh", "-c", f"{_LINK} exec {' '.join(words)}"]
            log = subprocess.DEVNULL
            running.append(subprocess.Popen(command, stdout=log, stderr=log))
        # The parent's child is there too, and is not one of its own.
        wait_until(lambda: all((tmp_path / f"vrrp_pid{n}").exists() for n in (1, 2)))
        found = dict(asked(KEEPALIVED_FOUND).instances)
        ours = [pid for pid, said in found.items() if str(conf) in said]
        assert sorted(ours) == sorted(one.pid for one in running)
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(30)


@_ROOT
@pytest.mark.parametrize(
    ("text", "conf"),
    [
        ("", "none"),
        ("# Made by cosyvoice-cluster from director/keepalived.conf.j2; x\n", "ours"),
        ("global_defs {}\n", "other"),
    ],
)
def test_whose_configuration_keepalived_has(text: str, conf: str, tmp_path: Path) -> None:
    (tmp_path / "keepalived.conf").write_text(text)
    bind = f"mkdir -p /etc/keepalived; mount --bind '{tmp_path}' /etc/keepalived\n"
    found = asked(KEEPALIVED_FOUND, Here("unshare", "--mount", prelude=bind))
    assert found.conf == conf


def test_connections_are_open_refused_or_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        places = [(ip_address("127.0.0.1"), one.getsockname()[1]) for one in (listening, closed)]
        answers = asked(connections_to(places))
    assert [answers[place] for place in places] == ["open", "refused"]


def test_settings_that_the_kernel_does_not_have_are_missing() -> None:
    keys = ["net/ipv4/ip_forward", "net/ipv4/conf/lo/rp_filter", "net/ipv4/conf/none0/rp_filter"]
    found = asked(kernel_settings("x", keys))
    assert set(found) == set(keys[:2])
    assert all(value.isdecimal() for value in found.values())


_NETWORKCTL = """\
cat <<X
● 2: eth0
                     Link File: /usr/lib/systemd/network/99-default.link
                  Network File: {folder}/lan.network
                         State: routable (configured)
X
"""


@pytest.mark.parametrize(
    ("text", "active", "keeps"),
    [
        ("[Match]\nName=eth0\n[Network]\nDHCP=no\n", 0, ""),
        ("[Network]\nKeepConfiguration = static\n", 0, "static"),
        ("[Link]\nKeepConfiguration=yes\n", 0, ""),
        ("[Network]\nKeepConfiguration=static\n", 3, None),
    ],
)
def test_networkds_file_of_an_interface(
    text: str, active: int, keeps: str | None, tmp_path: Path
) -> None:
    (tmp_path / "lan.network").write_text(text)
    programs = {"networkctl": _NETWORKCTL.format(folder=tmp_path), "systemctl": f"exit {active}"}
    for name, script in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    fact = networkd("eth0")
    fact = replace(fact, fragment=f"PATH={tmp_path}:$PATH\n{fact.fragment}")
    wanted = None if keeps is None else Networkd(f"{tmp_path}/lan.network", keeps)
    assert asked(fact) == wanted


def test_what_apt_does_by_itself_is_read_as_apt_prints_it() -> None:
    options = ["APT::Periodic::Unattended-Upgrade=1", "Unattended-Upgrade::Package-Blacklist::=k.*"]
    words = [word for option in options for word in ("-o", option)]
    dump = subprocess.run(
        ["apt-config", *words, "dump"], check=True, capture_output=True, text=True
    ).stdout
    found = OWN_UPGRADES.parse(printed(dump))
    assert found.on and "k.*" in found.left_alone
    off = dump.replace('Unattended-Upgrade "1"', 'Unattended-Upgrade "0"')
    assert not OWN_UPGRADES.parse(printed(off)).on
    assert not OWN_UPGRADES.parse(printed("")).on


_SOURCES = """\
mount -t tmpfs none /etc/apt
mkdir -p /etc/apt/apt.conf.d /etc/apt/sources.list.d
cat > /etc/apt/sources.list.d/x.list <<X
# deb http://commented.invalid/debian stable main
deb [signed-by=/usr/x.gpg] http://someone:secret@localhost:8080/debian stable main
deb file:/srv/mirror stable main
X
printf 'Types: deb\nURIs: https://mirror.invalid/debian\n' > /etc/apt/sources.list.d/y.sources
"""
_PROXY = """printf 'Acquire::http::Proxy "http://127.0.0.1:3142";' > /etc/apt/apt.conf.d/proxy\n"""


@_ROOT
def test_names_that_apt_needs_are_looked_up() -> None:
    # On a network of its own nobody answers, but what is in a file is found.
    alone = ("unshare", "--mount", "--net")
    found = asked(NAME_LOOKUPS, Here(*alone, prelude=_SOURCES)).lookups
    assert [(one.name, one.found) for one in found] == [
        ("localhost", True),
        ("mirror.invalid", False),
    ]
    assert all(one.seconds > 0 for one in found)
    (proxy,) = asked(NAME_LOOKUPS, Here(*alone, prelude=_SOURCES + _PROXY)).lookups
    assert (proxy.name, proxy.found) == ("127.0.0.1", True)


_HANGS = """\
cat > /srv/dd <<'END'
#!/bin/sh
for word; do case $word in of=*) : > "${word#of=}" ;; esac; done
sleep 60
END
chmod 755 /srv/dd
mount --bind /srv/dd /bin/dd
"""


@_ROOT
def test_a_share_is_timed_by_a_file_that_is_gone_afterwards() -> None:
    folder = "/srv/with blank"
    fact = share_speed(folder, "nobody", patience=10)
    assert asked(fact) is None, "nothing is mounted there"

    def mounted(options: str, more: str = "") -> Here:
        mount = f"mount -t tmpfs -o {options} none"
        prelude = f"{mount} /srv\nmkdir '{folder}'\n{mount} '{folder}'\n{more}"
        return Here("unshare", "--mount", prelude=prelude)

    # A word more would be none of its answer.
    listed = replace(fact, fragment=f"{fact.fragment}\nls -A '{folder}'")
    found = asked(listed, mounted("mode=1777"))
    assert found is not None and found.answers and found.seconds > 0
    assert asked(fact, mounted("mode=755")) is None, "it cannot write there"
    assert asked(fact, mounted("mode=1777,size=64k")) is None, "no room is not slow"
    assert asked(share_speed(folder, "no-such-user", patience=10), mounted("mode=1777")) is None
    killed = share_speed(folder, "nobody", patience=1)
    found = asked(
        replace(killed, fragment=f"{killed.fragment}\nls -A '{folder}'"),
        mounted("mode=1777,exec", _HANGS),
    )
    assert found is not None and not found.answers


def test_what_this_machine_says_makes_sense() -> None:
    assert asked(SSHD_LIMITS).sessions == 10
    assert asked(OWN_NAME).name == os.uname().nodename
    known = replace(OWN_NAME, fragment=OWN_NAME.fragment.replace("$(uname -n)", "localhost"))
    assert "127.0.0.1" in asked(known).addresses or "::1" in asked(known).addresses
    modules = asked(scheduler_modules(["ip_vs_no_such_thing"]))
    assert modules.kernel == os.uname().release and modules.missing == ("ip_vs_no_such_thing",)
    assert isinstance(asked(CLOCK_KEEPING).programs, tuple)
    assert asked(large_receive("lo")) is False
    table = asked(CONNTRACK)
    assert table is None or table.most > 0
