"""Every rendered file is accepted by the program that will read it."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from provisioning.places import KEEPALIVED_CONF
from provisioning.resources.file import File
from tests.roles.rendered import CASES, SECRETS, files


def run(*argv: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=False)


def of(kind: str) -> list[tuple[str, File]]:
    import os

    for name, value in SECRETS.items():
        os.environ.setdefault(name, value)
    found = []
    for case in CASES:
        for place, file in files(case).items():
            ends = {
                "keepalived": place.endswith(KEEPALIVED_CONF),
                "script": file.content.startswith("#!/bin/sh"),
                "unit": place.endswith(".service"),
                "supervisor": "/supervisor/conf.d/" in place,
                "logrotate": "/logrotate.d/" in place,
                "exports": place.endswith(".exports"),
                "sysctl": "/sysctl.d/" in place,
                "metrics": place.endswith(".prom"),
                "nft": place.endswith(".nft"),
            }
            if ends[kind]:
                found.append((f"{case}/{place}", file))
    assert found, kind
    return found


def cases(kind: str) -> pytest.MarkDecorator:
    found = of(kind)
    return pytest.mark.parametrize("file", [f for _, f in found], ids=[n for n, _ in found])


# keepalived looks at the interface, so it gets one of that name in a network of its own, and the
# script it is to call at the place where it will be.
_IN_ITS_PLACE = """
set -eu
ip link add eth0 type veth peer name eth1
ip link set eth0 up; ip link set eth1 up
for address in 192.168.1.11/24 192.168.1.12/24 10.1.0.11/24 10.1.0.12/24 10.2.0.11/24 10.2.0.12/24
do ip address add $address dev eth0; done
for address in fd00:1::11/64 fd00:1::12/64 2001:db8:1::11/64 2001:db8:1::12/64
do ip address add $address dev eth0 nodad; done
mount -t tmpfs tmpfs /etc/keepalived
for script in cosyvoice-notify cosyvoice-dynamic-check; do
    printf '#!/bin/sh\\n' > /etc/keepalived/$script
    chmod 0755 /etc/keepalived/$script
done
file=$1
shift
for interface do
    ip link add name "$interface" type veth
    ip link set dev "$interface" up
    ip address add 192.168.1.13/24 dev "$interface"
done
exec keepalived -t -f "$file"
"""


def keepalived_says(path: Path, *interfaces: str) -> tuple[int, str]:
    Path("/etc/keepalived").mkdir(exist_ok=True)
    script = ("sh", "-c", _IN_ITS_PLACE, "keepalived", str(path), *interfaces)
    done = run("unshare", "--mount", "--net", *script)
    return done.returncode, done.stdout + done.stderr


@cases("keepalived")
def test_keepalived_has_nothing_to_say(file: File, tmp_path: Path) -> None:
    path = tmp_path / "keepalived.conf"
    path.write_text(file.content)
    path.chmod(0o600)
    assert keepalived_says(path) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("auth_pass", "auth_key"),
        ("lvs_method DR", "lvs_methd DR"),
        ("protocol TCP", "protocl TCP"),
        ("lvs_sched rr", "lvs_sched rrr"),
        ("virtual_router_id 51", "virtual_router_id 300"),
        ("192.168.1.101 7860 {", "192.168.1.101 7861 {"),
        ("    nopreempt", "    nopreemptt"),
        ("retry 3", "nb_get_retry 3"),
    ],
)
def test_the_check_itself_notices_mistakes(right: str, wrong: str, tmp_path: Path) -> None:
    content = files("first-seed")["lvs1" + KEEPALIVED_CONF].content
    assert right in content
    path = tmp_path / "keepalived.conf"
    path.write_text(content.replace(right, wrong, 1))
    path.chmod(0o600)
    status, said = keepalived_says(path)
    assert status != 0 or said


@cases("script")
def test_shellcheck(file: File, tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_text(file.content)
    done = run("shellcheck", "-s", "sh", str(path))
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
@cases("unit")
def test_systemd_verifies(file: File, tmp_path: Path) -> None:
    path = tmp_path / Path(file.path).name
    # Programs that deploy brings are not on this machine; systemd would complain of that alone.
    content = file.content
    for program in (
        "/usr/local/sbin/lvs-real-server",
        "/usr/local/sbin/keepalived-guard",
        "/usr/local/sbin/keepalived-metrics",
        "/usr/local/sbin/cosyvoice-acme",
        "/usr/local/sbin/cosyvoice-firewall",
        "/opt/cosyvoice/run.sh",
    ):
        content = content.replace(program, "/bin/true")
    path.write_text(content)
    done = run("systemd-analyze", "verify", "--man=no", str(path))
    complaints = [line for line in done.stderr.splitlines() if path.name in line]
    assert complaints == [], done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
@cases("unit")
def test_a_break_in_would_find_little(file: File, tmp_path: Path) -> None:
    """By systemd's own measure: 0 to 10, times ten (systemd-analyze(1), security)."""
    path = tmp_path / Path(file.path).name
    path.write_text(file.content)
    # By ACME it reloads Nginx and runs an operator's hook, which may need anything.
    most = {"cosyvoice.service": 25, "cosyvoice-acme.service": 65}.get(path.name, 20)
    done = run("systemd-analyze", "security", "--offline=yes", f"--threshold={most}", str(path))
    assert done.returncode == 0, done.stdout


@cases("supervisor")
def test_supervisor_reads_it(file: File) -> None:
    from_text = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    from_text.read_string(file.content)
    programs = [one for one in from_text.sections() if not one.startswith("group:")]
    name = Path(file.path).stem
    if f"group:{name}" in from_text:
        members = from_text[f"group:{name}"]["programs"].split(",")
        assert programs == [f"program:{member}" for member in members]
    else:
        assert programs == [f"program:{name}"]
    for program in programs:
        assert from_text[program]["command"].startswith("/")


@cases("logrotate")
def test_logrotate_reads_it(file: File, tmp_path: Path) -> None:
    path = tmp_path / "cosyvoice"
    # An account that only nodes have.
    path.write_text(file.content.replace("0640 cosyvoice cosyvoice", "0640 root root"))
    path.chmod(0o644)
    done = run("logrotate", "--debug", "--state", str(tmp_path / "state"), str(path))
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr


@cases("sysctl")
def test_sysctl_reads_it(file: File) -> None:
    for line in file.content.splitlines():
        if not line.startswith("#"):
            key, _, value = line.partition(" = ")
            assert key and value, line


@cases("nft")
def test_nft_reads_it(file: File, tmp_path: Path) -> None:
    path = tmp_path / "firewall.nft"
    path.write_text(file.content)
    # With the look that comes before it is put there; in a network of its own, for it is loaded.
    script = f'CANDIDATE="$1"; {file.validate}; nft -f "$1"; nft -f "$1"'
    done = run("unshare", "--net", "sh", "-euc", script, "sh", str(path))
    assert (done.returncode, done.stderr) == (0, "")


@cases("exports")
def test_exportfs_reads_it(file: File, tmp_path: Path) -> None:
    exports = tmp_path / "exports.d"
    exports.mkdir()
    export = tmp_path / "outputs"
    export.mkdir()
    content = file.content.replace("/srv/cosyvoice/outputs", str(export))
    (exports / "cosyvoice.exports").write_text(content)
    script = (
        f"set -e; mount -t tmpfs tmpfs /var/lib/nfs; : > {tmp_path}/none; "
        f"mkdir -p /etc/exports.d; mount --bind {exports} /etc/exports.d; "
        f"[ ! -e /etc/exports ] || mount --bind {tmp_path}/none /etc/exports; exportfs -arv 2>&1"
    )
    done = run("unshare", "--mount", "sh", "-c", script)
    assert "exporting" in done.stdout
    assert "syntax" not in done.stdout and "unknown" not in done.stdout, done.stdout


@cases("metrics")
def test_prometheus_reads_the_metrics(file: File) -> None:
    done = run("promtool", "check", "metrics", text=file.content)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
