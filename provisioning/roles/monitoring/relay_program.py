"""Tells DingTalk and Feishu what Alertmanager tells its webhooks.

It is put on monitoring hosts as it is, and runs there under Debian's own Python, on loopback alone.
``POST /NAME`` is for the bot NAME of the configuration. Both vendors answer 200 whatever happens
and have the outcome in the body; an outcome that is no success is 502 here, so that Alertmanager
tries again and counts a failure.

- https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages
- https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import re
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LARGEST = 4 << 20
"""Bytes of a message of Alertmanager's."""
MOST = 18_000
"""Bytes of a message to a bot; DingTalk and Feishu take 20,000."""
TIMEOUT = 10.0
"""Seconds for a vendor's answer."""
A_MINUTE = {"dingtalk": 20, "feishu": 100}
"""Messages that a bot may send; DingTalk shuts one that sends more up for ten minutes."""
STATUS = {"firing": "告警 FIRING", "resolved": "恢复 RESOLVED"}
# Look-alikes of what markdown, or a vendor's dialect of it, would read as a link, a picture, a
# mention of everybody or an emphasis. Neither vendor promises an escape that its clients all know.
PLAIN = str.maketrans("[]<>*`\\#~|&@", "［］＜＞∗ˋ＼＃～｜＆＠")
UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


class UntoldError(Exception):
    """Nobody was told, with the reason."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configuration", type=Path)
    try:
        settings = json.loads(parser.parse_args().configuration.read_text("utf-8"))
        bots = {name: Bot.read(one) for name, one in settings["bots"].items()}
        server = ThreadingHTTPServer(("127.0.0.1", settings["port"]), handler(bots))
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"cannot start: {error}")
    print(f"listening on port {settings['port']} for {', '.join(bots)}", flush=True)
    server.serve_forever()


@dataclass
class Bot:
    """One robot of a group."""

    kind: str
    url: str
    secret: str
    sent: deque[float] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def read(cls, settings: dict[str, str]) -> Bot:
        """Raises ``OSError``."""
        secret = settings.get("secret_file")
        return cls(
            settings["kind"],
            Path(settings["url_file"]).read_text("utf-8").strip(),
            Path(secret).read_text("utf-8").strip() if secret else "",
        )

    def tell(self, told: dict[str, Any]) -> None:
        """Raises ``UntoldError``."""
        self._take_place()
        send(*FORMATS[self.kind](self, told, time.time()))

    def _take_place(self) -> None:
        with self.lock:
            now = time.monotonic()
            while self.sent and self.sent[0] < now - 60:
                self.sent.popleft()
            if len(self.sent) >= A_MINUTE[self.kind]:
                raise UntoldError(f"{len(self.sent)} messages in a minute, more are not taken")
            self.sent.append(now)


def for_dingtalk(bot: Bot, told: dict[str, Any], now: float) -> tuple[str, bytes]:
    """URL and body of a message in DingTalk's markdown."""
    url = bot.url
    if bot.secret:
        stamp = str(round(now * 1000))
        signed = signature(bot.secret, f"{stamp}\n{bot.secret}")
        values = urllib.parse.urlencode({"timestamp": stamp, "sign": signed})
        url = f"{url}{'&' if '?' in url else '?'}{values}"

    def body(lines: list[str]) -> dict[str, Any]:
        text = "\n\n".join((f"### {title(told)}", *lines))
        return {"msgtype": "markdown", "markdown": {"title": title(told), "text": text}}

    return url, fitted(told, body)


def for_feishu(bot: Bot, told: dict[str, Any], now: float) -> tuple[str, bytes]:
    """URL and body of a card with Feishu's markdown."""
    stamp = str(int(now))
    # The text is the key here, and nothing is signed with it.
    proof = {"timestamp": stamp, "sign": signature(f"{stamp}\n{bot.secret}", "")}

    def body(lines: list[str]) -> dict[str, Any]:
        header = {"title": {"tag": "plain_text", "content": title(told)}, "template": colour(told)}
        element = {"tag": "markdown", "content": "\n".join(lines)}
        return {
            **(proof if bot.secret else {}),
            "msg_type": "interactive",
            "card": {"header": header, "elements": [element]},
        }

    return bot.url, fitted(told, body)


FORMATS: dict[str, Callable[[Bot, dict[str, Any], float], tuple[str, bytes]]] = {
    "dingtalk": for_dingtalk,
    "feishu": for_feishu,
}


def signature(key: str, text: str) -> str:
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def fitted(told: dict[str, Any], body: Callable[[list[str]], dict[str, Any]]) -> bytes:
    """As many of the alerts as a message takes."""
    alerts = told["alerts"]
    lines: list[str] = []
    best = encoded(body([left_out(len(alerts))]))
    for number, alert in enumerate(alerts, 1):
        lines += about(alert)
        rest = [left_out(len(alerts) - number)] if number < len(alerts) else []
        found = encoded(body([*lines, *rest]))
        if len(found) > MOST:
            break
        best = found
    return best


def encoded(body: dict[str, Any]) -> bytes:
    # A half of a pair, as a broken label may have, is no UTF-8.
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def left_out(number: int) -> str:
    return f"…另有 {number} 条告警 / and {number} more"


def title(told: dict[str, Any]) -> str:
    labels = told.get("commonLabels", {})
    name = plain(labels.get("alertname", "alerts"), 100)
    cluster = plain(labels.get("cluster", ""), 100)
    return f"[{STATUS[told['status']]}] {name}{f' ({cluster})' if cluster else ''}"


def colour(told: dict[str, Any]) -> str:
    if told["status"] == "resolved":
        return "green"
    return "red" if told.get("commonLabels", {}).get("severity") == "critical" else "orange"


def about(alert: dict[str, Any]) -> list[str]:
    """Lines on one alert; what it does not have is left out."""
    labels, notes = alert.get("labels", {}), alert.get("annotations", {})
    where = labels.get("node") or labels.get("service") or labels.get("instance") or ""
    words = (labels.get("severity", ""), labels.get("alertname", ""), where)
    head = " · ".join(plain(one, 200) for one in words if one)
    lines = [f"**{STATUS[alert['status']]}** {head}"]
    lines += [plain(notes[key], 1500) for key in ("summary", "description") if notes.get(key)]
    if runbook := notes.get("runbook_url", ""):
        lines.append(f"处理手册 / runbook: {link(runbook)}")
    return lines


def link(address: str) -> str:
    if not re.match("https?://", address):
        return plain(address, 500)
    return f"[{plain(address, 500)}]({urllib.parse.quote(address, safe=':/?#&=%+,;~')[:2000]})"


def plain(text: object, most: int) -> str:
    """A text as a reader sees it, in one line."""
    seen = UNSEEN.sub(" ", str(text)).strip().translate(PLAIN)
    return seen if len(seen) <= most else f"{seen[: most - 1]}…"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuse redirects: a message signed for one place is sent to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def send(url: str, body: bytes) -> None:
    """Raises ``UntoldError``, in whose text there is nothing of the URL, which is a secret."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    try:
        request = urllib.request.Request(url, body, headers)
        with urllib.request.build_opener(NoRedirect).open(request, timeout=TIMEOUT) as answer:
            outcome = json.loads(answer.read(1 << 16))
    except urllib.error.HTTPError as error:
        raise UntoldError(f"answered with status {error.code}") from None
    except urllib.error.URLError as error:
        raise UntoldError(f"not reached: {error.reason}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise UntoldError(f"no answer that can be read: {type(error).__name__}") from None
    if not isinstance(outcome, dict):
        raise UntoldError("no answer that can be read: it is no object")
    # Feishu's older answers have a StatusCode.
    code = outcome.get("errcode", outcome.get("code", outcome.get("StatusCode")))
    if code != 0:
        reason = outcome.get("errmsg") or outcome.get("msg") or outcome.get("StatusMessage")
        raise UntoldError(f"refused, {plain(code, 20)}: {plain(reason, 300)}")


def handler(bots: dict[str, Bot]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            self._answer(200 if self.path == "/-/ready" else 404, "")

        def do_POST(self) -> None:
            name = self.path[1:]
            if (bot := bots.get(name)) is None:
                self._answer(404, "there is no such bot")
                return
            try:
                length = int(self.headers.get("Content-Length", "-1"))
                if not 0 <= length <= LARGEST:
                    raise ValueError(f"{length} bytes")
                told = checked(json.loads(self.rfile.read(length)))
            except (ValueError, RecursionError) as error:
                self._answer(400, f"no message of Alertmanager's: {error}")
                return
            try:
                bot.tell(told)
            except UntoldError as error:
                print(f"{name}: {error}", file=sys.stderr, flush=True)
                self._answer(502, str(error))
                return
            self._answer(200, "")

        def _answer(self, status: int, text: str) -> None:
            body = text.encode("utf-8", "replace")
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Log nothing here: failures are told by their caller."""

    return Handler


def checked(told: Any) -> dict[str, Any]:
    """Alertmanager's message, as its version 4 has it. Raises ``ValueError``."""
    if not isinstance(told, dict) or not isinstance(told.get("alerts"), list):
        raise ValueError("it has no alerts")
    for one in (told, *told["alerts"]):
        if not isinstance(one, dict) or one.get("status") not in STATUS:
            raise ValueError("a status is neither firing nor resolved")
        for key in ("labels", "annotations", "commonLabels"):
            texts = one.get(key, {})
            if not isinstance(texts, dict) or not all(isinstance(v, str) for v in texts.values()):
                raise ValueError(f"{key} are no texts")
    return told


if __name__ == "__main__":
    main()
