"""Hooks get what happened, and nothing they do touches the run."""

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from provisioning.operations.notifying import hook as hook_module
from provisioning.operations.notifying.hook import (
    CommandHook,
    Hook,
    HookSyntaxError,
    WebHook,
)
from provisioning.operations.notifying.notifier import notifying
from provisioning.operations.notifying.program import HookError


@pytest.fixture
def listener() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    got: list[dict[str, Any]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(json.loads(body))
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_command_gets_the_object_on_standard_input_without_a_shell(tmp_path: Path) -> None:
    target = tmp_path / "got $(touch x); 中文.json"
    script = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"
    hook = CommandHook((sys.executable, "-c", script, str(target)))
    with notifying([hook], pytest.fail) as notifier:
        notifier.send({"event": "start", "text": "升级开始"})
    assert json.loads(target.read_text("utf-8")) == {"event": "start", "text": "升级开始"}
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_a_webhook_gets_a_post(listener: tuple[str, list[dict[str, Any]]]) -> None:
    url, got = listener
    with notifying([WebHook.parse(f"{url}/hook")], pytest.fail) as notifier:
        notifier.send({"event": "finish"})
    assert got == [{"event": "finish"}]


def test_what_does_not_work_is_told_and_the_others_still_get_theirs(
    listener: tuple[str, list[dict[str, Any]]],
) -> None:
    url, got = listener
    complaints: list[str] = []
    hooks: list[Hook] = [
        CommandHook(("/nowhere/no-such-program",)),
        CommandHook((sys.executable, "-c", "import sys; sys.exit('no team of that name')")),
        WebHook.parse(f"{url}/broken"),
        WebHook.parse("http://127.0.0.1:1/secret-path"),
        WebHook.parse(f"{url}/fine"),
    ]
    with notifying(hooks, complaints.append) as notifier:
        notifier.send({"event": "failure"})
    assert len(got) == 2
    text = "\n".join(complaints)
    assert "no-such-program cannot be run" in text and "no team of that name" in text
    assert "500" in text and "127.0.0.1" in text
    assert "secret-path" not in text


def test_a_hook_that_hangs_holds_nothing_up() -> None:
    let_go = threading.Event()

    def hanging(record: Mapping[str, Any]) -> None:
        let_go.wait(60)

    with notifying([hanging], lambda complaint: None) as notifier:
        # Were it waited for, the second would never be sent.
        notifier.send({"event": "start"})
        notifier.send({"event": "end"})
        let_go.set()


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook_module, "TIMEOUT", 0.5)
    complaints: list[str] = []
    sleeper = CommandHook((sys.executable, "-c", "import time; time.sleep(60)"))
    with notifying([sleeper], complaints.append) as notifier:
        notifier.send({"event": "start"})
    assert "took more than 0.5 s" in complaints[0]


@pytest.mark.parametrize("text", ["", "tell 'team"])
def test_a_command_that_cannot_be_read(text: str) -> None:
    with pytest.raises(HookSyntaxError):
        CommandHook.parse(text)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "hooks.example.com/x", "http://"])
def test_a_webhook_that_is_none(url: str) -> None:
    with pytest.raises(HookSyntaxError):
        WebHook.parse(url)


def test_a_hook_says_why() -> None:
    with pytest.raises(HookError, match="Connection refused"):
        WebHook.parse("http://127.0.0.1:1/")({})
