"""A deploy to a host in trouble: one clear error, nothing half done, and the next one finishes.

The tests stand in an order: each leaves its host as a rented server comes, without packages, until
the power cut, whose deploy the next one finishes.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from provisioning.lab import lifecycle, processes
from provisioning.lab.bare import apt_cache
from provisioning.lab.running import Lab
from provisioning.places import STATE
from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]

HOST = "lvs1"
_DEPLOY = ("deploy", "--yes", "--no-verify", "--limit", HOST)
_PATIENCE = 1500.0
"""Seconds for a deploy on a busy computer."""


@pytest.fixture(scope="module")
def director(one_director: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(one_director, tmp_path_factory.mktemp("trouble"))
    made.write()
    yield made
    print(one_director.folder.console(HOST).read_text(errors="replace")[-1500:])


def refused(cluster: Cluster, *, by: str) -> None:
    """Check that a deploy ends with one error that says this, and leaves nothing half done."""
    done = cluster.run(*_DEPLOY, timeout=_PATIENCE)
    assert done.returncode == 1
    one_error(done.stdout + done.stderr, by)
    nothing_half_done(cluster)


def one_error(said: str, text: str) -> None:
    """Check what a deploy ended with, beside the progress that was told before."""
    assert "Traceback" not in said and "Broken pipe" not in said
    errors = re.split(rf"^{HOST}: (?:failed|not changed): ", said, flags=re.M)[1:]
    assert len(errors) == 1 and errors[0].count(text) == 1


def nothing_half_done(cluster: Cluster) -> None:
    ours = (
        f"/usr/sbin/policy-rc.d {STATE}/unfinished {STATE}/manifest.new {STATE}/pending/*"
        " /etc/keepalived/keepalived.conf /usr/local/sbin/keepalived-guard"
    )
    left = cluster.on(
        HOST,
        f"ls -d {ours} 2>/dev/null; find /etc /usr/local -xdev -name '*.cluster-new'; dpkg --audit",
    )
    print(left)
    assert left == ""


def waits_until(cluster: Cluster, condition: str) -> None:
    """Return as soon as the condition, a shell command, holds on the host."""
    cluster.on(HOST, f"until {condition}; do sleep 0.1; done")


@contextmanager
def deploying(cluster: Cluster) -> Iterator[subprocess.Popen[str]]:
    """A deploy that runs meanwhile, and is not left behind."""
    process = cluster.start(*_DEPLOY)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def test_user_may_not_become_root(director: Cluster) -> None:
    # Who takes the right away cannot give it back: root waits for a word of anybody.
    take = (
        "mv /etc/sudoers.d/ops /root/ops; (until [ -e /tmp/back ]; do sleep 0.2; done;"
        " mv /root/ops /etc/sudoers.d/ops; rm -f /tmp/back) </dev/null >/dev/null 2>&1 &"
    )
    director.on(HOST, take)
    try:
        done = director.run(*_DEPLOY)
    finally:
        director.lab.exec(HOST, ["touch", "/tmp/back"])
        wait = "until ! [ -e /tmp/back ]; do sleep 0.2; done"
        director.lab.exec(HOST, ["sh", "-c", wait])
    assert done.returncode == 1
    one_error(
        done.stdout + done.stderr, "sudo wants a password; give ssh.sudo_password, or NOPASSWD"
    )
    nothing_half_done(director)


def test_distribution_that_packages_are_not_installed_on(director: Cluster) -> None:
    director.on(
        HOST,
        "mv /etc/os-release /root/; printf '%s\\n' ID=fedora VERSION_ID=40"
        " 'PRETTY_NAME=\"Fedora Linux 40\"' >/etc/os-release",
    )
    try:
        refused(director, by="its distribution is Debian 12 or newer, or a relative")
    finally:
        director.on(HOST, "mv -f /root/os-release /etc/os-release")


def test_disk_is_full(director: Cluster) -> None:
    director.on(HOST, "apt-get -q update")
    # So much is left for root that a deploy can begin, and apt cannot.
    free = "$(($(stat -f -c '%f * %S' /) - 41943040))"
    director.on(HOST, f"apt-get clean; fallocate -l {free} /var/filled")
    try:
        refused(director, by="the disk is full")
        director.on(HOST, "cat /dev/zero >/var/more 2>/dev/null || :")
        refused(director, by="No space left on device")
    finally:
        director.on(HOST, "rm -f /var/filled /var/more")


def test_mirror_goes_away_in_the_middle(director: Cluster) -> None:
    # So slow that it is in the middle when it goes.
    slow = "/etc/apt/apt.conf.d/slow"
    director.on(HOST, f"apt-get -q update; echo 'Acquire::http::Dl-Limit \"100\";' >{slow}")
    try:
        with deploying(director) as deploy:
            waits_until(director, "ls /var/cache/apt/archives/partial/* >/dev/null 2>&1")
            processes.end_part(director.lab.name, apt_cache.PART)
            said, _ = deploy.communicate(timeout=_PATIENCE)
        print(said)
        assert deploy.returncode == 1
        one_error(said, "packages could not be fetched; does the host reach its mirror?")
        nothing_half_done(director)
    finally:
        director.on(HOST, f"rm {slow}")
        assert lifecycle.start(director.lab) == [apt_cache.PART]


def test_power_is_cut_while_packages_are_installed_and_the_next_deploy_finishes(
    director: Cluster,
) -> None:
    with deploying(director) as deploy:
        waits_until(director, "[ -e /var/lib/dpkg/info/keepalived.list ]")
        lifecycle.kill(director.lab, HOST)
        said, _ = deploy.communicate(timeout=_PATIENCE)
    print(said)
    assert deploy.returncode == 1
    assert "Traceback" not in said and said.count(f"\n{HOST}: ") >= 1
    lifecycle.start(director.lab, [HOST])
    assert director.run(*_DEPLOY, timeout=_PATIENCE).returncode == 0
    assert director.on(HOST, "dpkg --audit; ls /usr/sbin/policy-rc.d 2>/dev/null || :") == ""
    assert director.on(HOST, "systemctl is-active keepalived").strip() == "active"
    assert director.run("plan", "--limit", HOST).returncode == 0


def test_clock_that_is_an_hour_off_is_named(director: Cluster) -> None:
    director.on(HOST, "date -s '-1 hour'")
    texts = [fault["text"] for fault in director.json("status")["faults"]]
    assert [text for text in texts if "clock" in text]
    assert director.run(*_DEPLOY).returncode == 0
