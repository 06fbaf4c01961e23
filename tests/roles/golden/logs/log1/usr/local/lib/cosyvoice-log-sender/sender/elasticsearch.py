mode 0644 root:root
"""Elasticsearch and OpenSearch."""

from __future__ import annotations

import hashlib
import json

from .lines import UTC, Line, compact, moment, told_in
from .output import Output, told
from .place import NotTakenError


class Elasticsearch(Output):
    """Documents in the fields of the Elastic Common Schema. A document's id comes from its line, so
    that one that is sent twice is there once; ``create`` is what data streams take, too."""

    path = "/_bulk"
    kind = "application/x-ndjson"

    def body(self, lines: list[Line]) -> bytes:
        pairs = ((self._action(line), self._document(line)) for line in lines)
        return b"".join(compact(one) + b"\n" for pair in pairs for one in pair)

    def taken(self, answer: bytes) -> None:
        try:
            said = json.loads(answer)
            items = [item["create"] for item in said["items"]] if said["errors"] else []
        except (ValueError, KeyError, TypeError):
            raise NotTakenError(f"no answer of a bulk request: {told(answer)}") from None
        again, refused = "", []
        for item in items:
            status, error = item["status"], item.get("error") or {}
            if 200 <= status < 300 or status == 409:
                continue
            # Not its reason, which quotes the line.
            why = f"{status} {error.get('type', '') if isinstance(error, dict) else ''}".rstrip()
            if status == 429 or status >= 500:
                again = why
            else:
                refused.append(why)
        if again:
            raise NotTakenError(again)
        for why in refused:
            self.refuse(1, why)

    def _action(self, line: Line) -> dict[str, object]:
        index = self.settings["index"]
        if self.settings["daily"]:
            received = moment(line["received"]).astimezone(UTC)
            index = f"{index}-{received:%Y.%m.%d}"
        # As a search of the log host takes two lines for one.
        when = "" if str(line["offset"]).isdigit() else line["time"]
        parts = [when, *(str(line[key]) for key in ("node", "service", "offset", "line"))]
        one = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        return {"create": {"_index": index, "_id": one}}

    def _document(self, line: Line) -> dict[str, object]:
        own = told_in(line["line"])
        document: dict[str, object] = {
            "@timestamp": own.get("time") or line["time"],
            "ecs": {"version": "8.11"},
            "event": {"created": line["received"]},
            "host": {"name": line["node"]},
            "service": {"name": line["service"]},
            "log": {"level": own.get("level") or line["level"]},
            "labels": {"cluster": self.settings["cluster"]},
            "message": line["line"],
        }
        if request := own.get("request_id"):
            document["http"] = {"request": {"id": request}}
        return document
