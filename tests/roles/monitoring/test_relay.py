"""DingTalk and Feishu are told: by Alertmanager itself, through the relay as it is rendered, to
stand-ins that look at the signature."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from provisioning.cli.commands.alerts import alerts
from provisioning.model.inventory import Inventory
from provisioning.places import ALERT_RELAY, ALERTMANAGER
from provisioning.roles.monitoring import relay_program
from provisioning.roles.monitoring.relay_program import FORMATS, MOST, Bot, checked, fitted
from provisioning.transport.local import LocalTransport
from tests.ports import free_port
from tests.processes import wait_until
from tests.roles.monitoring.vendors import DINGTALK_SECRET, FEISHU_SECRET, Vendors, vendors
from tests.roles.monitoring.watching_site import Site

_MESSAGES = Path(__file__).parent / "messages"
_HOSTILE = (
    "a\n# b [c](http://x) ![d](http://y) <at id=all></at> *e* `f` @g &lt; \u202eh\u0000 'i\" 语\\"
)
_SHOWN = (
    "a ＃ b ［c］(http://x) !［d］(http://y) ＜at id=all＞＜/at＞ ∗e∗ ˋfˋ ＠g ＆lt; h 'i\" 语＼"
)


@dataclass
class Told:
    site: Site
    vendors: Vendors

    @property
    def relay(self) -> str:
        monitoring = self.site.inventory.monitoring
        assert monitoring is not None
        return f"http://127.0.0.1:{monitoring.ports.relay}"

    @property
    def alertmanager(self) -> str:
        monitoring = self.site.inventory.monitoring
        assert monitoring is not None
        return f"http://127.0.0.61:{monitoring.ports.alertmanager}"

    def texts(self, kind: str) -> list[str]:
        return [
            json.dumps(body, ensure_ascii=False)
            for path, body in self.vendors.taken
            if kind in path
        ]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("relay")
    with vendors() as stand_ins:
        receivers = []
        for kind, url, secret in (
            ("dingtalk", stand_ins.dingtalk, DINGTALK_SECRET),
            ("feishu", stand_ins.feishu, FEISHU_SECRET),
        ):
            receivers.append(
                {
                    "name": kind,
                    "type": kind,
                    "url": {"file": private(folder / f"{kind}-url", url)},
                    "secret": {"file": private(folder / f"{kind}-secret", f"{secret}\n")},
                }
            )
        site = Site(folder, inventory(receivers))
        site.write("mon1")
        try:
            site.start("mon1", ALERT_RELAY)
            site.start("mon1", ALERTMANAGER)
            found = Told(site, stand_ins)
            for url in (found.relay, found.alertmanager):
                wait_until(lambda url=url: ready(url), 30)  # type: ignore[misc]
            yield found
        finally:
            for process in site.running.values():
                process.kill()
                process.wait()


def inventory(receivers: list[dict[str, Any]]) -> Inventory:
    keys = ("prometheus", "alertmanager", "mesh", "blackbox", "relay", "host")
    return Inventory.model_validate(
        {
            "vip": "127.0.0.100",
            "service_manager": "supervisor",
            "directors": {"hosts": {"lvs1": "127.0.0.11"}},
            "real_servers": {"hosts": {"rs1": "127.0.0.101"}},
            "monitoring": {
                "hosts": {"mon1": "127.0.0.61"},
                "ports": {key: free_port() for key in keys},
                "receivers": receivers,
            },
        }
    )


def private(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def message(number: int = 1, text: str = "rs1 is gone", **labels: str) -> dict[str, Any]:
    """As Alertmanager posts it."""
    common = {"alertname": "HostDown", "severity": "critical", "cluster": "tts", **labels}
    notes = {
        "summary": text,
        "description": "Nothing of it answers.",
        "runbook_url": "https://wiki.example.org/runbooks/HostDown.md",
    }
    every = [
        {"status": "firing", "labels": {**common, "node": f"rs{n}"}, "annotations": notes}
        for n in range(1, number + 1)
    ]
    return {"status": "firing", "commonLabels": common, "alerts": every}


def test_a_test_reaches_both_also_where_one_has_had_too_many(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "provisioning.operations.cluster.fleet.connect", lambda *_, **__: LocalTransport()
    )
    monkeypatch.setattr(
        "provisioning.cli.commands.alerts.load_or_exit", lambda _: told.site.inventory
    )
    # Whoever is told first has had too many; that is tried again.
    too_many = json.dumps({"errcode": 130101, "errmsg": "send too fast, exceed 20 times"}).encode()
    told.vendors.next.append((200, too_many))
    done = CliRunner().invoke(alerts, ["test", "--severity", "critical"])
    assert done.exit_code == 0, done.output
    wait_until(lambda: told.texts("robot") and told.texts("hook"), 60)
    assert told.vendors.refused == [too_many]
    for kind in ("robot", "hook"):
        (text,) = told.texts(kind)
        for word in (
            "[告警 FIRING] Test (cosyvoice)",
            "critical",
            "This is a test",
            "tries whether",
        ):
            assert word in text
    log = (told.site.folder / f"mon1-{ALERT_RELAY}.log").read_text()
    assert "refused, 130101: send too fast, exceed 20 times" in log
    assert DINGTALK_SECRET not in log and "0a1b2c" not in log


def test_hostile_labels_arrive_as_text(told: Told) -> None:
    alert = {
        "labels": {
            "alertname": "HostDown",
            "severity": "critical",
            "cluster": "c",
            "node": _HOSTILE,
        },
        "annotations": {
            "summary": _HOSTILE,
            "description": "x" * 9000,
            "runbook_url": "https://w.example.org/a b)[c](d",
        },
    }
    alert["labels"] = {key: value.replace("\0", "") for key, value in alert["labels"].items()}
    url = f"{told.alertmanager}/api/v2/alerts"
    assert httpx.post(url, json=[alert], trust_env=False).status_code == 200
    wait_until(
        lambda: "HostDown" in str(told.vendors.taken[-2:]) and len(told.vendors.taken) >= 4, 60
    )
    ding = next(b for p, b in told.vendors.taken if "robot" in p and "HostDown" in str(b))
    lark = next(b for p, b in told.vendors.taken if "hook" in p and "HostDown" in str(b))
    text, card = ding["markdown"]["text"], lark["card"]["elements"][0]["content"]
    for one, between in ((text, "\n\n"), (card, "\n")):
        lines = one.split(between)
        assert f"**告警 FIRING** critical · HostDown · {_SHOWN}" in lines
        assert _SHOWN in lines
        assert lines[-1] == (
            "处理手册 / runbook: [https://w.example.org/a b)［c］(d]"
            "(https://w.example.org/a%20b%29%5Bc%5D%28d)"
        )
        assert one.count("](") == 1


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, b'{"errcode": 310000, "errmsg": "keywords not in content"}', "refused, 310000: key"),
        (200, b'{"code": 11232, "msg": "frequency limited"}', "refused, 11232: frequency limited"),
        (200, b"{}", "refused, None"),
        (200, b"[]", "no answer that can be read"),
        (200, b"<html>", "no answer that can be read"),
        (500, b"", "answered with status 500"),
        (302, b"", "answered with status 302"),
    ],
)
def test_what_is_no_success_is_a_failure(told: Told, status: int, body: bytes, says: str) -> None:
    told.vendors.next.append((status, body))
    answer = httpx.post(f"{told.relay}/feishu", json=message(), trust_env=False)
    assert (answer.status_code, answer.text[: len(says)]) == (502, says)
    assert told.vendors.next == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/nobody", "{}", 404),
        ("/feishu", "{", 400),
        ("/feishu", "[]", 400),
        ("/feishu", '{"status": "firing", "alerts": [{"status": "x"}]}', 400),
        ("/feishu", '{"status": "firing", "alerts": [], "commonLabels": {"a": 1}}', 400),
        ("/feishu", "[" * 100_000, 400),
    ],
)
def test_what_is_no_message_is_refused(told: Told, path: str, body: str, status: int) -> None:
    answer = httpx.post(f"{told.relay}{path}", content=body, trust_env=False)
    assert answer.status_code == status


def test_a_wrong_secret_is_no_success_and_nothing_of_it_is_told(told: Told) -> None:
    bot = Bot("dingtalk", told.vendors.dingtalk, "SECwrong")
    with pytest.raises(relay_program.UntoldError, match=r"^refused, 310000: sign not match$"):
        bot.tell(message())
    for place in ("http://127.0.0.1:1/0a1b", "http://127.0.0.1:x/0a1b", "0a1b"):
        with pytest.raises(relay_program.UntoldError) as caught:
            Bot("dingtalk", place, "").tell(message())
        assert "0a1b" not in str(caught.value)


def test_a_bot_is_not_asked_more_often_than_it_may(told: Told) -> None:
    bot = Bot("dingtalk", told.vendors.dingtalk, DINGTALK_SECRET)
    before = len(told.vendors.taken)
    for _ in range(20):
        bot.tell(message())
    with pytest.raises(relay_program.UntoldError, match="20 messages in a minute"):
        bot.tell(message())
    assert len(told.vendors.taken) == before + 20
    bot.sent[0] -= 60
    bot.tell(message())


@pytest.mark.parametrize("kind", FORMATS)
def test_a_long_message_says_what_it_leaves_out(kind: str) -> None:
    bot = Bot(kind, "https://example.org/?a=b", "SECa")
    for number, text in ((1000, "语\"'\\" * 500), (1000, "short"), (1, "\ud800")):
        _, body = FORMATS[kind](bot, checked(message(number, text)), time.time())
        assert len(body) <= MOST
        said = body.decode("utf-8")
        shown = said.count("**告警 FIRING**")
        assert shown > 0
        assert (f"and {number - shown} more" in said) == (shown < number)
    # One that does not fit at all is counted.
    assert b"and 1 more" in fitted(
        message(), lambda lines: {"x": "y" * MOST if lines[1:] else lines}
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_messages_are_as_they_were_looked_at(kind: str) -> None:
    bot = Bot(kind, "https://example.org/?access_token=b", "SECa")
    url, body = FORMATS[kind](bot, message(2, "rs1 语音 [is] gone"), 1_700_000_000.25)
    text = f"{url}\n{json.dumps(json.loads(body), ensure_ascii=False, indent=1)}\n"
    path = _MESSAGES / f"{kind}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
