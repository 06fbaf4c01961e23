"""Stand-ins for Elasticsearch and Loki, which check what they are sent by the rules of the real
ones, and answer as they are told to, in turn: neither of the real ones runs here."""

import json
import re
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_NS = re.compile(r"[0-9]{19}")
_INDEX = re.compile(r"[a-z0-9][a-z0-9._-]*")
Reply = tuple[int, Any]


@dataclass
class Receiver:
    """What came, and what will be said of what comes next; afterwards all is taken."""

    answers: list[Any] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Requests that the real one would not understand."""
    requests: list[dict[str, str]] = field(default_factory=list)
    """Headers."""
    port: int = 0

    path: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]

    def reply(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        self.requests.append(headers)
        answer = self.answers.pop(0) if self.answers else 200
        try:
            assert path.endswith(self.path), path
            assert headers["content-type"].partition(";")[0] in self.kinds
            return self.take(body, answer)
        except (AssertionError, ValueError, KeyError, TypeError) as error:
            self.wrong.append(f"{error!r}: {body[:300]!r}")
            return 400, {"error": {"type": "parse_exception"}}

    def take(self, body: bytes, answer: Any) -> Reply:
        raise NotImplementedError


@dataclass
class ElasticsearchStandIn(Receiver):
    """The bulk API with ``create``; an answer may be a list of statuses, one an item."""

    documents: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)

    path = "/_bulk"
    kinds = ("application/x-ndjson", "application/json")

    def take(self, body: bytes, answer: Any) -> Reply:
        assert body.endswith(b"\n")
        # NDJSON: exactly one value a line, and no empty one.
        values = [json.loads(one.decode()) for one in body[:-1].split(b"\n")]
        assert len(values) % 2 == 0
        if isinstance(answer, int) and answer != 200:
            return answer, {"error": {"type": "es_rejected_execution_exception"}, "status": answer}
        items = []
        for at, (action, document) in enumerate(zip(values[::2], values[1::2], strict=True)):
            ((word, about),) = action.items()
            assert word == "create" and about.keys() == {"_index", "_id"}
            assert _INDEX.fullmatch(about["_index"]) and 0 < len(about["_id"].encode()) <= 512
            assert datetime.fromisoformat(document["@timestamp"]).tzinfo
            self.tried[document["message"]] += 1
            status = answer[at] if isinstance(answer, list) and at < len(answer) else 201
            key = about["_index"], about["_id"]
            if status == 201 and key in self.documents:
                status = 409
            if status == 201:
                self.documents[key] = document
            item: dict[str, Any] = {**about, "status": status}
            if status >= 400:
                reason = f"failed to parse {document['message']}"
                item["error"] = {"type": "document_parsing_exception", "reason": reason}
            items.append({"create": item})
        failed = any(item["create"]["status"] >= 400 for item in items)
        return 200, {"took": 1, "errors": failed, "items": items}

    @property
    def messages(self) -> list[str]:
        return [one["message"] for one in self.documents.values()]


@dataclass
class LokiStandIn(Receiver):
    """The push API: streams of labels, with pairs of nanoseconds and line, both strings."""

    entries: set[tuple[tuple[tuple[str, str], ...], str, str]] = field(default_factory=set)

    path = "/loki/api/v1/push"
    kinds = ("application/json",)

    def take(self, body: bytes, answer: Any) -> Reply:
        said = json.loads(body.decode())
        assert said.keys() == {"streams"} and said["streams"]
        entries = set()
        for stream in said["streams"]:
            assert stream.keys() == {"stream", "values"} and stream["values"]
            labels = stream["stream"]
            # By default at most 15, and they tell few streams.
            assert 0 < len(labels) <= 15 and "request_id" not in labels
            for name, value in labels.items():
                assert _LABEL.fullmatch(name) and isinstance(value, str) and value
            for at, line in stream["values"]:
                assert isinstance(at, str) and _NS.fullmatch(at) and isinstance(line, str)
                # As Loki does with an entry that is there already.
                entries.add((tuple(sorted(labels.items())), at, line))
            times = [int(at) for at, _ in stream["values"]]
            assert times == sorted(times)
        if answer == 200:
            self.entries |= entries
            return 204, None
        return answer, {}

    @property
    def messages(self) -> list[str]:
        return [line for _, _, line in self.entries]


@contextmanager
def listening(*receivers: Receiver, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    """Each on a port of loopback of its own."""
    servers = [_server(one, tls) for one in receivers]
    threads = [threading.Thread(target=one.serve_forever, args=(0.05,)) for one in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


def _server(receiver: Receiver, tls: ssl.SSLContext | None) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = receiver.reply(self.path, headers, body)
            text = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            if said is not None:
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that has gone, or does not trust this one."""

    server = Server(("127.0.0.1", receiver.port), Handler)
    receiver.port = server.server_address[1]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    return server
