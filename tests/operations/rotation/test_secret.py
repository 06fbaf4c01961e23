"""A new secret for nodes that ask each other all the time, exchanged by the real scripts on hosts
that are folders."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.access.cluster_secret import ClusterSecret
from app.session_routing import SessionRouting
from app.session_routing.peers.client import PATH
from app.session_routing.peers.signatures import CLOCK, HEADER, UNTIMELY, Signatures
from provisioning.engine.apply_plans import apply_plans
from provisioning.model.cluster_record import secret_id
from provisioning.operations.cluster import fleet as cluster_fleet
from provisioning.operations.errors import OperationError
from provisioning.operations.rotation import secret as rotation
from provisioning.operations.run.truth import held
from provisioning.places import SECRET_FILE, STATE
from provisioning.transport.base import Transport, UnreachableError
from tests.operations.operating import SilentDialogue, operation
from tests.operations.sandbox_cluster import SandboxCluster
from tests.operations.test_two_folders import Folder, record
from tests.ports import free_port

_OLD = "old secret " * 3
_SERVERS = ("rs1", "rs2")
_PATIENCE = 120.0


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("no client asks here")


class Node:
    """A node of the app as others see it; it reads the files of its host."""

    def __init__(self, name: str, address: str, port: int, path: Path) -> None:
        self.name, self.path, self.url = name, path, f"http://{address}:{port}"
        routing = SessionRouting(_app, node=name, peers=[], secret=ClusterSecret(path))
        config = uvicorn.Config(routing, address, port, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> "Node":
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


class Asking:
    """A node that asks another without end, as a peer does, by its own files."""

    def __init__(self, by: Node, to: Node) -> None:
        self.failed: list[int] = []
        self.rounds = 0
        self._signatures = Signatures(ClusterSecret(by.path), by.name)
        self._to = to
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def round(self) -> None:
        """Return once a question was sent and answered that had not begun before."""
        end = self.rounds + 2
        while self.rounds < end and self._thread.is_alive():
            self._ended.wait(0.05)

    def _ask(self) -> None:
        with httpx.Client(trust_env=False, timeout=_PATIENCE) as client:
            while not self._ended.wait(0.05):
                status = self._once(client)
                status = self._once(client) if status == UNTIMELY else status
                if status != 200:
                    self.failed.append(status)
                self.rounds += 1

    def _once(self, client: httpx.Client) -> int:
        target = f"{PATH}condition"
        given = self._signatures.write(self._to.name, "POST", target)
        answer = client.post(
            self._to.url + target, json={}, headers={HEADER.decode(): given.decode()}
        )
        if answer.status_code == UNTIMELY:
            self._signatures.learn(self._to.name, given, answer.headers[CLOCK])
        return answer.status_code


class Site:
    """Two directors, two real servers with a node each, and two operators' folders."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox = SandboxCluster(folder, free_port())
        inventory = self.sandbox.inventory
        app = inventory.app.model_copy(update={"user": "root"})
        self.sandbox.inventory = inventory.model_copy(update={"app": app})
        self.sandbox.deploy()
        for name in _SERVERS:
            path = self.secret_file(name)
            path.write_text(f"{_OLD.strip()}\n")
            path.chmod(0o640)
            (self.root(name) / STATE[1:]).mkdir(exist_ok=True)
            (self.root(name) / STATE[1:] / "manifest").write_text("mark:x\n\t:\n")
        self.one, self.two = (Folder(folder / name, self.sandbox) for name in ("one", "two"))
        self.asking: list[Asking] = []
        monkeypatch.setattr(cluster_fleet, "connect", self._connect)
        # In place of the time after which no signature is good.
        monkeypatch.setattr(rotation._Rotation, "_let_arrive", self._let_arrive)

    def _connect(self, name: str, *_: object, **__: object) -> Transport:
        if name in self.sandbox.gone:
            raise UnreachableError(f"{name}: no answer within 10 s")
        return self.sandbox.hosts[name]

    def _let_arrive(self, *_: object) -> None:
        for one in self.asking:
            one.round()

    def root(self, name: str) -> Path:
        return self.sandbox.hosts[name].root

    def secret_file(self, name: str) -> Path:
        return self.root(name) / SECRET_FILE[1:]

    def accepted(self, name: str) -> list[str]:
        path = self.root(name) / f"{SECRET_FILE[1:]}.accepted"
        return path.read_text().splitlines()

    def secrets(self) -> list[str]:
        return [self.secret_file(name).read_text().strip() for name in _SERVERS]

    def rotate(self, folder: Folder, *, abort: bool = False) -> bool:
        with folder.at_work() as (fleet, run):
            op = replace(operation(folder.cluster, fleet, run), dialogue=Noting(folder.said))
            run.ok = rotation.rotate_secret(op, abort=abort)
            return run.ok

    @contextmanager
    def nodes(self) -> Iterator[list[Asking]]:
        """They ask each other for the time of the block, and are never refused."""
        port = self.sandbox.inventory.services[0].port
        places = zip(_SERVERS, ("127.0.0.1", "127.0.0.2"), strict=True)
        nodes = [Node(name, address, port, self.secret_file(name)) for name, address in places]
        with nodes[0], nodes[1]:
            one, two = Asking(nodes[0], nodes[1]), Asking(nodes[1], nodes[0])
            with one, two:
                self.asking = [one, two]
                yield self.asking
                for asking in self.asking:
                    asking.round()
            assert not one.failed and not two.failed
            assert one.rounds > 1 and two.rounds > 1


class Noting(SilentDialogue):
    """An operator who reads."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def note(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path, monkeypatch)


class CutError(Exception):
    """The machine of the operator is gone."""


def cut_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """The first host of the ``count``-th phase is changed, and no more."""
    calls = itertools.count(1)
    real: Callable[..., object] = apply_plans

    def apply(plans: object, waves: list[object], *more: object, **others: object) -> object:
        if next(calls) != count:
            return real(plans, waves, *more, **others)
        real(plans, [replace(waves[0], hosts=waves[0].hosts[:1])], *more, **others)  # type: ignore
        raise CutError

    monkeypatch.setattr(rotation, "apply_plans", apply)


def test_nodes_take_up_a_new_secret_and_no_question_of_theirs_is_refused(site: Site) -> None:
    with site.nodes():
        assert site.rotate(site.one)
        new = site.secrets()
        assert len(set(new)) == 1 and new[0] != _OLD.strip() and len(new[0]) >= 32
        assert [site.accepted(name) for name in _SERVERS] == [[], []]
    found = site.one.cluster.record
    assert found.rotation is None and found.secret == secret_id(new[0])
    kept = site.one.cluster.state_dir
    assert (kept / "secret").read_text().strip() == new[0]
    assert not (kept / "secret.new").exists()
    for name in ("lvs1", "lvs2"):
        assert new[0] not in record(site.sandbox, name).read_text()
    log = "".join(path.read_text() for path in (kept / "history").iterdir())
    assert new[0] not in log and _OLD.strip() not in log


@pytest.mark.parametrize(("count", "phase"), [(1, "accept"), (2, "sign"), (3, "forget")])
def test_one_that_was_cut_is_continued_from_another_folder(
    site: Site, monkeypatch: pytest.MonkeyPatch, count: int, phase: str
) -> None:
    with site.nodes():
        with monkeypatch.context() as patched:
            cut_after(patched, count)
            with pytest.raises(CutError):
                site.rotate(site.one)
        begun = site.one.cluster.record.rotation
        assert begun is not None and begun.phase == phase
        with site.two.at_work() as (fleet, _):
            # A deploy in between keeps to the phase.
            truth = held(site.two.cluster, fleet)
            assert truth.shared_secret is not None
            signing = begun.old if phase == "accept" else begun.new
            assert secret_id(truth.shared_secret.value) == signing
            assert len(truth.shared_secret.accepted) == (0 if phase == "forget" else 2)
        assert site.rotate(site.two)
        assert [secret_id(one) for one in site.secrets()] == [begun.new] * 2
        assert [site.accepted(name) for name in _SERVERS] == [[], []]
    assert site.two.cluster.record.rotation is None


def test_one_that_was_cut_is_taken_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with site.nodes():
        with monkeypatch.context() as patched:
            cut_after(patched, 2)
            with pytest.raises(CutError):
                site.rotate(site.one)
        assert site.rotate(site.two, abort=True)
        assert site.secrets() == [_OLD.strip()] * 2
    with pytest.raises(OperationError, match="no rotation is unfinished"):
        site.rotate(site.two, abort=True)


def test_a_host_that_is_off_is_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with site.nodes():
        site.sandbox.gone = {"rs2"}
        with pytest.raises(OperationError, match=r"rs2 .*nothing was changed"):
            site.rotate(site.one)
        assert site.secrets() == [_OLD.strip()] * 2
        assert site.one.cluster.record.rotation is None
        site.sandbox.gone = set()
        real = rotation._Rotation._establish

        def off_at_sign(self: object, found: object) -> object:
            if found.phase == "sign":  # type: ignore[attr-defined]
                site.sandbox.gone = {"rs2"}
                self.op.fleet.transports.pop("rs2", None)  # type: ignore[attr-defined]
            return real(self, found)  # type: ignore[arg-type]

        with monkeypatch.context() as patched:
            patched.setattr(rotation._Rotation, "_establish", off_at_sign)
            assert not site.rotate(site.one)
        assert any("the same command continues it" in line for line in site.one.said)
        assert len(set(site.secrets())) == 2, "one signs with the new one, and both are good"
        site.sandbox.gone = set()
        assert site.rotate(site.one)
        assert len(set(site.secrets())) == 1


def test_none_begins_where_nodes_are_not_alike(site: Site) -> None:
    with site.nodes():
        pass
    # Nobody runs any more: what counts is in the files.
    site.secret_file("rs2").write_text("another secret here\n")
    with pytest.raises(OperationError, match="different secrets"):
        site.rotate(site.one)
    site.secret_file("rs2").unlink()
    with pytest.raises(OperationError, match=r"rs2 have no secret yet|rs2.*deploy"):
        site.rotate(site.one)


def test_the_inventorys_own_is_what_comes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    app = site.sandbox.inventory.app
    own = type(app).model_validate({"secret": {"env": "ITS_SECRET"}, "user": "root"}).secret
    for folder in (site.one, site.two):
        changed = folder.cluster.inventory.model_copy(
            update={"app": app.model_copy(update={"secret": own})}
        )
        folder.cluster = replace(folder.cluster, inventory=changed)
    monkeypatch.setenv("ITS_SECRET", _OLD.strip())
    with pytest.raises(OperationError, match="put the new one there first"):
        site.rotate(site.one)
    monkeypatch.setenv("ITS_SECRET", "the one that the operator made")
    with monkeypatch.context() as patched:
        cut_after(patched, 2)
        with pytest.raises(CutError):
            site.rotate(site.one)
    monkeypatch.setenv("ITS_SECRET", "yet another one of the operator")
    with pytest.raises(OperationError, match="is not the new one"):
        site.rotate(site.two)
    monkeypatch.setenv("ITS_SECRET", "the one that the operator made")
    assert site.rotate(site.two)
    assert site.secrets() == ["the one that the operator made"] * 2
    assert not (site.two.cluster.state_dir / "secret").exists()
