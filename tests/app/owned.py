"""Outputs and voices of an owner, and the events by which a page asks for them."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx

from app.outputs.names import new_stem
from app.outputs.record import OutputRecord
from app.sound.wav import wav
from app.voices.record import RegisteredVoice, new_id
from tests.app.node_process import NodeProcess


def put_output(node: NodeProcess, text: str, owner: str = "", made_on: str = "rs9") -> str:
    """An output of that owner, which another node has made; its stem."""
    created = datetime.now(UTC)
    stem = new_stem(created, made_on)
    record = OutputRecord(
        "id", made_on, "e", created.isoformat(), 1.0, text, "v", 1.0, 7, owner=owner
    )
    (node.outputs / f"{stem}.wav").write_bytes(wav(b"\0\0" * 8000, 8000))
    (node.outputs / f"{stem}.json").write_bytes(record.to_json())
    return stem


def put_voice(node: NodeProcess, sound: bytes, owner: str = "", voice_id: str = "") -> str:
    """A registered voice of that owner; its id."""
    voice = RegisteredVoice(
        id=voice_id or new_id(),
        name="小红",
        language="",
        transcript="words",
        created=datetime.now(UTC),
        node="rs9",
        duration=3.0,
        owner=owner,
    )
    folder = node.outputs / "voices"
    folder.mkdir(exist_ok=True)
    (folder / f"{voice.id}.wav").write_bytes(sound)
    (folder / f"{voice.id}.json").write_text(voice.model_dump_json(), encoding="utf-8")
    return voice.id


class PageEvents:
    """The events of a page, sent as its scripts send them, by a client of one's own."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._config = client.get("/config").json()

    def look(self, query: str = "", whose: str = "all") -> str:
        """The history as HTML."""
        return str(self._send("refresh", "click", [query, whose])[0])

    def delete(self, stem: str) -> str:
        """The message after the button was pressed."""
        return str(self._send("history", "delete", ["", "all"], {"stem": stem})[0])

    def voices(self) -> str:
        """The voices to choose from."""
        loads = self._functions(None, "load")
        return json.dumps([self._run(one, [], None) for one in loads if not one["inputs"]])

    def _send(self, elem: str, event: str, data: list[Any], told: Any = None) -> list[Any]:
        (function,) = self._functions(elem, event)
        return self._run(function, data, told)

    def _functions(self, elem: str | None, event: str) -> list[dict[str, Any]]:
        ids = {
            part["id"]
            for part in self._config["components"]
            if part["props"].get("elem_id") == elem and part["type"] != "row"
        }
        return [
            found
            for found in self._config["dependencies"]
            if found["backend_fn"]
            and any(name == event and (elem is None or of in ids) for of, name in found["targets"])
        ]

    def _run(self, function: dict[str, Any], data: list[Any], told: Any) -> list[Any]:
        body = {
            "data": data,
            "fn_index": function["id"],
            "session_hash": "test",
            "event_data": told,
            "trigger_id": None,
        }
        answer = self._client.post("/gradio_api/run/predict", json=body)
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()["data"]
        return found
