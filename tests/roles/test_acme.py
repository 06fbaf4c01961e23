"""A certificate by ACME on two nodes, each with a real Nginx, by lego from a real pebble, which
asks whether the name is ours as a public authority does."""

import contextlib
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from provisioning.model.tls.authority import issue, new_authority
from provisioning.roles.real_server.acme_program import PLACEHOLDER
from tests.certificates import NAME
from tests.ports import free_port
from tests.processes import wait_until
from tests.roles.acme_site import HOSTS, Node, Pebble
from tests.roles.nginx_site import started


@pytest.fixture(scope="module")
def pebble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    folder = tmp_path_factory.mktemp("pebble")
    now = datetime.now(UTC)
    authority = new_authority("pebble", now)
    own = issue(authority, [], [ip_address("127.0.0.1")], now)
    (folder / "own.pem").write_text(own.pem())
    (folder / "trusted.pem").write_text(authority.public_pem())
    listen, manage, dns, told, asks_at = (free_port() for _ in range(5))
    written = {
        "listenAddress": f"127.0.0.1:{listen}",
        "managementListenAddress": f"127.0.0.1:{manage}",
        "certificate": str(folder / "own.pem"),
        "privateKey": str(folder / "own.pem"),
        "httpPort": asks_at,
        "tlsPort": free_port(),
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": written}))
    nowhere = [f"-{kind}01=" for kind in ("http", "https", "tlsalpn")]
    commands = [
        [
            "pebble-challtestsrv",
            f"-dns01=127.0.0.1:{dns}",
            f"-management=127.0.0.1:{told}",
            "-defaultIPv6=",
            *nowhere,
        ],
        ["pebble", "-config", str(folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}"],
    ]
    environment = {
        "PEBBLE_VA_NOSLEEP": "1",
        "PEBBLE_WFE_NONCEREJECT": "0",
        "PEBBLE_AUTHZREUSE": "0",
    }
    with contextlib.ExitStack() as stack:
        for number, command in enumerate(commands):
            log = stack.enter_context((folder / f"log{number}").open("w"))
            process = subprocess.Popen(
                command, env={"PATH": "/usr/bin", **environment}, stdout=log, stderr=log
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        found = Pebble(
            f"https://127.0.0.1:{listen}/dir",
            folder / "trusted.pem",
            f"http://127.0.0.1:{told}",
            asks_at,
        )
        wait_until(lambda: _listens(listen) and _listens(told))
        yield found


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@dataclass
class Nodes:
    """Both, and the service's port 80, which is behind one of them."""

    rs1: Node
    rs2: Node


@pytest.fixture
def nodes(pebble: Pebble, tmp_path: Path) -> Iterator[Nodes]:
    # The authority's question comes to the second node, and it is the first that asks for one.
    ports = {"rs1": free_port(), "rs2": pebble.asks_at}
    found = Nodes(*(Node(name, ports, tmp_path, pebble) for name in HOSTS))
    with started(found.rs1), started(found.rs2):
        yield found


def _serves_new(node: Node, before: int) -> int:
    """Nginx takes it up a moment after it was told."""
    wait_until(lambda: node.shown().serial_number != before)
    return node.shown().serial_number


def test_one_asks_and_the_other_takes_it_over(nodes: Nodes) -> None:
    first, second = nodes.rs1, nodes.rs2
    placeholders = [node.shown() for node in (first, second)]
    assert all(PLACEHOLDER in one.issuer.rfc4514_string() for one in placeholders)
    # Not its turn, and nothing to take over yet.
    assert second.keep().returncode == 0
    assert not second.asked() and second.shown() == placeholders[1]
    done = first.keep()
    assert done.returncode == 0, done.stderr
    serial = _serves_new(first, placeholders[0].serial_number)
    assert "Pebble" in first.shown().issuer.rfc4514_string()
    assert second.keep().returncode == 0
    assert _serves_new(second, placeholders[1].serial_number) == serial
    assert first.asked() and not second.asked()
    # Nothing is due, so nothing happens.
    assert (first.keep().stdout, second.keep().stdout) == ("", "")
    # By hand, whatever is left of the old one.
    assert first.keep("issue").returncode == 0 and second.keep("fetch").returncode == 0
    again = _serves_new(first, serial)
    assert _serves_new(second, serial) == again


def test_keys_are_for_root_alone_and_sealed_on_their_way(nodes: Nodes) -> None:
    assert nodes.rs1.keep().returncode == 0
    for node in (nodes.rs1, nodes.rs2):
        assert node.certificate.stat().st_mode & 0o777 == 0o600
    private = nodes.rs1.folder / "acme" / "private"
    assert len(list(private.rglob("*.key"))) == 2
    assert private.stat().st_mode & 0o777 == 0o700
    url = f"http://127.0.0.1:{nodes.rs1.plain}/.well-known/cosyvoice-certificate"
    with urllib.request.urlopen(url) as answer:
        sealed = answer.read()
    assert len(sealed) > 1000 and b"PRIVATE" not in sealed and b"CERTIFICATE" not in sealed
    stranger = ["curl", "-s", "--interface", "127.0.0.9", "-o", "/dev/null", "-w", "%{http_code}"]
    done = subprocess.run([*stranger, url], capture_output=True, text=True, check=False)
    assert done.stdout == "403"
    # Who has another secret cannot read it, and goes on with what it has.
    (nodes.rs2.folder / "secret").write_text("another\n")
    before = nodes.rs2.shown()
    assert nodes.rs2.keep().returncode == 0 and nodes.rs2.shown() == before


def test_the_second_stands_in_for_the_first_when_that_is_gone(
    pebble: Pebble, tmp_path: Path
) -> None:
    ports = {"rs1": free_port(), "rs2": pebble.asks_at}
    second = Node("rs2", ports, tmp_path, pebble)
    second.has(days=29)
    with started(second):
        before = second.shown().serial_number
        assert second.keep().returncode == 0 and not second.asked()
        second.has(days=27.9)
        done = second.keep()
        assert done.returncode == 0, done.stderr
        # Nginx takes it up in its own time.
        wait_until(lambda: "Pebble" in second.shown().issuer.rfc4514_string())
        assert second.shown().serial_number != before


def test_an_authority_that_is_away_is_asked_again_later(nodes: Nodes) -> None:
    node = nodes.rs1
    node.has(days=20)
    node.set({"directory": f"https://127.0.0.1:{free_port()}/dir"})
    before = node.certificate.read_text()
    done = node.keep()
    assert done.returncode == 1 and "gave no certificate" in done.stderr
    assert "Traceback" not in done.stderr and "PRIVATE" not in done.stderr
    assert node.certificate.read_text() == before
    # Not at once: authorities count failures.
    node.set({"directory": node.pebble.directory})
    assert (node.keep().returncode, node.certificate.read_text()) == (0, before)
    tried = node.folder / "acme" / "private" / "tried"
    tried.write_text(json.dumps({"at": time.time() - 301, "failures": 1}))
    assert node.keep().returncode == 0
    assert node.certificate.read_text() != before and not tried.exists()


def test_one_that_nginx_does_not_take_is_given_back_and_not_asked_for_again(nodes: Nodes) -> None:
    node = nodes.rs1
    node.has(days=20)
    before, check = node.certificate.read_text(), json.loads(node.settings.read_text())["check"]
    node.set({"check": ["sh", "-c", "echo no >&2; exit 1"]})
    done = node.keep()
    assert done.returncode == 1 and "no" in done.stderr
    assert node.certificate.read_text() == before
    node.set({"check": check, "directory": "https://127.0.0.1:1/dir"})
    done = node.keep()
    assert done.returncode == 0, done.stderr
    assert node.certificate.read_text() != before


def test_a_star_is_proved_in_dns_by_a_hook(nodes: Nodes) -> None:
    node = nodes.rs1
    hook = node.folder / "hook"
    hook.write_text(
        "#!/bin/sh\nset -eu\n[ $1 = present ] && what=set value=$3 || what=clear value=\n"
        'printf \'{"host": "%s", "value": "%s"}\' "$2" "$value" |\n'
        f"curl -sSf --data-binary @- {node.pebble.dns}/$what-txt\n"
    )
    hook.chmod(0o700)
    node.set({"names": [f"*.{NAME}", NAME], "hook": str(hook)})
    before = node.shown().serial_number
    done = node.keep()
    assert done.returncode == 0, done.stderr
    _serves_new(node, before)
    names = node.shown().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {f"*.{NAME}", NAME}
