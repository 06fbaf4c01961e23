"""Alertmanager's configuration says what the inventory means, whatever is in it, and each is
checked by amtool; secrets are for Alertmanager alone."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.places import (
    ALERT_RELAY,
    ALERT_RELAY_FOLDER,
    MONITORING_CONF,
    MONITORING_SECRETS,
)
from provisioning.resources.directory import Directory
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from tests.roles.rendered import SECRETS, files

_HOSTILE = "a'b\"c\\d #e: [f] *g &h !i %j @k |l >m 语音 ${n} `o` - p"


def rendered(tmp_path: Path, receiver: dict[str, Any], **more: Any) -> tuple[Any, str]:
    """The configuration as YAML reads it, and what amtool says; secrets are files of here."""
    inventory = Inventory.model_validate(
        {
            "vip": "192.0.2.100",
            "directors": {"hosts": {"lvs1": "192.0.2.11"}},
            "real_servers": {"hosts": {"rs1": "192.0.2.101"}},
            "monitoring": {"hosts": {"mon1": "192.0.2.61"}, "receivers": [receiver], **more},
        }
    )
    (content,) = [
        one.content
        for one in desired_hosts(inventory, None, Runtime())["mon1"].resources
        if isinstance(one, File) and one.path == f"{MONITORING_CONF}/alertmanager.yml"
    ]
    path = tmp_path / "alertmanager.yml"
    path.write_text(content, encoding="utf-8")
    done = subprocess.run(
        ["amtool", "check-config", str(path)], capture_output=True, text=True, check=False
    )
    return yaml.safe_load(content), "" if done.returncode == 0 else done.stdout + done.stderr


def secret(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "secret"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return {"file": str(path)}


def told(configuration: Any, kind: str) -> Any:
    (receiver,) = [one for one in configuration["receivers"] if one["name"] == "to ops"]
    return receiver[f"{kind}_configs"]


def test_wecoms_texts_and_secret_are_what_they_are(tmp_path: Path) -> None:
    texts = dict.fromkeys(("corp_id", "agent_id", "to_user", "to_party", "to_tag"), "")
    texts = {key: f"{key} {_HOSTILE}".replace("{n}", "n") for key in texts}
    receiver = {"name": "ops", "type": "wecom", "secret": secret(tmp_path, _HOSTILE), **texts}
    configuration, said = rendered(tmp_path, receiver)
    assert said == ""
    (one,) = told(configuration, "wechat")
    assert {key: one[key] for key in texts} == texts
    assert one["api_secret"] == _HOSTILE


def test_a_mailbox_a_mail_with_a_password_from_a_file(tmp_path: Path) -> None:
    receiver = {
        "name": "ops",
        "type": "email",
        "to": ["o'ps@example.org", 'a"b@example.org'],
        "sender": "from@example.org",
        "smarthost": "[2001:db8::1]:25",
        "username": _HOSTILE.replace("{n}", "n"),
        "password": secret(tmp_path, _HOSTILE),
        "require_tls": False,
    }
    configuration, said = rendered(tmp_path, receiver)
    assert said == ""
    mails = told(configuration, "email")
    assert [one["to"] for one in mails] == receiver["to"]
    assert mails[0]["auth_username"] == receiver["username"]
    assert mails[0]["auth_password_file"] == f"{MONITORING_SECRETS}/ops-password"
    assert mails[0]["require_tls"] is False
    assert _HOSTILE not in str(configuration)


@pytest.mark.parametrize("url", ["https://h.example.org/a?b='c'&d=%20e#f", "http://[2001:db8::1]/"])
def test_a_webhook_is_asked_at_its_url(url: str, tmp_path: Path) -> None:
    receiver = {"name": "ops", "type": "webhook", "url": secret(tmp_path, url), "resolved": False}
    configuration, said = rendered(tmp_path, receiver, heartbeat=secret(tmp_path, url))
    assert said == ""
    assert told(configuration, "webhook") == [{"url": url, "send_resolved": False}]
    first = configuration["route"]["routes"][0]
    assert (first["receiver"], first["matchers"]) == ("heartbeat", ['alertname="Watchdog"'])


@pytest.mark.parametrize("name", ["$(pwn)", "a'b", "a b", "../x", "{{ x }}", "语音"])
def test_names_are_names(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Inventory.model_validate(
            {"monitoring": {"receivers": [{"name": name, "type": "webhook", "url": {"env": "A"}}]}}
        )


def test_a_text_that_alertmanager_would_take_for_a_template_is_refused() -> None:
    channel = {"channel": "{{ .CommonLabels.x }}", "url": {"env": "A"}}
    with pytest.raises(ValueError, match="channel"):
        Inventory.model_validate(
            {"monitoring": {"receivers": [{"name": "a", "type": "slack", **channel}]}}
        )


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=Watchdog severity=none", "heartbeat"),
        (
            "alertname=HostDown severity=critical",
            "to mail,to hook,to chat,to pager,to wecom,to ding,to lark",
        ),
        ("alertname=DiskFillsUp severity=warning", "to mail,to hook,to chat,to wecom,to ding"),
        ("alertname=ReleasesDiffer severity=info", "to hook"),
    ],
)
def test_alerts_go_to_those_who_want_them(labels: str, receivers: str, tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(files("monitoring")[f"mon1{MONITORING_CONF}/alertmanager.yml"].content)
    words = ["amtool", "config", "routes", "test", f"--config.file={path}", *labels.split()]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == receivers


def test_secrets_are_for_alertmanager_alone() -> None:
    values = list(SECRETS.values())
    written = [re.escape(value.replace("\\", "\\\\").replace('"', '\\"')) for value in values]
    pattern = re.compile("|".join((*map(re.escape, values), *written)))
    holders = {
        place: file for place, file in files("monitoring").items() if pattern.search(file.content)
    }
    assert {place.rpartition("/")[2] for place in holders} == {
        "alertmanager.yml",
        "chat-url",
        "ding-secret",
        "ding-url",
        "hook-token",
        "lark-url",
        "mail-password",
        "pager-routing-key",
    }
    for place, file in holders.items():
        group = ALERT_RELAY if ALERT_RELAY_FOLDER in place else "prometheus"
        assert (file.mode, file.owner, file.group) == (0o640, "root", group)
        assert file.sensitive


def test_nor_may_others_look_into_their_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.roles.rendered import hosts

    groups = {
        one.path: (one.mode, one.owner, one.group)
        for one in hosts("monitoring")["mon1"].resources
        if isinstance(one, Directory)
    }
    assert groups[MONITORING_SECRETS] == (0o750, "root", "prometheus")
    assert groups[ALERT_RELAY_FOLDER] == (0o750, "root", ALERT_RELAY)
