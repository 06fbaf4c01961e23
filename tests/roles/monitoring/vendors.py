r"""Stand-ins for the robots of DingTalk and Feishu, as their documents have them.

- https://open.dingtalk.com/document/orgapp/customize-robot-security-settings: HMAC-SHA256 of
  ``TIMESTAMP\nSECRET`` with the secret as key, in base64, in the query; milliseconds, at most an
  hour off.
- https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot: HMAC-SHA256 of nothing with
  ``TIMESTAMP\nSECRET`` as key, in base64, in the body; seconds, at most an hour off.

The outcome is in the body of a 200.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

DINGTALK_SECRET = "SECf00d"
FEISHU_SECRET = "b4dCafe"
_LARGEST = 20_000


@dataclass
class Vendors:
    """Both, at one address."""

    port: int = 0
    taken: list[tuple[str, Any]] = field(default_factory=list)
    """Paths and bodies of messages that were shown."""
    refused: list[Any] = field(default_factory=list)
    """Outcomes of those that were not."""
    next: list[tuple[int, bytes]] = field(default_factory=list)
    """Statuses and bodies of the next answers, whatever is asked."""

    @property
    def dingtalk(self) -> str:
        return f"http://127.0.0.1:{self.port}/robot/send?access_token=0a1b2c"

    @property
    def feishu(self) -> str:
        return f"http://127.0.0.1:{self.port}/open-apis/bot/v2/hook/0a1b-2c3d"

    def outcome(self, target: str, body: bytes) -> dict[str, Any]:
        parts = urlsplit(target)
        said = json.loads(body.decode("utf-8"))
        if parts.path == "/robot/send":
            return self._dingtalk(parse_qs(parts.query, strict_parsing=True), said, len(body))
        assert parts.path == "/open-apis/bot/v2/hook/0a1b-2c3d"
        return self._feishu(said, len(body))

    def _dingtalk(self, query: dict[str, list[str]], said: Any, size: int) -> dict[str, Any]:
        if query["access_token"] != ["0a1b2c"]:
            return {"errcode": 300005, "errmsg": "token is not exist"}
        stamp = query.get("timestamp", ["0"])[0]
        key, text = DINGTALK_SECRET, f"{stamp}\n{DINGTALK_SECRET}"
        late = abs(int(stamp) / 1000 - time.time()) > 3600
        if late or query.get("sign") != [_signature(key, text)]:
            return {"errcode": 310000, "errmsg": "sign not match"}
        if size > _LARGEST or said["msgtype"] != "markdown":
            return {"errcode": 40035, "errmsg": "invalid"}
        assert isinstance(said["markdown"]["title"] + said["markdown"]["text"], str)
        return {"errcode": 0, "errmsg": "ok"}

    def _feishu(self, said: Any, size: int) -> dict[str, Any]:
        stamp = said.get("timestamp", "0")
        late = abs(int(stamp) - time.time()) > 3600
        if late or said.get("sign") != _signature(f"{stamp}\n{FEISHU_SECRET}", ""):
            return {"code": 19021, "msg": "sign match fail", "data": {}}
        if size > _LARGEST or said["msg_type"] != "interactive":
            return {"code": 9499, "msg": "Bad Request", "data": {}}
        assert [one["tag"] for one in said["card"]["elements"]] == ["markdown"]
        return {
            "StatusCode": 0,
            "StatusMessage": "success",
            "code": 0,
            "data": {},
            "msg": "success",
        }


def _signature(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        vendors: Vendors = self.server.vendors  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if vendors.next:
            status, answer = vendors.next.pop(0)
            vendors.refused.append(answer)
        else:
            status, outcome = 200, vendors.outcome(self.path, body)
            answer = json.dumps(outcome).encode()
            told = outcome.get("errcode", outcome.get("code")) == 0
            if told:
                vendors.taken.append((urlsplit(self.path).path, json.loads(body)))
            else:
                vendors.refused.append(answer)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def vendors() -> Iterator[Vendors]:
    """Both, for as long as this lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    found = Vendors(server.server_port)
    server.vendors = found  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
