"""Certificates of a living cluster: what two real servers show, each with an Nginx of its own, and
how they get another one while clients are served."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from provisioning.engine.apply import apply_plan
from provisioning.engine.apply_plans import ApplyResult
from provisioning.engine.fleet import Fleet
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.progress import silent
from provisioning.errors import ClusterError
from provisioning.model.edge import Edges
from provisioning.model.tls.authority import issue, new_authority
from provisioning.model.tls.certificate import ServerCertificate
from provisioning.model.tls.tls import Acme, Tls
from provisioning.operations.certificates.renewing import renew
from provisioning.operations.certificates.shown import ShownCertificates, shown_certificates
from provisioning.operations.cluster.certificate import (
    ClusterCertificate,
    cluster_certificate,
    keep_certificate,
)
from provisioning.operations.cluster.cluster import Cluster
from provisioning.places import ACME_PROGRAM, CERTIFICATE_FILE
from provisioning.resources.file import File
from provisioning.transport.base import Completed, Transport, UnreachableError
from tests.certificates import NAME
from tests.operations.operating import SilentDialogue, operation
from tests.operations.sandbox_cluster import SandboxCluster, SandboxHost
from tests.roles.nginx_site import App, Site, started

_SYSTEMCTL = """\
#!/bin/sh
case $1 in
show) printf 'LoadState=loaded\\nActiveState=active\\nMainPID=1\\nUnitFileState=enabled\\n' ;;
reload) {check} && kill -HUP $(cat {pid}) ;;
esac
"""


class Node(SandboxHost):
    """A real server with Nginx, and the stand-in app behind it."""

    def __init__(self, root: Path, app_port: int) -> None:
        super().__init__(root)
        folder = root / "nginx"
        folder.mkdir()
        self.certificate = root / CERTIFICATE_FILE.lstrip("/")
        self.certificate.parent.mkdir(mode=0o700)
        self.site = Site(folder, app_port, self.certificate)
        systemctl = root / "bin" / "systemctl"
        check = f"{self.site.program} check {self.site.conf}"
        systemctl.write_text(_SYSTEMCTL.format(check=check, pid=folder / "pid"))

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        text = script.decode() if isinstance(script, bytes) else script
        text = text.replace(ACME_PROGRAM, f"{self.root}/acme")
        text = text.replace('"port": 443', f'"port": {self.site.port}')
        return super().run(text, root=root, timeout=timeout, on_stdout=on_stdout)

    def serial(self) -> str:
        """What a new client is shown."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        place = "127.0.0.1", self.site.port
        with (
            socket.create_connection(place, 30) as plain,
            context.wrap_socket(plain, server_hostname=NAME) as shown,
        ):
            return ssl.DER_cert_to_PEM_cert(shown.getpeercert(True) or b"")


class Tlsed:
    """The cluster, deployed as far as TLS is concerned."""

    def __init__(
        self,
        folder: Path,
        nodes: dict[str, Node],
        sandbox: SandboxCluster,
        edges: Edges | None = None,
    ) -> None:
        self.nodes, self.gone = nodes, set[str]()
        self.tls = Tls(authority="cluster", names=[NAME])
        inventory = sandbox.inventory.model_copy(update={"tls": self.tls, "edges": edges})
        self.cluster = Cluster(inventory, folder / "inventory.yaml")
        self.hosts = {**sandbox.hosts, **nodes}
        self.dialogue = Watching()

    def fleet(self) -> Fleet:
        def connect(name: str) -> Transport:
            if name in self.gone:
                raise UnreachableError(f"{name}: no answer within 10 s")
            return self.hosts[name]

        return Fleet(connect, forks=4)

    def deploy(self, certificate: ServerCertificate | None = None) -> ClusterCertificate:
        found = cluster_certificate(self.cluster, self.fleet())
        assert found is not None and found.authority is not None
        keep_certificate(self.cluster, found)
        pem = certificate.pem() if certificate else found.certificate.pem()
        for name, node in self.nodes.items():
            file = File(path=CERTIFICATE_FILE, content=pem, mode=0o600, sensitive=True)
            plan, _ = observe_and_plan(name, node, (), (file,), {})
            assert apply_plan(plan, node, run_id="r0", holder="me", progress=silent).ok
            node.site.trusted.write_text(found.authority.public_pem())
        return found

    def renew(self) -> bool:
        op = operation(self.cluster, self.fleet())
        return renew(op.__class__(op.cluster, op.run, op.fleet, self.dialogue), self.tls)

    def look(self) -> ShownCertificates:
        return shown_certificates(self.cluster, self.tls, self.fleet())


class Watching(SilentDialogue):
    """Keeps what was reported."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.skipped: dict[str, str] = {}

    def report(self, result: ApplyResult) -> None:
        self.outcomes = {name: one.outcome for name, one in result.hosts.items()}
        self.skipped = dict(result.skipped)


@contextmanager
def cluster_of(
    folder: Path, certificate: ServerCertificate | None = None, edges: Edges | None = None
) -> Iterator[Tlsed]:
    app = ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    port = app.server_address[1]
    sandbox = SandboxCluster(folder, port)
    names = ["rs1", "rs2", *(edges.hosts if edges else ())]
    nodes = {name: Node(folder / f"node-{name}", port) for name in names}
    found = Tlsed(folder, nodes, sandbox, edges)
    found.deploy(certificate)
    with ExitStack() as stack:
        for node in nodes.values():
            stack.enter_context(started(node.site))
        yield found
    app.shutdown()
    app.server_close()


@pytest.fixture
def tlsed(tmp_path: Path) -> Iterator[Tlsed]:
    with cluster_of(tmp_path) as found:
        yield found


def _by_another(days: int) -> ServerCertificate:
    now = datetime.now(UTC)
    then = now - timedelta(days=365 - days)
    return issue(new_authority("other", then), [NAME], [], then)


def test_all_show_what_they_should(tlsed: Tlsed) -> None:
    seen = tlsed.look()
    assert seen.faults == [] and seen.unreachable == {}
    assert seen.wanted is not None
    assert {one.serial for one in seen.hosts.values()} == {seen.wanted.serial}
    (names,) = {one.names for one in seen.hosts.values()}
    assert names == (NAME, "127.0.0.100")
    left = seen.wanted.days_left(datetime.now(UTC))
    assert left is not None and 364 < left <= 365


def test_one_by_one_without_a_lost_request(tlsed: Tlsed) -> None:
    before = {name: node.serial() for name, node in tlsed.nodes.items()}
    App.go_on.clear()
    streams = [node.site.get("/events") for node in tlsed.nodes.values()]
    assert [one.readline() for one in streams] == [b"data: first\n"] * 2
    over = threading.Event()
    outcomes: list[int | str] = []

    def ask(node: Node) -> None:
        while not over.is_set():
            try:
                outcomes.append(node.site.get("/x").status)
            except OSError as error:
                outcomes.append(repr(error))

    askers = [threading.Thread(target=ask, args=(node,)) for node in tlsed.nodes.values()]
    for one in askers:
        one.start()
    assert tlsed.renew()
    seen = tlsed.look()
    over.set()
    for one in askers:
        one.join()
    App.go_on.set()
    # What was under way when the certificate was exchanged is answered to its end.
    assert all(one.read().endswith(b"data: last\n\n") for one in streams)
    assert set(outcomes) == {200} and len(outcomes) > 20
    assert tlsed.dialogue.outcomes == {"rs1": "changed", "rs2": "changed"}
    after = {name: node.serial() for name, node in tlsed.nodes.items()}
    assert len(set(after.values())) == 1 and not set(after.values()) & set(before.values())
    assert seen.faults == []


def test_edges_get_it_after_the_real_servers(tmp_path: Path) -> None:
    edges = Edges.model_validate({"vip": "127.0.0.200", "hosts": {"edge1": "127.0.0.51"}})
    with cluster_of(tmp_path, edges=edges) as found:
        assert found.renew()
        seen = found.look()
        assert list(seen.hosts) == list(found.dialogue.outcomes) == ["rs1", "rs2", "edge1"]
        assert seen.faults == [] and len({one.serial for one in seen.hosts.values()}) == 1
        assert seen.hosts["edge1"].names == (NAME, "127.0.0.100", "127.0.0.200")


def test_a_node_that_does_not_take_it_keeps_the_others_as_they_are(tlsed: Tlsed) -> None:
    before = {name: node.serial() for name, node in tlsed.nodes.items()}
    first = tlsed.nodes["rs1"]
    first.site.program.write_text("#!/bin/sh\nexit 1\n")
    assert not tlsed.renew()
    assert tlsed.dialogue.outcomes["rs1"] != "changed"
    assert "failed before" in tlsed.dialogue.skipped["rs2"]
    assert {name: node.serial() for name, node in tlsed.nodes.items()} == before


def test_a_node_that_is_away_is_told_of_and_gets_it_later(tlsed: Tlsed) -> None:
    tlsed.gone = {"rs2"}
    assert not tlsed.renew()
    assert "no answer" in tlsed.dialogue.skipped["rs2"]
    tlsed.gone = set()
    (fault,) = tlsed.look().faults
    assert fault.host == "rs2" and fault.commands == ("cluster deploy",)
    assert "not the one wanted" in fault.text


def test_one_that_ends_soon_and_is_for_other_names(tmp_path: Path) -> None:
    with cluster_of(tmp_path, _by_another(days=3)) as tlsed:
        texts = [fault.text for fault in tlsed.look().faults if fault.host == "rs1"]
        assert "in 3 days" in texts[0] or "in 2 days" in texts[0]
        assert "not the one wanted" in texts[1]
        assert tlsed.renew() and tlsed.look().faults == []


def test_an_nginx_that_is_down(tlsed: Tlsed) -> None:
    tlsed.nodes["rs1"].site.port = 1
    (fault,) = tlsed.look().faults
    assert fault.host == "rs1" and "shows no certificate on port 443" in fault.text


_ACME = """\
#!/bin/sh
case $1 in
issue) cat {new} > {shared} ;;
esac
cat {shared} > {certificate}
kill -HUP $(cat {pid})
"""


def _by_acme(tlsed: Tlsed, folder: Path) -> str:
    """Make it so that hosts get certificates themselves; the serial number of the new one."""
    tlsed.tls = Tls(acme=Acme(email="a@b.org"), names=[NAME])
    new = _by_another(days=60)
    (folder / "new.pem").write_text(new.pem())
    for node in tlsed.nodes.values():
        paths = {
            "new": folder / "new.pem",
            "shared": folder / "shared.pem",
            "certificate": node.certificate,
            "pid": node.site.folder / "pid",
        }
        (node.root / "acme").write_text(_ACME.format(**paths))
        (node.root / "acme").chmod(0o755)
    return new.serial


def test_by_acme_one_asks_and_all_show_it(tlsed: Tlsed, tmp_path: Path) -> None:
    serial = _by_acme(tlsed, tmp_path)
    assert tlsed.renew()
    assert {one.serial for one in tlsed.look().hosts.values()} == {serial}


def test_by_acme_the_next_asks_where_the_first_is_away(tlsed: Tlsed, tmp_path: Path) -> None:
    serial = _by_acme(tlsed, tmp_path)
    tlsed.gone = {"rs1"}
    assert not tlsed.renew()
    assert tlsed.look().hosts["rs2"].serial == serial


def test_by_acme_a_refusal_is_told_and_nothing_else_is_touched(
    tlsed: Tlsed, tmp_path: Path
) -> None:
    _by_acme(tlsed, tmp_path)
    before = {name: node.serial() for name, node in tlsed.nodes.items()}
    (tlsed.nodes["rs1"].root / "acme").write_text("#!/bin/sh\necho no such name >&2\nexit 1\n")
    with pytest.raises(ClusterError, match="rs1: no such name"):
        tlsed.renew()
    assert {name: node.serial() for name, node in tlsed.nodes.items()} == before


def test_an_authority_that_may_be_elsewhere_is_not_made_anew(tlsed: Tlsed, tmp_path: Path) -> None:
    clone = Cluster(tlsed.cluster.inventory, tmp_path / "clone" / "inventory.yaml")
    tlsed.gone = {"lvs1", "lvs2"}
    with pytest.raises(ClusterError, match=r"not seen: lvs1, lvs2.*clients would not trust"):
        cluster_certificate(clone, tlsed.fleet())
    tlsed.gone = {"lvs2"}
    with pytest.raises(ClusterError, match="not seen: lvs2"):
        cluster_certificate(clone, tlsed.fleet())
    # The folder that has it goes on.
    assert cluster_certificate(tlsed.cluster, tlsed.fleet())
    tlsed.gone = set()
    assert cluster_certificate(clone, tlsed.fleet())
