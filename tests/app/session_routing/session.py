"""A session as a page holds it, over requests of its own: each may go to another address."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

Message = dict[str, Any]


class Session:
    """`at` of each method is where the request is sent: a node's address or the balancer's."""

    def __init__(self, at: str, root: str = "") -> None:
        """`root` is the path that a page's configuration names."""
        self.hash = uuid.uuid4().hex
        self._root = root
        config = httpx.get(f"{at}/config", timeout=30).json()
        self._numbers = {fn["api_name"]: fn["id"] for fn in config["dependencies"]}
        self.parts = {part["type"]: part["id"] for part in config["components"]}

    def join(self, at: str, name: str, *data: object) -> str:
        """Begin a job; its event's id."""
        answer = self.post(at, "queue/join", data=list(data), fn_index=self._numbers[name])
        assert answer.status_code == 200, answer.text
        event: str = answer.json()["event_id"]
        return event

    def post(self, at: str, route: str, **body: object) -> httpx.Response:
        url = f"{at}{self._root}/gradio_api/{route}"
        return httpx.post(url, json={"session_hash": self.hash, **body}, timeout=30)

    def get(self, at: str, route: str) -> httpx.Response:
        return httpx.get(f"{at}{self._root}/gradio_api/{route}", timeout=30)

    def events(self, at: str) -> Iterator[Message]:
        """Messages of the session's stream until it ends; breaks where the stream breaks."""
        url = f"{at}{self._root}/gradio_api/queue/data"
        where = {"session_hash": self.hash}
        with httpx.stream("GET", url, params=where, timeout=60) as stream:
            assert stream.status_code == 200
            for line in stream.iter_lines():
                if line:
                    yield json.loads(line.removeprefix("data:"))

    def run(self, at: str, name: str, *data: object) -> Any:
        """A job's first output."""
        self.join(at, name, *data)
        ended = [said for said in self.events(at) if said["msg"] == "process_completed"]
        assert ended and ended[0]["success"], ended
        return ended[0]["output"]["data"][0]
