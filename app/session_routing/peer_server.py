"""Answers to other nodes; ``app.session_routing.peers.client`` is the other end."""

import json
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope

from .buffering import read
from .owners import SESSION, Owners
from .peers.client import PATH

_QUESTION_LIMIT = 64 << 10


class PeerServer:
    """Server for peers: answers from what this node knows, and what it decides."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._members = owners.members

    async def to(self, scope: Scope, receive: Receive, *, passed: bool) -> Response:
        """The answer to a request below ``PATH``; ``passed`` is whether a peer sent it."""
        if not passed or scope["method"] != "POST":
            return PlainTextResponse("Not Found", 404)
        body, complete = await read(receive, _QUESTION_LIMIT)
        if not complete:
            # Another node has answered first.
            return PlainTextResponse("Bad Request", 400)
        question: dict[str, Any] = json.loads(body or b"{}")
        match scope["path"].removeprefix(PATH):
            case "condition":
                answer = self._members.own_condition().as_json()
                if "since" in question:
                    answer |= self._members.told(question["since"])
                return JSONResponse(answer)
            case "known":
                return JSONResponse({"owner": self._owners.table.get(question["key"])})
            case "locate":
                key, release = question["key"], question["release"]
                begins, gone = question["begins"], question["gone"]
                owner = await self._owners.decide(key, release, begins=begins, gone=gone)
                return JSONResponse({"owner": owner})
            case "pin":
                key, owner = question["key"], question["owner"]
                is_new = self._owners.heard(key, owner, late=bool(question.get("late")))
                if is_new and key.startswith(SESSION) and owner == self._members.node:
                    self._members.promise()
                return JSONResponse({})
        return PlainTextResponse("Not Found", 404)
