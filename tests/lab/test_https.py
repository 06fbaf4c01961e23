"""HTTPS through the directors: another certificate while clients are served, and one by ACME whose
authority asks the VIP."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from provisioning.model.tls.authority import issue, new_authority
from tests.app.browser.authorities import trust
from tests.app.browser.page_actions import recording
from tests.lab import https_clients
from tests.lab.cluster import Change, Cluster
from tests.lab.studio import studio_release

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(1800)]

NAME = "tts.lab"
NODES = ("rs1", "rs2", "rs3")
_SPEECH = json.dumps({"model": "tts-1", "input": "hello", "voice": "en-us"})


def encrypted(scheduler: str = "rr", **tls: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        web = {"name": "web", "port": 7860, "scheduler": scheduler, "persistence": None}
        content["services"] = [web]
        content["tls"] = {"names": [NAME], **tls}

    return change


@pytest.fixture(scope="module", autouse=True)
def _afterwards(cluster: Cluster) -> Iterator[None]:
    yield
    cluster.write()
    assert cluster.run("deploy", "--yes", "--no-verify", timeout=1200).returncode == 0


@pytest.fixture
def trusted(cluster: Cluster) -> Path:
    """The lab with HTTPS by its own authority, whose certificate this is."""
    cluster.write(encrypted(authority="cluster"))
    done = cluster.run("deploy", "--yes", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = cluster.folder.glob(".cluster/*/authority.crt")
    return found


def curl(cluster: Cluster, trusted: Path, *more: str, path: str = "/readyz") -> list[str]:
    """Words of a client that knows the name and trusts that authority."""
    vip = cluster.lab.topology.lan.vip
    known = [word for port in (80, 443) for word in ("--resolve", f"{NAME}:{port}:{vip}")]
    given = ["--cacert", str(trusted), "--max-time", "60", *more]
    return ["curl", "-sS", *known, *given, f"https://{NAME}{path}"]


def serials(cluster: Cluster) -> set[str]:
    """What the nodes show."""
    told = cluster.json("certificates", "status")
    assert set(told["hosts"]) == set(NODES) and not told["unreachable"]
    return {one["serial"] for one in told["hosts"].values()}


@contextmanager
def asking(cluster: Cluster, trusted: Path) -> Iterator[list[str]]:
    """Clients that ask and speak, each request on a connection of its own; at the end of the block,
    what they were answered."""
    said: list[str] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stop = Path(folder) / "stop"
        shown = ("-o", "/dev/null", "-w", "%{http_code}\n")
        post = ("--json", _SPEECH)
        ask = curl(cluster, trusted, *shown)
        speak = curl(cluster, trusted, *shown, *post, path="/v1/audio/speech")
        loop = 'while [ ! -e "$0" ]; do "$@" || echo failed; done'
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    cluster.lab.client_command(["sh", "-c", loop, str(stop), *words]),
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for words in (ask, ask, speak)
        ]
        try:
            yield said
        finally:
            stop.touch()
            for one in processes:
                said += one.communicate(timeout=180)[0].split()


def test_another_certificate_and_nobody_notices(cluster: Cluster, trusted: Path) -> None:
    (before,) = serials(cluster)
    with asking(cluster, trusted) as said:
        done = cluster.run("certificates", "renew", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "drain" not in done.stdout
    assert set(said) == {"200"} and len(said) > 20
    (after,) = serials(cluster)
    assert after != before
    old = curl(cluster, trusted, "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0")
    assert cluster.from_client(*old).returncode == 35


@pytest.fixture
def sslyze(tmp_path: Path) -> str:
    """In an environment of its own: it wants an older cryptography than the project."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    install = [str(tmp_path / "venv" / "bin" / "pip"), "install", "-q", "sslyze"]
    subprocess.run(install, check=True, timeout=600)
    return str(tmp_path / "venv" / "bin" / "sslyze")


def test_it_is_what_mozilla_calls_intermediate(
    cluster: Cluster, trusted: Path, sslyze: str
) -> None:
    vip = cluster.lab.topology.lan.vip
    words = ["--mozilla_config=intermediate", f"--sni={NAME}", f"--certinfo_ca_file={trusted}"]
    done = cluster.from_client(sslyze, *words, f"{vip}:443")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert f"{vip}:443: OK - Compliant" in done.stdout


def test_what_is_said_into_the_microphone_is_cloned(cluster: Cluster, tmp_path: Path) -> None:
    studio = studio_release(tmp_path / "release")

    def change(content: dict[str, Any]) -> None:
        content["app"] |= {"source": str(studio), "engine": "studio", "session_routing": True}

    cluster.write(encrypted(authority="cluster"), change)
    done = cluster.run("deploy", "--yes", "--no-verify", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    (authority,) = cluster.folder.glob(".cluster/*/authority.crt")
    home, said = tmp_path / "home", recording(tmp_path / "said.wav", seconds=8)
    trust(home, authority)
    program = [sys.executable, "-m", "tests.lab.https_microphone"]
    place = ["env", f"PYTHONPATH={Path(__file__).parents[2]}"]
    given = [NAME, str(cluster.lab.topology.lan.vip), str(home), str(said)]
    done = cluster.from_client(*place, *program, *given)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["url"] == f"https://{NAME}/" and told["node"] in NODES, told
    assert told["bytes"] > 10_000


@pytest.mark.parametrize("scheduler", ["rr", "sh"])
def test_sessions_are_kept_and_jobs_lent_whatever_the_scheduler(
    cluster: Cluster, trusted: Path, scheduler: str
) -> None:
    cluster.write(encrypted(authority="cluster", scheduler=scheduler))
    done = cluster.run("deploy", "--yes", "--no-verify", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    program = Path(https_clients.__file__)
    url = f"https://{cluster.lab.topology.lan.vip}"
    done = cluster.from_client(sys.executable, str(program), url, str(trusted))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert sum(told["in_turn"].values()) == https_clients.IN_TURN
    # sh brings every connection of this one client to one node; the nodes share all the same.
    assert sum(told["at_once"].values()) == https_clients.AT_ONCE
    assert set(told["at_once"]) == set(NODES), told


def test_directors_ask_over_tls_and_a_folder_without_the_authority_is_stopped(
    cluster: Cluster, trusted: Path, tmp_path: Path
) -> None:
    vip = cluster.lab.topology.lan.vip
    for director in ("lvs1", "lvs2"):
        assert f"{vip}:443 rr" in cluster.on(director, "ipvsadm -Ln")
    elsewhere = Cluster(cluster.lab, tmp_path)

    def unseen(content: dict[str, Any]) -> None:
        for name in ("lvs1", "lvs2"):
            # Nobody listens there.
            content["directors"]["hosts"][name]["ssh"]["port"] = 1

    elsewhere.write(encrypted(authority="cluster"), unseen)
    done = elsewhere.run("deploy", "--yes", "--limit", "rs1")
    assert done.returncode == 1 and "clients would not trust" in done.stderr
    assert not list(tmp_path.glob(".cluster/*/authority*"))


@pytest.fixture
def pebble(cluster: Cluster, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """An authority at the client's place, for which the name leads to the VIP."""
    if shutil.which("pebble") is None:
        pytest.skip("needs Debian's package pebble")
    lan, now = cluster.lab.topology.lan, datetime.now(UTC)
    address = cluster.lab.topology.node("client1").address
    authority = new_authority("pebble", now)
    own = tmp_path / "own.pem"
    own.write_text(issue(authority, [], [ip_address(str(address))], now).pem())
    trusted = cluster.folder / "pebble.pem"
    trusted.write_text(authority.public_pem())
    written = {
        "listenAddress": f"{address}:14000",
        "managementListenAddress": f"{address}:15000",
        "certificate": str(own),
        "privateKey": str(own),
        "httpPort": 80,
        "tlsPort": 443,
    }
    (tmp_path / "pebble.json").write_text(json.dumps({"pebble": written}))
    names = ["pebble-challtestsrv", "-dns01=127.0.0.1:8053", "-management=127.0.0.1:8055"]
    names += [f"-defaultIPv4={lan.vip}", "-defaultIPv6=", "-http01=", "-https01=", "-tlsalpn01="]
    asks = ["pebble", "-config", str(tmp_path / "pebble.json"), "-dnsserver", "127.0.0.1:8053"]
    with ExitStack() as stack:
        for words in (names, ["env", "PEBBLE_VA_NOSLEEP=1", *asks]):
            process = subprocess.Popen(cluster.lab.client_command(words))
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        yield {
            "email": "ops@tts.lab",
            "directory": f"https://{address}:14000/dir",
            "authority": str(trusted),
        }


def test_one_by_acme_comes_through_the_vip(cluster: Cluster, pebble: dict[str, Any]) -> None:
    cluster.write(encrypted(acme=pebble))
    done = cluster.run("deploy", "--yes", "--no-verify", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    done = cluster.run("certificates", "renew", "--yes", timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    (serial,) = serials(cluster)
    # The one that asks is gone while a renewal is due: it comes all the same.
    cluster.on("rs1", "mv /usr/bin/lego /usr/bin/lego.away")
    try:
        settings = "/etc/cosyvoice/acme.json"
        for name in ("rs2", "rs3"):
            # As if it were the end of its time: pebble's certificates are good for years.
            cluster.on(name, f'sed -i \'s/"renew_days": 30/"renew_days": 3000/\' {settings}')
        cluster.on("rs2", "/usr/local/sbin/cosyvoice-acme turn")
        cluster.on("rs3", "/usr/local/sbin/cosyvoice-acme fetch")
        end = time.monotonic() + 900
        while serials(cluster) & {serial} or len(serials(cluster)) != 1:
            assert time.monotonic() < end, "rs1 does not take it over"
            time.sleep(5)
    finally:
        cluster.on("rs1", "mv /usr/bin/lego.away /usr/bin/lego")
