"""Every choice with every other: what is written has nothing wrong with it, and says what was
answered."""

from functools import cache
from importlib.metadata import entry_points
from itertools import cycle, product
from pathlib import Path

import pytest

from provisioning.model import engine_declaration
from provisioning.model.derived.engine_needs import engine_extras
from provisioning.model.derived.resolve import gpus_of, interface_of, service_manager_of
from provisioning.model.engine_declaration import engine_names
from provisioning.model.hosts import ServiceManager
from provisioning.model.loader.load import Reading, parse_inventory
from provisioning.operations.init.draft import Draft
from provisioning.operations.init.inventory_text import inventory_text
from provisioning.operations.init.seen import Seen, SeenCard, for_gpus
from provisioning.operations.init.topic import Known
from provisioning.operations.init.topics import TOPICS, topic_about
from tests.certificates import made

_DIRECTORS = {"vip": "192.168.1.100", "directors": "192.168.1.11 备机=192.168.1.12"}
_EDGES = {"edges": "vip=192.168.1.110 192.168.1.51 192.168.1.52"}
_WAYS_IN = [_DIRECTORS, _DIRECTORS | _EDGES, {"vip": "none"} | _EDGES]
_TLS = ["none", "cluster", "acme", "files"]
_PYTHONS = ["venv", "wheelhouse", "/opt/conda/bin/python"]


def answered(given: dict[str, str], folder: Path, seen: dict[str, Seen] | None = None) -> Draft:
    """Answers as the questions take them, one after the other, with their defaults."""
    answers: dict[str, str] = {}
    for topic in TOPICS:
        known = Known({**given, **answers}, seen or {}, {}, folder)
        if not topic.applies(known):
            continue
        answer = given.get(topic.key) or topic.default(known)
        assert answer is not None, topic.key
        assert topic.problem(answer, known) is None, (topic.key, topic.problem(answer, known))
        answers[topic.key] = answer
    return Draft(answers, seen or {})


def read(draft: Draft, folder: Path) -> Reading:
    return parse_inventory(inventory_text(draft), folder / "inventory.yaml")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate in it."""
    folder = tmp_path_factory.mktemp("init")
    pair = made()
    (folder / "certificate.pem").write_text(pair.pem, encoding="utf-8")
    key = folder / "key.pem"
    key.touch(mode=0o600)
    key.write_text(pair.key_pem(), encoding="utf-8")
    return folder


def test_every_choice_is_right_with_every_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The packages that are installed stay the same, and are slow to look through.
    monkeypatch.setattr(engine_declaration, "entry_points", cache(entry_points))
    # What does not touch these is paired with all of them in turn.
    pythons, logs = cycle(_PYTHONS), cycle(["none", "192.168.1.63"])
    storages = cycle(["none", "192.168.1.20", "文件=192.168.1.20", "nas.example.com:/export"])
    monitorings = cycle(["none", "192.168.1.61 east=192.168.1.62", "none"])
    firewalls = cycle(["yes", "no", "no", "yes", "yes"])
    number = 0
    for engine, way_in, tls in product(["auto", *engine_names()], _WAYS_IN, _TLS):
        python = next(pythons)
        if tls == "acme" and way_in["vip"] == "none":
            continue
        given = {
            **way_in,
            "real_servers": "192.168.1.101 节点=192.168.1.102",
            **{"engine": engine, "tls": tls, "python": python},
            **{"storage": next(storages), "monitoring": next(monitorings), "logs": next(logs)},
            **{"firewall": next(firewalls), "alerts_to": "ops@example.org"},
        }
        if tls != "none":
            given |= {"tls_names": "tts.example.org", "tls_email": "ops@example.org"}
        draft = answered(given, folder)
        reading = read(draft, folder)
        # Recordings that voices are cloned from are to be where every node sees them.
        alone = engine.startswith("cosyvoice") and given["storage"] == "none"
        warned = [one.key for one in reading.warnings]
        assert warned == ["app.engine.name"] * alone, (given, reading.warnings)
        inventory, app = reading.inventory, reading.inventory.app
        assert (app.engine.name if app.engine else "auto") == engine
        assert (app.venv is None) is python.startswith("/")
        if app.venv is not None:
            assert app.venv.wheelhouse is (python == "wheelhouse")
            wanted = {"kokoro": "kokoro"} | dict.fromkeys(
                ("cosyvoice2", "cosyvoice3"), "cosyvoice-cuda12"
            )
            assert engine_extras(app) == ([wanted[engine]] if engine in wanted else [])
        assert (gpus_of(inventory, "rs1") is not None) is for_gpus(engine)
        assert (inventory.tls is not None) is (tls != "none")
        assert (inventory.edges is not None) is ("edges" in way_in)
        assert (inventory.firewall is not None) is (given["firewall"] == "yes")
        assert (inventory.monitoring is not None) is (given["monitoring"] != "none")
        assert "rs2: 192.168.1.102  # 节点" in inventory_text(draft)
        number += 1
    assert number > 50


def test_every_mistake_leads_to_the_question_that_made_it() -> None:
    for key, topic in {
        "vip": "vip",
        "vip.address": "vip",
        "directors.hosts.lvs1": "directors",
        "real_servers.hosts.rs1": "real_servers",
        "real_servers.gpus.count": "gpus",
        "app.engine.gpus": "gpus",
        "app.engine.model.path": "model",
        "tls.names[0]": "tls_names",
        "tls.key": "tls_key",
        "tls": "tls",
        "monitoring.receivers[0].to": "alerts_to",
        "storage.source": "storage",
    }.items():
        found = topic_about(key)
        assert found is not None and found.key == topic, key
    assert topic_about("spreading.port") is None


def test_what_was_seen_becomes_defaults_and_keys_of_hosts(folder: Path) -> None:
    card = SeenCard("NVIDIA A10", 24)
    common = Seen("eth1", "192.168.1.11/24", ("eth1",), ServiceManager.SYSTEMD, "debian", (3, 11))
    other = Seen("bond0", "192.168.1.12/24", ("bond0",), ServiceManager.SUPERVISOR, "", (3, 10))
    seen = {
        **{"lvs1": common, "lvs2": other},
        "rs1": Seen("eth1", manager=ServiceManager.SYSTEMD, cards=(card, card)),
        "rs2": Seen("eth1", manager=ServiceManager.SYSTEMD, cards=(card,) * 4),
    }
    given = {**_DIRECTORS, "real_servers": "192.168.1.101 192.168.1.102"}
    draft = answered(given, folder, seen)
    assert draft.answers["engine"] == "cosyvoice3" and draft.answers["gpus"] == "found"
    inventory = read(draft, folder).inventory
    assert [interface_of(inventory, name) for name in seen] == ["eth1", "bond0", "eth1", "eth1"]
    assert service_manager_of(inventory, "lvs2") is ServiceManager.SUPERVISOR
    assert service_manager_of(inventory, "rs1") is ServiceManager.SYSTEMD
    counts = [gpus_of(inventory, name) for name in ("rs1", "rs2")]
    assert [(one.count, one.memory) for one in counts if one] == [(2, 24), (4, 24)]
    # Who names another interface means all; as many cards everywhere are said once.
    seen["rs2"] = seen["rs1"]
    draft = answered({**given, "interface": "eth9"}, folder, seen)
    assert draft.answers["gpus"] == "2"
    inventory = read(draft, folder).inventory
    assert {interface_of(inventory, name) for name in seen} == {"eth9"}
    group = inventory.real_servers
    assert group.gpus is not None and (group.gpus.count, group.gpus.memory) == (2, 24)
    # More jobs than a card has room for are no answer.
    jobs = next(topic for topic in TOPICS if topic.key == "jobs_per_gpu")
    known = Known(draft.answers, seen, {}, folder)
    assert jobs.problem("6", known) is None
    assert jobs.problem("7", known) == "a card has room for 6"
    # Only where no host has systemd is it said for all.
    seen = {name: Seen(manager=ServiceManager.SUPERVISOR) for name in seen}
    text = inventory_text(answered(given, folder, seen))
    assert text.count("service_manager: supervisor") == 1
