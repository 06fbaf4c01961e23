"""Mistakes about central logs, at their places."""

import pytest

from tests.model.marked import SMALLEST, diagnostics


def found(text: str) -> list[tuple[str, str, int]]:
    """What is said of an inventory with this line; the smallest one is before it."""
    said = diagnostics("\n".join(SMALLEST.values()) + f"\n{text}\n")
    return [(one.key, one.message, one.line - len(SMALLEST)) for one in said]


def _out(outputs: str) -> str:
    return f"logs: {{hosts: {{log1: 192.168.1.71}}, outputs: [{outputs}]}}"


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("logs: {hosts: {}}", "logs.hosts", "there is no log host"),
        (
            "logs: {hosts: {log1: 192.168.1.71, log2: 192.168.1.72}}",
            "logs.hosts",
            "hosts send to one log host",
        ),
        ("logs: {hosts: {lvs1: 192.168.1.11}}", "logs.hosts.lvs1", "is a director as well"),
        ("logs: {hosts: {log1: 192.168.1.71}, port: 22}", "logs.port", "SSH has port 22"),
        ("logs: {hosts: {log1: 192.168.1.71}, port: 7860}", "logs.port", "services[0] has"),
        ("logs: {hosts: {log1: 192.168.1.71}, port: 7859}", "logs.port", "spreading has"),
        (_out("{type: loki, url: 'ftp://l'}"), "logs.outputs[0].url", "the form"),
        (_out("{type: loki}"), "logs.outputs[0].url", "needed"),
        (_out("{type: elasticsearch, urls: []}"), "logs.outputs[0].urls", "at least"),
        (
            _out("{type: elasticsearch, urls: [http://e], index: A}"),
            "logs.outputs[0].index",
            "the form",
        ),
        (
            _out("{type: loki, url: https://l, password: clear}"),
            "logs.outputs[0].password",
            "clear",
        ),
        (_out("{type: loki, url: https://l, username: u}"), "logs.outputs[0].username", "needs"),
        (
            _out("{type: loki, url: https://l}, {type: loki, url: https://m}"),
            "logs.outputs[1].name",
            "outputs[0] has that name",
        ),
        (_out("{type: loki, url: https://l, ca: none.pem}"), "logs.outputs[0].ca", "cannot read"),
        (_out(f"{{type: loki, url: https://l, ca: {__file__}}}"), "logs.outputs[0].ca", "no cert"),
        (
            _out("{type: loki, url: http://l, username: u, password: {env: PATH}}"),
            "logs.outputs[0].url",
            "clear text",
        ),
    ],
)
def test_mistakes_are_said_where_they_are(text: str, key: str, message: str) -> None:
    ((at, said, line),) = found(text)
    assert at == key and message in said and line == 1


def test_one_host_of_its_own_is_right() -> None:
    assert found("logs: {hosts: {log1: 192.168.1.71}}") == []
