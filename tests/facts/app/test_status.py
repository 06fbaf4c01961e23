"""The app's account of itself, as a node answers."""

import json
from typing import Any

import pytest

from provisioning.facts.app.metrics import app_metrics
from provisioning.facts.app.readiness import app_readiness
from provisioning.facts.app.status import AppAnswer, AppStatus, app_status
from provisioning.facts.app.target import Place, app_target, service_target
from provisioning.facts.http_replies import HttpTarget, NoReplyError
from provisioning.model.derived.nodes import nodes_of
from provisioning.model.inventory import Inventory
from provisioning.node_api import METRICS, READY, STATUS
from provisioning.resources.base import Observation
from tests.facts.recordings import printed, recorded
from tests.operations.replay import INVENTORY

REFUSED: dict[str, Any] = {"error": "[Errno 111] Connection refused", "refused": True}
OTHER = ", not a status of the app"
FACT = app_status(INVENTORY, "rs1")


def target(inventory: Inventory, host: str, path: str, place: Place = "rip") -> HttpTarget:
    (node,) = nodes_of(inventory, host)
    return app_target(inventory, node, path, place)


def reply(text: str, status: int = 200) -> dict[str, Any]:
    return {"status": status, "node": "rs1", "text": text}


def replies(**answers: dict[str, Any]) -> Observation:
    paths = {"status": STATUS, "ready": READY, "metrics": METRICS}
    return printed(json.dumps({paths[name]: [one] for name, one in answers.items()}))


def test_a_node_at_work() -> None:
    answer = FACT.parse(replies(status=reply(recorded("cluster-status.json"))))
    assert answer.status == AppStatus(
        node="rs1",
        version="0.1.0",
        release="0.1.0-3f1c",
        draining=True,
        running=1,
        waiting=2,
        not_ready="draining",
        requests=3,
        pages=4,
        slots=2,
        places=8,
        starting=("loading the engine",),
    )
    assert answer.not_ready == "draining"


def test_a_release_that_tells_less() -> None:
    body = json.loads(recorded("cluster-status.json"))
    for key in ("reason", "open", "workers", "capacity", "queue_size"):
        del body[key]
    app = FACT.parse(replies(status=reply(json.dumps(body)))).status
    assert app is not None
    assert (app.not_ready, app.requests, app.pages, app.starting) == ("", None, None, ())


def test_a_release_with_the_old_word_for_a_worker_that_starts() -> None:
    body = json.loads(recorded("cluster-status.json"))
    for worker in body["workers"]:
        worker["trouble"] = worker.pop("detail")
    app = FACT.parse(replies(status=reply(json.dumps(body)))).status
    assert app is not None and app.starting == ("loading the engine",)


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        (replies(status=REFUSED), AppAnswer(None, REFUSED["error"], down=True)),
        (replies(status={"error": "timed out", "refused": False}), AppAnswer(None, "timed out")),
        (replies(status=reply("[]")), AppAnswer(None, "status 200" + OTHER)),
        (
            replies(status=reply("<html>", 502)),
            AppAnswer(None, "status 502" + OTHER),
        ),
        (
            replies(status=reply('{"node": "rs1"}')),
            AppAnswer(None, "status 200" + OTHER),
        ),
        (
            Observation("", "sh: python3: not found\n", 127),
            AppAnswer(None, "sh: python3: not found"),
        ),
    ],
    ids=["down", "silent", "another answer", "a proxy", "less than a status", "no python"],
)
def test_without_a_status_the_reason_is_told(found: Observation, answer: AppAnswer) -> None:
    assert FACT.parse(found) == answer
    assert answer.not_ready == answer.problem


def test_readiness_comes_with_the_status() -> None:
    fact = app_readiness(INVENTORY, "rs1", patience=5)
    status = reply(recorded("cluster-status.json"))
    assert fact.parse(replies(ready=reply("{}"), status=status)).ready
    busy = fact.parse(replies(ready=reply("{}", 503), status=status))
    assert not busy.ready and busy.app.status is not None
    down = fact.parse(replies(ready=REFUSED, status=REFUSED))
    assert not down.ready and down.app.down
    assert not fact.parse(Observation("", "sh: python3: not found", 127)).ready


def test_metrics_come_with_readiness() -> None:
    fact = app_metrics(INVENTORY, "rs1", patience=5)
    text = 'cosyvoice_jobs_total{outcome="done"} 90.0\n'
    found = fact.parse(replies(ready=reply("storage", 503), metrics=reply(text)))
    assert (found.ready, found.reason, found.ended) == (False, "503 storage", 90.0)
    with pytest.raises(NoReplyError, match="refused"):
        fact.parse(replies(ready=REFUSED, metrics=REFUSED))


def test_the_app_is_asked_at_the_nodes_own_address_or_at_the_vip() -> None:
    assert str(target(INVENTORY, "rs1", STATUS).address) == "10.77.0.21"
    assert str(target(INVENTORY, "rs1", STATUS, "vip").address) == "10.77.0.100"
    six = Inventory.model_validate(
        {
            "vip": "fd00:77::64",
            "services": [{"port": 443, "persistence": None}],
            "directors": {"hosts": {"lvs1": "10.77.0.11", "lvs2": "10.77.0.12"}},
            "real_servers": {
                "hosts": {
                    "rs1": {"address": "10.77.0.21", "address6": "fd00:77::15"},
                    "rs2": "10.77.0.22",
                }
            },
        }
    )
    own = target(six, "rs1", STATUS)
    assert (str(own.address), own.port, own.tls) == ("fd00:77::15", 443, False)
    assert str(target(six, "rs2", STATUS).address) == "10.77.0.22"


def test_a_proxy_of_the_operators_is_asked_over_tls_and_is_not_the_app() -> None:
    beside = Inventory.model_validate(
        {
            "vip": "10.77.0.100",
            "services": [
                {"name": "tls", "port": 443, "app": False, "check": {"type": "tcp"}},
                {"name": "web", "port": 80},
            ],
            "directors": {"hosts": {"lvs1": "10.77.0.11", "lvs2": "10.77.0.12"}},
            "real_servers": {"hosts": {"rs1": "10.77.0.21"}},
        }
    )
    own = target(beside, "rs1", STATUS)
    assert (own.port, own.tls) == (80, False)
    proxy = service_target(beside, beside.services[0], own.address, STATUS)
    assert (proxy.port, proxy.tls) == (443, True)
