"""Mistakes about monitoring, at their places."""

import pytest

from tests.model.marked import SMALLEST, diagnostics

_HOSTS = "hosts: {mon1: 192.168.1.61}"
_URL = {
    "HOOK": "https://hooks.example.org/a?b=c",
    "WORD": "pwd",
    "WORDS": "SEC a\n",
    "ROBOT": "https://oapi.dingtalk.com/robot/send?access_token=a",
    "SIGNED": "https://oapi.dingtalk.com/robot/send?access_token=a&sign=b",
}


def found(text: str) -> list[tuple[str, str, str]]:
    """What is said of the smallest inventory with this."""
    said = diagnostics("\n".join(SMALLEST.values()) + f"\n{text}\n")
    return [(one.key, one.message, one.severity) for one in said]


def receiver(text: str) -> str:
    return f"monitoring: {{{_HOSTS}, receivers: [{text}]}}"


_RIGHT = "{name: a, type: webhook, url: {env: HOOK}}"


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        (
            "monitoring: {hosts: {lvs1: 192.168.1.11}}",
            "monitoring.hosts.lvs1",
            "lvs1 is a director as well, and cannot ask the VIP from outside",
        ),
        (
            "monitoring: {hosts: {rs1: 192.168.1.101}}",
            "monitoring.hosts.rs1",
            "rs1 is a real server as well, and cannot ask the VIP from outside",
        ),
        (
            f"monitoring: {{{_HOSTS}, ports: {{prometheus: 9093}}}}",
            "monitoring.ports.alertmanager",
            "9093 is ports.prometheus as well",
        ),
        (
            f"monitoring: {{{_HOSTS}, ports: {{host: 7860}}}}",
            "monitoring.ports.host",
            "7860 is the port of service web on rs1",
        ),
        (
            "edges: {vip: 192.168.1.110, hosts: {m: 192.168.1.61, e: 192.168.1.62}, port: 9090}\n"
            "monitoring: {hosts: {m: 192.168.1.61}}",
            "monitoring.ports.prometheus",
            "9090 is the port of the edges on m",
        ),
        (
            "edges: {vip: 192.168.1.110, hosts: {e: 192.168.1.62}, port: 3903}\n"
            "monitoring: {hosts: {m: 192.168.1.61}}",
            "monitoring.ports.edge",
            "3903 is the port of the edges on e",
        ),
        (
            f"monitoring: {{{_HOSTS}, ports: {{alertmanager: 22}}}}",
            "monitoring.ports.alertmanager",
            "22 is the port of SSH on mon1",
        ),
        (
            f"monitoring: {{{_HOSTS}, retention: {{days: 4000}}}}",
            "monitoring.retention.days",
            "too large",
        ),
        (f"monitoring: {{{_HOSTS}, interval: 3}}", "monitoring.interval", "too small"),
        (
            f"monitoring: {{{_HOSTS}, objectives: {{served: 90}}}}",
            "monitoring.objectives.served",
            "too small",
        ),
        (
            f"monitoring: {{{_HOSTS}, objectives: {{first_audio: {{seconds: 2}}}}}}",
            "monitoring.objectives.first_audio.seconds",
            "not a time that nodes count jobs by",
        ),
        (
            receiver(f"{_RIGHT}, {_RIGHT.replace('name: a', 'name: A')}"),
            "monitoring.receivers[1].name",
            "receivers[0] has that name",
        ),
        (
            receiver("{name: a, type: webhook, url: {env: WORD}}"),
            "monitoring.receivers[0].url",
            "it is no URL that can be posted to: it does not begin with http:// or https://",
        ),
        (
            receiver("{name: a, type: slack, url: {file: /nowhere/at/all}}"),
            "monitoring.receivers[0].url",
            "cannot read /nowhere/at/all: No such file or directory",
        ),
        (
            receiver("{name: a, type: webhook, url: https://in.clear.text}"),
            "monitoring.receivers[0].url",
            "a secret in clear text",
        ),
        (
            receiver("{name: a, type: dingding, url: {env: HOOK}}"),
            "monitoring.receivers[0].type",
            "not one of the words known here",
        ),
        (
            receiver("{name: a, type: dingtalk, url: {env: HOOK}}"),
            "monitoring.receivers[0].url",
            "it is no webhook of a DingTalk robot: it has no access_token",
        ),
        (
            receiver("{name: a, type: dingtalk, url: {env: SIGNED}, secret: {env: WORD}}"),
            "monitoring.receivers[0].url",
            "it is no webhook of a DingTalk robot: it is signed already",
        ),
        (
            receiver("{name: a, type: feishu, url: {env: WORD}}"),
            "monitoring.receivers[0].url",
            "it is no URL that can be posted to: it does not begin with http:// or https://",
        ),
        (
            receiver("{name: a, type: feishu, url: {env: HOOK}, secret: {env: WORDS}}"),
            "monitoring.receivers[0].secret",
            "it is empty, or has blanks, line ends or other characters",
        ),
        (
            receiver("{name: a, type: feishu, url: {env: HOOK}, token: {env: WORD}}"),
            "monitoring.receivers[0].token",
            "",
        ),
        (
            f"monitoring: {{{_HOSTS}, ports: {{relay: 22}}, receivers: ["
            "{name: a, type: dingtalk, url: {env: ROBOT}}]}",
            "monitoring.ports.relay",
            "22 is the port of SSH on mon1",
        ),
        (
            receiver("{name: a, type: email, to: [nobody], sender: a@b.org, smarthost: 'm:25'}"),
            "monitoring.receivers[0].to[0]",
            "",
        ),
        (
            receiver("{name: a, type: email, to: [a@b.org], sender: a@b.org, smarthost: m}"),
            "monitoring.receivers[0].smarthost",
            "",
        ),
        (
            receiver(
                "{name: a, type: email, to: [a@b.org], sender: a@b.org, smarthost: 'm:25',"
                " username: u}"
            ),
            "monitoring.receivers[0].username",
            "username needs password",
        ),
        (
            receiver("{name: a, type: wecom, corp_id: a, agent_id: '1', secret: {env: WORD}}"),
            "monitoring.receivers[0]",
            "it is told to nobody",
        ),
        (
            f"monitoring: {{{_HOSTS}, heartbeat: {{env: WORD}}, receivers: [{_RIGHT}]}}",
            "monitoring.heartbeat",
            "it is no URL that can be posted to",
        ),
        (
            f"monitoring: {{receivers: [{_RIGHT}]}}",
            "monitoring.receivers",
            "without monitoring.hosts nobody tells them",
        ),
    ],
)
def test_mistakes(text: str, key: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _URL.items():
        monkeypatch.setenv(name, value)
    errors = [(where, said) for where, said, severity in found(text) if severity == "error"]
    assert [where for where, _ in errors] == [key]
    assert errors[0][1].startswith(message)


def test_what_is_wrong_with_a_secret_url_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "geheim")
    said = diagnostics(
        "\n".join(SMALLEST.values()) + "\n" + receiver(_RIGHT.replace("HOOK", "WORD"))
    )
    assert "geheim" not in repr(said)
    assert [one.severity for one in said] == ["error"]


def test_warnings() -> None:
    assert found(f"monitoring: {{{_HOSTS}}}") == [
        ("monitoring.receivers", "nobody is told of alerts", "warning")
    ]
    said = found(receiver("{name: a, type: webhook, url: {env: NOT_SET}}"))
    assert [(key, severity) for key, _, severity in said] == [
        ("monitoring.receivers[0].url", "warning")
    ]


def test_exporters_alone_need_no_host() -> None:
    assert found("monitoring: {}") == []
    assert found(
        "storage: {hosts: {nas1: 192.168.1.20}}\nmonitoring: {hosts: {nas1: 192.168.1.20}, "
        "receivers: []}"
    ) == [("monitoring.receivers", "nobody is told of alerts", "warning")]
